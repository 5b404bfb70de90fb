"""Any other registry: the general words fit."""

from seaway.core.registry_kind import Unknown

plugin = Unknown()
