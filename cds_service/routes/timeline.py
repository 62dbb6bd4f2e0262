"""`/timeline`: the platelets of one patient over time; of a made-up one in sandbox mode, else after a SMART launch.

Nothing of a patient stands in an address or is kept. What reads and draws is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from cards.frozen import dataclass
from cds_service.errors import CAUSES, Refused
from cds_service.evaluate import Evaluation
from cds_service.routes.cds_services import Clock
from cds_service.settings import Settings
from cds_service.web.responses import page as as_page

if TYPE_CHECKING:
    from cds_service.fhir_client.asked import Fetch
    from cds_service.hooks.request import HookRequest
    from cds_service.timeline.page import AtCard, TimelinePage

LARGER: Final = 2
"""A form holds a text and little else."""


@dataclass(frozen=True, slots=True)
class TimelinePages:
    """The page with a record, and without one."""

    settings: Settings
    evaluation: Evaluation
    clock: Clock

    def show(self, asked: HookRequest, at: AtCard, title: str, chosen: str = "") -> Response:
        """The timeline of the patient of a call; where the call would be refused, why."""
        return self._show(asked, at, self.evaluation, title, chosen)

    def launched(self, asked: HookRequest, at: AtCard, client: str | None, fetch: Fetch) -> Response:
        """The same of a patient whose record is read from a FHIR server, by the content of a client's own."""
        return self._show(asked, at, self.evaluation.of(client), "", "", fetch)

    def _show(
        self,
        asked: HookRequest,
        at: AtCard,
        evaluation: Evaluation,
        title: str,
        chosen: str = "",
        fetch: Fetch | None = None,
    ) -> Response:
        from cds_service.timeline.page import timeline_page
        from cds_service.timeline.reading import see

        try:
            seen = see(asked, evaluation, self.clock(), fetch)
        except Refused as refused:
            lines = refused.details or (CAUSES[refused.code].display,)
            status = 200 if fetch is None else 502
            return self.empty(at, chosen, "; ".join(lines), status)
        shown = timeline_page(seen, evaluation.content, at, title)
        return self._page(at, page=shown, chosen=chosen, launched=fetch is not None)

    def empty(
        self, at: AtCard, chosen: str = "", fault: str = "", status: int = 200, iss: str = ""
    ) -> Response:
        """The page without a record: how to open one, what went wrong, and the server to sign in with."""
        return self._page(at, status, chosen=chosen, fault=fault, iss=iss)

    def _page(
        self,
        at: AtCard,
        status: int = 200,
        *,
        page: TimelinePage | None = None,
        chosen: str = "",
        fault: str = "",
        launched: bool = False,
        iss: str = "",
    ) -> Response:
        from cds_service.smart.registration import known_servers
        from cds_service.web.made_up import choices

        offers = self.settings.sandbox and not launched
        return as_page(
            "timeline.html",
            status,
            page=page,
            chosen=chosen,
            fault=fault,
            at=at,
            launched=launched,
            groups=choices()[:1] if offers else (),  # of the stories there are very many
            servers=known_servers(self.settings),
            iss=iss,
        )

    def at_card(self, *rules: str) -> AtCard:
        """Only rules that there are: whoever writes an address writes nothing into the page."""
        from cds_service.timeline.page import AtCard

        return AtCard(tuple(rule for rule in rules if rule in self.evaluation.content.words))


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
            return pages.empty(at, iss=request.args.get("iss", ""))
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
