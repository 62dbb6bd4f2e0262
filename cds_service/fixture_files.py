"""Where the made-up patients and requests lie: in the wheel inside this package, in a clone beside it."""

from __future__ import annotations

from pathlib import Path


def fixtures_folder() -> Path:
    """The folder with `patients/` and `requests/`."""
    package = Path(__file__).resolve().parent
    packed = package / "fixtures"
    return packed if packed.is_dir() else package.parent / "fixtures"
