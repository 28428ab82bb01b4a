"""What an ECS in memory holds: clusters, families, services, tags; and what a test may do to it."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, cast

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


class Store:
    """The state behind `gateways.FakeGateway`, to which the tests' hands reach too."""

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
        self.records: list[JsonObject] = []
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
            raise error(AwsNotFound, "cluster", "ClusterNotFoundException", "Cluster not found.")
        return name

    def _find(self, cluster: str, reference: str) -> Body | None:
        return self._services.get((self._cluster(cluster), reference.rpartition("/")[2]))

    def _known(self, operation: str, cluster: str, name: str) -> Body:
        found = self._find(cluster, name)
        if found is None:
            raise error(AwsNotFound, operation, "ServiceNotFoundException", "Service not found.")
        return found

    def _updatable(self, sent: Body) -> Body:
        service = self._known("UpdateService", sent.get("cluster", "default"), sent["service"])
        if service["status"] != "ACTIVE":
            self._refuse("UpdateService", "ServiceNotActiveException", "Service was not ACTIVE.")
        return service

    def _refuse(self, operation: str, code: str, message: str) -> None:
        raise error(AwsRefused, operation, code, message)

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
            raise error(AwsNotFound, operation, "ClientException", "TaskDefinition not found.")
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
        current = [{"arn": revision_arn(service)}] if service["deployments"] else []
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


def revision_arn(service: Body) -> str:
    """Name the newest revision of a service: each deployment has one."""
    newest = service["deployments"][0]["id"].rpartition("/")[2] if service["deployments"] else "0"
    return f"{service['serviceArn'].replace(':service/', ':service-revision/')}/{newest}"


def error(kind: type[AwsError], operation: str, code: str, message: str, service: str = "ecs") -> AwsError:
    """Give an error as `aws.faults` makes it of AWS's answer."""
    return kind(f"{service} {operation}: {message.rstrip('.')} ({code})", operation=operation, code=code)
