"""What the client left out, read from its FHIR server: all keys at once, in the time that a call has for it.

Nothing is tried twice that the client tried in vain, nothing waits longer than the call may, and what could not be had
comes back with its reason. A token goes to the server of its call and nowhere else, and is kept nowhere.
"""

from __future__ import annotations

import dataclasses
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import field
from threading import Lock
from typing import Final
from urllib.parse import quote

import requests

from cards.frozen import dataclass
from cds_service.discovery import ENCOUNTER, PATIENT, PrefetchKey
from cds_service.fhir.bundles import Opened
from cds_service.fhir_client.asked import Fetched, Problem, Wanted
from cds_service.fhir_client.breaker import Breaker
from cds_service.fhir_client.connections import Addresses, Resolve, open_session, resolve
from cds_service.fhir_client.reading import Budget, Failed, Reader
from cds_service.fhir_client.scopes import Coverage, read_grant
from cds_service.fhir_guard import Doors, Server, admit, doors_of, link_below
from cds_service.hooks.context import Context
from cds_service.hooks.request import HookRequest
from cds_service.settings import Settings

THREADS: Final = 128
"""As many as the calls that are answered at a time can ask for keys: no call waits for another's slow server."""
MOST_SERVERS: Final = 64
MOST_PAGES: Final = 10
"""Pages of one key, those that the client sent included."""
PAGES_PER_CALL: Final = 4
"""All answers to one call together may weigh as much as so many largest pages."""

_SAFE: Final = "%=&,:@/?$"


@dataclass(frozen=True, slots=True)
class _Line:
    """What is kept of a server from call to call: its connections and how it answered. No token, nothing read."""

    session: requests.Session
    addresses: Addresses
    breaker: Breaker


class FhirAccess:
    """The way to FHIR servers, one per process."""

    def __init__(self, settings: Settings, resolve: Resolve = resolve) -> None:
        self._doors = doors_of(settings)
        self._limits = settings.limits
        self._resolve = resolve
        self._executor = ThreadPoolExecutor(THREADS, "fetch")
        self._lines: OrderedDict[Server, _Line] = OrderedDict()
        self._lock = Lock()
        self.busy = 0
        """Keys that are being read at this moment."""

    def for_call(self, allowed: Sequence[str] = (), seconds: float | None = None) -> CallFetch:
        """A fetch for one call; `allowed` are the FHIR servers of the client's entry.

        A call has the time of the settings; a page for which a person waits brings its own `seconds`.
        """
        given = float(self._limits.fetch_seconds) if seconds is None else seconds
        return CallFetch(self, tuple(allowed), time.monotonic() + given)

    @property
    def doors(self) -> Doors:
        return self._doors

    def line(self, server: Server) -> _Line:
        """The connections to a server, made at its first use; those unused for longest are closed."""
        with self._lock:
            found = self._lines.pop(server, None)
            if found is None:
                addresses = Addresses(server, self._resolve)
                found = _Line(open_session(server, addresses), addresses, Breaker())
            self._lines[server] = found
            forgotten = [self._lines.popitem(last=False)[1] for _ in range(len(self._lines) - MOST_SERVERS)]
        for line in forgotten:
            line.session.close()
        return found

    def reader(self, line: _Line, header: str | None, until: float) -> Reader:
        """A reader of one call."""
        limits = self._limits
        budget = Budget(PAGES_PER_CALL * limits.body_bytes)
        return Reader(
            line.session,
            line.addresses,
            header,
            until,
            limits.body_bytes,
            limits.depth,
            budget,
            line.breaker.pause,
        )

    def submit(self, reading: _KeyReading) -> Future[None]:
        return self._executor.submit(self._run, reading)

    def _run(self, reading: _KeyReading) -> None:
        with self._lock:
            self.busy += 1
        try:
            reading.run()
        finally:
            with self._lock:
                self.busy -= 1

    @property
    def most_entries(self) -> int:
        return self._limits.entries


@dataclasses.dataclass(slots=True)
class CallFetch:
    """The fetch of one call (`Fetch`). `counts` tells how many keys ended how, for the log: no addresses, no ids."""

    access: FhirAccess
    allowed: tuple[str, ...]
    until: float
    counts: Counter[str] = field(default_factory=Counter)

    def __call__(self, wanted: Sequence[Wanted], request: HookRequest) -> Mapping[str, Fetched]:
        if request.fhir_server is None or not wanted:
            return {}
        fetched = self._fetch(wanted, request, request.fhir_server)
        self.counts.update(
            "read" if one.problem is None else one.problem.name.lower() for one in fetched.values()
        )
        return fetched

    def _fetch(self, wanted: Sequence[Wanted], request: HookRequest, address: str) -> dict[str, Fetched]:
        server = admit(address, self.allowed, self.access.doors)
        grant = read_grant(request)
        if server is None or grant is None:
            return _all(wanted, Problem.NOT_ALLOWED if server is None else Problem.TOKEN_UNUSABLE)
        coverage = {one.key.name: grant.covers(one.key) for one in wanted}
        asked = [one for one in wanted if coverage[one.key.name] is not Coverage.NONE]
        fetched = _all(wanted, Problem.OUT_OF_SCOPE)
        if not asked:
            return fetched
        if time.monotonic() >= self.until:  # a second round after a slow first one says nothing of the server
            return fetched | _all(asked, Problem.TIMED_OUT)
        line = self.access.line(server)
        if not line.breaker.admits():
            return fetched | _all(asked, Problem.RESTING)
        reader = self.access.reader(line, grant.header, self.until)
        readings = [_KeyReading(one, server, reader, self.access.most_entries, request) for one in asked]
        self._run(readings, line.breaker)
        for one in readings:
            found = one.fetched()
            if found.problem is None and coverage[one.wanted.key.name] is Coverage.PART:
                found = Fetched(found.pages, Problem.PARTLY_IN_SCOPE)
            fetched[one.wanted.key.name] = found
        return fetched

    def _run(self, readings: Sequence[_KeyReading], breaker: Breaker) -> None:
        """Reads all at once until the time is over, and tells the breaker."""
        futures = [self.access.submit(one) for one in readings]
        done, late = wait(futures, timeout=max(self.until - time.monotonic(), 0))
        for one in late:
            one.cancel()
        if any(one.is_answered for one in readings):
            breaker.answered()
        elif any(one.fetched().problem is not Problem.NOT_ALLOWED for one in readings):
            breaker.failed()
        for one in done:
            one.result()  # a defect of ours is no missing data


@dataclasses.dataclass(slots=True)
class _KeyReading:
    """Reads one key, page after page, in a thread of its own; what it has so far can be taken at any time."""

    wanted: Wanted
    server: Server
    reader: Reader
    most_entries: int
    request: HookRequest = field(repr=False)
    is_answered: bool = False
    _pages: list[Opened] = field(default_factory=list)
    _end: tuple[Problem | None] = (Problem.TIMED_OUT,)

    def run(self) -> None:
        try:
            self._end = (self._read_pages(),)
        except Failed as failed:
            self.is_answered = self.is_answered or failed.answered
            self._end = (failed.problem,)

    def fetched(self) -> Fetched:
        """What was read until now."""
        (problem,) = self._end  # before the pages: an end that is known has all its pages
        return Fetched(tuple(self._pages), problem)

    def _read_pages(self) -> Problem | None:
        """Why there are not all pages, None if there are."""
        before = 0 if self.wanted.after is None else 1
        link = self.wanted.after
        address = link_below(link, self.server) if link is not None else self._first()
        seen: set[str] = set()
        entries = 0
        while address is not None and address not in seen:
            if len(self._pages) + before >= MOST_PAGES or entries >= self.most_entries:
                return Problem.TOO_MANY_PAGES
            seen.add(address)
            page = self.reader.read(address)
            self.is_answered = True
            self._pages.append(page)
            entries += len(page.entries)
            if page.next_link is None:
                return None
            address = link_below(page.next_link, self.server)
        return Problem.FOREIGN_LINK

    def _first(self) -> str:
        return f"{self.server.base}/{search_of(self.wanted.key, self.request.context)}"


def search_of(key: PrefetchKey, context: Context) -> str:
    """The read or search that a template asks for, percent-encoded where it is not yet."""
    filled = key.template.replace(PATIENT, quote(context.patient_id, safe=""))
    return quote(filled.replace(ENCOUNTER, quote(context.encounter_id or "", safe="")), safe=_SAFE)


def _all(wanted: Sequence[Wanted], problem: Problem) -> dict[str, Fetched]:
    return {one.key.name: Fetched(problem=problem) for one in wanted}
