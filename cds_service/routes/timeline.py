"""`/timeline`: the platelets of one patient over time; of a made-up one in sandbox mode, else after a SMART launch.

Nothing of a patient stands in an address or is kept. What reads and draws is imported when it is first asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from cds_service.errors import CAUSES, Refused
from cds_service.evaluate import Evaluation
from cds_service.routes.cds_services import Clock
from cds_service.settings import Settings
from cds_service.web.responses import page

if TYPE_CHECKING:
    from cds_service.fhir_client.asked import Fetch
    from cds_service.hooks.request import HookRequest
    from cds_service.timeline.page import AtCard

LARGER: Final = 2
"""A form holds a text and little else."""


@dataclass(frozen=True, slots=True)
class TimelinePages:
    """The page with a record, and without one."""

    settings: Settings
    evaluation: Evaluation
    clock: Clock

    def show(
        self,
        asked: HookRequest,
        at: AtCard,
        title: str,
        chosen: str = "",
        fetch: Fetch | None = None,
        launched: bool = False,
    ) -> Response:
        """The timeline of the patient of a call; where the call would be refused, why."""
        from cds_service.timeline.page import timeline_page
        from cds_service.timeline.reading import see

        try:
            seen = see(asked, self.evaluation, self.clock(), fetch)
        except Refused as refused:
            lines = refused.details or (CAUSES[refused.code].display,)
            return self.empty(at, chosen, "; ".join(lines))
        shown = timeline_page(seen, self.evaluation.content, at, title)
        return page(
            "timeline.html",
            page=shown,
            chosen=chosen,
            fault="",
            groups=self._groups(),
            at=at,
            launched=launched,
        )

    def empty(self, at: AtCard, chosen: str = "", fault: str = "", status: int = 200) -> Response:
        """The page without a record: how to open one, and what went wrong."""
        return page(
            "timeline.html",
            status,
            page=None,
            chosen=chosen,
            fault=fault,
            groups=self._groups(),
            at=at,
            launched=False,
        )

    def at_card(self, *rules: str) -> AtCard:
        """Only rules that there are: whoever writes an address writes nothing into the page."""
        from cds_service.timeline.page import AtCard

        return AtCard(tuple(rule for rule in rules if rule in self.evaluation.content.words))

    def _groups(self) -> object:
        from cds_service.web.made_up import choices

        return choices() if self.settings.sandbox else ()


def timeline_routes(pages: TimelinePages) -> Blueprint:
    """`example` names a made-up patient, `rule` the card at which it is opened. The playground sends its text."""
    routes = Blueprint("timeline", __name__)
    settings, keys = pages.settings, pages.evaluation.keys
    depth = settings.limits.depth

    @routes.get("/timeline")
    def timeline() -> Response:
        key = request.args.get("example", "")
        at = pages.at_card(request.args.get("rule", ""))
        if not settings.sandbox or not key:
            return pages.empty(at)
        from cds_service.examples import NoExampleError
        from cds_service.timeline.sources import NoRecordError, made_up_request, title_of

        now = pages.clock().replace(microsecond=0)
        try:
            return pages.show(made_up_request(key, now, keys, depth), at, title_of(key), key)
        except NoExampleError:
            raise Refused("not-found") from None
        except NoRecordError as error:
            return pages.empty(at, key, str(error))

    if settings.sandbox:

        @routes.post("/timeline")
        def of_text() -> Response:
            from cds_service.timeline.sources import NoRecordError, text_request

            request.max_content_length = LARGER * settings.limits.body_bytes
            request.max_form_memory_size = settings.limits.body_bytes
            at = pages.at_card(request.form.get("rule", ""))
            now = pages.clock().replace(microsecond=0)
            try:
                asked = text_request(request.form.get("text", ""), "patient-view", now, keys, depth)
            except NoRecordError as error:
                return pages.empty(at, fault=str(error))
            return pages.show(asked, at, "The record of the playground")

    return routes
