"""Epic's feedback: an override stands in `overrideReasons`, and a reason of the site's own in an extension of it.

As its CDS Hooks tutorial shows it (fhir.epic.com, "Feedback"); CDS Hooks has `overrideReason` with a coding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

CATEGORY: Final = "com.epic.cdshooks.feedback.overrideReason.reasonCategory"
"""The number of the acknowledgement reason in the site's build. Its title beside it is text, and not kept."""


def override_of(entry: Mapping[str, Any]) -> Any:
    """What CDS Hooks calls `overrideReason`, whichever way the entry says it; None where it says none."""
    found = entry.get("overrideReason", entry.get("overrideReasons"))
    if not isinstance(found, dict) or found.get("reason") is not None:
        return found
    told = found.get("extension")
    number = told.get(CATEGORY) if isinstance(told, dict) else None
    return {**found, "reason": {"system": CATEGORY, "code": number}} if isinstance(number, str) else found
