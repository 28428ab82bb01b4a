"""What AWS says that a plan has to know: the reads under way, and those that only their answers ask for."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.kinds import Kind
from reconciler.core.plans import Notice
from reconciler.core.values import JsonObject
from reconciler.engine import observing, scaling, servicing
from reconciler.engine.composing import Desired
from reconciler.engine.observing import Observed, Reads
from reconciler.engine.options import Options
from reconciler.engine.ports import Absent, Gateway, Snapshot
from reconciler.errors import AwsError, PlanError


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
    found = revised(reads.gateway, observed.service, service.canon.kind, service.canon.tree)
    observed = replace(observed, revised=found)
    return _scaled(observed, reads, service, options)


def revised(gateway: Gateway, live: Snapshot | Absent | None, kind: Kind, wanted: JsonObject) -> JsonObject:
    """Read the members that only a service revision shows, if the definition has any."""
    return observing.revised(gateway, live, kind.revised & frozenset(wanted))


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
