"""Everything of one patient: the rows of every table. The one function that each engine calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from cards.frozen import dataclass
from cards.record import Answer, Kind
from cds_service.content import Content
from cds_service.replay.answers import answer
from cds_service.replay.aside import Aside
from cds_service.replay.evaluate_moment import settle_moment, unreadable
from cds_service.replay.held import Held, RawLine
from cds_service.replay.known import Json
from cds_service.replay.patient_lines import PatientLines
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


def replay_patient(
    patient: str, server: str | None, lines: Sequence[RawLine], files: Sequence[str], plan: Plan, rows: Rows
) -> None:
    """Adds the rows of a patient. `lines`: each resource, drugs referred to included; `files`: the files' names."""
    name = hash_of(patient, plan.key)
    aside = Aside(name, rows)
    every = PatientLines(lines, files, plan.contents)
    every.read(aside)
    events = [one for _, one in every.held if one.kind != "Observation" or one.is_count]
    person = who(next((one.resource for one in events if one.kind == "Patient"), {}))
    stays = stays_of(events)
    triggers = [one for one in find_triggers(events, plan.triggers) if plan.covers(one.at)]
    after = _Afterwards(events if triggers else ())
    if triggers:
        every.leave_later(triggers[-1].at)
    knowledge = every.sort_out(patient, plan.content)
    compared = every.sort_out(patient, plan.compared) if plan.compared else None
    for number, trigger in enumerate(triggers):
        evaluation = f"{name}-{number:05d}"
        settled = settle_moment(patient, server, knowledge, trigger, plan.answers, plan.content)
        said = answer(settled, plan.content)
        stay = stay_at(stays, trigger.at)
        rows["evaluations"].append(
            (
                evaluation,
                name,
                trigger.name,
                trigger.at,
                trigger.hook,
                None if stay is None else stay.number,
                None if stay is None else stay.unit,
                *person.at(trigger.at),
                said.no_count,
                said.shown,
                said.highest,
                *after.since(trigger),
            )
        )
        rows["cards"] += [(evaluation, *row) for row in said.cards]
        rows["cannot_tell"] += [(evaluation, *row) for row in said.cannot_tell]
        aside.add_all((*settled.rejected, *said.rejected), every)
        aside.add_counts(said.counts, every)
        if plan.compared is not None and compared is not None:
            other = settle_moment(patient, server, compared, trigger, plan.answers, plan.compared)
            rows["cards_compared"] += [(evaluation, *row) for row in answer(other, plan.compared).cards]
    if not triggers:  # nobody has read them yet
        aside.add_all(unreadable(patient, server, every.all_held()), every)
    _add_person(name, person, stays, triggers, plan, rows)


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
        start, place = trigger.at, trigger.cause.place
        return tuple(
            any(start < at <= start + span and where != place for at, where in self._times.get(what, ()))
            for what, span in _SPANS.items()
        )


def _drug_of(resource: Json) -> str:
    """The Medication that it refers to, "" for none."""
    named = resource.get("medicationReference")
    text = named.get("reference") if isinstance(named, dict) else None
    return text[text.rfind("Medication/") :] if isinstance(text, str) and "Medication/" in text else ""
