"""What is loaded late: nothing that is named is missing, and a start leaves out what it does not use."""

import gc
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from forum import later

ROOT = Path(__file__).parents[2]
PACKAGES = [
    f"forum.domain.{file.parent.name}"
    for file in sorted((ROOT / "forum" / "domain").glob("*/__init__.py"))
    if "later.parts(" in file.read_text()
]


def test_there_are_packages_whose_parts_wait() -> None:
    assert "forum.domain.directives" in PACKAGES


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_has_every_name_that_it_promises(name: str) -> None:
    package = import_module(name)
    assert [one for one in package.__all__ if getattr(package, one, None) is None] == []


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_promises_every_name_that_waits(name: str) -> None:
    package = import_module(name)
    waiting = package.__getattr__.__closure__[0].cell_contents
    assert sorted(waiting) == sorted(package.__all__)


@pytest.mark.parametrize("name", PACKAGES)
def test_no_promised_name_is_that_of_a_module(name: str) -> None:
    folder = ROOT / Path(*name.split("."))
    modules = {file.stem for file in folder.iterdir()}  # once loaded, it would stand in the place of the name
    assert modules & set(import_module(name).__all__) == set()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_says_what_it_does_not_have(name: str) -> None:
    with pytest.raises(AttributeError, match="no_such_thing"):
        import_module(name).no_such_thing  # noqa: B018


def test_a_function_of_a_module_is_called_as_itself() -> None:
    late = later.module("posixpath").join
    assert (late.__module__, late.__name__) == ("posixpath", "join")
    assert late("a", "b") == "a/b"


def test_a_function_that_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError, match="no_such_thing"):
        later.module("posixpath").no_such_thing()


def test_looking_for_garbage_goes_on_after_loading() -> None:
    with later.loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.unfreeze()


def test_the_site_starts_without_what_only_some_pages_use() -> None:
    unwanted = [
        "alembic",
        "docx",
        "forum.domain.consensus.runs",
        "forum.domain.exports.files",
        "forum.domain.rankings.measures",
        "forum.domain.snapshots.checks",
        "forum.domain.spam.signs",
        "forum.domain.waves.watch",
        "forum.jobs.worker",
        "forum.papers",
        "forum.web.directives",
        "forum.web.laboratory",
        "forum.web.moderation",
        "numpy",
        "rich",
        "sqlalchemy.orm",
        "typst",
    ]
    code = f"import sys, forum.app\nprint([name for name in {unwanted!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
