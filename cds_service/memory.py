"""What the service remembers of its cards, and what it makes of that: repeats held back, silent mode, rows to keep.

For each call a `Recollection`: asked between decision and cards, told afterwards. It never delays or fails an answer:
what is remembered is asked within a deadline, what is kept goes through a queue.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

from cards.decide import Decision
from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.outcome import Advise, Indicator, NoAdvice, Outcome
from cards.outcomes import Outcomes
from cards.reasons import Why
from cards.thresholds import Thresholds
from cds_service.auth.caller import Caller
from cds_service.content import Content
from cds_service.hooks.card import Card
from cds_service.hooks.request import HookRequest
from cds_service.memory_marks import Marks, grade_of
from cds_service.memory_repeats import Earlier
from cds_service.memory_silence import Place, Silenced, silence_at
from cds_service.settings import Settings
from cds_service.store.database import Database, StoreDown
from cds_service.store.writer import Writer

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cds_service.store.statements import Response

STORE: Final = "store"
"""What `degraded` names when nothing can be remembered."""

TREATED: Final = "A.3/treated"
LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class CalledBy:
    """Who called which service: "" where there is no client entry, or no tenant.

    `repeats`: A.3 is applied; `comments`: what clinicians write with an override may be kept.
    """

    service: str
    client: str = ""
    tenant: str = ""
    repeats: bool = True
    comments: bool = False

    @classmethod
    def of(cls, service: str, caller: Caller, settings: Settings) -> Self:
        """The caller that authentication found, by the members that are kept."""
        client = caller.client
        if client is None:
            return cls(service, tenant=_kept(caller.tenant), repeats=settings.memory.repeats)
        return cls(service, _kept(client.name), _kept(caller.tenant), client.repeats, client.comments)


def _kept(name: str | None) -> str:
    """A name as a column takes it."""
    return "".join(sign for sign in name or "" if sign.isprintable())[:LONGEST_NAME]


@dataclass(frozen=True, slots=True)
class Memory:
    """What all calls of a process share."""

    settings: Settings
    marks: Marks
    database: Database
    writer: Writer

    def recollect(self, request: HookRequest, caller: CalledBy, now: datetime) -> Recollection:
        """What is remembered of the patient of this call."""
        whose = (caller.client, caller.tenant, "" if caller.client else request.fhir_server or "")
        context = request.context
        return Recollection(
            memory=self,
            caller=caller,
            now=now,
            instance=request.hook_instance.lower()
            if request.instance_is_uuid
            else self.marks.of("instance", request.hook_instance),
            patient=self.marks.of("patient", *whose, context.patient_id),
            clinician=self.marks.of("clinician", *whose, context.user_id),
        )

    def close(self) -> None:
        """Stores what waits, and gives the connections back."""
        self.writer.close()
        self.database.close()


@dataclasses.dataclass(slots=True)
class Recollection:
    """One call. `silent` fills with the cards that were made and not shown, and why."""

    memory: Memory
    caller: CalledBy
    now: datetime
    instance: str
    patient: str
    clinician: str
    silent: list[tuple[Advise, Silenced]] = field(default_factory=list)
    degraded: tuple[str, ...] = ()
    _shown: tuple[tuple[Advise, Advise], ...] = ()  # as decided, as shown
    _of_now: Mapping[str, str] = field(default_factory=dict)
    _version: str = ""

    def recall(self, decision: Decision, p: PatientFacts, content: Content) -> Decision:
        """The decision without silent cards and without those that were overridden for the same facts."""
        marks, limits = self.memory.marks, content.limits
        self._version = content.version
        self._of_now = {
            "count": marks.count(p.platelets.current),
            "grade": marks.grade(self.patient, grade_of(p)),
        }
        everywhere = silence_at(self._place(), self.memory.settings.silent)
        earlier = Earlier(
            self._responses(decision, limits), marks, self.patient, self.clinician, self.now, limits
        )
        self.silent += ((advise, Silenced.RULE) for advise in decision.silent)
        shown: list[tuple[Advise, Advise]] = []
        for advise in decision.cards:
            reason = everywhere or (Silenced.REPEAT if earlier.holds_back(advise) else None)
            if reason is not None:
                self.silent.append((advise, reason))
            else:
                shown.append((advise, _lowered(advise) if earlier.lowers(advise, p) else advise))
        self._shown = tuple(sorted(shown, key=lambda pair: -pair[1].indicator))
        shown_now = tuple(now for _, now in self._shown)
        return Decision(shown_now, self._outcomes(decision), decision.silent)

    def _place(self) -> Place:
        share = self.memory.marks.of("share", self.patient)
        return Place(self.caller.service, self.caller.client, self.caller.tenant, share)

    def _responses(self, decision: Decision, limits: Thresholds) -> tuple[Response, ...]:
        """The last answers to this patient's cards; none while the database is down."""
        database = self.memory.database
        if not decision.cards or not self.caller.repeats:
            self.degraded = (STORE,) if database.is_down else ()
            return ()
        since = self.now - limits.span("repeat_info_days") - timedelta(days=1)

        def read(connection: Connection) -> tuple[Response, ...]:
            from cds_service.store.statements import responses

            return responses(connection, self.patient, self.caller.client, since)

        try:
            return database.ask(read, self.memory.settings.memory.wait_milliseconds / 1000)
        except StoreDown:
            self.degraded = (STORE,)
            return ()

    def _outcomes(self, decision: Decision) -> Outcomes:
        told: dict[int, Outcome] = {id(before): after for before, after in self._shown}
        for advise, reason in self.silent:
            if reason is not Silenced.RULE:  # its outcome says so already
                told[id(advise)] = NoAdvice(Why.REPEATED if reason is Silenced.REPEAT else Why.SILENCED)
        return Outcomes({rule: told.get(id(one), one) for rule, one in decision.outcomes.items()})

    def keep(self, cards: Sequence[Card]) -> None:
        """Puts the shown cards and the silent ones into the queue, all together: they are stored at once."""
        rows = []
        for card, (before, after) in zip(cards, self._shown, strict=True):
            suggestions = " ".join(s.uuid for s in card.suggestions)
            rows.append(self._row(card.uuid, before, after.indicator, "", suggestions))
        for advise, reason in self.silent:
            rows.append(self._row(str(uuid4()), advise, advise.indicator, reason.value, ""))
        self.memory.writer.put(*rows)

    def _row(
        self, uuid: str, advise: Advise, indicator: Indicator, silenced_by: str, suggestions: str
    ) -> dict[str, Any]:
        return {
            "uuid": uuid,
            "at": self.now,
            "service": self.caller.service,
            "client": self.caller.client,
            "tenant": self.caller.tenant,
            "instance": self.instance,
            "rule": advise.rule,
            "rules": " ".join((advise.rule, *advise.also)),
            "indicator": indicator.word,
            "content_version": self._version,
            "shown": not silenced_by,
            "silenced_by": silenced_by,
            "patient": self.patient,
            "clinician": self.clinician,
            "facts": self.memory.marks.facts(advise),
            **self._of_now,
            "suggestions": suggestions,
        }


def _lowered(advise: Advise) -> Advise:
    """A critical card as information, with a word on why."""
    return replace(advise, indicator=Indicator.INFO, say=(TREATED, *advise.say))
