"""A service that is not in AWS any more: why, as far as AWS says, and a plan that says that and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.core.plans import Plan, Unit, Verb
from reconciler.engine.ports import Snapshot
from reconciler.errors import AwsNotFound, PlanError, ReconcilerError

if TYPE_CHECKING:
    from reconciler.api.plannings import Planning
    from reconciler.engine.observing import Observed
    from reconciler.engine.options import Options

_NO_CLUSTER = "ClusterNotFoundException"


def said(observed: Observed) -> str:
    """Give what AWS still says of a service that is not there; empty where it says nothing."""
    live = observed.service
    if isinstance(live, Snapshot) and live.body.get("status") == "INACTIVE":
        return "AWS shows it as INACTIVE: it was deleted"
    return ""


def plan(project: Planning, options: Options, error: ReconcilerError) -> tuple[Plan, str]:
    """Give a plan in place of one that could not be made since the service is going, or its cluster is gone; and why.

    It cannot be applied. Any other error is raised again.
    """
    settings = project.settings
    why = ""
    if settings.service:
        if isinstance(error, AwsNotFound) and error.code == _NO_CLUSTER:
            why = f"the cluster {settings.cluster} is not there"
        elif isinstance(error, PlanError):
            found = project.gateway.describe_services(settings.cluster, [settings.service])[settings.service]
            if isinstance(found, Snapshot) and found.body.get("status") == "DRAINING":
                why = "AWS shows it as DRAINING: it is being deleted"
    if not why:
        raise error
    kind = "express_service" if settings.express_definition is not None else "service"
    name = f"{settings.cluster}/{settings.service}"
    unit = Unit(
        address=f"{kind}.{name}",
        kind=kind,
        name=name,
        account=project.gateway.account(),
        region=project.gateway.region,
        cluster=settings.cluster,
        verb=Verb.CREATE,
        desired={},
    )
    origins = project.origins(options)
    made = Plan(project=origins, units=(unit,), made_at=project.clock.now(), complete=False, applyable=False)
    return made, why
