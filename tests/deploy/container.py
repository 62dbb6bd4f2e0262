"""A container without an engine: its own mounts and processes, a root that holds what the image would, read-only.

Linux namespaces and nothing else, as an engine makes them; the network is this machine's, so that a test can call. The
image's Python and packages are those of the tests. It needs root.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.deploy.files import Contained

SYSTEM = ("usr", "bin", "lib", "lib64", "sbin")
OF_ETC = ("ld.so.cache", "nsswitch.conf", "hosts", "resolv.conf", "ssl")
DEVICES = ("null", "zero", "random", "urandom")
STOP_SECONDS = 30


def require_namespaces() -> None:
    """Skips with the reason where they cannot be made; where CI runs that is a failure."""
    reason = "Linux namespaces cannot be made here (they need root)"
    has_tools = shutil.which("unshare") is not None and shutil.which("setpriv") is not None
    trial = ["unshare", "--mount", "--pid", "--fork", "true"]
    if has_tools and os.getuid() == 0 and subprocess.run(trial, check=False).returncode == 0:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Running:
    """A container that runs. `pid` is its first process, as this machine counts."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    @property
    def pid(self) -> int:
        outer = self.process.pid
        return int(Path(f"/proc/{outer}/task/{outer}/children").read_text().split()[0])

    def inside(self, path: str) -> Path:
        """A path of the container, as this machine sees it."""
        return Path(f"/proc/{self.pid}/root{path}")

    def status(self) -> dict[str, str]:
        """What the system knows of its first process: user, groups, capabilities."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def stop(self, seconds: float) -> tuple[int, str]:
        """Ends it as an engine does, within this time. Its exit status, and what it said on standard error."""
        os.kill(self.pid, signal.SIGTERM)
        told = self.process.communicate(timeout=seconds)[1]
        return self.process.returncode, told


@contextmanager
def started(what: Contained, root: Path, packages: Path, *also: Path) -> Iterator[Running]:
    """Runs it. `packages` holds the product as its wheel does; `also` are folders that it finds at their own place."""
    process = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-euc", script(what, root, packages, also)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )  # fmt: skip
    container = Running(process)
    try:
        yield container
    finally:
        if process.poll() is None:
            with suppress(IndexError, OSError):  # with its first process all others end
                os.kill(container.pid, signal.SIGKILL)
            process.kill()
            process.communicate(timeout=STOP_SECONDS)


def script(what: Contained, root: Path, packages: Path, also: Sequence[Path]) -> str:
    """The root of the container, mount by mount, and its first process."""
    lines = [
        f"mount -t tmpfs -o mode=0755 root {root}",
        f"mkdir -p {root}/etc {root}/proc {root}/dev/shm {root}/tmp",
    ]
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            lines.append(f"ln -s {os.readlink(path)} {root}/{name}")
        elif path.is_dir():
            lines += bind(path, root)
    lines += [f"cp -a /etc/{name} {root}/etc/" for name in OF_ETC if Path("/etc", name).exists()]
    lines += [f"touch {root}/dev/{one} && mount --bind /dev/{one} {root}/dev/{one}" for one in DEVICES]
    lines += [f"mount -t tmpfs -o mode=1777 shm {root}/dev/shm", f"mount -t proc proc {root}/proc"]
    places: Mapping[Path, Path] = {
        Path(sys.base_prefix): Path(sys.base_prefix),
        PROJECT: packages,
        Path(sys.prefix): Path(sys.prefix),
        Path("/opt/platelet-hooks"): Path(sys.prefix),
        **{one: one for one in also},
        **{Path(target): source for target, source in what.files.items()},
    }
    for place, source in places.items():
        lines += bind(source, root, place)
    for place, options in what.writable.items():
        lines.append(f"mkdir -p {root}{place} && mount -t tmpfs -o {options} state {root}{place}")
    if what.read_only:
        lines.append(f"mount -o remount,ro {root}")
    as_user = f"setpriv --reuid {what.uid} --regid {what.gid} --clear-groups --no-new-privs"
    as_user += " --bounding-set=-all --inh-caps=-all"
    env = " ".join(shlex.quote(f"{name}={value}") for name, value in {"HOME": "/", **what.env}.items())
    lines.append(f"cd / && exec chroot {root} {as_user} env -i {env} {shlex.join(what.argv)}")
    return "\n".join(lines)


def bind(source: Path, root: Path, place: Path | None = None) -> list[str]:
    """A file or folder of this machine in the container, to be read only."""
    target = f"{root}{place or source}"
    made = f"mkdir -p {target}" if source.is_dir() else f"mkdir -p {Path(target).parent} && touch {target}"
    return [made, f"mount --bind {source} {target}", f"mount -o remount,bind,ro {target}"]
