"""Load over HTTP: by wrk where it is installed, else by a small client. Keep-alive, one body, for some seconds."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WRK: Final = shutil.which("wrk")
GENERATOR: Final = "load by wrk" if WRK else "wrk is not installed: load by a client in Python"
UNITS: Final = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True)
class Load:
    """Requests per second, median and 99th percentile in milliseconds, answers that were not 200."""

    rate: float
    p50: float
    p99: float
    errors: int


def run_load(url: str, content: bytes, concurrency: int, seconds: float) -> Load:
    """Posts the body again and again over so many connections."""
    return (
        _by_wrk(url, content, concurrency, seconds)
        if WRK
        else _by_threads(url, content, concurrency, seconds)
    )


def _by_wrk(url: str, content: bytes, concurrency: int, seconds: float) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        body, script = Path(folder, "body"), Path(folder, "post.lua")
        body.write_bytes(content)
        script.write_text(
            'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
            f'local f = io.open("{body}", "rb")\nwrk.body = f:read("*a")\nf:close()\n'
        )
        command = [
            str(WRK),
            "-t1",
            f"-c{concurrency}",
            f"-d{seconds:.0f}s",
            "--latency",
            "-s",
            str(script),
            url,
        ]
        said = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds + 30, check=True
        ).stdout
    latency = {
        found[1]: _milliseconds(found[2])
        for found in re.finditer(r"^ +(50|99)% +([\d.]+[a-z]+)", said, re.MULTILINE)
    }
    rate = re.search(r"Requests/sec:\s+(\S+)", said)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    assert rate is not None
    return Load(float(rate[1]), latency["50"], latency["99"], int(failed[1]) if failed else 0)


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()  # type: ignore[union-attr]
    return float(number) * UNITS[unit]


def _by_threads(url: str, content: bytes, concurrency: int, seconds: float) -> Load:
    _, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    host, _, port = place.partition(":")
    request = (
        f"POST /{path} HTTP/1.1\r\nHost: {place}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content
    times: list[float] = []
    errors: list[int] = []
    until = time.monotonic() + seconds

    def post() -> None:
        with (
            socket.create_connection((host, int(port)), timeout=10) as connection,
            connection.makefile("rb") as got,
        ):
            while time.monotonic() < until:
                began = time.perf_counter()
                connection.sendall(request)
                status = got.readline().split()[1]
                length = 0
                while line := got.readline().strip().lower():
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                got.read(length)
                times.append((time.perf_counter() - began) * 1000)
                errors.extend([1] * (status != b"200"))

    threads = [threading.Thread(target=post) for _ in range(concurrency)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    times.sort()
    return Load(len(times) / seconds, times[len(times) // 2], times[len(times) * 99 // 100], len(errors))
