"""Staying with a rollout that was just begun: what to watch of it, what to say to who lets go of it, and what where
there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from reconciler.core import codedeployments, news, rollouts
from reconciler.core.events import Warned
from reconciler.core.outcomes import Ending
from reconciler.core.revisions import short
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.engine.watching import Watch, Watched
from reconciler.errors import ApplyError, AwsError, Interrupted, ReconcilerError

AGAIN: Final = "`reconciler wait` picks it up again"
"""How to go on with a rollout that nobody watches any more."""


def begun(
    cluster: str,
    service: str,
    made: Snapshot,
    described: JsonObject | None,
    *,
    since: float,
    until: str,
    timeout: float,
) -> Watch | None:
    """Say what to watch after a call that gave this service; None where it has no deployments of its own.

    `described` is the service just before the call, None where there was none, and `since` the time of the call.
    Without a new deployment (a scale, say) only stability says that it is done.
    """
    first = rollouts.primary(made.body)
    if first is None:
        return None
    deployment = str(first.get("id"))
    before = ids(described) if described is not None else frozenset()
    return Watch(
        cluster=cluster,
        service=service,
        deployment=deployment,
        before=before - {deployment},
        until="stable" if deployment in before else until,
        timeout=timeout,
        since=_first_moment(first, since),
        told=news.ids(described or {}),
        created=0.0 if deployment in before else news.made_at(first),
        desired=promised(made) if deployment in before else -1,
    )


def promised(made: Snapshot) -> int:
    """Give the number of tasks that a call's answer shows: descriptions may lag behind it. -1 for a daemon, whose
    number ECS finds out.
    """
    desired = made.body.get("desiredCount")
    daemon = made.body.get("schedulingStrategy") == "DAEMON"
    return desired if isinstance(desired, int) and not daemon else -1


def ids(service: JsonObject) -> frozenset[str]:
    """Give the ids of a service's deployments."""
    return frozenset(str(deployment.get("id")) for deployment in rollouts.deployments(service))


def _first_moment(first: JsonObject, since: float) -> float:
    """Give the time from which service events are news, on AWS's clock rather than ours where it tells."""
    times = [first.get("updatedAt"), first.get("createdAt")]
    return max((float(time) for time in times if isinstance(time, int | float)), default=since)


def kept(unit: str, revision: str, watched: Watched) -> Iterator[Warned]:
    """Say that a revision that was to be deregistered stays, where going back has not come to its end."""
    if revision:
        what = f"{short(revision)} is not deregistered: going back ended as {watched.ending.value}"
        yield Warned(unit=unit, what=what)


@contextmanager
def attached(done: Sequence[str] = (), left: Sequence[str] = ()) -> Iterator[None]:
    """Let go of a rollout: Interrupted (Ctrl-C) or ApplyError say that it goes on, what was done before and what was
    not, and how to come back.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(
            "interrupted while waiting; the rollout goes on in AWS",
            step="wait",
            done=tuple(done),
            left=tuple(left),
            hint=AGAIN,
        ) from error
    except ReconcilerError as error:
        raise ApplyError(
            f"the rollout cannot be watched, and goes on in AWS: {error.what}",
            error.where,
            f"{error.hint}; then `reconciler wait`" if error.hint else AGAIN,
            step="wait",
            done=tuple(done),
            left=tuple(left),
        ) from error


def idle(gateway: Gateway, current: Snapshot, cluster: str, service: str) -> tuple[str, Ending]:
    """Say how a service is of which nothing is under way, and how its last rollout ended: in words only if badly."""
    body = current.body
    running, desired = body.get("runningCount"), body.get("desiredCount")
    said = "the service is stable" if running == desired else f"{running} of {desired} tasks run"
    if codedeployments.controller(body) != "ECS":
        return said, Ending.SUCCEEDED
    try:
        last = next(iter(gateway.list_service_deployments(cluster, service, since=0.0)), {})
    except AwsError:  # a note is all that is lost
        return said, Ending.SUCCEEDED
    badly, ending = _BADLY.get(str(last.get("status")), ("", Ending.SUCCEEDED))
    return f"{said}; the last rollout {badly}" if badly else said, ending


_BADLY: Final[Mapping[str, tuple[str, Ending]]] = {
    "ROLLBACK_SUCCESSFUL": ("was rolled back", Ending.ROLLED_BACK),
    "ROLLBACK_FAILED": ("failed, and so did its rollback", Ending.FAILED),
    "STOPPED": ("was stopped", Ending.FAILED),
}
"""What is said of a service deployment that is over, by its status (API model, ServiceDeploymentStatus)."""
