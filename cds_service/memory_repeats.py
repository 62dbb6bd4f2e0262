"""The same card again (rulebook A.3): which one is held back after an override, and which one is lowered. Pure.

Readings where the rulebook is short, the more cautious each time: an override holds a card back for the clinician who
made it and for nobody else; "already done" lowers a critical card for all, and where the count or the bleeding of then
cannot be compared with those of now, the card stays critical.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.outcome import Advise, Indicator
from cards.precedence import ORDER_HOOKS
from cards.thresholds import Thresholds
from cds_service.memory_marks import Marks, grade_of

if TYPE_CHECKING:
    from cds_service.store.statements import Response

OVERRIDDEN: Final = "overridden"
TREATED: Final = "already-done"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was answered to earlier cards of this patient, and by whose marks it is compared."""

    responses: Sequence[Response]
    marks: Marks
    patient: str
    clinician: str
    now: datetime
    limits: Thresholds

    def holds_back(self, advise: Advise) -> bool:
        """An info card for some days, a warning for some hours, after this clinician overrode it for the same facts."""
        if advise.indicator is Indicator.CRITICAL:
            return False
        is_info = advise.indicator is Indicator.INFO
        window = self.limits.span("repeat_info_days" if is_info else "repeat_warning_hours")
        mark = self.marks.facts(advise)
        return any(
            (r.outcome, r.rule, r.facts, r.clinician) == (OVERRIDDEN, advise.rule, mark, self.clinician)
            and self.now - r.at <= window
            for r in self.responses
        )

    def lowers(self, advise: Advise, p: PatientFacts) -> bool:
        """A critical card that was answered as already done, unless the count fell, or the bleeding is worse.

        On orders only for the same facts: another order is another danger.
        """
        if advise.indicator is not Indicator.CRITICAL:
            return False
        window = self.limits.span("treated_hours")
        return any(
            (r.outcome, r.reason, r.indicator, r.rule)
            == (OVERRIDDEN, TREATED, Indicator.CRITICAL.word, advise.rule)
            and self.now - r.at <= window
            and (p.hook not in ORDER_HOOKS or r.facts == self.marks.facts(advise))
            and not self._may_be_worse(r, p)
            for r in self.responses
        )

    def _may_be_worse(self, then: Response, p: PatientFacts) -> bool:
        grade = self.marks.grade_behind(self.patient, then.grade)
        return grade is None or grade_of(p) > grade or self._may_have_fallen(then, p)

    def _may_have_fallen(self, then: Response, p: PatientFacts) -> bool:
        platelets = p.platelets
        if platelets.problem is not None or platelets.unread is not None or platelets.undated is not None:
            return True  # a newer count may be among them
        if then.count == "":
            return platelets.current is not None
        before = next((c for c in platelets.series if self.marks.count(c) == then.count), None)
        if before is None or platelets.current is None:
            return True
        fall = before.value - platelets.current.value
        return fall > 0 and fall * 100 >= before.value * self.limits.treated_fall
