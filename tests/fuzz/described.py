"""The running service against its own description: schemathesis, all of its checks.

    python -m tests.fuzz.described [--seconds 60]

Calls are made of `/openapi.json`, good and bad ones, and every answer has to be one that the description allows.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.service.serving import served

CONFIG: Final = Path(__file__).with_name("schemathesis.toml")
PROGRAM: Final = "from schemathesis.cli import schemathesis; schemathesis()"


def hold_to_description(address: str, *options: str, seconds: float) -> tuple[int, str]:
    """Status and words of one run against the service at this address."""
    command = [
        *(sys.executable, "-c", PROGRAM, "--config-file", str(CONFIG), "run", f"{address}/openapi.json"),
        *("--checks=all", "--continue-on-failure", "--no-color", "--warnings=off", *options),
    ]
    with tempfile.TemporaryDirectory(prefix="described-") as folder:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
        )
    return done.returncode, done.stdout + done.stderr


def look_further(seconds: float) -> int:
    """A run with a new seed for so long; tells what it found."""
    with (
        tempfile.TemporaryDirectory(prefix="described-") as folder,
        served(PLATELET_HOOKS_STATE_DIR=folder, PLATELET_HOOKS_LOG_LEVEL="error") as service,
    ):
        seed = random.randrange(2**32)
        options = (f"--max-time={max(1, round(seconds))}", f"--seed={seed}")
        status, said = hold_to_description(service.address, *options, seconds=seconds * 3 + 120)
    if status:
        print(said)  # noqa: T201
    return status


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    return look_further(parser.parse_args().seconds)


if __name__ == "__main__":
    sys.exit(main())
