"""The value sets say of each code what the list beside them says (`fixtures/codes/`).

A code that is not on the list yet is found by `make mutate`: nothing notices that it is removed.
"""

from __future__ import annotations

from cards.valuesets import load
from tests.mutation.code_list import Meaning, meanings


def test_each_code_means_what_the_list_says() -> None:
    terms = load()
    assert [told for one in meanings() if (told := one.wrong(terms)) is not None] == []


def test_the_list_notices_a_code_that_is_not_in_its_set_or_read_in_another_way() -> None:
    terms, one = load(), next(one for one in meanings() if one.set_id == "inf-dengue")
    assert Meaning("inf-ebv", one.system, one.code).wrong(terms) == f"inf-ebv: {one.code} is not in the set"
    read = Meaning(one.set_id, one.system, one.code, status="history").wrong(terms)
    assert read == f"inf-dengue: {one.code} is read as (None, None)"
    excluded = Meaning(one.set_id, one.system, one.code, excluded=True)
    assert excluded.wrong(terms) == f"inf-dengue: {one.code} is in the set"
