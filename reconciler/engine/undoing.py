"""Going back: what a rollback would do is decided from what AWS says (`read`, `decide`), then done (`reverting`).

A rollout that runs or has failed is undone as ECS undoes it: back to the last service revision that completed, with
all that it holds. One that has completed is undone by its task definition alone, as ecspresso does it: what else has
been changed since then may be wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reconciler.core import codedeployments, expresses, news, rollouts
from reconciler.core.revisions import family_of, older, short
from reconciler.core.values import Json, JsonObject
from reconciler.engine import watching
from reconciler.engine.observing import revision_arn
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.engine.ways import Await, Facts, Stop, Undoing, Update, Wish
from reconciler.errors import AwsDenied, PlanError

if TYPE_CHECKING:
    from reconciler.engine.grouping import Group


UNDER_WAY: Final = ("PENDING", "IN_PROGRESS")
_GOING_BACK: Final = ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
_OPEN: Final = (*UNDER_WAY, *_GOING_BACK)
_WENT_BACK: Final = "ROLLBACK_SUCCESSFUL"
_FAILED: Final = ("STOPPED", _WENT_BACK, "ROLLBACK_FAILED")
_TRIED: Final = 20
"""Of how many service deployments it is asked which revisions they failed to bring up: what one call describes."""
_ENDED_BADLY: Final = ("STOP_REQUESTED", "STOPPED", "ROLLBACK_FAILED")
"""Only rolling updates show a failure in their deployment too (API model, Deployment.rolloutState)."""
REVISIONS: Final = 1000
"""How many registered revisions are looked through: ten calls at most."""

_HELD: Final = (
    *("networkConfiguration", "platformVersion", "capacityProviderStrategy", "loadBalancers", "serviceRegistries"),
    *("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations", "gatewayConnectors"),
)  # fmt: skip
"""What a service revision holds beside the task definition, and UpdateService takes (API model)."""
_LISTS: Final = (
    *("capacityProviderStrategy", "loadBalancers", "serviceRegistries", "volumeConfigurations"),
    *("vpcLatticeConfigurations", "gatewayConnectors"),
)
_CLEARED: Final[Mapping[str, Json]] = {
    "serviceConnectConfiguration": {"enabled": False},
    **{name: [] for name in _LISTS},
}
"""What takes away again what a service revision did not have (API model, UpdateService)."""


_ALLOW: Final = "ecs:ListServiceDeployments, ecs:DescribeServiceDeployments and ecs:DescribeServiceRevisions"


def read(
    gateway: Gateway,
    cluster: str,
    service: str,
    wish: Wish,
    find: Callable[[JsonObject], Group] | None = None,
) -> Facts:
    """Read what going back depends on. PlanError where the revision that is wanted is none to run.

    `find` finds the group of CodeDeploy's that deploys the service.
    """
    body = watching.current(gateway, cluster, service).body
    facts = Facts(cluster=cluster, service=service, body=body)
    if codedeployments.controller(body) == "CODE_DEPLOY":
        from reconciler.engine import unshifting

        return unshifting.read(gateway, facts, wish, find)
    if codedeployments.controller(body) != "ECS":
        return facts
    record: JsonObject = {}
    revisions: Mapping[str, JsonObject] = {}
    completed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    own, tried = "", frozenset[str]()
    try:
        newest = gateway.list_service_deployments(cluster, service, since=0.0)
        own = _made_with(rollouts.primary(body), newest)
        good = gateway.list_service_deployments(cluster, service, since=0.0, statuses=("SUCCESSFUL",))
        found = gateway.describe_service_deployments(
            [str(each["serviceDeploymentArn"]) for each in newest[:1]]
        )
        record = next(iter(found), {})
        completed = tuple(str(brief.get("targetServiceRevisionArn")) for brief in good)
        tried = frozenset(
            str(brief.get("targetServiceRevisionArn"))
            for brief in newest[:_TRIED]
            if brief.get("status") in _FAILED
        )
        arns = dict.fromkeys([*_target(record), *_sources(record), *completed, *sorted(tried)])
        described = gateway.describe_service_revisions(list(arns)) if arns else ()
        revisions = {str(revision["serviceRevisionArn"]): revision for revision in described}
    except AwsDenied as error:
        what = f"{error.what}; a rollout that runs cannot be stopped, and what completed is not known"
        notes = (f"{what} (allow {_ALLOW})",)
    running = str(body.get("taskDefinition"))
    families = dict.fromkeys(
        family_of(str(arn)) for arn in (running, *(each.get("taskDefinition") for each in revisions.values()))
    )
    active = [arn for family in families for arn in gateway.list_revisions(family, limit=REVISIONS)]
    came = {str(each.get("taskDefinition")) for arn, each in revisions.items() if arn in completed}
    failed = {str(each.get("taskDefinition")) for arn, each in revisions.items() if arn in tried}
    return Facts(
        cluster=cluster,
        service=service,
        body=body,
        record=record,
        own=own,
        revision=next((revisions[arn] for arn in _target(record) if arn in revisions), {}),
        sources=tuple(revisions[arn] for arn in _sources(record) if arn in revisions),
        completed=tuple(revisions[arn] for arn in dict.fromkeys(completed) if arn in revisions),
        recorded=not notes,
        active=tuple(active),
        failed=frozenset(failed - came),
        wanted=wanted(gateway, wish.to, family_of(running)) if wish.to else "",
        notes=notes,
    )


def _made_with(first: JsonObject | None, newest: Sequence[JsonObject]) -> str:
    """Give the ARN of the service deployment that was made with a deployment: the one whose time is the nearest."""
    made = news.made_at(first or {})
    near = sorted(newest, key=lambda each: abs(news.made_at(each) - made)) if made else ()
    return next((str(each.get("serviceDeploymentArn")) for each in near), "")


def wanted(gateway: Gateway, reference: str, family: str) -> str:
    """Give the ARN of a registered revision."""
    found = gateway.describe_task_definition(f"{family}:{reference}" if reference.isdigit() else reference)
    inner = found.body.get("taskDefinition") if isinstance(found, Snapshot) else None
    if not isinstance(found, Snapshot) or not isinstance(inner, dict):
        raise PlanError(f"there is no revision {reference} of {family}", hint=_LIST.format(family))
    if inner.get("status") != "ACTIVE":
        raise PlanError(
            f"{short(revision_arn(found))} is {inner.get('status')}: no service can be updated to it",
            hint=_LIST.format(family),
        )
    return revision_arn(found)


_LIST: Final = "`aws ecs list-task-definitions --family-prefix {} --sort DESC` lists what there is"


def decide(facts: Facts, wish: Wish) -> Undoing:
    """Decide how to go back. PlanError where there is nothing to go back to, or nothing that may be undone."""
    match codedeployments.controller(facts.body):
        case "CODE_DEPLOY":
            from reconciler.engine import unshifting

            return unshifting.decide(facts, wish)
        case "EXTERNAL":
            raise PlanError(
                f"{_name(facts)} is deployed by an external controller: nothing of it can be rolled back here",
                hint="roll it back with the controller that makes its task sets",
            )
    if wish.events:
        raise PlanError(
            f"--rollback-events concerns CodeDeploy deployments only, and ECS itself deploys {_name(facts)}",
            hint="leave it out; ECS rolls back by `deploymentConfiguration` (deploymentCircuitBreaker, alarms)",
        )
    first = rollouts.primary(facts.body)
    if facts.body.get("status") != "ACTIVE" or first is None:
        raise PlanError(f"{_name(facts)} is {facts.body.get('status')}: it cannot be rolled back")
    if expresses.managed(facts.body):
        wish = _insist_on_rollout(facts, wish)
    return replace(_decided(facts, wish, first), primary=str(first.get("id")))


def _insist_on_rollout(facts: Facts, wish: Wish) -> Wish:
    """See to it that of a service in Express Mode a rollout is undone: nothing else of it has a way back.

    Its task definitions are ECS's own, which stay.
    """
    if wish.to or facts.record.get("status") not in (*_OPEN, _WENT_BACK):
        raise PlanError(
            f"{_name(facts)} is in Express Mode: only a rollout that is under way can be undone",
            hint="give the definition back what it said before, and `reconciler deploy`",
        )
    return replace(wish, deregister=False)


def _decided(facts: Facts, wish: Wish, first: JsonObject) -> Undoing:
    if wish.deployment:
        _insist(facts, wish.deployment, first)
    running, status = str(facts.body.get("taskDefinition")), facts.record.get("status")
    if facts.wanted:
        if facts.wanted == running and status in UNDER_WAY:
            raise PlanError(
                f"a rollout of {short(running)} is under way in {_name(facts)} already",
                hint="`reconciler wait` watches it; `reconciler rollback` without --to stops it",
            )
        if facts.wanted == running and status not in _OPEN:
            raise PlanError(
                f"{_name(facts)} runs {short(running)} already", hint="`reconciler status` shows it"
            )
        return _update(facts, wish, {"taskDefinition": facts.wanted}, "as asked")
    if status in _OPEN or status == _WENT_BACK:
        return _natively(facts, wish)
    if wish.deployment or first.get("rolloutState") not in ("COMPLETED", None) or status in _ENDED_BADLY:
        back = _to_completed(facts, wish)
        if back is not None:
            return back
        if wish.deployment:
            raise nothing(
                facts, f"no service deployment before this one completed with what {_name(facts)} can run"
            )
    return _toolder(facts, wish)


def _insist(facts: Facts, deployment: str, first: JsonObject) -> None:
    """See to it that the rollout to undo is the one that is there."""
    newest = facts.record.get("serviceDeploymentArn")
    if first.get("id") == deployment:
        if facts.own and newest and facts.own != newest:  # what describes the service lags behind
            raise PlanError(
                f"another rollout has taken the place of {deployment}: nothing was undone",
                hint="`reconciler status` shows what runs",
            )
        return
    there = any(each.get("id") == deployment for each in rollouts.deployments(facts.body))
    if not there or facts.record.get("status") not in (*_GOING_BACK, _WENT_BACK):
        raise PlanError(
            f"deployment {first.get('id')} has taken the place of {deployment}: nothing was undone",
            hint="`reconciler status` shows what runs",
        )


def _natively(facts: Facts, wish: Wish) -> Undoing:
    """Have ECS go back, or let it."""
    rollback = facts.record.get("rollback")
    going = str(rollback.get("serviceRevisionArn", "")) if isinstance(rollback, dict) else ""
    known = (*facts.completed, *facts.sources)
    names = [str(each.get("serviceRevisionArn")) for each in facts.sources]
    before = next((each for each in known if each.get("serviceRevisionArn") == going), None) or next(
        (each for each in known if each.get("serviceRevisionArn") in names), next(iter(facts.completed), {})
    )
    target = str(before.get("taskDefinition", ""))
    left = str(facts.revision.get("taskDefinition", ""))
    cluster, service = facts.cluster, facts.service
    leaves = stale(facts, wish, left, target)
    created = news.made_at(facts.record)
    if facts.record.get("status") not in UNDER_WAY:
        over = facts.record.get("status") == _WENT_BACK
        return Await(
            cluster=cluster,
            service=service,
            left=left,
            target=target,
            deregisters=leaves,
            created=created,
            over=over,
        )
    if not known:
        raise nothing(facts, f"this is the first rollout of {_name(facts)}")
    arn = str(facts.record.get("serviceDeploymentArn"))
    return Stop(
        cluster=cluster,
        service=service,
        left=left,
        target=target,
        deregisters=leaves,
        arn=arn,
        created=created,
    )


def _to_completed(facts: Facts, wish: Wish) -> Update | None:
    """Go from a rollout that failed to the last service revision that completed; None where there is no such."""
    now = facts.revision
    running = str(facts.body.get("taskDefinition"))
    if not facts.recorded:  # what ran before runs still beside what failed
        others = (str(each.get("taskDefinition")) for each in rollouts.deployments(facts.body)
                  if each.get("status") == "ACTIVE" and each.get("rolloutState") == "COMPLETED")  # fmt: skip
        beside = next((arn for arn in others if arn in facts.active and arn != running), "")
        return _update(facts, wish, {"taskDefinition": beside}, "which ran before") if beside else None
    # Service deployments are kept for 90 days (developer guide); what ran when this one began had come up as well.
    good = facts.completed or (facts.sources if len(facts.sources) == 1 else ())
    for revision in good:
        if revision.get("serviceRevisionArn") == now.get("serviceRevisionArn"):
            continue
        arn = str(revision.get("taskDefinition"))
        if arn != running and arn not in facts.active:
            continue
        held: dict[str, Json] = dict(_restored(now, revision))
        if "capacityProviderStrategy" in held:  # by itself it starts no deployment (API model, UpdateService)
            held["forceNewDeployment"] = True
        body = held if arn == running else {"taskDefinition": arn, **held}
        if body:
            return _update(facts, wish, body, "the last that completed", arn)
        return None
    return None


def _restored(now: JsonObject, then: JsonObject) -> Iterator[tuple[str, Json]]:
    """Give the members of a service revision that the newer one has otherwise, as UpdateService takes them."""
    for name in _HELD:
        if then.get(name) == now.get(name):
            continue
        if name in then:
            yield name, then[name]
        elif name in _CLEARED:
            yield name, _CLEARED[name]


def _toolder(facts: Facts, wish: Wish) -> Update:
    """Go from what completed to the revision before it."""
    running = str(facts.body.get("taskDefinition"))
    completed = (str(each.get("taskDefinition")) for each in facts.completed)
    found = next((arn for arn in completed if arn in facts.active and older(arn, running)), "")
    if found:
        return _update(facts, wish, {"taskDefinition": found}, "the last before it that completed")
    family = (arn for arn in facts.active if family_of(arn) == family_of(running) and arn not in facts.failed)
    found = next((arn for arn in family if older(arn, running)), "")
    if found:
        return _update(facts, wish, {"taskDefinition": found}, "the newest registered before it")
    raise none_before(facts, running, facts.failed)


def _update(facts: Facts, wish: Wish, body: JsonObject, why: str, target: str = "") -> Update:
    left = str(facts.body.get("taskDefinition"))
    target = target or str(body["taskDefinition"])
    return Update(
        cluster=facts.cluster,
        service=facts.service,
        left=left,
        target=target,
        deregisters=stale(facts, wish, left, target),
        notes=facts.notes,
        body={"cluster": facts.cluster, "service": facts.service, **body},
        why=why,
    )


def stale(facts: Facts, wish: Wish, left: str, target: str) -> str:
    """Give the revision to deregister afterwards, empty where none is to be."""
    return left if wish.deregister and left != target and left in facts.active else ""


def none_before(facts: Facts, running: str, failed: Collection[str]) -> PlanError:
    """Say that there is no older revision to go back to, but for such as failed."""
    but = ", but for those that failed" if any(older(arn, running) for arn in failed) else ""
    return nothing(facts, f"no revision before {short(running)} is ACTIVE{but}")


def nothing(facts: Facts, why: str) -> PlanError:
    """Say that there is nothing to go back to."""
    family = family_of(str(facts.body.get("taskDefinition")))
    return PlanError(
        "; ".join((f"there is nothing to go back to: {why}", *facts.notes)),
        hint=f"name a revision with `--to`; {_LIST.format(family)}",
    )


def _target(record: JsonObject) -> list[str]:
    target = record.get("targetServiceRevision")
    return [str(target["arn"])] if isinstance(target, dict) and "arn" in target else []


def _sources(record: JsonObject) -> list[str]:
    sources = record.get("sourceServiceRevisions")
    found = sources if isinstance(sources, list | tuple) else []
    return [str(each["arn"]) for each in found if isinstance(each, dict) and "arn" in each]


def _name(facts: Facts) -> str:
    return f"{facts.cluster}/{facts.service}"
