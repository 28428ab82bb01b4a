"""An ECS in memory: as much of it as plans and applies are judged by. The sandbox simulates the rest."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, cast

from reconciler.core import codedeployments
from reconciler.core.kinds import controllers
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Absent, Clock, Snapshot
from reconciler.errors import AwsError, AwsNotFound, AwsRefused
from reconciler.records import dataclass
from reconciler.testing import codedeploys, definitions, rollouts, tasks
from reconciler.testing.clocks import FakeClock
from reconciler.testing.definitions import Body


@dataclass(frozen=True, slots=True)
class Called:
    """One call of the gateway: the method's name and its arguments, in order."""

    method: str
    arguments: tuple[object, ...]


@dataclass(slots=True)
class _Failure:
    error: AwsError
    times: int
    taken: bool


def _never(_definition: JsonObject) -> bool:
    return False


class FakeGateway:
    """`engine.ports.Gateway` over dictionaries.

    A rollout takes `rollout_seconds` of `clock`, then completes, or fails if `fails` says so of its task
    definition. `calls` lists what was called; `fail` makes calls fail, before or after they took effect.
    """

    def __init__(
        self,
        *,
        clusters: Sequence[str] = ("default",),
        region: str = "eu-west-1",
        account: str = "123456789012",
        clock: Clock | None = None,
        rollout_seconds: float = 0.0,
        fails: Callable[[JsonObject], bool] = _never,
    ) -> None:
        """Begin with empty clusters."""
        self.clock = clock or FakeClock()
        self.rollout_seconds = rollout_seconds
        self.fails = fails
        self.calls: list[Called] = []
        self._region = region
        self._account = account
        self._clusters = {*clusters}
        self._families: defaultdict[str, list[Body]] = defaultdict(list)
        self._services: dict[tuple[str, str], Body] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._targets: dict[str, Body] = {}
        self._failures: dict[str, _Failure] = {}
        self._logs: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._health: dict[str, Body] = {}
        self._lock = RLock()
        self.codedeploy = codedeploys.FakeCodeDeploy(
            self, codedeploys.Hands(self._called, self._find, self._revision)
        )

    @property
    def region(self) -> str:
        """Give the region."""
        return self._region

    def account(self) -> str:
        """Give the account."""
        with self._called("account"):
            return self._account

    def describe_services(self, cluster: str, names: Sequence[str], /) -> Mapping[str, Snapshot | Absent]:
        """Describe services as they stand at this moment of the clock."""
        with self._called("describe_services", cluster, tuple(names)):
            return {name: self._described(self._find(cluster, name)) for name in names}

    def describe_task_definition(self, reference: str, /) -> Snapshot | Absent:
        """Describe a revision; a bare family means its newest ACTIVE one."""
        with self._called("describe_task_definition", reference):
            found = self._revision(reference)
            return Absent() if found is None else self._definition(found)

    def list_revisions(self, family: str, /, *, limit: int) -> tuple[str, ...]:
        """Give the ARNs of the ACTIVE revisions, newest first."""
        with self._called("list_revisions", family, limit):
            return tuple(revision["taskDefinitionArn"] for revision in self._active(family))[:limit]

    def register_task_definition(self, body: JsonObject, /) -> Snapshot:
        """Register a revision."""
        with self._called("register_task_definition", copy.deepcopy(body)):
            sent = cast(Body, body)
            revisions = self._families[sent["family"]]
            number = len(revisions) + 1
            stored = definitions.task_definition(sent) | {
                "taskDefinitionArn": self._arn(f"task-definition/{sent['family']}:{number}"),
                "revision": number,
                "status": "ACTIVE",
                "registeredAt": self.clock.now(),
                "registeredBy": f"arn:aws:iam::{self._account}:user/fake",
            }
            revisions.append(stored)
            self._set_tags(stored["taskDefinitionArn"], sent.get("tags", ()))
            return self._definition(stored)

    def deregister_task_definition(self, arn: str, /) -> None:
        """Make a revision INACTIVE."""
        with self._called("deregister_task_definition", arn):
            found = self._revision(arn) if ":" in arn.rpartition("/")[2] else None
            if found is None:
                code, message = "ClientException", "The specified task definition does not exist."
                raise _error(AwsNotFound, "DeregisterTaskDefinition", code, message)
            found["status"] = "INACTIVE"

    def create_service(self, body: JsonObject, /) -> Snapshot:
        """Create a service and start its first deployment."""
        with self._called("create_service", copy.deepcopy(body)):
            sent = cast(Body, body)
            cluster, name = self._cluster(sent.get("cluster", "default")), sent["serviceName"]
            if self._services.get((cluster, name), {}).get("status") == "ACTIVE":
                self._refuse(
                    "CreateService", "InvalidParameterException", "Creation of service was not idempotent."
                )
            service = definitions.service(sent) | {
                "serviceArn": self._arn(f"service/{cluster}/{name}"),
                "clusterArn": self._arn(f"cluster/{cluster}"),
                "taskDefinition": self._existing("CreateService", sent["taskDefinition"]),
                "status": "ACTIVE",
                "createdAt": self.clock.now(),
                "deployments": [],
                "events": [],
            }
            self._services[cluster, name] = service
            self._set_tags(service["serviceArn"], sent.get("tags", ()))
            if codedeployments.controller(service) == "CODE_DEPLOY":
                codedeploys.begin(service, self.clock.now())
            else:
                rollouts.begin(service, sent, self.clock.now())
            return self._snapshot(service)

    def update_service(self, body: JsonObject, /) -> Snapshot:
        """Update a service, and start a deployment where the change calls for one."""
        with self._called("update_service", copy.deepcopy(body)):
            sent = cast(Body, body)
            service = self._updatable(sent)
            self._settle(service)
            changes = definitions.members(sent)
            if codedeployments.controller(service) == "CODE_DEPLOY" and not service["deployments"]:
                return self._scaled(service, sent, changes)
            if "taskDefinition" in sent:
                changes["taskDefinition"] = self._existing("UpdateService", sent["taskDefinition"])
            if "deploymentConfiguration" in sent:
                before = service["deploymentConfiguration"]
                changes["deploymentConfiguration"] = definitions.deployment_configuration(before, sent)
            shown = service["deployments"][0] | service
            wanted = sent | changes
            starts = sent.get("forceNewDeployment", False) or any(
                shown.get(key) != wanted[key] for key in rollouts.STARTS & sent.keys()
            )
            service |= changes
            definitions.relaunch(service, sent)
            if starts:
                rollouts.begin(service, sent, self.clock.now())
            else:
                rollouts.scale(service)
            return self._snapshot(service)

    def _scaled(self, service: Body, sent: Body, changes: Body) -> Snapshot:
        """Update a service that CodeDeploy deploys (API model, UpdateService: what may be changed of it)."""
        for name in sorted(sent.keys() - {"cluster", "service"}):
            if not controllers.updates("CODE_DEPLOY", name):
                message = f"Unable to update {name} on services with a CODE_DEPLOY deployment controller."
                self._refuse("UpdateService", "InvalidParameterException", message)
        if "deploymentConfiguration" in sent:
            before = service["deploymentConfiguration"]
            changes["deploymentConfiguration"] = definitions.deployment_configuration(before, sent)
        service |= changes
        codedeploys.scale(service)
        return self._snapshot(service)

    def delete_service(self, cluster: str, service: str, /) -> Snapshot:
        """Delete a service: its tasks stop within `rollout_seconds`."""
        with self._called("delete_service", cluster, service):
            found = self._known("DeleteService", cluster, service)
            found.update(status="DRAINING", desiredCount=0, deletedAt=self.clock.now())
            return self._snapshot(found)

    def describe_service_revisions(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe service revisions: each deployment has one, as the service was when it began."""
        with self._called("describe_service_revisions", tuple(arns)):
            kept: dict[str, Body] = {}
            for service in self._services.values():
                kept |= service.get("revisions", {})
                newest = _revision_arn(service)
                kept[newest] = kept.get(newest, {}) | definitions.revision(service)
            return tuple(
                {"createdAt": self.clock.now()} | copy.deepcopy(kept[arn]) | {"serviceRevisionArn": arn}
                for arn in arns
                if arn in kept
            )

    def list_service_deployments(
        self, cluster: str, service: str, /, *, since: float, statuses: Sequence[str] = ()
    ) -> tuple[JsonObject, ...]:
        """Give the newest service deployments since a time, in brief, the newest first."""
        with self._called("list_service_deployments", cluster, service, since, tuple(statuses)):
            found = self._known("ListServiceDeployments", cluster, service)
            self._settle(found)
            records = [
                record
                for record in found.get("records", ())
                if record["createdAt"] >= since and (not statuses or record["status"] in statuses)
            ]
            return tuple(
                {name: record[name] for name in _BRIEF if name in record}
                | {"targetServiceRevisionArn": record["targetServiceRevision"]["arn"]}
                for record in records[:20]
            )

    def describe_service_deployments(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe service deployments."""
        with self._called("describe_service_deployments", tuple(arns)):
            return tuple(copy.deepcopy(record) for arn in arns for _, record in self._recorded(arn))

    def stop_service_deployment(self, arn: str, /, *, rollback: bool) -> None:
        """Stop a service deployment that is under way."""
        with self._called("stop_service_deployment", arn, rollback):
            for service, record in self._recorded(arn):
                if record["status"] != "IN_PROGRESS":
                    self._refuse("StopServiceDeployment", "ConflictException", "It is not in progress.")
                rollouts.stop(service, record, self.clock.now(), rollback=rollback)

    def continue_service_deployment(self, arn: str, hook: str, /, *, rollback: bool) -> None:
        """Answer a PAUSE hook: nothing here ever pauses."""
        with self._called("continue_service_deployment", arn, hook, rollback):
            self._refuse("ContinueServiceDeployment", "InvalidParameterException", "Nothing waits.")

    def _recorded(self, arn: str) -> Iterator[tuple[Body, Body]]:
        for service in self._services.values():
            self._settle(service)
            for record in service.get("records", ()):
                if record["serviceDeploymentArn"] == arn:
                    yield service, record

    def tag(self, arn: str, tags: Sequence[JsonObject], /) -> None:
        """Set tags."""
        with self._called("tag", arn, tuple(tags)):
            self._set_tags(arn, tags)

    def untag(self, arn: str, keys: Sequence[str], /) -> None:
        """Remove tags."""
        with self._called("untag", arn, tuple(keys)):
            for key in keys:
                self._tags.get(arn, {}).pop(key, None)

    def describe_scaling(self, cluster: str, service: str, /) -> Snapshot | Absent:
        """Describe a service's scalable target."""
        with self._called("describe_scaling", cluster, service):
            found = self._targets.get(f"service/{self._cluster(cluster)}/{service}")
            return Absent() if found is None else Snapshot(copy.deepcopy(found))

    def register_scaling(self, body: JsonObject, /) -> None:
        """Change a scalable target, or make one."""
        with self._called("register_scaling", copy.deepcopy(body)):
            resource = str(body["ResourceId"])
            _, cluster, service = resource.split("/")
            self._known("RegisterScalableTarget", cluster, service)
            self._targets[resource] = self._targets.get(resource, {}) | copy.deepcopy(cast(Body, body))

    def list_tasks(self, cluster: str, service: str, /, *, status: str) -> tuple[str, ...]:
        """Give the ARNs of the tasks that run, or of those that failed to start."""
        with self._called("list_tasks", cluster, service, status):
            found = self._tasks(self._known("ListTasks", cluster, service))
            return tuple(task["taskArn"] for task in found if task["desiredStatus"] == status)

    def describe_tasks(self, cluster: str, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe tasks."""
        with self._called("describe_tasks", cluster, tuple(arns)):
            inside = [
                service for (home, _), service in self._services.items() if home == self._cluster(cluster)
            ]
            found = {task["taskArn"]: task for service in inside for task in self._tasks(service)}
            return tuple(found[arn] for arn in arns if arn in found)

    def log_lines(self, group: str, stream: str, /, *, limit: int, region: str = "") -> tuple[str, ...]:
        """Give the last lines that `write` put there."""
        with self._called("log_lines", group, stream, limit, region):
            if (group, stream) not in self._logs:
                code, message = "ResourceNotFoundException", "The specified log stream does not exist."
                raise _error(AwsNotFound, "GetLogEvents", code, message, "logs")
            return tuple(self._logs[group, stream][-limit:])

    def target_health(self, target_group: str, /) -> tuple[JsonObject, ...]:
        """Give the tasks that run behind a target group, healthy unless `ail` says otherwise."""
        with self._called("target_health", target_group):
            behind = [
                (task, balancer)
                for service in self._services.values()
                for balancer in service.get("loadBalancers", ())
                if balancer.get("targetGroupArn") == target_group
                for task in [{}, *self._tasks(service)]
            ]
            if not behind:
                code, message = "TargetGroupNotFound", f"Target groups '{target_group}' not found"
                raise _error(AwsRefused, "DescribeTargetHealth", code, message, "elbv2")
            return tuple(
                {
                    "Target": {"Id": tasks.address(task), "Port": balancer["containerPort"]},
                    "TargetHealth": copy.deepcopy(self._health.get(target_group, {"State": "healthy"})),
                }
                for task, balancer in behind
                if task.get("lastStatus") == "RUNNING"
            )

    # What a test may do to it beside the port.

    def write(self, group: str, stream: str, *lines: str) -> None:
        """Let a container have written lines."""
        self._logs[group, stream].extend(lines)

    def ail(self, target_group: str, health: JsonObject) -> None:
        """Let all targets of a target group be in this health (``TargetHealth`` of the API)."""
        self._health[target_group] = cast(Body, copy.deepcopy(health))

    def fail(self, method: str, error: AwsError, *, times: int = 1, taken: bool = False) -> None:
        """Make the next calls of a method raise; with `taken` only after they have had their effect."""
        self._failures[method] = _Failure(error, times, taken)

    def put(self, described: JsonObject) -> None:
        """Let a service be there as AWS describes it, in place of one of that name."""
        service = cast(Body, copy.deepcopy(described))
        definitions.launched(service)
        self._services[self._cluster(service["clusterArn"]), service["serviceName"]] = service
        self._set_tags(service["serviceArn"], service.pop("tags", ()))

    def edit(self, cluster: str, name: str, **members: object) -> None:
        """Change a service behind everybody's back, as somebody does in the console."""
        self._known("edit", cluster, name).update(copy.deepcopy(members))

    def delete(self, cluster: str, name: str) -> None:
        """Delete a service: it stays as INACTIVE for a while."""
        self._known("delete", cluster, name).update(
            status="INACTIVE", desiredCount=0, runningCount=0, pendingCount=0, deployments=[]
        )

    def deregister(self, reference: str) -> None:
        """Deregister a revision: it becomes INACTIVE."""
        found = self._revision(reference)
        if found is None:
            raise LookupError(reference)
        found["status"] = "INACTIVE"

    @contextmanager
    def _called(self, method: str, *arguments: object) -> Iterator[None]:
        with self._lock:
            self.calls.append(Called(method, arguments))
            failure = self._failures.get(method)
            if failure and failure.times > 0:
                failure.times -= 1
                if not failure.taken:
                    raise failure.error
            else:
                failure = None
            yield
            if failure:
                raise failure.error

    def _arn(self, resource: str) -> str:
        return f"arn:aws:ecs:{self._region}:{self._account}:{resource}"

    def _cluster(self, reference: str) -> str:
        name = reference.rpartition("/")[2]
        if name not in self._clusters:
            raise _error(AwsNotFound, "cluster", "ClusterNotFoundException", "Cluster not found.")
        return name

    def _find(self, cluster: str, reference: str) -> Body | None:
        return self._services.get((self._cluster(cluster), reference.rpartition("/")[2]))

    def _known(self, operation: str, cluster: str, name: str) -> Body:
        found = self._find(cluster, name)
        if found is None:
            raise _error(AwsNotFound, operation, "ServiceNotFoundException", "Service not found.")
        return found

    def _updatable(self, sent: Body) -> Body:
        service = self._known("UpdateService", sent.get("cluster", "default"), sent["service"])
        if service["status"] != "ACTIVE":
            self._refuse("UpdateService", "ServiceNotActiveException", "Service was not ACTIVE.")
        return service

    def _refuse(self, operation: str, code: str, message: str) -> None:
        raise _error(AwsRefused, operation, code, message)

    def _active(self, family: str) -> list[Body]:
        return [body for body in reversed(self._families.get(family, [])) if body["status"] == "ACTIVE"]

    def _revision(self, reference: str) -> Body | None:
        family, _, number = reference.rpartition("/")[2].partition(":")
        if not number:
            return next(iter(self._active(family)), None)
        return next(
            (body for body in self._families.get(family, ()) if str(body["revision"]) == number), None
        )

    def _existing(self, operation: str, reference: str) -> str:
        found = self._revision(reference)
        if found is None or found["status"] != "ACTIVE":
            raise _error(AwsNotFound, operation, "ClientException", "TaskDefinition not found.")
        return str(found["taskDefinitionArn"])

    def _set_tags(self, arn: str, tags: Sequence[Any]) -> None:
        self._tags.setdefault(arn, {}).update({tag["key"]: tag.get("value", "") for tag in tags})

    def _tag_list(self, arn: str) -> list[Body]:
        return [{"key": key, "value": value} for key, value in self._tags.get(arn, {}).items()]

    def _definition(self, revision: Body) -> Snapshot:
        tags = self._tag_list(revision["taskDefinitionArn"])
        return Snapshot({"taskDefinition": copy.deepcopy(revision), "tags": tags})

    def _described(self, service: Body | None) -> Snapshot | Absent:
        if service is None:
            return Absent()
        self._settle(service)
        return self._snapshot(service)

    def _snapshot(self, service: Body) -> Snapshot:
        shown = {
            name: member for name, member in copy.deepcopy(service).items() if name not in definitions.UNSHOWN
        }
        current = [{"arn": _revision_arn(service)}] if service["deployments"] else []
        return Snapshot(
            shown | {"tags": self._tag_list(service["serviceArn"]), "currentServiceRevisions": current}
        )

    def _settle(self, service: Body) -> None:
        """Let the rollout be as far as the clock is."""
        now = self.clock.now()
        self.codedeploy.settle()
        if (
            service["status"] == "DRAINING"
            and now >= service.get("deletedAt", math.inf) + self.rollout_seconds
        ):
            self.delete(service["clusterArn"], service["serviceName"])
        primary = rollouts.in_progress(service)
        if primary and now >= primary["createdAt"] + self.rollout_seconds:
            definition = self._revision(primary["taskDefinition"])
            rollouts.end(service, now, failed=definition is not None and self.fails(definition))

    def _tasks(self, service: Body) -> list[Body]:
        self._settle(service)
        return tasks.of(service, self._revision)


_BRIEF = (
    *("serviceDeploymentArn", "serviceArn", "clusterArn"),
    *("createdAt", "startedAt", "finishedAt", "status", "statusReason"),
)
"""Members of ServiceDeploymentBrief that a record has too."""


def _revision_arn(service: Body) -> str:
    """Name the newest revision of a service: each deployment has one."""
    newest = service["deployments"][0]["id"].rpartition("/")[2] if service["deployments"] else "0"
    return f"{service['serviceArn'].replace(':service/', ':service-revision/')}/{newest}"


def _error(kind: type[AwsError], operation: str, code: str, message: str, service: str = "ecs") -> AwsError:
    return kind(f"{service} {operation}: {message.rstrip('.')} ({code})", operation=operation, code=code)
