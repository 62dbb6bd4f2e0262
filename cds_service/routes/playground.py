"""`/playground`, in sandbox mode: the page, and the questions that its script asks of this service.

What reads and renders is imported when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from flask import Blueprint, Response, render_template, request
from msgspec import DecodeError, Struct
from msgspec.json import decode
from msgspec.json import format as indented

from cds_service.discovery import SERVICES, PrefetchKey
from cds_service.errors import Refused
from cds_service.hooks.wire import encode
from cds_service.routes.bodies import read_body
from cds_service.settings import Settings
from cds_service.web.responses import page

if TYPE_CHECKING:
    from cds_service.web.json_places import Fault

FIRST: Final = "ebv-nosebleed"
LARGER: Final = 4
"""A pasted text is sent inside a JSON string, with its escapes and the answer: this many times a body's limit."""

T = TypeVar("T", bound=Struct)


class _Text(Struct, frozen=True):
    text: str


def playground_routes(
    settings: Settings, keys: Sequence[PrefetchKey], clock: Callable[[], datetime]
) -> Blueprint:
    """Nothing that is pasted here is kept, logged or put into an address."""
    routes = Blueprint("playground", __name__, url_prefix="/playground")

    @routes.get("")
    def playground() -> Response:
        from cards.precedence import ORDER_HOOKS
        from cds_service.web.made_up import choices
        from cds_service.web.playground_request import CLIENTS, ORDERS

        return page(
            "playground.html",
            groups=choices(),
            first=request.args.get("example", FIRST),
            hooks=[row.hook for row in SERVICES],
            order_hooks=sorted(ORDER_HOOKS),
            clients=CLIENTS,
            orders=ORDERS,
        )

    @routes.get("/made-up/<path:key>")
    def made_up(key: str) -> Response:
        from cds_service.examples import NoExampleError
        from cds_service.web.made_up import choose

        try:
            chosen = choose(key, clock().replace(microsecond=0), keys)
        except NoExampleError:
            raise Refused("not-found") from None
        text = indented(encode(chosen.content)).decode()
        return _json({"text": text, "hook": chosen.hook, "user": chosen.user, "about": chosen.about})

    @routes.post("/check")
    def check() -> Response:
        from cds_service.web.pasted import look_at

        seen = look_at(_read(_Text, settings).text, settings.limits.depth)
        return _json(
            {
                "holds": seen.holds,
                "faults": [_fault(one) for one in seen.faults],
                "remarks": [_fault(one) for one in seen.remarks],
                "patients": seen.patients,
                "drafts": [{"reference": one.reference, "label": one.label} for one in seen.drafts],
                "hook": seen.hook,
            }
        )

    @routes.post("/request")
    def make() -> Response:
        from cds_service.calling import CallError
        from cds_service.input_files import InputError
        from cds_service.web.playground_request import Asked, make_request

        try:
            made = make_request(_read(Asked, settings), clock().replace(microsecond=0), keys)
        except (InputError, CallError) as error:
            return _json({"fault": str(error)})
        return _json({"service": made.service, "body": made.body, "curl": made.curl(settings.public_url)})

    @routes.post("/answer")
    def answer() -> Response:
        from cds_service.web.playground_answer import Answered, show_answer

        try:
            shown = show_answer(_read(Answered, settings))
        except ValueError as error:
            raise Refused("bad-request", str(error)) from None
        return Response(render_template("_answer.html", answer=shown), mimetype="text/html")

    return routes


def _read(form: type[T], settings: Settings) -> T:
    """The body of one of the script's questions. Refused with 400 where it is not what the script sends."""
    most = LARGER * settings.limits.body_bytes
    request.max_content_length = most + 1
    try:
        return decode(read_body(request, most), type=form)
    except DecodeError:
        raise Refused("not-json", "not what the playground sends") from None


def _fault(fault: Fault) -> dict[str, object]:
    place = fault.place
    where = {} if place is None else {"line": place.line, "column": place.column}
    return {"text": fault.text, **where}


def _json(message: object) -> Response:
    return Response(encode(message), mimetype="application/json", headers={"Cache-Control": "no-store"})
