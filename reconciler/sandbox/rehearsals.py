"""A deployment played through before it is made: the scheduler of this sandbox, run ahead without a clock.

What comes of it is a model's word, and no better than the rules that it is made of (`rules`).
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.sandbox import interventions, operations, rules, seeds, shapes
from reconciler.sandbox.errors import Refusal, SandboxError
from reconciler.sandbox.knobs import Knobs
from reconciler.sandbox.outcomes import RUNS, Fate, Outcome
from reconciler.sandbox.worlds import Body, Deployment, Service, World

_REGION: Final = "eu-west-1"
_START: Final = 1_700_000_000.0
_FAMILY: Final = "rehearsal"
WANTED: Final = f"{_FAMILY}:2"
"""What a request names for the task definition that is wanted."""
_OLD, _NEW = "old", "new"
_LONGEST: Final = 86400.0 * 2
"""Bake times are a day at most (API model), so what has not ended by then does not end."""
_HOPELESS: Final = 400
"""Failed tasks after which nothing will come up any more: the breaker's threshold is 200 at most."""
_IDS: Final = re.compile(r" ?\((?:task|deployment|task definition) [^)]*\)|ecs-svc/\d+")
_ARN: Final = re.compile(r"arn:[^ )]*:targetgroup/([^/ )]*)/[^ )]*")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, so many seconds after the request: what, and how many tasks there were then."""

    at: float
    text: str
    tasks: int
    healthy: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a deployment went: `peak` is the most tasks at a time, `lowest` the fewest healthy ones, in all `seconds`.

    `ending` is one of ``completed``, ``failed``, ``rolled back``, ``stuck``, ``endless`` and ``no deployment``.
    """

    moments: tuple[Moment, ...]
    peak: int
    lowest: int
    desired: int
    seconds: float
    ending: str
    failed: int = 0


@rules.guessed("what the rules together make of a request, in the order and at the pace that they guess")
def rehearse(
    *,
    cluster: str,
    running: Body | None,
    service: Body | None,
    wanted: Body,
    request: Body,
    fails: bool,
) -> Rehearsal:
    """Play a request through. SandboxError where the simulated ECS refuses what it is about.

    `service` is a body of CreateService for what is there now, with the task definition `running`; without one the
    request creates it. `wanted` is the task definition that it will run; if it `fails`, no task of it comes up.
    """

    def fate(image: str) -> Outcome | Fate:
        return Fate(Outcome.CRASHES) if fails and image == _NEW else RUNS

    seed = seeds.Seed(
        origin="the rehearsal",
        clusters=({"clusterName": cluster},),
        task_definitions=(_dressed(running or wanted, _OLD), _dressed(wanted, _NEW)),
        services=()
        if service is None
        else (service | {"cluster": cluster, "taskDefinition": f"{_FAMILY}:1"},),
    )
    world = seeds.begin(seed, _REGION, _START, Knobs(), 0, fate)
    operation = "CreateService" if service is None else "UpdateService"
    told: set[str] = {event["id"] for each in world.services.values() for event in each.events}
    before = {each.id for at in world.services.values() for each in at.deployments}
    try:
        operations.OPERATIONS[operation](world, shapes.accept(operation, request | {"cluster": cluster}))
    except Refusal as refusal:
        raise SandboxError(refusal.message, operation) from None
    (found,) = world.services.values()
    return _played(world, found, told, new=found.primary.id not in before)


def _dressed(definition: Body, image: str) -> Body:
    """Give a task definition whose images say what becomes of its containers."""
    body = copy.deepcopy(definition) | {"family": _FAMILY}
    for container in body.get("containerDefinitions", []):
        container["image"] = image
    return body


def _played(world: World, service: Service, told: set[str], *, new: bool) -> Rehearsal:
    """Let time pass until the service is at rest, or nothing more will come."""
    moments: list[Moment] = []
    peak, fewest = len(service.alive()), _healthy(service)
    mine, failed = service.primary, 0
    ending, way = "", _Way(shifts=len(service.deployments) > 1)
    service.steady = False
    while not ending:
        due = world.agenda.due
        if due is None or due > _START + _LONGEST:
            break
        world.agenda.run_until(due)
        moments += [_moment(world, service, text) for text in _news(service, told)]
        peak, fewest = max(peak, len(service.alive())), min(fewest, _healthy(service))
        failed = max(failed, mine.failed)
        moments += [_moment(world, service, text) for text in way.news(mine)]
        moments += [_moment(world, service, text) for text in _hooks(world, service, told)]
        if mine.stuck:
            ending = "stuck"
        elif failed >= _HOPELESS:
            ending = "endless"
        elif service.steady and len(service.deployments) == 1:
            ending = ("completed" if new else "no deployment") if service.primary is mine else "rolled back"
        elif mine.rollout == "FAILED" and service.primary is mine and not _pending(service):
            ending = "failed"
    seconds = moments[-1].at if moments else 0.0
    return Rehearsal(tuple(moments), peak, fewest, service.desired, seconds, ending or "endless", failed)


def _moment(world: World, service: Service, text: str) -> Moment:
    return Moment(world.now - _START, text, len(service.alive()), _healthy(service))


def _pending(service: Service) -> bool:
    return any(task.status not in ("RUNNING", "STOPPED") for task in service.tasks.values())


def _healthy(service: Service) -> int:
    return sum(task.healthy for task in service.alive())


def _news(service: Service, told: set[str]) -> Iterator[str]:
    """Give the service events that were not told yet, without the ids that mean nothing here."""
    for event in reversed(service.events):
        if event["id"] not in told:
            told.add(event["id"])
            text = _ARN.sub(r"\1", _IDS.sub("", event["message"].partition(") ")[2]).strip())
            yield text.replace(":.", ".").replace("to deployment .", "to the deployment before.")


@dataclass(slots=True)
class _Way:
    """How far a deployment was seen to be on its way: its shares of the traffic, and whether it bakes.

    The first deployment of a service `shifts` nothing: there is nobody to take traffic from.
    """

    shifts: bool
    production: float = 0.0
    test: float = 0.0
    bakes: bool = False

    def news(self, mine: Deployment) -> Iterator[str]:
        """Tell what no service event tells."""
        production, test = mine.production or 0.0, mine.test or 0.0
        if self.shifts and test > self.test:
            yield "the test traffic goes to the new tasks"
        if self.shifts and production > self.production:
            share = "all" if production == 100 else f"{production:g} %"
            yield f"{share} of the production traffic goes to the new tasks"
        bakes = mine.record.get("lifecycleStage") == "BAKE_TIME"
        if bakes and not self.bakes and mine.rollout == "IN_PROGRESS":
            yield "the bake time begins"
        self.production, self.test, self.bakes = production, test, bakes


def _hooks(world: World, service: Service, told: set[str]) -> Iterator[str]:
    """Tell of hooks, and go on where one pauses the deployment: the rehearsal waits for nobody."""
    for record in service.records[:1]:
        for hook in record.get("lifecycleHookDetails", []):
            if hook["hookId"] in told:
                continue
            told.add(hook["hookId"])
            if hook["status"] != "AWAITING_ACTION":
                name = str(hook.get("targetArn", "")).rpartition(":")[2]
                yield f"the hook {name} is called at {record['lifecycleStage']}, and taken to succeed"
                continue
            yield f"a PAUSE hook holds it at {record['lifecycleStage']} until somebody continues"
            arn = record["serviceDeploymentArn"]
            asked = {"serviceDeploymentArn": arn, "hookId": hook["hookId"], "action": "CONTINUE"}
            interventions.continue_service_deployment(world, asked)
