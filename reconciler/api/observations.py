"""What AWS says that a plan has to know: the reads under way, and those that only their answers ask for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.aws.shapes import ECS
from reconciler.core import canon as canons
from reconciler.core import diffs
from reconciler.core.kinds import Kind
from reconciler.core.plans import Notice, Unit
from reconciler.core.values import JsonObject
from reconciler.engine import binding, ignoring, observing, scaling, servicing, updates
from reconciler.engine.composing import Desired
from reconciler.engine.observing import Observed, Reads
from reconciler.engine.options import Options
from reconciler.engine.ports import Absent, Clock, Gateway, Snapshot
from reconciler.errors import AwsDenied, AwsError, PlanError

if TYPE_CHECKING:
    from reconciler.load.project import Project as Settings


def observe(
    reads: Reads, task_definition: Desired | None, service: Desired | None, options: Options
) -> tuple[Observed, tuple[Notice, ...]]:
    """Wait for the reads, and make those that only their answers and the files ask for."""
    family = ""
    if task_definition is not None:
        family = str(task_definition.canon.wire.get("family", ""))
    elif options.revision:
        family = str(_family(reads))
        if options.revision != "latest":
            family = f"{family}:{options.revision}"
    elif service is not None:
        family = servicing.named_family(service)
    observed = reads.observe(family)
    if (options.revision or task_definition is None) and family and not isinstance(observed.newest, Snapshot):
        raise PlanError(
            f"there is no revision {family}", hint="list them with `aws ecs list-task-definitions`"
        )
    if service is None:
        return observed, ()
    observed, unread = _revised(observed, reads.gateway, service, options)
    observed, unknown = _scaled(observed, reads, service, options)
    return observed, (*unread, *unknown)


def observe_express(reads: Reads, express: Desired) -> tuple[Observed, tuple[Notice, ...]]:
    """Wait for the reads, and read what the service is in Express Mode: its ARN is known by then.

    The security groups that ECS made are asked for where the file names some, and others are there.
    """
    observed = reads.observe("", express=True)
    live = observing.express(reads.gateway, observed.service)
    observed = replace(observed, express=live)
    if not isinstance(live, Snapshot):
        return observed, ()
    network = ("networkConfiguration",)
    there = canons.canon(express.canon.kind, live.body, desired=False, like=express.canon, only=network)
    changes = diffs.diff(express.canon, there).changes
    if not any(change.path[:2] == (*network, "securityGroups") for change in changes):
        return observed, ()
    try:
        return replace(observed, made=observing.made_groups(observing.made(reads.gateway, live))), ()
    except AwsDenied as error:
        what = (
            "which security groups ECS made for the service cannot be known, so the file's alone are to stay"
        )
        return observed, (Notice(what=f"{what}: {error.what}", hint=error.hint),)


def again(observed: Observed, gateway: Gateway, unit: Unit, kind: Kind) -> Observed:
    """Read what the plan of a service depends on and only a service revision shows."""
    managed = unit.managed if isinstance(unit.managed, dict) else {}
    also = kind.revised if binding.replaces(unit.steps) else ()
    found, _ = _read(gateway, observed.service, kind, {*unit.desired, *managed}, also)
    return replace(observed, revised=found)


def _revised(
    observed: Observed, gateway: Gateway, service: Desired, options: Options
) -> tuple[Observed, tuple[Notice, ...]]:
    """Read what only a service revision shows: what the file declares, what is ignored, all for a replacement."""
    kind = service.canon.kind
    replaces = _replaces(service, observed.service)
    also = kind.revised if replaces else {str(ignoring.path(pointer)[0]) for pointer in options.ignore}
    found, denied = _read(gateway, observed.service, kind, service.canon.tree, also)
    observed = replace(observed, revised=found)
    if denied is None:
        return observed, ()
    what = f"whether the service has {' and '.join(sorted(kind.revised.intersection(also)))} cannot be known"
    if replaces:
        what = f"{what}, and what takes its place will have none of it"
    return observed, (Notice(what=f"{what}: {denied.what}", hint=denied.hint),)


def _read(
    gateway: Gateway,
    live: Snapshot | Absent | None,
    kind: Kind,
    wanted: Collection[str],
    also: Collection[str],
) -> tuple[JsonObject, AwsDenied | None]:
    """Read members that only a service revision shows; where none but those `also` read are, a denial is an answer."""
    needed = kind.revised.intersection(wanted)
    try:
        return observing.revised(gateway, live, needed | kind.revised.intersection(also)), None
    except AwsDenied as error:
        if needed:
            raise
        return {}, error


def _replaces(service: Desired, live: Snapshot | Absent | None) -> bool:
    """Tell whether a member differs that no update changes."""
    if not isinstance(live, Snapshot) or live.body.get("status") != "ACTIVE" or service.partial:
        return False
    names = updates.never_updated(ECS)
    there = canons.canon(service.canon.kind, live.body, desired=False, like=service.canon, only=names)
    return any(change.path[0] in names for change in diffs.diff(service.canon, there).changes)


def _scaled(
    observed: Observed, reads: Reads, service: Desired, options: Options
) -> tuple[Observed, tuple[Notice, ...]]:
    """Ask for the scalable target where the number of tasks is in question; a plan does without the answer."""
    if observed.scaling is not None or not scaling.in_question(service, observed.service, options):
        return observed, ()
    try:
        target = reads.gateway.describe_scaling(reads.cluster, reads.name)
    except AwsError as error:
        what = "whether an autoscaler sets the number of tasks cannot be known, so the file's is taken"
        return observed, (Notice(what=f"{what}: {error.what}", hint=error.hint),)
    return replace(observed, scaling=target), ()


def _family(reads: Reads) -> str:
    """Give the family whose revision is asked for: the one that the service runs."""
    from reconciler.engine import watching

    current = watching.current(reads.gateway, reads.cluster, reads.name)
    return str(current.body.get("taskDefinition", "")).rsplit("/", 1)[-1].rsplit(":", 1)[0]


def moving(observed: Observed, gateway: Gateway, clock: Clock, settings: Settings) -> Observed:
    """Add what CodeDeploy does with the service now, or where a PAUSE hook holds its rollout."""
    from reconciler.core import codedeployments, rollouts

    found = observed.service
    if not isinstance(found, Snapshot):
        return observed
    if codedeployments.controller(found.body) == "CODE_DEPLOY":
        from reconciler.engine import shifting

        return replace(observed, shifting=shifting.under_way(gateway.codedeploy, found.body))
    if not rollouts.may_pause(found.body):
        return observed
    from reconciler.core.events import RolloutProgress
    from reconciler.engine import watching

    told = watching.look(gateway, clock, found, settings.cluster, settings.service or "")
    stages = [
        event.stage
        for event in told
        if isinstance(event, RolloutProgress) and event.state == rollouts.State.PAUSED.value
    ]
    return replace(observed, paused=next(iter(stages), ""))
