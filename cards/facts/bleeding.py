"""What is known of bleeding (rulebook B.5, B.6)."""

from __future__ import annotations

from enum import StrEnum

from cards.frozen import dataclass
from cards.kept import kept
from cards.record import Moment


class Site(StrEnum):
    """B.5 sites. Gastrointestinal, urinary and vaginal bleeding are ORGAN."""

    SKIN = "skin"
    MUCOSAL = "mucosal"
    ORGAN = "organ"
    CNS = "cns"


class Activity(StrEnum):
    ACTIVE = "active"
    STOPPED = "stopped"  # graded WHO 1-2 and ended within 24 h (TRF-03)
    UNCLEAR = "unclear"  # BLD-04: past its active time or undated, no end; suspected; without site and grade
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Bleed:
    """One bleeding finding: `grade` as recorded, `weight` as rules use it (ungraded mucosa 2, skin 1)."""

    name: str  # key of our word for it ("nosebleed", "gi" ...): `cards.finding_words`
    set_id: str
    site: Site
    activity: Activity
    grade: int | None
    weight: int
    reference: str
    since: Moment | None  # reference time (B.6)
    patient_reported: bool = False
    minor_by_kind: bool = False  # WHO 1 by its kind (bleed-mucosal-minor, microscopic haematuria)
    question_only: bool = False
    life_threatening_site: bool = False  # CNS, spinal, posterior eye with visual loss, pericardial, airway
    graded_up_by: tuple[
        str, ...
    ] = ()  # what raised the grade (B.5): references of haemoglobins and red cells
    posterior_eye: bool = False  # A.6 row "CNS / posterior eye", A.9 major bleeding
    unlocated: bool = (
        False  # site unknown and graded below moderate: a question (BLD-04, TRF-15), never TRF-02
    )
    suspected: bool = False  # recorded as provisional, differential or unconfirmed: a question
    lacks_status: bool = False  # a Condition without a clinicalStatus (A.1)
    ended_lately: bool = (
        False  # history, but ended <= 24 h ago: the bleeding is not "of the skin alone" (A.9)
    )


@dataclass(frozen=True)
class Bleeding:
    """B.5 and B.6 settled. `worst` is the heaviest active finding.

    Every rule asks of the bleeding: each view is made when it is first asked for, and kept (so there are no slots).
    """

    findings: tuple[Bleed, ...] = ()  # all but history
    history: tuple[Bleed, ...] = ()

    @kept
    def active(self) -> tuple[Bleed, ...]:
        return tuple(b for b in self.findings if b.activity is Activity.ACTIVE and not b.question_only)

    @kept
    def worst(self) -> Bleed | None:
        """The heaviest active finding, CNS before organ before mucosal before skin at the same weight."""
        order = (Site.CNS, Site.ORGAN, Site.MUCOSAL, Site.SKIN)
        return min(self.active, key=lambda b: (-b.weight, order.index(b.site)), default=None)

    @kept
    def skin(self) -> tuple[Bleed, ...]:
        return tuple(b for b in self.active if b.site is Site.SKIN)

    @kept
    def deep(self) -> tuple[Bleed, ...]:
        """Active findings that are not of the skin, recorded by clinicians."""
        return tuple(b for b in self.active if b.site is not Site.SKIN and not b.patient_reported)

    @kept
    def patient_reported(self) -> tuple[Bleed, ...]:
        return tuple(b for b in self.active if b.site is not Site.SKIN and b.patient_reported)

    @kept
    def serious(self) -> tuple[Bleed, ...]:
        """Active, not skin, WHO >= 2 or ungraded: what TRF-02, TRF-10 and the ORD rules ask for."""
        return tuple(b for b in self.deep if b.weight >= 2)

    @kept
    def severe(self) -> tuple[Bleed, ...]:
        """Active WHO 3-4."""
        return tuple(b for b in self.active if b.weight >= 3)

    @kept
    def major(self) -> tuple[Bleed, ...]:
        """A.9 major bleeding: WHO 3-4, or CNS, spinal, posterior eye, pericardial, airway."""
        return tuple(b for b in self.active if b.weight >= 3 or b.life_threatening_site or b.posterior_eye)

    @kept
    def cns(self) -> tuple[Bleed, ...]:
        return tuple(b for b in self.active if b.site is Site.CNS)

    @kept
    def minor(self) -> tuple[Bleed, ...]:
        """Not skin: active WHO 1, or WHO 1-2 that stopped within 24 h (TRF-03)."""
        return tuple(
            b
            for b in self.findings
            if b.site is not Site.SKIN
            and not b.question_only
            and (b.activity is Activity.STOPPED or (b.activity is Activity.ACTIVE and b.weight == 1))
        )

    @kept
    def unclear(self) -> tuple[Bleed, ...]:
        """BLD-04."""
        return tuple(b for b in self.findings if b.activity is Activity.UNCLEAR and not b.question_only)

    @kept
    def withholds_reassurance(self) -> bool:
        """TRF-04 may not reassure: unclear activity, or a question other than unspecific skin marks."""
        doubtful = (b for b in self.findings if b.question_only and b.set_id != "bleed-skin-unspecific")
        return any(doubtful) or bool(self.unclear)

    @kept
    def only_skin(self) -> bool:
        """BLD-02: a skin finding, and nothing mucosal, organ or CNS active, ended <= 24 h or open (A.9)."""
        others = (b for b in self.findings if b.site is not Site.SKIN and not b.question_only)
        return bool(self.skin) and not any(others) and not any(b.ended_lately for b in self.history)
