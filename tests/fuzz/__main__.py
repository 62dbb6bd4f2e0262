"""The running service against its description, then the property tests with ever new seeds until the time is over.

    python -m tests.fuzz [--minutes 10] [tests/service ...]

Ends at the first failure with status 1 and the example that falsified it; Hypothesis keeps that example in
`.hypothesis/` and tries it first from then on. What is found becomes a test of its own beside the property test.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from tests.fuzz.described import look_further

PROJECT: Final = Path(__file__).resolve().parents[2]
FOLDERS: Final = ("tests/service", "tests/cards", "tests/conformance")
LEAST_SECONDS: Final = 5
STOP_SECONDS: Final = 20
DESCRIBED_SHARE: Final = 0.15
"""Of the time: the running service is held to its own description first."""


def property_tests(folders: list[str]) -> list[Path]:
    """The files that hold property tests."""
    files = (file for folder in folders for file in sorted((PROJECT / folder).rglob("test_*.py")))
    return [file for file in files if "from hypothesis import" in file.read_text(encoding="utf-8")]


def run(file: Path, seed: int, seconds: float) -> int | None:
    """The status of one run; None where the time was over before it."""
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", "-m", "hypothesis"),
        *("--hypothesis-profile=long", f"--hypothesis-seed={seed}", str(file)),
    ]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        return None
    if process.returncode:
        print(said)  # noqa: T201
    return process.returncode


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("folders", nargs="*", default=FOLDERS)
    options = parser.parse_args()
    until = time.monotonic() + options.minutes * 60
    files = property_tests(list(options.folders))
    runs = 0
    if options.folders == FOLDERS and look_further(options.minutes * 60 * DESCRIBED_SHARE):
        return 1
    while True:
        for file in random.sample(files, len(files)):
            left = until - time.monotonic()
            if left < LEAST_SECONDS:
                print(f"{runs} runs of {len(files)} files in {options.minutes:g} minutes, nothing found")  # noqa: T201
                return 0
            seed = random.randrange(2**32)
            # No file takes all of the time: each gets its share, several times over.
            status = run(file, seed, min(left, max(30.0, options.minutes * 60 / len(files) * 3)))
            runs += 1
            if status not in (None, 0, 5):
                print(f"{file.relative_to(PROJECT)} with seed {seed}")  # noqa: T201
                return 1


if __name__ == "__main__":
    sys.exit(main())
