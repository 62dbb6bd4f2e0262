"""Facts put together by hand, for rules whose tests need an infection's state rather than its resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

from cards.anti_infective.pathogen import Pathogen, load_pathogens
from cards.anti_infective.pathogen_words import pathogen_sections
from cards.facts import (
    Bleeding,
    Certainty,
    Infection,
    Infections,
    Known,
    PatientFacts,
    Person,
    PlateletCount,
    Platelets,
    Signs,
)
from cards.outcome import Advise, Outcome
from cards.record import (
    Allergy,
    Answer,
    ClinicalStatus,
    Finding,
    Kind,
    Measurement,
    Medication,
    MedicationSource,
    Membership,
    Moment,
    Order,
    PersonRecord,
    Planned,
    Record,
    Result,
    ResultStatus,
    Route,
    TestResult,
    Verification,
)
from cards.thresholds import Thresholds
from cards.valuesets import load
from cards.wording import Words, fill, load_words

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
LIMITS = Thresholds()
ANSWERED = dict.fromkeys(Kind, Answer.ANSWERED)


@cache
def pathogens() -> Mapping[str, Pathogen]:
    """The pathogens of the shipped files, by id."""
    return {p.id: p for p in load_pathogens(load())}


def ago(**span: float) -> Moment:
    """An exact moment before now: `ago(days=3)`."""
    return Moment.instant(NOW - timedelta(**span))


def day(text: str) -> Moment:
    """A date without a time."""
    start = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Moment(start, start + timedelta(days=1, microseconds=-1), text)


def count(value: str, at: Moment | None = None, number: int = 0) -> PlateletCount:
    """A final count, three hours old unless `at` says otherwise."""
    return PlateletCount(
        Decimal(value), value, at or ago(hours=3), f"Observation/plt-{number}", ResultStatus.FINAL
    )


def counts(*values: str | tuple[str, Moment], usable: bool = True) -> Platelets:
    """A series, oldest first; the last is the count in use. `usable` False: shown, but not to decide by."""
    series = tuple(
        count(v, None, n) if isinstance(v, str) else count(v[0], v[1], n) for n, v in enumerate(values)
    )
    low: list[PlateletCount] = []
    for c in series:
        low = [*low, c] if c.value < LIMITS.mild else []
    return Platelets(
        current=series[-1] if series else None,
        decisive=series[-1] if series and usable else None,
        blocker=None,
        previous=series[-2] if len(series) > 1 else None,
        series=series,
        low_since=low[0].time if low else None,
    )


def person(age: int | None = 34, sex: str | None = "male", pregnancy: Known = Known.UNKNOWN) -> Person:
    """A man of 34 unless said otherwise."""
    days = None if age is None else age * 365
    return Person(
        "Patient/p1", age, days, sex, None, pregnancy, "Observation/preg" if pregnancy is Known.YES else None
    )


def infection(pathogen: str, certainty: Certainty = Certainty.REPORTED, **more: object) -> Infection:
    """A current infection that began two days ago."""
    given = {"current": True, "onset": ago(days=2), "references": ("Condition/inf-1",)} | more
    return Infection(pathogen, certainty, **given)  # type: ignore[arg-type]


def finding(
    *sets: str,
    onset: Moment | None = None,
    clinical: ClinicalStatus = ClinicalStatus.PRESENT,
    verification: Verification = Verification.CONFIRMED,
    status: str | None = None,
    reference: str = "Condition/f-1",
) -> Finding:
    """A Condition in these value sets."""
    memberships = tuple(Membership(s, status) for s in sets)
    return Finding(reference, memberships, clinical, verification, onset=onset)


def drug(
    *sets: str, start: Moment | None = None, end: Moment | None = None, route: Route | None = None
) -> Medication:
    """An active prescription of a drug in these value sets."""
    return Medication(
        "MedicationRequest/m-1", frozenset(sets), MedicationSource.REQUEST, "active", start, end, route
    )


def allergy(*sets: str, codes: tuple[tuple[str, str], ...] = ()) -> Allergy:
    """An active allergy in these value sets."""
    return Allergy("AllergyIntolerance/a-1", frozenset(sets), codes)


def measured(set_id: str, value: str, unit: str, at: Moment | None = None, **more: object) -> Measurement:
    """A laboratory value of this morning."""
    return Measurement(
        set_id, f"Observation/{set_id}", Decimal(value), unit, None, at or ago(hours=3), **more
    )  # type: ignore[arg-type]


def lab_result(
    *sets: str, result: Result = Result.NEGATIVE, proves: str = "current", at: Moment | None = None
) -> TestResult:
    """A test result of yesterday."""
    return TestResult(tuple(sets), "Observation/test-1", proves, result, at or ago(days=1))


def selected(*sets: str) -> Order:
    """A selected draft of a drug in these value sets."""
    return Order("MedicationRequest/draft-1", "MedicationRequest", frozenset(sets), True)


def patient(
    platelets: Platelets | None = None,
    *infections: Infection,
    who: Person | None = None,
    bleeding: Bleeding | None = None,
    signs: Signs | None = None,
    findings: Iterable[Finding] = (),
    drugs: Iterable[Medication] = (),
    past_drugs: Iterable[Medication] = (),
    allergies: Iterable[Allergy] = (),
    measurements: Iterable[Measurement] = (),
    tests: Iterable[TestResult] = (),
    exposures: Iterable[TestResult] = (),
    planned: Iterable[Planned] = (),
    orders: Iterable[Order] = (),
    unanswered: Iterable[Kind] = (),
    hook: str = "patient-view",
    **more: object,
) -> PatientFacts:
    """All facts of one patient; every kind of data was answered unless `unanswered` names it."""
    drugs = tuple(drugs)
    record = Record(
        as_of=NOW,
        hook=hook,
        person=PersonRecord("Patient/p1"),
        measurements={m.set_id: (m,) for m in measurements},
        tests=tuple(tests),
        findings=tuple(findings),
        medications=(*drugs, *past_drugs),
        planned=tuple(planned),
        allergies=tuple(allergies),
        orders=tuple(orders),
        answers={kind: Answer.ANSWERED for kind in Kind if kind not in tuple(unanswered)},
    )
    return PatientFacts(
        as_of=NOW,
        hook=hook,
        person=who or person(),
        platelets=platelets or counts("22"),
        bleeding=bleeding or Bleeding(),
        infections=Infections(tuple(infections), tuple(exposures)),
        signs=signs or Signs(),
        record=record,
        medications_in_use=drugs,
        pathogens=pathogens(),
        **more,  # type: ignore[arg-type]
    )


COMMON_HOLES = {
    "platelets": "22.5 x10^9/L",
    "sampled": "22 Nov 2025, 04:10, preliminary",
    "finding": "bleeding",
}
"""The holes that the renderer fills, at their longest."""


@cache
def words() -> Words:
    """Every word of the cards, those of the pathogens too."""
    return load_words().with_sections(pathogen_sections(pathogens().values()))


def filled(card: Advise, key: str) -> str:
    """A paragraph of the card with its holes filled (KeyError for one that nothing fills)."""

    def value_of(hole: str) -> str:
        _, _, name = hole.partition(":")
        if name:
            return str(getattr(LIMITS, name))
        value = card.values.get(hole, COMMON_HOLES.get(hole))
        if value is None:
            raise KeyError(hole)
        return "22 Nov 2025" if isinstance(value, Moment) else str(value)

    return fill(words().find(card.rule, key), value_of)


def text_of(card: Advise) -> str:
    """Title, paragraphs and cautions; fails for words that do not exist, and for a title that is too long."""
    title = filled(card, card.title)
    assert len(title) < 140, (len(title), title)
    for suggestion in card.suggestions:
        rule, _, key = suggestion.label.rpartition("/")
        assert words().find(rule or card.rule, f"label.{key}")
    return "\n".join([title, *(filled(card, key) for key in (*card.say, *card.cautions))])


def drafts(card: Advise) -> list[str]:
    """The templates of every draft of the card."""
    return [a.template for s in card.suggestions for a in s.actions if a.template is not None]


def cards(answers: Mapping[str, Outcome]) -> list[Advise]:
    """The advice among the answers of a stem with several ids, each with words for all that it says."""
    found = [outcome for outcome in answers.values() if isinstance(outcome, Advise)]
    for card in found:
        assert answers[card.rule] is card
        text_of(card)
    return found


def only(answers: Mapping[str, Outcome]) -> Advise:
    """The one card."""
    (card,) = cards(answers)
    return card
