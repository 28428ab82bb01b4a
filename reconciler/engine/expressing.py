"""An Express Mode service against the live one: create it, or update it in one call. What ECS makes of it is its own.

Of UpdateExpressGatewayService only the members are sent that change: it overwrites what was changed outside of Express
Mode where that is named, and nowhere else (developer guide, updating resources outside of Express Mode).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from reconciler.core import canon as canons
from reconciler.core import expresses, patches, pointers, rollouts
from reconciler.core.kinds import express_services
from reconciler.core.plans import Notice, Unit, Verb
from reconciler.core.steps import CreateExpressService, Step, UpdateExpressService, UpdateService
from reconciler.core.values import Json, JsonObject, Path
from reconciler.engine import attaching, ignoring, servicing, units, updates
from reconciler.engine.composing import Desired
from reconciler.engine.concealing import conceal
from reconciler.engine.observing import Observed
from reconciler.engine.ports import Absent, Clock, Gateway, Snapshot
from reconciler.engine.tagging import tag_steps
from reconciler.engine.units import Compared, Facts, Planned
from reconciler.errors import AwsNotFound, PlanError, ReconcilerError, Refused

PATIENCE: Final = 60.0
"""For how many seconds what AWS took may not be seen of the service: neither call answers with that one."""
_PAUSE: Final = 1.5


def plan(desired: Desired, observed: Observed, facts: Facts, planned: Planned) -> Unit:
    """Plan an Express Mode service. PlanError where no plan can be made."""
    kind = facts.kinds.express_service
    name = f"{facts.cluster}/{facts.service}"
    _insist_on_options(desired, facts)
    service = observed.service.body if isinstance(observed.service, Snapshot) else {}
    units.insist_on_settled(service, facts)
    if service.get("status") == "ACTIVE" and not expresses.managed(service):
        raise PlanError(
            f"the service {name} is there, and not in Express Mode: nothing makes it so",
            hint="describe it with service_definition and task_definition, or give the new one another name",
        )
    live = observed.express if isinstance(observed.express, Snapshot) else None
    if live is not None and (
        service.get("status") == "INACTIVE" or expresses.status(live.body) == "INACTIVE"
    ):
        live = None
    if live is not None and not expresses.configurations(live.body):
        raise PlanError(
            f"the Express Mode service {name} has no active configuration: ECS is still making it",
            hint="run this again in a minute",
        )
    made: list[Path] = [("networkConfiguration", "securityGroups", group) for group in observed.made]
    ignored = [*(ignoring.path(pointer) for pointer in facts.options.ignore), *made]
    desired = ignoring.adopt(desired, live.body if live else None, ignored, planned.idle)
    compared = units.compare(kind, desired, live, facts, saved=observed.saved)
    hidden = units.hide(desired, facts, f"express_service.{name}", planned)
    arn = str(live.body.get("serviceArn", "")) if live else ""
    verb, steps, effects = (
        _creation(desired, hidden.body, facts)
        if live is None
        else _update(desired, live, compared, arn, facts, planned)
    )
    if not observed.saved:
        for step in steps:
            if isinstance(step, CreateExpressService | UpdateExpressService):
                units.insist_on_required(kind, desired, step.body, _operation(step), facts)
    if steps:
        planned.notices.extend(_contradictions(desired))
    unit = units.unit(
        kind, desired, compared, facts, planned,
        name=name, address=f"express_service.{name}", arn=arn, observed=observed, verb=verb,
        steps=conceal(steps, hidden.values), effects=effects if steps else (), hidden=hidden,
        ignored=tuple(pointers.text(path) for path in ignored),
    )  # fmt: skip
    return replace(unit, rollout=servicing.rollout(service, bool(steps)) if service else "")


def _insist_on_options(desired: Desired, facts: Facts) -> None:
    """Refuse what the options ask for and Express Mode has no way to do."""
    options, where = facts.options, desired.resolved.where(())
    if options.desired_count is not None or options.scaling is not None:
        raise Refused(
            "an Express Mode service scales itself, within its scalingTarget",
            where,
            "set minTaskCount and maxTaskCount of `scalingTarget` in the file, and deploy",
        )
    if options.revision:
        raise Refused(
            "ECS makes the task definition of an Express Mode service: no other revision is deployed",
            where,
            "give the file a `taskDefinitionArn` of your own, or change `primaryContainer`",
        )
    if not options.update_service and not options.force_new_deployment:
        raise Refused(
            "an Express Mode service has one definition: without it there is nothing to deploy",
            where,
            "leave --no-update-service out",
        )


def _creation(
    desired: Desired, body: JsonObject, facts: Facts
) -> tuple[Verb, tuple[Step, ...], tuple[str, ...]]:
    if desired.partial:
        raise PlanError(
            f"there is no service {facts.service} in {facts.cluster}",
            hint="create it with `reconciler deploy`",
        )
    sent: dict[str, Json] = dict(body) | {"cluster": facts.cluster, "serviceName": facts.service}
    step = CreateExpressService(cluster=facts.cluster, service=facts.service, body=sent)
    return Verb.CREATE, (step,), ("a new service, with the load balancer and the rest that ECS makes for it",)


def _update(
    desired: Desired, live: Snapshot, compared: Compared, arn: str, facts: Facts, planned: Planned
) -> tuple[Verb, tuple[Step, ...], tuple[str, ...]]:
    assert compared.live is not None
    changes = compared.differences.changes
    changed = {str(change.path[0]) for change in changes} - {"tags"}
    taken = facts.shapes.input("UpdateExpressGatewayService").members.keys()
    for name in sorted(changed - taken):
        seen = desired.canon.seen.get((name,))
        planned.refusals.append(
            Refused(
                f"UpdateExpressGatewayService cannot change {name}",
                desired.resolved.where(seen.raw if seen else ()),
                "only a new service has another one: `reconciler delete`, then deploy; its address is a new one then",
            )
        )
    members = sorted(changed & taken)
    own = [change for change in changes if change.path[0] in members]
    patch = patches.build(own, desired.canon, compared.live, live.body)
    body = patches.apply(live.body, patch.operations)
    patched = canons.canon(desired.canon.kind, body, desired=False, like=desired.canon, only=members)
    sent = {
        name: updates.member(name, [each for each in own if each.path[0] == name], patched, desired.canon)
        for name in members
    }
    rules = [desired.canon.kind.node.members[name].rule for name in members]
    deploys = any(rule.deploys for rule in rules)
    steps: list[Step] = []
    effects: tuple[str, ...] = ()
    if sent:
        steps.append(
            UpdateExpressService(
                cluster=facts.cluster, service=facts.service, body={"serviceArn": arn, **sent}
            )
        )
        effects = ("a new deployment",) if deploys else ("perhaps a new deployment",)
    if facts.options.force_new_deployment and not deploys:
        forced: dict[str, Json] = {
            "cluster": facts.cluster,
            "service": facts.service,
            "forceNewDeployment": True,
        }
        steps.append(UpdateService(cluster=facts.cluster, service=facts.service, body=forced))
        effects = ("a new deployment, forced",)
    tagged = tag_steps(arn, changes)
    if tagged and not steps:
        effects = ("tags only, no new deployment",)
    steps += tagged
    return Verb.UPDATE if steps else Verb.NONE, tuple(steps), effects


def _operation(step: CreateExpressService | UpdateExpressService) -> str:
    return (
        "CreateExpressGatewayService"
        if isinstance(step, CreateExpressService)
        else "UpdateExpressGatewayService"
    )


def _contradictions(desired: Desired) -> Iterator[Notice]:
    """Say what cannot be said beside a task definition of the user's own (API model, taskDefinitionArn)."""
    wire = desired.canon.wire
    beside: Sequence[str] = [name for name in express_services.MANAGED if name in wire]
    if "taskDefinitionArn" in wire and beside:
        what = f"taskDefinitionArn says {', '.join(beside)}: AWS takes no request that has both"
        yield Notice(what=what, where=desired.resolved.where(desired.canon.seen["taskDefinitionArn",].raw))


def send(
    gateway: Gateway, clock: Clock, step: CreateExpressService | UpdateExpressService, body: JsonObject
) -> tuple[str, Snapshot, JsonObject | None, float]:
    """Create or update an Express Mode service.

    Gives its ARN, the service of ECS as soon as it shows the deployment that this began, how it was before (None where
    there was none), and the time of the call. ReconcilerError where it is not there a minute later.
    """
    named = (step.cluster, step.service)
    if isinstance(step, CreateExpressService):
        since = clock.now()
        arn = str(gateway.express.create(body).body.get("serviceArn", ""))
        return (
            arn,
            _shown(gateway, clock, *named, lambda service: rollouts.primary(service) is not None),
            None,
            since,
        )
    there = gateway.describe_services(step.cluster, [step.service])[step.service]
    before: JsonObject = there.body if isinstance(there, Snapshot) else {}
    since = clock.now()
    target = gateway.express.update(body)
    begins = str(target.get("serviceRevisionArn")) not in _revisions(before)
    known = attaching.ids(before)

    def shows(service: JsonObject) -> bool:
        first = rollouts.primary(service)
        return not begins or (first is not None and str(first.get("id")) not in known)

    return str(body["serviceArn"]), _shown(gateway, clock, *named, shows), before, since


def _revisions(service: JsonObject) -> frozenset[str]:
    found = service.get("currentServiceRevisions")
    listed = found if isinstance(found, list | tuple) else ()
    return frozenset(str(each.get("arn")) for each in listed if isinstance(each, dict))


def _shown(
    gateway: Gateway, clock: Clock, cluster: str, name: str, shows: Callable[[JsonObject], bool]
) -> Snapshot:
    """Describe a service until it shows what is expected, or for as long as that may take."""
    until = clock.now() + PATIENCE
    while True:
        found = _described(gateway, cluster, name)
        late = clock.now() >= until
        if isinstance(found, Snapshot) and (late or shows(found.body)):
            return found
        if late:
            raise ReconcilerError(
                f"AWS has taken it, and does not show the service {cluster}/{name} yet", hint=attaching.AGAIN
            )
        clock.sleep(_PAUSE)


def _described(gateway: Gateway, cluster: str, name: str) -> Snapshot | Absent:
    """Describe a service; absent where even the cluster, which ECS may have made for it, is not to be seen yet."""
    try:
        return gateway.describe_services(cluster, [name])[name]
    except AwsNotFound as error:
        return Absent(error.code)
