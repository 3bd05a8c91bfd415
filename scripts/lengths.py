"""Keeps files and functions short enough to read: at most 400 lines a file and 60 a function."""

import ast
import subprocess
import sys
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 60


def python_files() -> list[Path]:
    """The project's Python files: those that git knows or would take in."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return [path for path in map(Path, filter(None, listed)) if path.exists()]


def too_long(path: Path) -> list[str]:
    """What is too long in a file, each as `path:line: what`."""
    source = path.read_text(encoding="utf-8")
    lines = source.count("\n")
    found = [f"{path}:1: {lines} lines; divide the file by meaning"] if lines > FILE_LINES else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                found.append(f"{path}:{node.lineno}: {node.name} has {length} lines; divide the function by meaning")
    return found


if __name__ == "__main__":
    problems = [problem for path in python_files() for problem in too_long(path)]
    print("\n".join(problems) or "Lengths: no file and no function is too long")
    sys.exit(bool(problems))
