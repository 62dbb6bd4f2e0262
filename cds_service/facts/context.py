"""What every family of facts reads from, and where it reports what it could not use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

from msgspec import Raw, Struct

from cards.record import Moment
from cards.thresholds import Thresholds
from cards.valuesets import Terminology
from cds_service.fhir.dates import read_moment
from cds_service.fhir.entries import Entry, Rejected
from cds_service.fhir.parse import Parsed
from cds_service.fhir.shapes import Period, Shape

E = TypeVar("E")
S = TypeVar("S", bound=Shape)
T = TypeVar("T")


class Made(Struct, frozen=True, gc=False):
    """What a reader made, and what it reported.

    `of`: the one thing that it was given, which is kept so that its number is no other's; else the names of the types
    that it read, and their resources.
    """

    of: tuple[Any, ...]
    value: Any
    problems: tuple[Rejected, ...]


Kept = dict[Callable[..., Any], dict[int, Made]]
"""By reader and by the number of what was read (`id`): what it made without asking for the moment or for others."""

_WHOLE: Final = -1  # no `id`


class Reading:
    """One request's resources and terminology. `problems` only grows: what a family could not use, and why.

    `intensive_locations` are the site's codes (system, code; A.9). Who reads a patient at several moments gives what is
    `kept` from one to the next.
    """

    def __init__(
        self,
        parsed: Parsed,
        terminology: Terminology,
        as_of: datetime,
        hook: str,
        patient_id: str,
        limits: Thresholds | None = None,
        birth: Moment | None = None,
        intensive_locations: frozenset[tuple[str, str]] = frozenset(),
        kept: Kept | None = None,
    ) -> None:
        self.terminology, self.patient_id = terminology, patient_id
        self.limits = Thresholds() if limits is None else limits
        self.intensive_locations = intensive_locations
        self.problems: list[Rejected] = []
        self.said: set[tuple[str, str]] = set()
        self._parsed, self._as_of, self._hook, self._birth = parsed, as_of, hook, birth
        self._kept = kept
        self._reported: list[Rejected] = []
        self._listed: dict[str, tuple[Entry[Shape], ...]] = {}
        self._has_asked = False

    # What a reader makes with any of these need not hold at another moment.

    @property
    def parsed(self) -> Parsed:
        """All resources."""
        self._has_asked = True
        return self._parsed

    @property
    def as_of(self) -> datetime:
        """The moment at which they are read."""
        self._has_asked = True
        return self._as_of

    @property
    def hook(self) -> str:
        """What the client is doing."""
        self._has_asked = True
        return self._hook

    @property
    def birth(self) -> Moment | None:
        """The patient's, for ages as onset."""
        self._has_asked = True
        return self._birth

    def text_of(self, entry: Entry[Shape]) -> Raw:
        """The JSON text of a resource, as it was sent."""
        return self._parsed.text_of(entry)

    def of(self, shape: type[S]) -> tuple[Entry[S], ...]:
        """The resources of a type."""
        found = self._parsed.of(shape)
        self._listed[shape.__name__] = found
        return found

    def same(self, read: Callable[[Reading], T]) -> T:
        """What a family makes, or made before of the same resources of the types that it read."""
        if self._kept is None:
            return read(self)
        made = self._kept.setdefault(read, {}).get(_WHOLE)
        if made is not None:
            names, found = made.of
            by_type = self._parsed.by_type
            if [by_type.get(name, ()) for name in names] == found:
                value: T = self._again(made)
                return value
        return self._make(self._kept, read, _WHOLE)

    def each(self, read: Callable[[E, Reading], T], some: Iterable[E]) -> Iterator[T]:
        """What a reader makes of each of them, or made before."""
        if self._kept is None:
            for one in some:
                yield read(one, self)
            return
        kept = self._kept.setdefault(read, {})
        for one in some:
            made = kept.get(id(one))
            yield self._make(self._kept, read, id(one), one) if made is None else self._again(made)

    def _make(self, kept: Kept, read: Callable[..., T], number: int, *given: Any) -> T:
        """Keeps what is made, if nothing was asked for but what was given, or for lists of resources."""
        had_asked, listed = self._has_asked, self._listed
        self._has_asked, self._listed = False, {}
        start = len(self._reported)
        value = read(*given, self)
        if not self._has_asked and not (given and self._listed):
            of = given or (tuple(self._listed), list(self._listed.values()))
            kept[read][number] = Made(of, value, tuple(self._reported[start:]))
        self._has_asked |= had_asked
        self._listed |= listed
        return value

    def _again(self, made: Made) -> Any:
        for problem in made.problems:
            self._say(problem)
        return made.value

    def report(self, entry: Entry[Shape], reason: str) -> None:
        """Sets a resource, or a part of it, aside. The same thing is said once."""
        self._say(Rejected(entry.reference, reason))

    def _say(self, problem: Rejected) -> None:
        self._reported.append(problem)
        name = (problem.resource, problem.reason)
        if name not in self.said:
            self.said.add(name)
            self.problems.append(problem)

    def moment(self, text: str | None, entry: Entry[Shape], what: str = "unreadable date") -> Moment | None:
        """A date of an entry; None where it has none or one that cannot be read (which is reported)."""
        if text is None:
            return None
        try:
            return read_moment(text)
        except ValueError:
            self.report(entry, what)
            return None

    def ends(self, period: Period | None, entry: Entry[Shape]) -> tuple[Moment | None, Moment | None]:
        """Start and end of a Period, each where it has one that can be read."""
        if period is None:
            return None, None
        return self.moment(period.start, entry), self.moment(period.end, entry)
