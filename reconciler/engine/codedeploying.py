"""A deployment by CodeDeploy: what it would be, for a plan; and beginning it, or joining the one that runs already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from reconciler.core import appspecs, codedeployments, news
from reconciler.core.appspecs import Settings
from reconciler.core.diffs import Action
from reconciler.core.kinds.spellings import revision_name
from reconciler.core.plans import Finding
from reconciler.core.steps import CreateCodeDeployDeployment
from reconciler.core.values import Json, JsonObject
from reconciler.engine import grouping
from reconciler.engine.grouping import Group
from reconciler.engine.ports import Clock, Gateway, Snapshot
from reconciler.engine.shifting import Shift
from reconciler.errors import AwsRefused, PlanError, Refused, Where
from reconciler.records import dataclass

_TAKEN: Final = "DeploymentLimitExceededException"
_UNKNOWN: Final = Group({"applicationName": appspecs.LATER, "deploymentGroupName": appspecs.LATER}, "")

Found = Callable[[JsonObject], Group]
"""Finds the group that deploys a service as it was described. Refused where there is none."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The step, what it causes in words, and what keeps it from being taken."""

    step: CreateCodeDeployDeployment
    effects: tuple[str, ...]
    refusals: tuple[Refused, ...] = ()


def plan(
    cluster: str,
    service: str,
    live: JsonObject,
    wanted: JsonObject,
    *,
    revision: str,
    revision_of: str,
    named: Settings,
    events: Sequence[str],
    find: Found | None,
    where: Where,
) -> Deployed:
    """Plan a deployment of a service. `wanted` are the members that are to be otherwise than `live` has them.

    `revision` is the ARN to run, unless `revision_of` names the unit that registers it. Without `find` (there is no
    AWS to ask) the group is not known.
    """
    refusals: list[Refused] = []
    group = _UNKNOWN
    try:
        group = find(live) if find is not None else group
    except Refused as error:
        refusals.append(error)
    if wanted.get("capacityProviderStrategy") == []:
        refusals.append(
            Refused(
                "a CodeDeploy deployment cannot lead back from a capacity provider strategy to a launch type",
                where,
                "keep `capacityProviderStrategy`, or delete the service and create it anew",
            )
        )
    spec: JsonObject = {}
    try:
        spec = appspecs.build(appspecs.LATER if revision_of else revision, {**live, **wanted}, named.hooks)
    except ValueError as error:
        refusals.append(
            Refused(
                f"CodeDeploy cannot deploy {cluster}/{service}: {error}",
                where,
                "give the service `loadBalancers` with containerName and containerPort",
            )
        )
    body: dict[str, Json] = {"applicationName": group.application, "deploymentGroupName": group.name}
    if named.configuration:
        body["deploymentConfigName"] = named.configuration
    if events:
        body["autoRollbackConfiguration"] = {"enabled": True, "events": list(events)}
    step = CreateCodeDeployDeployment(
        cluster=cluster, service=service, body=body, appspec=spec, revision_of=revision_of
    )
    return Deployed(step, tuple(_effects(group, spec, events)), tuple(refusals))


def _effects(group: Group, spec: JsonObject, events: Sequence[str]) -> list[str]:
    """Say what CodeDeploy will do."""
    if group is _UNKNOWN:
        return ["a CodeDeploy deployment"]
    whose = f"application {group.application}, group {group.name}"
    told = [f"a CodeDeploy deployment of {whose}, with configuration {group.configuration}"]
    if called := appspecs.hooks(spec):
        told.append(f"calling functions at {', '.join(called)}")
    if events:
        told.append(f"rolled back on {', '.join(events)}")
    if group.kept < 0:
        told.append("the tasks before are kept")
    elif group.kept:
        told.append(f"the tasks before are kept for {group.kept} minutes, and waited for as long")
    return told


def moved_balancer(wanted: JsonObject, live: JsonObject) -> Finding | None:
    """Give the difference of the container that serves the traffic; which target group it serves CodeDeploy decides."""
    sides = [_serving(body) for body in (wanted, live)]
    if not sides[0] or sides[0] == sides[1]:
        return None
    return Finding(
        address="loadBalancers", pointer="/loadBalancers", action=Action.REPLACE,
        before=sides[1] or None, after=sides[0], has_before=bool(sides[1]),
    )  # fmt: skip


def _serving(body: JsonObject) -> JsonObject:
    balancers = body.get("loadBalancers")
    first = balancers[0] if isinstance(balancers, list | tuple) and balancers else None
    names = ("containerName", "containerPort")
    return {name: first[name] for name in names if name in first} if isinstance(first, dict) else {}


def begin(
    gateway: Gateway,
    clock: Clock,
    step: CreateCodeDeployDeployment,
    body: JsonObject,
    spec: JsonObject,
    *,
    until: str,
    timeout: float,
    ran: str = "",
) -> tuple[Shift, bool]:
    """Create the deployment, or join the one that does just that already; gives what to watch, and whether it joined.

    CreateDeployment has no client token, so looking first is what makes a killed apply safe to run again. `ran` is the
    ARN of the revision that the service ran when the plan was made, where a plan depends on it. PlanError where
    CodeDeploy does something else with the service just now, or has just done something.
    """
    group = Group(body, "")
    port = gateway.codedeploy
    info = grouping.running(port, clock, group)
    # Read after the deployments: what ended before that look has left its mark on the service, and is not begun again.
    found = gateway.describe_services(step.cluster, [step.service])[step.service]
    service = found.body if isinstance(found, Snapshot) else {}
    name = _joined(info, spec, step) if info is not None else ""
    if not name:
        if ran and (runs := service.get("taskDefinition")) != ran:
            raise PlanError(
                f"CodeDeploy has deployed {step.cluster}/{step.service} meanwhile: it runs {revision_name(runs)} now",
                hint="make a new plan",
            )
        try:
            name = port.create_deployment({**body, "revision": appspecs.revision(spec)})
        except AwsRefused as error:
            info = grouping.running(port, clock, group) if error.code == _TAKEN else None
            if info is None:
                raise
            name = _joined(info, spec, step)
    known = frozenset(codedeployments.known(service)) - {name}
    told = news.ids(service)
    created = (info or {}).get("createTime")
    return (
        Shift(
            cluster=step.cluster,
            service=step.service,
            deployment=name,
            before=known,
            until=until,
            timeout=timeout,
            since=float(created) if isinstance(created, int | float) else 0.0,
            told=told if info is None else frozenset(),
        ),
        info is not None,
    )


def _joined(info: JsonObject, spec: JsonObject, step: CreateCodeDeployDeployment) -> str:
    """Give the id of the deployment that runs, if it is the one that is wanted. PlanError says what it is otherwise."""
    if info.get("creator") != "codeDeployRollback" and appspecs.same(spec, info.get("revision")):
        return str(info.get("deploymentId"))
    raise PlanError(
        f"CodeDeploy is deploying {step.cluster}/{step.service} already: {codedeployments.described(info)}",
        hint="`reconciler wait` waits until that is through, `reconciler rollback` stops it and goes back",
    )
