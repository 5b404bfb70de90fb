"""Finds plug-ins by listing a folder: a module of the package that has an object named `plugin`."""

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def find_plugins(package: ModuleType, attribute: str = "plugin") -> list[Any]:
    """The plug-ins of a package in the order of their module names. Nothing has to be registered anywhere."""
    found = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        if hasattr(module, attribute):
            found.append(getattr(module, attribute))
    return found
