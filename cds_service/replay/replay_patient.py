"""Everything of one patient: the rows of every table. The one function that each engine calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cards.decide import Decision
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Why
from cards.record import Answer, Kind, PlateletResult
from cards.valuesets import Terminology
from cds_service.content import Content
from cds_service.fhir.entries import Rejected
from cds_service.replay.evaluate_moment import judge_moment, unreadable
from cds_service.replay.held import Held, codings, hold, is_panel
from cds_service.replay.known import Json
from cds_service.replay.measured import sort_out
from cds_service.replay.person import Stay, hash_of, stay_at, stays_of, who
from cds_service.replay.tables import Rows
from cds_service.replay.triggers import Trigger, find_triggers

SUPPRESSED: Final = frozenset({Why.SUPPRESSED, Why.LIMIT, Why.COMFORT_CARE, Why.SILENCED})
"""Reasons for which a card that a rule gave was not shown."""

NO_TIME: Final = "no time from which it was known"
UNMAPPED: Final = "a platelet count by its name, under a code that no value set holds"
_PLATELETS: Final = re.compile(rb"platelet|thrombocyt|\bPLT\b", re.IGNORECASE)
_ANTI_INFECTIVE: Final = re.compile(
    r"med-(anti(bacterial|viral|retroviral|malarial|tuberculosis)|aciclovir|artesunate|ganciclovir)"
)
_DAY: Final = timedelta(days=1)
_MONTH: Final = timedelta(days=30)


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

    def covers(self, at: datetime) -> bool:
        """Whether a moment lies within --from and --to."""
        return (self.start is None or at >= self.start) and (self.end is None or at <= self.end)


def replay_patient(
    patient: str, server: str | None, lines: Sequence[tuple[str, int, bytes]], plan: Plan, rows: Rows
) -> None:
    """Adds the rows of a patient. `lines`: file, line number and text of each resource, drugs referred to included."""
    name = hash_of(patient, plan.key)
    aside = _Aside(name, rows)
    held = list(_hold(lines, plan.content.terminology, aside))
    events = [one for one in held if one.kind != "Observation" or one.is_count]
    person: Json = next((one.resource for one in events if one.kind == "Patient"), {})
    stays = stays_of(events)
    triggers = [one for one in find_triggers(events, plan.triggers) if plan.covers(one.at)]
    after = _Afterwards(events if triggers else ())
    by_name = _ByName(held)
    knowable = [one for one in held if triggers and (one.known is None or one.known <= triggers[-1].at)]
    knowledge = sort_out(patient, knowable, plan.content)
    compared = sort_out(patient, knowable, plan.compared) if plan.compared else None
    for number, trigger in enumerate(triggers):
        evaluation = f"{name}-{number:05d}"
        judged = judge_moment(patient, server, knowledge, trigger, plan.answers, plan.content)
        shown, blocker = judged.decision.cards, judged.facts.platelets.blocker
        stay = stay_at(stays, trigger.at)
        rows["evaluations"].append(
            {
                "evaluation": evaluation,
                "patient_hash": name,
                "trigger": trigger.name,
                "at": trigger.at,
                "hook": trigger.hook,
                "stay": None if stay is None else stay.number,
                "unit": None if stay is None else stay.unit,
                **who(person, trigger.at),
                "no_count": None if blocker is None else blocker.value,
                "shown": len(shown),
                "highest": max(card.indicator for card in shown).word if shown else None,
                **after.since(trigger),
            }
        )
        rows["cards"] += _card_rows(evaluation, judged.decision)
        rows["cannot_tell"] += _cannot_tell(evaluation, judged.decision)
        aside.add_all(judged.rejected, by_name)
        aside.add_counts(judged.facts.record.platelets, by_name)
        if plan.compared is not None and compared is not None:
            other = judge_moment(patient, server, compared, trigger, plan.answers, plan.compared)
            rows["cards_compared"] += _card_rows(evaluation, other.decision)
    if not triggers:  # nobody has read them yet
        aside.add_all(unreadable(patient, server, held), by_name)
    _add_person(name, person, stays, triggers, plan, rows)


def _add_person(
    name: str, person: Json, stays: Iterable[Stay], triggers: Sequence[Trigger], plan: Plan, rows: Rows
) -> None:
    counted = [one for one in stays if plan.covers(one.start)]
    for stay in counted:
        lasted = None if stay.end is None else max(stay.end - stay.start, timedelta(0))
        rows["encounters"].append(
            {
                "patient_hash": name,
                "stay": stay.number,
                "unit": stay.unit,
                "minutes": None if lasted is None else lasted // timedelta(minutes=1),
                **who(person, stay.start),
            }
        )
    times = [one.at for one in triggers] + [one.start for one in counted]
    if times:
        rows["patients"].append(
            {"patient_hash": name, **who(person, min(times)), "evaluations": len(triggers)}
        )


# ------------------------------------------------------------------------------------------------- what is held


class _ByName:
    """The resources of a patient by type and id; of two the last. Most patients' are never asked for."""

    def __init__(self, held: Sequence[Held]) -> None:
        self._held = held
        self._found: dict[str, Held] | None = None

    def get(self, reference: str) -> Held | None:
        if self._found is None:
            self._found = {one.reference: one for one in self._held}
        return self._found.get(reference)


class _Aside:
    """What of a patient could not be used; the same thing is said once."""

    def __init__(self, name: str, rows: Rows) -> None:
        self._name, self._rows = name, rows["rejected"]
        self._said: set[tuple[str, str]] = set()

    def add(self, place: str, kind: str, reason: str, code: str | None = None) -> None:
        if (place, reason) not in self._said:
            self._said.add((place, reason))
            file, _, line = place.rpartition(":")
            row: dict[str, Any] = {"patient_hash": self._name, "file": file or None, "kind": kind}
            self._rows.append(
                row | {"line": int(line) if line.isdigit() else None, "reason": reason, "code": code}
            )

    def add_all(self, rejected: Iterable[Rejected], by_name: _ByName) -> None:
        """What a call would have reported, with the place in the export; of what no value set knows, the code."""
        for one in rejected:
            held = by_name.get(one.resource)
            kind = one.resource.partition("/")[0].partition("[")[0]
            code = _code_of(held.resource) if held is not None and one.reason.startswith("unmapped") else None
            self.add("" if held is None else held.place, kind, one.reason, code)

    def add_counts(self, counts: Iterable[PlateletResult], by_name: _ByName) -> None:
        """Counts that are in the record and cannot be used by number, with the unit where it is one that we know."""
        for one in counts:
            if one.problem is not None:
                held = by_name.get(one.reference)
                reason = f"a platelet count: {one.problem}"
                self.add("" if held is None else held.place, "Observation", reason, one.shown_unit)


def _code_of(resource: Json) -> str | None:
    """`system|code` of what a resource is about: its first coding that has both."""
    for name in ("code", "medicationCodeableConcept", "vaccineCode"):
        for coding in codings(resource.get(name)):
            return "|".join(coding)
    return None


def _hold(lines: Iterable[tuple[str, int, bytes]], terminology: Terminology, aside: _Aside) -> Iterator[Held]:
    """The resources with the time from which they were known; without those that no live call asks for."""
    for file, number, raw in lines:
        one = hold(raw, file, number, terminology)
        if one is None:  # its head could be read: a number that nobody writes
            aside.add(f"{file}:{number}", "", "not JSON")
        elif one.known is None and not one.has_time:
            aside.add(one.place, one.kind, NO_TIME)
        elif one.kind == "Observation" and not (one.sets or is_panel(one)):
            if _PLATELETS.search(raw):
                code = next(codings(one.resource.get("code")), None)
                aside.add(one.place, one.kind, UNMAPPED, None if code is None else "|".join(code))
        else:
            yield one


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

    def since(self, trigger: Trigger) -> dict[str, bool]:
        """Whether each came within its time after the trigger, the cause itself not counted."""
        spans = {
            "transfused_24h": _DAY,
            "anti_infective_24h": _DAY,
            "new_count_24h": _DAY,
            "tpo_ra_30d": _MONTH,
        }
        return {
            what: any(
                trigger.at < at <= trigger.at + span and place != trigger.cause.place
                for at, place in self._times.get(what, ())
            )
            for what, span in spans.items()
        }


def _drug_of(resource: Json) -> str:
    """The Medication that it refers to, "" for none."""
    named = resource.get("medicationReference")
    text = named.get("reference") if isinstance(named, dict) else None
    return text[text.rfind("Medication/") :] if isinstance(text, str) and "Medication/" in text else ""


# ------------------------------------------------------------------------------------------------------- rows


def _card_rows(evaluation: str, decision: Decision) -> Iterator[dict[str, Any]]:
    """The cards in their order, then the silent ones, then rules whose card was not shown."""
    shown = {rule for card in decision.cards for rule in (card.rule, *card.also)}
    for state, cards in (("shown", decision.cards), ("silent", decision.silent)):
        for position, card in enumerate(cards):
            yield {
                "evaluation": evaluation,
                "position": position,
                "rule": card.rule,
                "rules": [card.rule, *card.also],
                "indicator": card.indicator.word,
                "state": state,
                "why": None,
            }
    for rule, outcome in decision.outcomes.items():
        if isinstance(outcome, NoAdvice) and outcome.because in SUPPRESSED and rule not in shown:
            yield {
                "evaluation": evaluation,
                "position": None,
                "rule": rule,
                "rules": [rule],
                "indicator": None,
                "state": "suppressed",
                "why": outcome.because.value,
            }


def _cannot_tell(evaluation: str, decision: Decision) -> Iterator[dict[str, Any]]:
    for rule, outcome in decision.outcomes.items():
        if isinstance(outcome, CannotTell):
            for fact in outcome.missing:
                yield {"evaluation": evaluation, "rule": rule, "fact": fact.value}
