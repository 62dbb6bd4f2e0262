"""All rows of the bench as one table: `python -m bench`, or `make bench`."""

from __future__ import annotations

import platform
import time

from bench import in_process, served, startup, stored
from bench.bodies import NOTHING, body
from bench.table import print_table
from cards.valuesets import load
from cds_service.discovery import prefetch_keys


def main() -> None:
    began = time.monotonic()
    print(f"Python {platform.python_version()}, {platform.machine()}, {time.strftime('%Y-%m-%d')}\n")
    small = body(NOTHING, 1, in_process.NOW, prefetch_keys(load()))
    rows = [*served.rows(), *startup.rows(small), *stored.rows(), *in_process.rows()]
    print_table(rows)
    missed = [row.what for row in rows if row.holds is False]
    print(f"\n{time.monotonic() - began:.0f} s. Goals missed: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
