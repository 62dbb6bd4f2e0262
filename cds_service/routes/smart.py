"""`/smart/launch` and `/smart/callback`: the timeline as a SMART app, launched by an EHR or by itself.

What speaks OAuth is imported when it is first asked for. Addresses, codes and tokens are not logged.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from cds_service.auth.jti import JtiMemory
from cds_service.fhir_client import FhirAccess
from cds_service.routes.timeline import TimelinePages

if TYPE_CHECKING:
    from cds_service.smart.app import SmartApp

CALLBACK: Final = "/smart/callback"
READ_SECONDS: Final = 10.0
"""A person waits for the page, and no EHR for an answer."""


def smart_routes(pages: TimelinePages, access: FhirAccess, used: JtiMemory) -> Blueprint:
    """`used` remembers, among all workers, which launches were finished."""
    routes = Blueprint("smart", __name__)
    settings = pages.settings
    redirect_uri = f"{settings.public_url}{CALLBACK}"
    place = urlsplit(redirect_uri).path
    is_secure = settings.public_url.startswith("https://")

    @cache
    def app() -> SmartApp:
        from cds_service.smart.app import SmartApp

        return SmartApp(settings, pages.evaluation.keys, redirect_uri, used)

    @routes.get("/smart/launch")
    def launch() -> Response:
        from cds_service.smart.faults import LaunchFailed
        from cds_service.smart.pending import LASTS_SECONDS

        at = pages.at_card(request.args.get("rule", ""))
        iss, told = request.args.get("iss", "").strip(), request.args.get("launch")
        try:
            address, name, text = app().begin(iss, told, at.rules, pages.clock())
        except LaunchFailed as failed:
            return pages.empty(at, fault=failed.fault.value, status=failed.status)
        response = _never_kept(Response(status=302, headers={"Location": address}))
        response.set_cookie(
            name, text, LASTS_SECONDS, path=place, secure=is_secure, httponly=True, samesite="Lax"
        )
        return response

    @routes.get(CALLBACK)
    def callback() -> Response:
        from cds_service.smart.faults import LaunchFailed
        from cds_service.smart.pending import cookie_name

        answer = {name: value for name, value in request.args.items() if len(value) < 8_192}
        try:
            registration, opened = app().finish(request.cookies, answer, pages.clock())
        except LaunchFailed as failed:
            response = pages.empty(pages.at_card(), fault=failed.fault.value, status=failed.status)
        else:
            client = None if registration.client is None else registration.client.name
            response = pages.launched(
                opened.request,
                pages.at_card(*opened.rules),
                client,
                access.for_call(registration.allowed, READ_SECONDS),
            )
        response.delete_cookie(
            cookie_name(answer.get("state", "")), path=place, secure=is_secure, httponly=True, samesite="Lax"
        )
        return response

    return routes


def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
