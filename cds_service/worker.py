"""What a worker of the server starts with: the application, loaded while the garbage collector rests.

Loading makes hundreds of thousands of objects that all stay. Collections in between would look at them again and again,
for a fifth of the start, and find nothing; so there is none, and at the end they are left alone for good.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def start() -> Flask:
    """The application, warm. SettingsError or ContentError, each one line, when it must not start."""
    gc.disable()
    try:
        from cds_service.app import create_warm_app

        return create_warm_app()
    finally:
        gc.enable()
