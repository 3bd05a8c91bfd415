"""What is loaded when somebody first asks for it: a start takes the time of what it uses, and no more."""

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any


@contextmanager
def loading() -> Iterator[None]:
    """While many modules are loaded: their objects stay for good, and looking for garbage among them takes a quarter
    of the time. Python then never looks at these again, so that no page waits for it either."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def parts(package: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose modules wait until one of its names is used.

    `where`: a module, or "module:name" for a name under which it stands there, and the names of the package that are
    found there, between blanks.
    """
    homes = {name: home for home, names in where.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home, _, own = homes[name].partition(":")
        found = getattr(import_module(home), own or name)
        setattr(sys.modules[package], name, found)  # from now on without asking here
        return found

    return get


class Function:
    """A function of a module that is loaded with the first call."""

    def __init__(self, module: str, name: str) -> None:
        self.__module__, self.__name__ = module, name
        self._found: Callable[..., Any] | None = None

    def load(self) -> Callable[..., Any]:
        """The function itself. Raises AttributeError if there is none."""
        if self._found is None:
            self._found = getattr(import_module(self.__module__), self.__name__)
        return self._found

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return (self._found or self.load())(*arguments, **keywords)


class module:  # noqa: N801 - it is written where a module's name would stand
    """Stands for a module of which only functions are used, and those only when they are called."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Function:
        return Function(self._name, name)
