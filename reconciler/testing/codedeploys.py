"""A CodeDeploy in memory, beside the fake's ECS: groups, and deployments that end after a fixed time."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, NoReturn, Protocol

from reconciler.core import appspecs
from reconciler.core.codedeployments import OPEN, ROLLBACK_EVENTS
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Absent, Clock, Snapshot
from reconciler.errors import AwsError, AwsNotFound, AwsRefused
from reconciler.records import dataclass
from reconciler.testing.definitions import Body

_LIFECYCLE: Final = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
_CONFIGURATIONS: Final = (
    "CodeDeployDefault.ECSAllAtOnce",
    "CodeDeployDefault.ECSCanary10Percent5Minutes",
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
)


class World(Protocol):
    """What CodeDeploy needs of the fake's ECS: time, and what becomes of a revision."""

    clock: Clock
    rollout_seconds: float
    fails: Callable[[JsonObject], bool]


@dataclass(frozen=True, slots=True)
class Hands:
    """What of the fake's ECS only its CodeDeploy reaches: noting a call, services by cluster, revisions."""

    called: Callable[..., AbstractContextManager[None]]
    service: Callable[[str, str], Body | None]
    revision: Callable[[str], Body | None]


@dataclass(slots=True)
class _Run:
    """A deployment: what GetDeployment shows, its events, the service and the task sets before and after."""

    info: Body
    events: list[Body]
    service: Body
    target: str
    original: Body
    replacement: Body
    wanted: Body


class FakeCodeDeploy:
    """`engine.ports.CodeDeploy` over dictionaries. `add_group` makes a group, with its application."""

    def __init__(self, world: World, hands: Hands) -> None:
        """Begin without groups."""
        self._world = world
        self._hands = hands
        self._groups: dict[tuple[str, str], Body] = {}
        self._runs: dict[str, _Run] = {}

    def add_group(self, application: str, name: str, cluster: str, service: str, **members: Any) -> None:
        """Let a group deploy a service; `members` are of DeploymentGroupInfo."""
        self._groups[application, name] = {
            "applicationName": application,
            "deploymentGroupName": name,
            "deploymentConfigName": _CONFIGURATIONS[0],
            "computePlatform": "ECS",
            "ecsServices": [{"clusterName": cluster, "serviceName": service}],
            **members,
        }

    def applications(self) -> tuple[str, ...]:
        """Give the names of all applications."""
        with self._hands.called("applications"):
            return tuple(sorted({application for application, _ in self._groups}))

    def group_names(self, application: str, /) -> tuple[str, ...]:
        """Give the names of an application's groups."""
        with self._hands.called("group_names", application):
            found = tuple(sorted(name for home, name in self._groups if home == application))
            if not found:
                self._absent("ListDeploymentGroups", "ApplicationDoesNotExistException", application)
            return found

    def groups(self, application: str, names: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe groups."""
        with self._hands.called("groups", application, tuple(names)):
            if application not in {home for home, _ in self._groups}:
                self._absent("BatchGetDeploymentGroups", "ApplicationDoesNotExistException", application)
            found = (self._groups.get((application, name)) for name in names)
            return tuple(copy.deepcopy(each) for each in found if each is not None)

    def configurations(self) -> tuple[str, ...]:
        """Give the names of some of the predefined configurations."""
        with self._hands.called("configurations"):
            return _CONFIGURATIONS

    def create_deployment(self, body: JsonObject, /) -> str:
        """Create a deployment: its tasks are all there, and have the traffic, `rollout_seconds` later."""
        with self._hands.called("create_deployment", copy.deepcopy(body)):
            self.settle()
            group = self._groups.get((str(body["applicationName"]), str(body["deploymentGroupName"])))
            if group is None:
                self._absent("CreateDeployment", "DeploymentGroupDoesNotExistException", "group")
            running = next((run for run in self._of(group) if run.info["status"] in OPEN), None)
            if running is not None:
                name, there = group["deploymentGroupName"], running.info["deploymentId"]
                self._refuse(
                    "CreateDeployment",
                    "DeploymentLimitExceededException",
                    f"The Deployment Group '{name}' already has an active Deployment '{there}'",
                )
            return self._begin(group, body)

    def list_deployments(
        self, application: str, group: str, /, *, statuses: Sequence[str] = (), limit: int = 100
    ) -> tuple[str, ...]:
        """Give the ids of a group's deployments, newest first."""
        with self._hands.called("list_deployments", application, group, tuple(statuses)):
            self.settle()
            found = self._groups.get((application, group))
            if found is None:
                self._absent("ListDeployments", "DeploymentGroupDoesNotExistException", group)
            runs = [run.info for run in self._of(found)]
            return tuple(
                str(info["deploymentId"])
                for info in reversed(runs)
                if not statuses or info["status"] in statuses
            )[:limit]

    def describe_deployments(self, ids: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe deployments."""
        with self._hands.called("describe_deployments", tuple(ids)):
            self.settle()
            return tuple(copy.deepcopy(self._runs[each].info) for each in ids if each in self._runs)

    def describe_target(self, deployment: str, target: str, /) -> Snapshot | Absent:
        """Describe the target of a deployment."""
        with self._hands.called("describe_target", deployment, target):
            self.settle()
            run = self._runs.get(deployment)
            if run is None or run.target != target:
                return Absent("DeploymentTargetDoesNotExistException")
            moved = run.replacement["status"] == "PRIMARY"
            return Snapshot(
                {
                    "deploymentId": deployment,
                    "targetId": target,
                    "lifecycleEvents": copy.deepcopy(run.events),
                    "taskSetsInfo": [
                        _shown(run.original, "Blue", 0.0 if moved else 100.0),
                        _shown(run.replacement, "Green", 100.0 if moved else 0.0),
                    ],
                }
            )

    def stop_deployment(self, deployment: str, /, *, rollback: bool) -> None:
        """Stop a deployment, and roll it back if that is wanted."""
        with self._hands.called("stop_deployment", deployment, rollback):
            self.settle()
            run = self._open("StopDeployment", deployment)
            self._fail(run, "Stopped", "MANUAL_STOP", "The deployment was stopped on request.")
            if rollback:
                self._go_back(run)

    def continue_deployment(self, deployment: str, /) -> None:
        """Let the traffic go over: nothing here ever waits for that."""
        with self._hands.called("continue_deployment", deployment):
            self.settle()
            self._open("ContinueDeployment", deployment)
            self._refuse("ContinueDeployment", "DeploymentIsNotInReadyStateException", "It does not wait.")

    def settle(self) -> None:
        """Let the deployments be as far as the clock is."""
        for run in list(self._runs.values()):
            due = run.info["createTime"] + self._world.rollout_seconds
            if run.info["status"] not in OPEN or self._world.clock.now() < due:
                continue
            revision = self._hands.revision(run.wanted["taskDefinition"])
            if revision is not None and not self._world.fails(revision):
                self._succeed(run)
                continue
            self._fail(run, "Failed", "TIMEOUT", "The replacement task set did not become healthy.")
            configured = run.info.get("autoRollbackConfiguration", {})
            if configured.get("enabled") and ROLLBACK_EVENTS[0] in configured.get("events", ()):
                self._go_back(run)

    def _begin(self, group: Body, body: JsonObject) -> str:
        (named,) = group["ecsServices"]
        service = self._hands.service(named["clusterName"], named["serviceName"])
        if service is None:
            self._refuse("CreateDeployment", "InvalidECSServiceException", "Could not load ECS service.")
        spec = json.loads(appspecs.content(body["revision"]))
        asked = spec["Resources"][0]["TargetService"]["Properties"]
        revision = self._hands.revision(asked["TaskDefinition"])
        now = self._world.clock.now()
        wanted = {
            "taskDefinition": str(revision["taskDefinitionArn"]) if revision else asked["TaskDefinition"],
            **{name: _small(asked[_large(name)]) for name in appspecs.members(spec)},
        }
        info: Body = {
            "applicationName": group["applicationName"],
            "deploymentGroupName": group["deploymentGroupName"],
            "deploymentConfigName": group["deploymentConfigName"],
            "deploymentId": _identity(),
            "status": "InProgress",
            "createTime": now,
            "startTime": now,
            "creator": "user",
            "computePlatform": "ECS",
            **{name: group[name] for name in ("autoRollbackConfiguration",) if name in group},
            **copy.deepcopy(dict(body)),
        }
        events = [{"lifecycleEventName": name, "status": "Pending"} for name in _LIFECYCLE]
        events[0]["status"], events[1]["status"] = "Succeeded", "InProgress"
        original = next(each for each in service["taskSets"] if each["status"] == "PRIMARY")
        replacement = task_set(service, now, wanted["taskDefinition"], info["deploymentId"])
        service["taskSets"] = [original, replacement]
        target = f"{named['clusterName']}:{named['serviceName']}"
        self._runs[info["deploymentId"]] = _Run(info, events, service, target, original, replacement, wanted)
        return str(info["deploymentId"])

    def _succeed(self, run: _Run) -> None:
        for event in run.events:
            event["status"] = "Succeeded"
        run.info |= {"status": "Succeeded", "completeTime": self._world.clock.now()}
        run.original["status"] = "DRAINING"
        run.replacement |= {
            "status": "PRIMARY",
            "runningCount": run.replacement["computedDesiredCount"],
            "pendingCount": 0,
            "stabilityStatus": "STEADY_STATE",
        }
        run.service |= {**run.wanted, "taskSets": [run.replacement]}

    def _fail(self, run: _Run, status: str, code: str, message: str) -> None:
        for event in run.events:
            event["status"] = {"InProgress": "Failed", "Pending": "Skipped"}.get(
                event["status"], event["status"]
            )
        error = {"code": code, "message": message}
        run.info |= {
            "status": status,
            "completeTime": self._world.clock.now(),
            "errorInformation": error,
        }
        run.service["taskSets"] = [run.original]

    def _go_back(self, run: _Run) -> None:
        """Note the deployment that rolls one back; it takes no time."""
        name = _identity()
        run.info["rollbackInfo"] = {"rollbackDeploymentId": name}
        back = {key: value for key, value in run.info.items() if key not in ("errorInformation", "revision")}
        back |= {
            "deploymentId": name,
            "status": "Succeeded",
            "creator": "codeDeployRollback",
            "rollbackInfo": {"rollbackTriggeringDeploymentId": run.info["deploymentId"]},
        }
        self._runs[name] = _Run(
            back, [], run.service, run.target, run.original, run.original, {"taskDefinition": ""}
        )

    def _of(self, group: Body) -> list[_Run]:
        keys = ("applicationName", "deploymentGroupName")
        return [run for run in self._runs.values() if all(run.info[key] == group[key] for key in keys)]

    def _open(self, operation: str, deployment: str) -> _Run:
        run = self._runs.get(deployment)
        if run is None:
            self._absent(operation, "DeploymentDoesNotExistException", deployment)
        if run.info["status"] not in OPEN:
            self._refuse(operation, "DeploymentAlreadyCompletedException", "It is already completed.")
        return run

    def _absent(self, operation: str, code: str, name: str) -> NoReturn:
        raise _error(AwsNotFound, operation, code, f"{name} could not be found")

    def _refuse(self, operation: str, code: str, message: str) -> NoReturn:
        raise _error(AwsRefused, operation, code, message)


def begin(service: Body, now: float) -> None:
    """Give a new service of CodeDeploy's its first task set, at rest."""
    first = task_set(service, now, service["taskDefinition"], "")
    count = service["desiredCount"]
    first |= {
        "status": "PRIMARY",
        "runningCount": count,
        "pendingCount": 0,
        "stabilityStatus": "STEADY_STATE",
    }
    service |= {"taskSets": [first], "runningCount": count, "pendingCount": 0}


def scale(service: Body) -> None:
    """Bring the task sets of a service to the number of tasks wanted, at once."""
    count = service["desiredCount"]
    for each in service["taskSets"]:
        each |= {"computedDesiredCount": count, "runningCount": count, "pendingCount": 0}
    service |= {"runningCount": count, "pendingCount": 0}


def task_set(service: Body, now: float, definition: str, deployment: str) -> Body:
    """Give a task set that has begun to start its tasks."""
    identity = f"ecs-svc/{uuid.uuid4().int % 10**19:019}"
    return {
        "id": identity,
        "status": "ACTIVE",
        "taskDefinition": definition,
        "computedDesiredCount": service["desiredCount"],
        "pendingCount": service["desiredCount"],
        "runningCount": 0,
        "stabilityStatus": "STABILIZING",
        "createdAt": now,
        "updatedAt": now,
        **({"externalId": deployment, "startedBy": "CODE_DEPLOY"} if deployment else {}),
    }


def _shown(task_set: Body, label: str, weight: float) -> Body:
    return {
        "identifer": task_set["id"],
        "desiredCount": task_set["computedDesiredCount"],
        "pendingCount": task_set["pendingCount"],
        "runningCount": task_set["runningCount"],
        "status": task_set["status"],
        "trafficWeight": weight,
        "taskSetLabel": label,
    }


def _identity() -> str:
    return f"d-{uuid.uuid4().hex[:9].upper()}"


def _large(name: str) -> str:
    return name[:1].upper() + name[1:]


def _small(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{name[:1].lower()}{name[1:]}": _small(each) for name, each in value.items()}
    return [_small(each) for each in value] if isinstance(value, list) else value


def _error(kind: type[AwsError], operation: str, code: str, message: str) -> AwsError:
    return kind(f"codedeploy {operation}: {message.rstrip('.')} ({code})", operation=operation, code=code)
