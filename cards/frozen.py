"""Values that never change: `dataclass` of the standard library, made a fifth as slowly.

A decision makes some 130 of them, and a frozen data class calls `object.__setattr__` for each of its members. So type
checkers hold them frozen, as `make check` does, and at run time their members are set plainly.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen, slots=False):
        """Equal and hashed by its members, as a frozen data class is."""
        assert frozen, "what changes is a data class of the standard library"
        return dataclasses.dataclass(slots=slots, unsafe_hash=True)
