"""Values that never change: a frozen `dataclass` that is made a fifth as slowly, and whose class is set up faster.

A decision makes some 130 of them, and a frozen data class calls `object.__setattr__` for each of its members. So type
checkers hold them frozen, as `make check` does, and at run time their members are set plainly. There are more than 200
such classes, and the standard library compiles six functions for each when it is defined, which took a tenth of the
start of a worker. Here one is compiled, that which makes it; what compares, hashes and shows is the same for all.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING

__all__ = ["dataclass", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:

    def replace(value, /, **changes):
        """A value with other members, made in half the time; those that are not given to a new one are worked out."""
        kind = value.__class__
        names = kind._made_of
        for name in changes:
            if name not in names:
                raise TypeError(f"{kind.__name__} is not made with {name}")
        return kind(*map(changes.get, names, kind._members(value)))

    def dataclass(*, frozen, slots=False):
        """Equal and hashed by its members, as a frozen data class is."""
        assert frozen, "what changes is a data class of the standard library"

        def of(kind):
            kind.__doc__ = kind.__doc__ or kind.__name__  # else it would be made of the signature, slowly
            made = dataclasses.dataclass(slots=slots, eq=False, repr=False)(kind)
            made._compared = _getter([one.name for one in dataclasses.fields(made) if one.compare])
            made._made_of = tuple([one.name for one in dataclasses.fields(made) if one.init])
            made._members = _members_of(made._made_of)
            for method in (__eq__, __hash__, __repr__):
                if method.__name__ not in kind.__dict__:
                    setattr(made, method.__name__, method)
            return made

        return of

    def _getter(names):
        return attrgetter(*names) if names else staticmethod(lambda _: ())  # no method of the value

    def _members_of(names):
        """In a tuple, also where it is one."""
        return _getter(names) if len(names) != 1 else staticmethod(lambda value: (getattr(value, names[0]),))

    def __eq__(self, other):
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._compared(self) == self._compared(other)

    def __hash__(self):
        return hash(self._compared(self))

    def __repr__(self):
        shown = [f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr]
        return f"{type(self).__qualname__}({', '.join(shown)})"
