"""The stories at the limits (`fixtures/boundaries/`): each number of the content on both sides, without HTTP.

They are many, so they are told as the mutator tells them: the same resources, facts, rules and words, without a server
and without validation, which the vignettes have.
"""

from __future__ import annotations

from itertools import groupby

import pytest

from cds_service.stories.coding import STANDARD
from cds_service.stories.vignettes import Vignette
from tests.cards.approved import unapproved
from tests.cards.telling import judge
from tests.mutation.stories import BOUNDARIES, Judge, shipped, tell
from tests.together import check_all

GROUPS = {
    base: tuple(some) for base, some in groupby(BOUNDARIES, key=lambda story: story.id.partition("/")[0])
}


@pytest.mark.parametrize("kind", sorted({base[0] for base in GROUPS}))
def test_the_cards_on_each_side_of_a_limit_are_what_the_clinician_expects(kind: str) -> None:
    """`kind` is the letter with which the ids of a kind of limits begin."""

    def check(group: tuple[Vignette, ...]) -> None:
        wrong = {story.id: everything_wrong(story) for story in group}
        assert not any(wrong.values()), wrong

    check_all(check, {base: group for base, group in GROUPS.items() if base[0] == kind})


def everything_wrong(story: Vignette) -> list[str]:
    """What is not as it is expected, or not as it was approved."""
    told = tell(story, STANDARD)
    answer = Judge(shipped()).answer(told, told.facts, told.decision)
    return [*judge(story, answer), *unapproved(story.id, answer)]


def test_the_two_sides_of_a_limit_are_not_expected_to_be_alike() -> None:
    """Two sides that are told alike would prove nothing."""
    for base, group in GROUPS.items():
        if not base.startswith("L-"):
            continue
        told = [(s.expect, s.says, s.not_words, s.merged, s.not_rules, s.drafts, s.outcomes) for s in group]
        assert len(set(told)) > 1 or len(told) == 1, base
