"""Known vulnerabilities of the locked packages, where advisory data can be reached: `make audit`.

    python -m tests.house.audit [LOCK ...]

Says how many packages were looked up and how many could **not** be: no answer about a package is no good news.
Status 1 where a vulnerability is known. No part of `make check`, whose answer is the same without a network.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = "requirements-dev.lock"
"""It holds what runs, too."""
SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Audit:
    """What is known of the packages of a lock: names, and for the vulnerable ones the ids of their advisories."""

    audited: tuple[str, ...]
    not_audited: tuple[str, ...]
    vulnerable: dict[str, tuple[str, ...]]

    def told(self) -> str:
        """The lines for whoever called it."""
        lines = [f"{len(self.audited)} packages audited, {len(self.not_audited)} could not be audited"]
        if self.not_audited:
            lines.append(f"not audited: {', '.join(self.not_audited)}")
        lines += [f"{name}: {', '.join(ids)}" for name, ids in self.vulnerable.items()]
        return "\n".join(lines)


def locked_names(lock: str) -> tuple[str, ...]:
    """The packages of a lock."""
    return tuple(re.findall(r"^([A-Za-z0-9._-]+)==", lock, flags=re.MULTILINE))


def read_report(said: str, names: tuple[str, ...]) -> Audit:
    """The JSON of pip-audit, judged against the packages that it was asked about; no JSON means no answer at all."""
    try:
        found: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        found = []
    answered = {one["name"]: one["vulns"] for one in found if "vulns" in one}
    vulnerable = {name: tuple(str(one["id"]) for one in vulns) for name, vulns in answered.items() if vulns}
    return Audit(
        tuple(name for name in names if name in answered),
        tuple(name for name in names if name not in answered),
        vulnerable,
    )


def audit(lock: Path) -> Audit:
    """Asks pip-audit about every package of a lock."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--no-deps", "--disable-pip", "-f", "json"]
    command += ["--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    return read_report(done.stdout, locked_names(lock.read_text(encoding="utf-8")))


def main() -> int:
    found = [(one, audit(Path(one))) for one in sys.argv[1:] or [str(PROJECT / LOCK)]]
    for lock, told in found:
        print(f"{Path(lock).name}: {told.told()}")  # noqa: T201
    return int(any(told.vulnerable for _, told in found))


if __name__ == "__main__":
    sys.exit(main())
