"""CloudTrail's event history as the engine uses it: `engine.ports.Trail` over a client made at the first call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from reconciler.core.values import JsonObject

if TYPE_CHECKING:
    from reconciler.aws.clients import Client
    from reconciler.aws.sessions import Aws

_EVENTS_A_PAGE: Final = 50
"""Limit of LookupEvents (CloudTrail API reference); it takes two calls a second for an account and region."""


class CloudTrail:
    """Asks and answers, and judges nothing. See `engine.ports.Trail` for its duties."""

    def __init__(self, aws: Aws) -> None:
        """Take the way to AWS; nothing is called yet."""
        self._client: Client = aws.client("cloudtrail")

    def page(self, name: str, token: str = "", /) -> tuple[tuple[JsonObject, ...], str]:
        """Give a page of events of a name, the newest first, and the token of the next one."""
        more = {"NextToken": token} if token else {}
        answer = self._client.call(
            "LookupEvents",
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
            MaxResults=_EVENTS_A_PAGE,
            **more,
        )
        # A member that the API model does not require.
        told = filter(None, (event.get("CloudTrailEvent") for event in answer.get("Events", ())))
        records = (json.loads(text) for text in told)
        return tuple(records), str(answer.get("NextToken") or "")
