"""A record for the timeline without any launch: a made-up patient by name, or the text of the playground."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cds_service.calling import CallError
from cds_service.discovery import PrefetchKey
from cds_service.hooks.request import HookRequest, read_request
from cds_service.hooks.wire import encode
from cds_service.input_files import InputError
from cds_service.web.made_up import choices, choose
from cds_service.web.playground_request import Asked, make_request


class NoRecordError(Exception):
    """One line: why there is no record."""


def made_up_request(key: str, now: datetime, keys: Sequence[PrefetchKey], depth: int) -> HookRequest:
    """NoExampleError for an unknown name; NoRecordError where it can only be sent as a call that fails."""
    chosen = choose(key, now, keys)
    return text_request(encode(chosen.content).decode(), chosen.hook, now, keys, depth)


def text_request(text: str, hook: str, now: datetime, keys: Sequence[PrefetchKey], depth: int) -> HookRequest:
    """A text, records or a hook request, as the call that the playground would send. NoRecordError, Refused."""
    try:
        made = make_request(Asked(text=text, hook=hook), now, keys)
    except (InputError, CallError) as error:
        raise NoRecordError(str(error)) from None
    hook_of_service = made.service.removeprefix("itp-")
    return read_request(made.body.encode(), hook_of_service, depth)


def title_of(key: str) -> str:
    """What the list of made-up patients says of one."""
    return next((one.about for _, some in choices() for one in some if one.key == key), key)
