"""Packages that load their parts when somebody first asks for them: a start loads only what it uses."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def parts(package: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package. `where`: a module of it, and the names that are found there, between blanks."""
    homes = {name: module for module, names in where.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home, _, own = homes[name].partition(":")
        found = getattr(import_module(home), own or name)
        setattr(sys.modules[package], name, found)  # from now on without asking here
        return found

    return get
