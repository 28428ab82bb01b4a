"""The scalable target of a service: what `deploy` does to it, and what it means for the number of tasks.

`deploy` has the peer's semantics: a target that is there is changed, none is made, and a service without one is only
told of.
"""

from __future__ import annotations

from typing import Final

from reconciler.core.diffs import Action
from reconciler.core.kinds.spellings import short_name
from reconciler.core.plans import Finding, Notice
from reconciler.core.steps import SetScaling
from reconciler.core.values import Json, JsonObject
from reconciler.engine.composing import Desired
from reconciler.engine.options import Options, Scaling
from reconciler.engine.ports import Absent, Snapshot
from reconciler.errors import Refused
from reconciler.records import dataclass

_ACTIVITIES: Final = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)
"""The members of SuspendedState (API model of Application Auto Scaling)."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """The step, None if the target is as it is wanted; what it causes; and what keeps it from being taken."""

    step: SetScaling | None = None
    effects: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    refusals: tuple[Refused, ...] = ()


def plan(wanted: Scaling | None, target: Snapshot | Absent | None, cluster: str, service: str) -> Scaled:
    """Plan what is asked for against the scalable target that is there."""
    if wanted is None or wanted == Scaling():
        return Scaled()
    if not isinstance(target, Snapshot):
        what = f"{cluster}/{service} has no scalable target: the autoscaling flags change nothing"
        return Scaled(
            notices=(Notice(what=what, hint="register one with Terraform, or leave the flags out"),)
        )
    body: dict[str, Json] = {}
    effects: list[str] = []
    if wanted.suspend is not None and _suspended(target.body) != frozenset(
        _ACTIVITIES if wanted.suspend else ()
    ):
        body["SuspendedState"] = dict.fromkeys(_ACTIVITIES, wanted.suspend)
        effects.append(f"{'suspends' if wanted.suspend else 'resumes'} autoscaling")
    for name, limit, called in (
        ("MinCapacity", wanted.minimum, "minimum"),
        ("MaxCapacity", wanted.maximum, "maximum"),
    ):
        if limit is not None and target.body.get(name) != limit:
            body[name] = limit
            effects.append(f"autoscaling {called} {target.body.get(name)} -> {limit}")
    if not body:
        return Scaled()
    low, high = (body.get(name, target.body.get(name)) for name in ("MinCapacity", "MaxCapacity"))
    if isinstance(low, int) and isinstance(high, int) and low > high:
        return Scaled(
            refusals=(
                Refused(
                    f"the autoscaling minimum of {cluster}/{service} would be {low}, more than the maximum {high}",
                    hint="lower --auto-scaling-min, or raise --auto-scaling-max",
                ),
            )
        )
    sent = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": resource(cluster, service),
    }
    return Scaled(SetScaling(cluster=cluster, service=service, body=sent | body), tuple(effects))


def in_question(desired: Desired, live: Snapshot | Absent | None, options: Options) -> bool:
    """Tell whether the number of tasks differs from the file's, and so whether an autoscaler may have set it."""
    wanted = desired.canon.wire.get("desiredCount")
    if wanted is None or options.desired_count is not None or not isinstance(live, Snapshot):
        return False
    if "/desiredCount" in options.ignore or desired.canon.facts.get("schedulingStrategy") == "DAEMON":
        return False
    return live.body.get("status") == "ACTIVE" and live.body.get("desiredCount") != wanted


def kept(
    desired: Desired, live: Snapshot | None, target: Snapshot | Absent | None, options: Options
) -> tuple[Finding, ...]:
    """Give what is to be said where an autoscaler keeps another number of tasks than the file's, within its limits."""
    if live is None or not in_question(desired, live, options) or not isinstance(target, Snapshot):
        return ()
    count, low, high = (
        live.body.get("desiredCount"), target.body.get("MinCapacity"), target.body.get("MaxCapacity")
    )  # fmt: skip
    if not (
        isinstance(count, int) and isinstance(low, int) and isinstance(high, int) and low <= count <= high
    ):
        return ()
    return (
        Finding(
            address="desiredCount",
            pointer="/desiredCount",
            action=Action.REPLACE,
            before=count,
            after=desired.canon.wire["desiredCount"],
            note=f"autoscaling keeps it within {low} and {high}",
        ),
    )


def outside(desired: Desired, target: Snapshot | Absent | None) -> tuple[Notice, ...]:
    """Say that an autoscaler will not leave the number of tasks as it is wanted."""
    count = desired.canon.wire.get("desiredCount")
    if not isinstance(target, Snapshot) or not isinstance(count, int):
        return ()
    low, high = target.body.get("MinCapacity"), target.body.get("MaxCapacity")
    if not isinstance(low, int) or not isinstance(high, int) or low <= count <= high:
        return ()
    what = f"desiredCount {count} is outside of what autoscaling keeps to, {low} to {high}"
    return (Notice(what=what, hint="leave it out of the file, or move the limits"),)


def resource(cluster: str, service: str) -> str:
    """Name a service as Application Auto Scaling does."""
    return f"service/{short_name(cluster)}/{service}"


def _suspended(target: JsonObject) -> frozenset[str]:
    state = target.get("SuspendedState")
    return frozenset(name for name, on in state.items() if on) if isinstance(state, dict) else frozenset()
