"""Going back: what a rollback would do is decided from what AWS says (`read`, `decide`), then done (`undo`).

A rollout that runs or has failed is undone as ECS undoes it: back to the last service revision that completed, with
all that it holds. One that has completed is undone by its task definition alone, as ecspresso does it: what else has
been changed since then may be wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from reconciler.core import rollouts
from reconciler.core.appspecs import Settings
from reconciler.core.values import Json, JsonObject
from reconciler.engine import watching
from reconciler.engine.observing import revision_arn
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.errors import AwsDenied, PlanError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.engine.grouping import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How to go back.

    `to` names a registered revision: its number, ``family:number`` or its ARN. `deployment` is the id of the rollout
    to undo: with one nothing but that rollout is undone. `events` are CodeDeploy's (``DEPLOYMENT_FAILURE``, …), and
    `codedeploy` is what the project says of it.
    """

    to: str = ""
    deregister: bool = True
    deployment: str = ""
    events: tuple[str, ...] = ()
    codedeploy: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What every way back has: the service, the ARN of the revision that it leaves and of the one that it goes to.

    `target` is empty where ECS alone knows; `deregisters` is what to deregister afterwards, if anything. `notes` say
    what could not be read.
    """

    cluster: str
    service: str
    left: str
    target: str
    deregisters: str = ""
    notes: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """Give the address of the service in a plan."""
        return f"service.{self.cluster}/{self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Back):
    """Stop the service deployment that is under way (its ARN, and when it was made), and let ECS go back."""

    arn: str
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Await(Back):
    """Send nothing: ECS goes back by itself, from the service deployment that was made at `created`, or has done so
    (`over`).
    """

    created: float
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Back):
    """Update the service (input of UpdateService); `why` it is this revision."""

    body: JsonObject
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopShift(Back):
    """Stop the CodeDeploy deployment that is under way (its id), and have CodeDeploy go back."""

    deployment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitShift(Back):
    """Send nothing: CodeDeploy goes back already from a deployment (its id)."""

    deployment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeploy(Back):
    """Have CodeDeploy deploy an earlier revision (input of CreateDeployment, and its AppSpec); `why` it is that one."""

    body: JsonObject
    appspec: JsonObject
    why: str


Undoing: TypeAlias = Stop | Await | Update | StopShift | AwaitShift | Redeploy


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What AWS says, as far as going back depends on it.

    `record` is the newest service deployment, `revision` the service revision that it leads to, `sources` those that
    it comes from; `completed` those that completed, the newest first. `recorded` is false where service deployments may
    not be read. `active` are the registered revisions that are ACTIVE, the newest first; `wanted` is what `Wish.to`
    names. Of CodeDeploy's there are the `group` that deploys the service, and its `shifts`, the newest first.
    """

    cluster: str
    service: str
    body: JsonObject
    record: JsonObject = field(default_factory=dict)
    revision: JsonObject = field(default_factory=dict)
    sources: tuple[JsonObject, ...] = ()
    completed: tuple[JsonObject, ...] = ()
    recorded: bool = True
    active: tuple[str, ...] = ()
    wanted: str = ""
    notes: tuple[str, ...] = ()
    group: JsonObject = field(default_factory=dict)
    shifts: tuple[JsonObject, ...] = ()


UNDER_WAY: Final = ("PENDING", "IN_PROGRESS")
_GOING_BACK: Final = ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
_OPEN: Final = (*UNDER_WAY, *_GOING_BACK)
_WENT_BACK: Final = "ROLLBACK_SUCCESSFUL"
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
    if _controller(body) == "CODE_DEPLOY":
        from reconciler.engine import unshifting

        return unshifting.read(gateway, facts, wish, find)
    if _controller(body) != "ECS":
        return facts
    record: JsonObject = {}
    revisions: Mapping[str, JsonObject] = {}
    completed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    try:
        newest = gateway.list_service_deployments(cluster, service, since=0.0)
        good = gateway.list_service_deployments(cluster, service, since=0.0, statuses=("SUCCESSFUL",))
        found = gateway.describe_service_deployments(
            [str(each["serviceDeploymentArn"]) for each in newest[:1]]
        )
        record = next(iter(found), {})
        completed = tuple(str(brief.get("targetServiceRevisionArn")) for brief in good)
        arns = dict.fromkeys([*_target(record), *_sources(record), *completed])
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
    return Facts(
        cluster=cluster,
        service=service,
        body=body,
        record=record,
        revision=next((revisions[arn] for arn in _target(record) if arn in revisions), {}),
        sources=tuple(revisions[arn] for arn in _sources(record) if arn in revisions),
        completed=tuple(revisions[arn] for arn in dict.fromkeys(completed) if arn in revisions),
        recorded=not notes,
        active=tuple(active),
        wanted=wanted(gateway, wish.to, family_of(running)) if wish.to else "",
        notes=notes,
    )


def wanted(gateway: Gateway, reference: str, family: str) -> str:
    """Give the ARN of a registered revision."""
    found = gateway.describe_task_definition(f"{family}:{reference}" if reference.isdigit() else reference)
    inner = found.body.get("taskDefinition") if isinstance(found, Snapshot) else None
    if not isinstance(found, Snapshot) or not isinstance(inner, dict):
        raise PlanError(f"there is no revision {reference} of {family}", hint=_LIST.format(family))
    if inner.get("status") != "ACTIVE":
        raise PlanError(
            f"{_short(revision_arn(found))} is {inner.get('status')}: no service can be updated to it",
            hint=_LIST.format(family),
        )
    return revision_arn(found)


_LIST: Final = "`aws ecs list-task-definitions --family-prefix {} --sort DESC` lists what there is"


def decide(facts: Facts, wish: Wish) -> Undoing:
    """Decide how to go back. PlanError where there is nothing to go back to, or nothing that may be undone."""
    match _controller(facts.body):
        case "CODE_DEPLOY":
            from reconciler.engine import unshifting

            return unshifting.decide(facts, wish)
        case "EXTERNAL":
            raise PlanError(
                f"{_name(facts)} is deployed by an external controller: nothing of it can be rolled back here",
                hint="roll it back with the controller that makes its task sets",
            )
    first = rollouts.primary(facts.body)
    if facts.body.get("status") != "ACTIVE" or first is None:
        raise PlanError(f"{_name(facts)} is {facts.body.get('status')}: it cannot be rolled back")
    if wish.deployment:
        _insist(facts, wish.deployment, first)
    running, status = str(facts.body.get("taskDefinition")), facts.record.get("status")
    if facts.wanted:
        if facts.wanted == running and status not in _OPEN:
            raise PlanError(
                f"{_name(facts)} runs {_short(running)} already", hint="`reconciler status` shows it"
            )
        return _update(facts, wish, {"taskDefinition": facts.wanted}, "as asked")
    if status in _OPEN or status == _WENT_BACK:
        return _natively(facts, wish)
    if wish.deployment or first.get("rolloutState") not in ("COMPLETED", None):
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
    if first.get("id") == deployment:
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
    created = watching.made_at(facts.record)
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
    for revision in facts.completed:
        if revision.get("serviceRevisionArn") == now.get("serviceRevisionArn"):
            continue
        arn = str(revision.get("taskDefinition"))
        if arn != running and arn not in facts.active:
            continue
        held = dict(_restored(now, revision))
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
    family = (arn for arn in facts.active if family_of(arn) == family_of(running))
    found = next((arn for arn in family if older(arn, running)), "")
    if found:
        return _update(facts, wish, {"taskDefinition": found}, "the newest registered before it")
    raise nothing(facts, f"no revision before {_short(running)} is ACTIVE")


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


def nothing(facts: Facts, why: str) -> PlanError:
    """Say that there is nothing to go back to."""
    family = family_of(str(facts.body.get("taskDefinition")))
    return PlanError(
        "; ".join((f"there is nothing to go back to: {why}", *facts.notes)),
        hint=f"name a revision with `--to`; {_LIST.format(family)}",
    )


def describe(undoing: Undoing) -> tuple[str, ...]:
    """Say what a rollback does, a line each."""
    left, target = _short(undoing.left), _short(undoing.target) or "the revision before"
    lines: Iterable[str]
    match undoing:
        case Stop():
            back = target if left != target else f"the service revision before, of {target} too"
            lines = (f"stop the rollout of {left}; ECS goes back to {back}",)
        case Await(over=True):
            lines = (f"ECS has gone back from {left} to {target} already; `--to` goes further",)
        case Await():
            lines = (f"nothing to send: ECS is going back from {left} to {target} already",)
        case Update():
            with_it = [name for name in undoing.body if name not in ("cluster", "service", "taskDefinition")]
            if left == target:
                lines = (f"{', '.join(with_it)} goes back to what {undoing.why} had",)
            else:
                step = f"update from {left} to {target}, {undoing.why}"
                lines = (step + (f"; with it goes back {', '.join(with_it)}" if with_it else ""),)
        case StopShift():
            lines = (
                f"stop the CodeDeploy deployment {undoing.deployment} of {left}; it goes back to {target}",
            )
        case AwaitShift():
            lines = (f"nothing to send: CodeDeploy is going back from {left} to {target} already",)
        case Redeploy():
            group = f"{undoing.body.get('applicationName')}/{undoing.body.get('deploymentGroupName')}"
            lines = (f"have CodeDeploy (group {group}) deploy {target} in place of {left}, {undoing.why}",)
        case _:
            assert_never(undoing)
    if undoing.deregisters:
        lines = (*lines, f"deregister {_short(undoing.deregisters)} once that is stable")
    return tuple(f"{undoing.unit}: {line}" for line in lines)


def _controller(body: JsonObject) -> str:
    controller = body.get("deploymentController")
    return str(controller.get("type", "ECS")) if isinstance(controller, dict) else "ECS"


def _target(record: JsonObject) -> list[str]:
    target = record.get("targetServiceRevision")
    return [str(target["arn"])] if isinstance(target, dict) and "arn" in target else []


def _sources(record: JsonObject) -> list[str]:
    sources = record.get("sourceServiceRevisions")
    found = sources if isinstance(sources, list | tuple) else []
    return [str(each["arn"]) for each in found if isinstance(each, dict) and "arn" in each]


def _name(facts: Facts) -> str:
    return f"{facts.cluster}/{facts.service}"


def family_of(arn: str) -> str:
    """Give the family of a revision by its ARN."""
    return _short(arn).rpartition(":")[0]


def older(arn: str, than: str) -> bool:
    """Tell whether a revision is older than another one; of another family every one is."""
    if family_of(arn) != family_of(than):
        return True
    return int(arn.rpartition(":")[2]) < int(than.rpartition(":")[2])


def _short(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
