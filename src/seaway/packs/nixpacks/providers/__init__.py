"""One file (or folder) per kind of app; each has a module-level `provider`. Nothing else is edited to add one."""
