"""The clinicians' tests: every story of `fixtures/vignettes/` as FHIR through the whole service, its cards judged."""

from __future__ import annotations

from datetime import UTC, datetime

from cds_service.fhir.validate import invalid_reason
from cds_service.hooks.wire import encode
from cds_service.stories.resources import write, write_orders
from cds_service.stories.vignettes import Vignette
from tests.cards.approved import approved, unapproved
from tests.cards.telling import NOW, RULES, VIGNETTES, ask, each_vignette, judge, told


@each_vignette
def test_the_cards_are_what_the_clinician_expects(vignette: Vignette) -> None:
    assert judge(vignette, ask(vignette)) == [], f"{vignette.id}: {vignette.about}"
    assert unapproved(vignette.id, ask(vignette)) == [], f"{vignette.id}: {vignette.about}"


@each_vignette
def test_a_story_is_valid_fhir(vignette: Vignette) -> None:
    resources = write(vignette.story, "case", NOW) + write_orders(vignette.story, "case", NOW)
    broken = any(o.broken for o in vignette.story.platelets)
    found = [reason for r in resources if (reason := invalid_reason(encode(r))) is not None]
    assert bool(found) == broken, found


DAYS = (datetime(2028, 2, 28, 23, 30, tzinfo=UTC), datetime(2027, 1, 1, 0, 20, tzinfo=UTC))


@each_vignette
def test_any_day_gives_the_same_cards(vignette: Vignette) -> None:
    """Half of the stories on the eve of a leap day, half in the first hour of a year."""
    now = DAYS[VIGNETTES.index(vignette) % len(DAYS)]
    assert [told(c) for c in ask(vignette, now)["cards"]] == [told(c) for c in ask(vignette)["cards"]]


def test_what_stories_expect_is_built() -> None:
    told_of = {rule for v in VIGNETTES for card in v.expect for rule in card.rules}
    assert told_of - RULES == set()


def test_hardly_any_story_waits_for_its_answer_to_be_approved() -> None:
    """`python -m tests.cards.approved` writes the answers of new stories; a few may come in between."""
    waiting = [v.id for v in VIGNETTES if v.id not in approved()]
    assert len(waiting) < 40, waiting
