"""The running service keeps to its own description: calls made of it, good and bad, by schemathesis with all checks.

One of the services stands for all, which share their code; `make fuzz` calls every one, and looks further.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.fuzz.described import CONFIG, hold_to_description
from tests.service.serving import served

# All addresses but those of the other services.
OPERATIONS = "^(?!/cds-services/.)|/itp-patient-view"


def test_every_answer_is_one_that_the_description_allows(tmp_path: Path) -> None:
    options = (
        f"--include-path-regex={OPERATIONS}",
        "--max-examples=3",
        "--phases=examples,coverage,fuzzing",
        "--seed=1",
        "--no-shrink",
    )
    with served(PLATELET_HOOKS_STATE_DIR=str(tmp_path), PLATELET_HOOKS_LOG_LEVEL="error") as service:
        status, said = hold_to_description(service.address, *options, seconds=240)
        assert "Traceback" not in service.stop()
    assert status == 0, said
    tested = re.search(r"Tested: (\d+)", said)
    assert tested is not None
    assert int(tested[1]) >= 14


def test_two_refusals_of_good_calls_are_all_that_is_excused() -> None:
    """Nothing is switched off: for that one check, 400 and 412 are answers too."""
    with CONFIG.open("rb") as file:
        assert tomllib.load(file) == {
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "3xx", "400", "401", "403", "404", "409", "412", "429"]
                }
            }
        }
