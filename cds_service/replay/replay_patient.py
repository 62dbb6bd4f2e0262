"""Everything of the patients: the rows of every table. What each engine calls."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Final

from cards.frozen import dataclass
from cards.record import Answer, Kind
from cds_service.content import Content
from cds_service.facts.context import Kept
from cds_service.fhir.entries import Rejected
from cds_service.replay.answers import Said, answer_all
from cds_service.replay.aside import Aside
from cds_service.replay.evaluate_moment import Case, settle_all, unreadable
from cds_service.replay.held import Held
from cds_service.replay.known import Json
from cds_service.replay.measured import Knowledge
from cds_service.replay.patient_lines import PatientLines
from cds_service.replay.patient_pieces import LinesOfPatient
from cds_service.replay.person import Stay, Who, hash_of, stay_at, stays_of, who
from cds_service.replay.tables import Rows
from cds_service.replay.triggers import Trigger, find_triggers

_ANTI_INFECTIVE: Final = re.compile(
    r"med-(anti(bacterial|viral|retroviral|malarial|tuberculosis)|aciclovir|artesunate|ganciclovir)"
)
_DAY: Final = timedelta(days=1)
_MONTH: Final = timedelta(days=30)
_SPANS: Final = {
    "transfused_24h": _DAY,
    "anti_infective_24h": _DAY,
    "new_count_24h": _DAY,
    "tpo_ra_30d": _MONTH,
}
"""Columns of `evaluations`, in their order."""
TOGETHER: Final = 512
"""Moments that are judged together: where more are, little is gained, and what they hold is memory."""
ENTRIES: Final = 4096
"""Resources that these moments read at most, but for a single moment."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of every patient. `compared` is the second configuration, where there is one."""

    content: Content
    compared: Content | None
    answers: Mapping[Kind, Answer]
    triggers: frozenset[str]
    start: datetime | None
    end: datetime | None
    key: bytes

    @property
    def contents(self) -> tuple[Content, ...]:
        """The one or both configurations."""
        return (self.content,) if self.compared is None else (self.content, self.compared)

    def covers(self, at: datetime) -> bool:
        """Whether a moment lies within --from and --to."""
        return (self.start is None or at >= self.start) and (self.end is None or at <= self.end)


@dataclass(frozen=True, slots=True)
class _Read:
    """One patient whose lines were read; `rejected` are the rows of what could not be used."""

    name: str
    patient: str
    server: str | None
    every: PatientLines
    person: Who
    stays: tuple[Stay, ...]
    triggers: tuple[Trigger, ...]
    after: _Afterwards
    aside: Aside
    rejected: list[tuple[Any, ...]]
    knowledge: tuple[Knowledge, ...]
    """By configuration."""


_Answer = tuple[tuple[Rejected, ...], Said]
"""What could not be used at a moment, and what is said."""


@dataclasses.dataclass(slots=True)
class Replay:
    """Patients on their way to the rows of the tables, which are added in their order.

    Some hundreds of moments are settled and judged together (`evaluate_moment` says why).
    """

    files: Sequence[str]
    plan: Plan
    rows: Rows
    _waiting: list[_Read] = field(default_factory=list)
    _moments: int = 0

    def add(self, patient: str, server: str | None, lines: LinesOfPatient) -> None:
        """`lines`: each resource of the patient, drugs referred to included."""
        one = self._read(patient, server, lines)
        self._waiting.append(one)
        self._moments += max(len(one.triggers), 1)
        if self._moments >= TOGETHER:
            self.finish()

    def finish(self) -> None:
        """The rows of those that wait."""
        answers = [self._answers(content, number) for number, content in enumerate(self.plan.contents)]
        for one in self._waiting:
            self._add(one, *answers)
        self._waiting, self._moments = [], 0

    def _read(self, patient: str, server: str | None, lines: LinesOfPatient) -> _Read:
        plan, name = self.plan, hash_of(patient, self.plan.key)
        rejected: list[tuple[Any, ...]] = []
        aside = Aside(name, {"rejected": rejected})
        every = PatientLines(lines, self.files, plan.contents)
        every.read(aside)
        events = [one for _, one in every.held if one.kind != "Observation" or one.is_count]
        triggers = tuple([one for one in find_triggers(events, plan.triggers) if plan.covers(one.at)])
        if triggers:
            every.leave_later(triggers[-1].at)
        return _Read(
            name=name,
            patient=patient,
            server=server,
            every=every,
            person=who(next((one.resource for one in events if one.kind == "Patient"), {})),
            stays=stays_of(events),
            triggers=triggers,
            after=_Afterwards(events if triggers else ()),
            aside=aside,
            rejected=rejected,
            knowledge=tuple([every.sort_out(patient, content) for content in plan.contents]),
        )

    def _answers(self, content: Content, number: int) -> Iterator[_Answer]:
        """What one of the configurations says at each moment of each patient."""
        for some in _groups(self._cases(number)):
            settled = settle_all(some, self.plan.answers, content)
            rejected = [one.rejected for one in settled]
            yield from zip(rejected, answer_all(settled, content), strict=True)

    def _cases(self, number: int) -> Iterator[Case]:
        """Each moment of each patient, for one of the configurations."""
        for one in self._waiting:
            kept: Kept | None = {} if len(one.triggers) > 1 else None
            for trigger in one.triggers:
                yield Case(one.patient, one.server, one.knowledge[number], trigger, kept)

    def _add(self, one: _Read, answers: Iterator[_Answer], compared: Iterator[_Answer] | None = None) -> None:
        """The rows of one patient."""
        rows = self.rows
        for number, trigger in enumerate(one.triggers):
            evaluation = f"{one.name}-{number:05d}"
            rejected, said = next(answers)
            rows["evaluations"].append(_evaluation(evaluation, one, trigger, said))
            rows["cards"] += [(evaluation, *row) for row in said.cards]
            _add_facts(evaluation, said, rows)
            one.aside.add_all((*rejected, *said.rejected), one.every)
            one.aside.add_counts(said.counts, one.every)
            if compared is not None:
                rows["cards_compared"] += [(evaluation, *row) for row in next(compared)[1].cards]
        if not one.triggers:  # nobody has read them yet
            one.aside.add_all(unreadable(one.patient, one.server, one.every.all_held()), one.every)
        rows["rejected"] += one.rejected
        _add_person(one.name, one.person, one.stays, one.triggers, self.plan, rows)


def _groups(cases: Iterable[Case]) -> Iterator[list[Case]]:
    """As many as are judged together, fewer where the records are large: each moment is a reading of its own."""
    some: list[Case] = []
    entries = 0
    for case in cases:
        some.append(case)
        entries += len(case.knowledge.rest)
        if len(some) >= TOGETHER or entries >= ENTRIES:
            yield some
            some, entries = [], 0
    if some:
        yield some


def _evaluation(evaluation: str, one: _Read, trigger: Trigger, said: Said) -> tuple[Any, ...]:
    stay = stay_at(one.stays, trigger.at)
    return (
        evaluation,
        one.name,
        trigger.name,
        trigger.at,
        trigger.hook,
        None if stay is None else stay.number,
        None if stay is None else stay.unit,
        *one.person.at(trigger.at),
        said.no_count,
        said.shown,
        said.highest,
        *one.after.since(trigger),
    )


def _add_facts(evaluation: str, said: Said, rows: Rows) -> None:
    evaluations, rules, facts = rows["cannot_tell"]
    evaluations += [evaluation] * len(said.cannot_tell[0])
    rules += said.cannot_tell[0]
    facts += said.cannot_tell[1]


def _add_person(
    name: str, person: Who, stays: Iterable[Stay], triggers: Sequence[Trigger], plan: Plan, rows: Rows
) -> None:
    counted = [one for one in stays if plan.covers(one.start)]
    for stay in counted:
        lasted = None if stay.end is None else max(stay.end - stay.start, timedelta(0))
        rows["encounters"].append(
            (
                name,
                stay.number,
                stay.unit,
                None if lasted is None else lasted // timedelta(minutes=1),
                *person.at(stay.start),
            )
        )
    times = [one.at for one in triggers] + [one.start for one in counted]
    if times:
        rows["patients"].append((name, *person.at(min(times)), len(triggers)))


# ------------------------------------------------------------------------------------------- what was then done


class _Afterwards:
    """What was then done: times after the moment, on purpose. It is not proof of anything."""

    def __init__(self, held: Iterable[Held]) -> None:
        self._times: dict[str, list[tuple[datetime, str]]] = {}
        held = tuple(held)
        self._drugs = {f"Medication/{one.id}": one.sets for one in held if one.kind == "Medication"}
        for one in held:
            for what in self._done(one):
                if one.known is not None:
                    self._times.setdefault(what, []).append((one.known, one.place))

    def _done(self, one: Held) -> Iterator[str]:
        match one.kind:
            case "Procedure":
                if any("platelet" in id_ for id_ in one.sets):
                    yield "transfused_24h"
            case "MedicationRequest" | "MedicationAdministration":
                sets = one.sets | self._drugs.get(_drug_of(one.resource), frozenset())
                if any(_ANTI_INFECTIVE.match(id_) for id_ in sets):
                    yield "anti_infective_24h"
                if "med-tpo-ra" in sets:
                    yield "tpo_ra_30d"
            case "Observation" if one.is_count:
                yield "new_count_24h"

    def since(self, trigger: Trigger) -> tuple[bool, ...]:
        """Whether each of `_SPANS` came within its time after the trigger, the cause itself not counted."""
        start, place, times = trigger.at, trigger.cause.place, self._times
        return tuple(
            [
                what in times
                and any(start < at <= start + span and where != place for at, where in times[what])
                for what, span in _SPANS.items()
            ]
        )


def _drug_of(resource: Json) -> str:
    """The Medication that it refers to, "" for none."""
    named = resource.get("medicationReference")
    text = named.get("reference") if isinstance(named, dict) else None
    return text[text.rfind("Medication/") :] if isinstance(text, str) and "Medication/" in text else ""
