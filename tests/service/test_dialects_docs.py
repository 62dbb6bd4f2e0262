"""`docs/clients.md` tells what the code does: its settings are read, its words for the log are those of the log."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from cards.drafts import TEMPLATES
from cds_service.auth.claims import LEEWAY_SECONDS
from cds_service.auth.doubts import Doubt
from cds_service.auth.key_sets import RENEW_SECONDS
from cds_service.auth.keys import LEAST_RSA_BITS
from cds_service.auth.tokens import ALGORITHMS, LONGEST_TOKEN
from cds_service.config_file import Client
from cds_service.dialects.choice import SHAPES
from tests.conftest import PROJECT

TEXT = (PROJECT / "docs/clients.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^ *```toml\n(.*?)^ *```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("fence", FENCES, ids=range(len(FENCES)))
def test_its_settings_are_read(fence: str) -> None:
    (members,) = tomllib.loads(fence)["clients"]
    client = Client(**members)
    assert client.token_seconds == 900
    assert set(client.order_codes) <= set(TEMPLATES)


def test_the_whole_entry_shows_every_member() -> None:
    (whole,) = tomllib.loads(FENCES[0])["clients"]
    members: set[str] = set(Client.model_fields) - {"jwks_file"}
    assert members - set(whole) <= {"repeats", "comments"}  # told in the page on memory
    assert "jwks_file" in FENCES[0]


def test_each_doubt_is_explained_once() -> None:
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| [^|]+ \|$", TEXT, re.MULTILINE)
    told = [word for row in rows for word in re.findall(r"`([a-z-]+)`", row)]
    assert sorted(told) == sorted(["doubt", *Doubt])  # the first is the head of the table


def test_its_table_has_each_dialect() -> None:
    (header,) = re.findall(r"^\| \| (standard .*) \|$", TEXT, re.MULTILINE)
    assert set(header.split(" | ")) == set(SHAPES)


@pytest.mark.parametrize(
    "number",
    [
        f"{LEEWAY_SECONDS} seconds",
        f"{RENEW_SECONDS} seconds",
        f"{LONGEST_TOKEN} bytes",
        f"{LEAST_RSA_BITS} bits",
    ],
)
def test_its_numbers(number: str) -> None:
    assert number in TEXT.replace("\n", " ")


def test_its_algorithms() -> None:
    assert all(alg in TEXT for alg in ALGORITHMS)


def test_drafts_that_it_names_exist() -> None:
    step: Any = re.search(r"Start with\n(.*?)\. What has", TEXT, re.DOTALL)
    names = re.findall(r"`([a-z-]+)`", step[1])
    assert len(names) > 5
    assert set(names) <= set(TEMPLATES)
