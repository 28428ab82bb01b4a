"""Which failed calls are sent again. botocore decides for reads; writes have a rule of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

CODE_DEPLOY_WRITES: Final = ("CreateDeployment", "StopDeployment", "ContinueDeployment")
"""CodeDeploy's operations of ours that have no client token either."""

WRITES: Final = (
    "RegisterTaskDefinition",
    "CreateService",
    "UpdateService",
    "StopServiceDeployment",
    "ContinueServiceDeployment",
    "CreateExpressGatewayService",
    "UpdateExpressGatewayService",
)
"""ECS operations of ours that are not harmless to send twice: the API gives them no usable client token."""

HARMLESS: Final[Mapping[str, str]] = {
    "DeleteService": "a service that is DRAINING is deleted once",
    "DeleteExpressGatewayService": "a service that is DRAINING is deleted once",
    "DeleteTaskDefinitions": "a revision is deleted once",
    "DeregisterTaskDefinition": "a revision that is INACTIVE stays so",
    "RegisterScalableTarget": "it sets what there is",
    "RunTask": "its clientToken makes one run of it",
    "StopTask": "a task is stopped once",
    "TagResource": "it sets what there is",
    "TerminateSession": "a session is ended once",
    "UntagResource": "it takes away what there is",
}
"""Operations of ours that change something and may be sent twice, with the reason; botocore decides of them."""

_NEVER_SENT: Final = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
"""botocore's exceptions for connections that were never made."""

_BUSY: Final = "Too many concurrent attempts to create a new revision"
"""ECS says so under ``ClientException``, which botocore does not take for throttling."""

_BUSY_ATTEMPTS: Final = 5


def guard_write(
    *,
    response: tuple[Any, dict[str, Any]] | None,
    caught_exception: Exception | None,
    attempts: int,
    **_event: Any,
) -> float | bool | None:
    """Answer botocore's event ``needs-retry`` for a write: seconds to wait, False for no, None to let it decide.

    An answer of 4xx says that AWS did not take the request, so throttling is left to botocore's retry mode.
    A dropped connection, a timeout while reading and a 5xx say nothing: the request may have been carried
    out, and whoever sent it has to look.
    """
    if caught_exception is not None:
        return None if type(caught_exception).__name__ in _NEVER_SENT else False
    if response is None:
        return False
    answer, body = response
    if answer.status_code >= 500:
        return False
    if attempts < _BUSY_ATTEMPTS and _BUSY in str(body.get("Error", {}).get("Message", "")):
        return 2.0 ** (attempts - 1)
    return None


def guard_writes(client: Any) -> None:
    """Put the writes under the rule. Handlers of one operation are asked before those of a service."""
    for operation in WRITES:
        client.meta.events.register(f"needs-retry.ecs.{operation}", guard_write)
    for operation in CODE_DEPLOY_WRITES:
        client.meta.events.register(f"needs-retry.codedeploy.{operation}", guard_write)
