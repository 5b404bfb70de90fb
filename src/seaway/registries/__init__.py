"""Kinds of registries, one file each: found by listing this folder."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from seaway.core.registry_kind import RegistryKind


@cache
def all_kinds() -> tuple[RegistryKind, ...]:
    """Every plug-in of this folder, by name."""
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(import_module(f"{__name__}.{name}").plugin for name in names)
