"""The JavaScript of the tutorial for SMART developers, as it is printed, in a page of another origin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from tests.conftest import PROJECT
from tests.e2e.test_reference_client import PATIENT, client, count, person

__all__ = ["client"]

TEXT = (PROJECT / "docs/smart-developers.md").read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"^```js\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
# In place of fhirclient: reads a Patient and one count, and nothing else.
FHIR_CLIENT = """(known) => ({
  request: async (query) => {
    if (!(query in known)) throw new Error("not found");
    return known[query];
  },
})"""
RUN = f"""async ([base, hook, context, known]) => {{
  {CODE}
  const fhirClient = ({FHIR_CLIENT})(known);
  return (await callService(base, hook, context, readPrefetch(fhirClient))).cards;
}}"""


def call(client: Page, base: str, known: dict[str, Any]) -> list[dict[str, Any]]:
    context = {"userId": "Practitioner/example", "patientId": PATIENT}
    found: list[dict[str, Any]] = client.evaluate(RUN, [base, "patient-view", context, known])
    return found


def test_the_client_of_the_tutorial_gets_cards(client: Page, base: str) -> None:
    discovery = client.evaluate("async (base) => (await fetch(`${base}/cds-services`)).json()", base)
    templates = discovery["services"][0]["prefetch"]
    query = templates["platelets"].replace("{{context.patientId}}", PATIENT)
    searchset = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": count()}]}
    cards = call(client, base, {f"Patient/{PATIENT}": person(), query: searchset})
    assert cards
    assert "platelets 14" in cards[0]["summary"].lower()


def test_the_client_of_the_tutorial_says_what_was_refused(client: Page, base: str) -> None:
    with pytest.raises(Error, match="platelets"):
        call(client, base, {f"Patient/{PATIENT}": person()})
