"""suggestion: a button, and action: what it does to the client's draft orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cds_service.hooks.wire import Wire


class Action(Wire, frozen=True, kw_only=True):
    """create and update carry the whole `resource`; delete names it as `Type/id`."""

    type: Literal["create", "update", "delete"]
    description: str
    resource: Mapping[str, Any] | None = None
    resource_id: str | None = None


class Suggestion(Wire, frozen=True, kw_only=True):
    """All actions of a suggestion are applied together."""

    label: str
    uuid: str
    is_recommended: bool | None = None
    actions: tuple[Action, ...] = ()
