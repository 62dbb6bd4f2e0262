"""A rule that raises in the running service: the other cards come with one that says so; the log knows where."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cards.advice import ALL_ADVICE
from cards.outcome import Advise
from cards.thresholds import Thresholds
from cds_service.app import create_app
from cds_service.settings import Settings
from tests.service.hook_calls import CARD, EVALUATION, call, clock, nosebleed, platelets

pytestmark = pytest.mark.usefixtures("rules_may_raise")

SECRET = "ZZZ-SECRET"
STEM = "tpo_ra/candidate"


@pytest.fixture(autouse=True)
def _breaks_one_rule() -> Iterator[None]:
    """The fault itself: an advice of the shipped content that raises."""
    [advice] = [one for one in ALL_ADVICE if one.stem == STEM]
    whole = advice.decide

    def raises(p: object, limits: Thresholds) -> Advise:
        raise LookupError(SECRET)

    object.__setattr__(advice, "decide", raises)
    yield
    object.__setattr__(advice, "decide", whole)


def test_the_other_cards_come_with_one_that_names_the_check(capfd: pytest.CaptureFixture[str]) -> None:
    client = create_app(Settings(log_format="json"), clock).test_client()
    answer = client.post("/cds-services/itp-patient-view", json=call(platelets(22), nosebleed()))
    assert answer.status_code == 200
    body = answer.get_json()
    leading = [card["extension"][CARD]["rules"][0] for card in body["cards"]]
    assert leading[0] == "TRF-02"
    told = body["cards"][leading.index("A.3")]
    assert told["indicator"] == "warning"
    assert "could not be completed" in told["summary"]
    assert "TPO-01" in told["detail"]
    outcomes = {one["rule"]: one["outcome"] for one in body["extension"][EVALUATION]["evaluated"]}
    assert outcomes["TPO-01"] == "cannot-tell"

    line = json.loads(capfd.readouterr().err.splitlines()[-1])
    [fault] = line["faults"]
    assert fault.startswith(f"{STEM} LookupError {__name__}:")
    assert SECRET not in answer.get_data(as_text=True) + json.dumps(line)
    metrics = client.get("/metrics").get_data(as_text=True)
    assert f'platelet_hooks_failed_checks_total{{check="{STEM}",service="itp-patient-view"}}' in metrics
