"""What a value works out when it is first asked for, and then keeps: `cached_property` without its lock.

The lock of Python 3.11 (3.12 has none) costs more than most of what is worked out here. Two threads that ask at once
work out the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["kept"]

if TYPE_CHECKING:
    from functools import cached_property as kept
else:

    class kept:
        """A member that is worked out once; it stands in the `__dict__` of its value, so there are no slots."""

        def __init__(self, work_out):
            self.work_out = work_out
            self.__doc__ = work_out.__doc__

        def __set_name__(self, owner, name):
            self.name = name

        def __get__(self, value, owner=None):
            if value is None:
                return self
            found = value.__dict__[self.name] = self.work_out(value)
            return found
