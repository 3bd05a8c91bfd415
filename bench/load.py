"""Servers on one core, load by wrk from the other, bounded in time; requests per second come back."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 3


@dataclass(frozen=True)
class Server:
    """A running server: its address and its process."""

    url: str
    process: subprocess.Popen[bytes]

    def memory(self) -> float:
        """Resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1000 if found else float("nan")


@dataclass(frozen=True)
class Result:
    """What one run of wrk saw."""

    per_second: float
    failed: int
    slowest_ms: float


def _pinned(core: int) -> list[str]:
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(*words: str, path: str = "/healthz", **variables: str) -> Iterator[Server]:
    """Run a server program (`{port}` in its words is filled in) on the first core; ended with the block."""
    port = free_port()
    command = [*_pinned(0), sys.executable, *(word.replace("{port}", str(port)) for word in words)]
    process = subprocess.Popen(command, env={**os.environ, **variables}, stdin=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url + path, process)
        yield Server(url, process)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the server ended at once")
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own address
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not answer")


def wrk(url: str, *, connections: int = 16, script: str = "", seconds: int = SECONDS, folder: Path) -> Result:
    """Load one address for some seconds from the second core. `script` is Lua for wrk."""
    words = [*_pinned(1), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if script:
        file = folder / "load.lua"
        file.write_text(script)
        words += ["-s", str(file)]
    output = subprocess.run([*words, url], check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    per_second = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])  # type: ignore[index]
    failed = sum(int(number) for number in re.findall(r"Non-2xx or 3xx responses: (\d+)", output))
    failed += sum(int(number) for number in re.findall(r"(?:connect|read|write|timeout) (\d+)", output))
    slowest = re.search(r"Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)", output)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    return Result(per_second, failed, float(slowest[1]) * scale[slowest[2]] if slowest else float("nan"))


def header(name: str, value: str) -> str:
    """Lua: send this header with every request."""
    return f'wrk.headers["{name}"] = "{value}"\n'


def in_turn(paths: list[str], cookies: list[str] | None = None) -> str:
    """Lua: ask for these paths in turn, each time as the next person if cookies are given."""
    lines = ["paths = {" + ", ".join(f'"{path}"' for path in paths) + "}", "n = 0"]
    if cookies:
        lines.append("cookies = {" + ", ".join(f'"__Host-session={cookie}"' for cookie in cookies) + "}")
    lines += ["request = function()", "n = n + 1"]
    if cookies:
        lines.append('wrk.headers["Cookie"] = cookies[n % #cookies + 1]')
    return "\n".join([*lines, 'return wrk.format("GET", paths[n % #paths + 1])', "end"])


def voting(cookies: list[str], ideas: int, seed: int) -> str:
    """Lua: each request is a vote of the next person on a random idea, for or against or taken back."""
    lines = [
        "cookies = {" + ", ".join(f'"__Host-session={cookie}"' for cookie in cookies) + "}",
        f"math.randomseed({seed})",
        "n = 0",
        'wrk.headers["Sec-Fetch-Site"] = "same-origin"',
        'wrk.headers["HX-Request"] = "true"',
        'wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"',
        "request = function()",
        "n = n + 1",
        'wrk.headers["Cookie"] = cookies[n % #cookies + 1]',
        f'local path = "/ideas/" .. math.random(1, {ideas}) .. "/vote"',
        'return wrk.format("POST", path, nil, "value=" .. (n % 3 == 0 and "-1" or "1"))',
        "end",
    ]
    return "\n".join(lines)
