"""The key of the hashes: `PLATELET_HOOKS_SECRET`, else made once and kept in the state directory.

With another key the same patient has another hash: what was remembered is then counted, and never recognised.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from cds_service.settings import Settings

NAME: Final = "secret"
BYTES: Final = 32


def hash_key(settings: Settings) -> bytes:
    """The key. OSError where none is set and the state directory cannot be written."""
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    return kept_secret(settings.state_dir)


def kept_secret(state_dir: Path) -> bytes:
    """The secret of this state directory, made at the first call; all processes get the same one."""
    path = state_dir / NAME
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        mine = state_dir / f".{NAME}-{os.getpid()}-{secrets.token_hex(4)}"
        with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(BYTES).encode())
        try:
            os.link(mine, path)  # fails where another process was faster, so nobody sees half a secret
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    return path.read_bytes()
