"""The ECS API as the engine uses it: `engine.ports.Gateway` over the clients of `sessions`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from reconciler.aws.clients import Client
from reconciler.aws.sessions import Aws
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Absent, Snapshot
from reconciler.errors import AwsError, AwsNotFound, AwsRefused

if TYPE_CHECKING:
    from reconciler.aws.codedeploy import CodeDeployGateway
    from reconciler.aws.expresses import ExpressGateway
    from reconciler.aws.trails import CloudTrail

_SERVICES_A_CALL: Final = 10
_SERVICES_A_PAGE: Final = 100
_TASKS_A_CALL: Final = 100
_REVISIONS_A_CALL: Final = 20
_REVISIONS_A_PAGE: Final = 100
_DEPLOYMENTS_A_PAGE: Final = 100
_DELETIONS_A_CALL: Final = 10
"""Limits of DescribeServices, ListServices, DescribeTasks, DescribeServiceRevisions (and …Deployments),
ListTaskDefinitions, ListServiceDeployments and DeleteTaskDefinitions (ECS API reference)."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class EcsGateway:
    """Asks and answers, and judges nothing. See `engine.ports.Gateway` for its duties."""

    def __init__(self, aws: Aws) -> None:
        """Take the way to AWS; nothing is called yet."""
        self._aws = aws
        self._ecs: Client = aws.client("ecs")
        self._account = ""
        self._account_lock = Lock()

    @property
    def region(self) -> str:
        """Give the region that calls go to."""
        return self._aws.region

    @property
    def codedeploy(self) -> CodeDeployGateway:
        """Give the way to CodeDeploy; its client is made at the first call."""
        from reconciler.aws.codedeploy import CodeDeployGateway

        return CodeDeployGateway(self._aws)

    @property
    def express(self) -> ExpressGateway:
        """Give the way to Express Mode services."""
        from reconciler.aws.expresses import ExpressGateway

        return ExpressGateway(self._aws)

    @property
    def trail(self) -> CloudTrail:
        """Give the way to CloudTrail."""
        from reconciler.aws.trails import CloudTrail

        return CloudTrail(self._aws)

    def account(self) -> str:
        """Give the 12-digit account of the credentials, asked once."""
        with self._account_lock:
            if not self._account:
                self._account = str(self._aws.client("sts").call("GetCallerIdentity")["Account"])
            return self._account

    def describe_services(self, cluster: str, names: Sequence[str], /) -> Mapping[str, Snapshot | Absent]:
        """Describe services with tags, ten a call, the calls side by side; keyed by the names given."""

        def describe(part: Sequence[str]) -> dict[str, Snapshot | Absent]:
            answer = self._ecs.call(
                "DescribeServices", cluster=cluster, services=list(part), include=["TAGS"]
            )
            return _by_name(part, answer)

        parts = list(_batches(list(dict.fromkeys(names)), _SERVICES_A_CALL))
        found = {
            name: body for answer in self._side_by_side(describe, parts) for name, body in answer.items()
        }
        return {name: found[name] for name in names}

    def list_services(self, cluster: str, /) -> tuple[str, ...]:
        """Give the names of a cluster's services, a hundred a page."""
        pages = self._ecs.pages("ListServices", cluster=cluster, maxResults=_SERVICES_A_PAGE)
        return tuple(arn.rpartition("/")[2] for page in pages for arn in page["serviceArns"])

    def describe_task_definition(self, reference: str, /) -> Snapshot | Absent:
        """Describe a revision, with tags."""
        try:
            answer = self._ecs.call("DescribeTaskDefinition", taskDefinition=reference, include=["TAGS"])
        except AwsNotFound:
            return Absent()
        return Snapshot(answer)

    def list_revisions(self, family: str, /, *, limit: int) -> tuple[str, ...]:
        """Give the ARNs of a family's ACTIVE revisions, newest first, at most `limit`."""
        pages = self._ecs.pages(
            "ListTaskDefinitions",
            familyPrefix=family,
            status="ACTIVE",
            sort="DESC",
            maxResults=max(1, min(limit, _REVISIONS_A_PAGE)),
        )
        # `familyPrefix` means the whole family in the API, its prefix in some servers that speak it.
        arns = (arn for page in pages for arn in page["taskDefinitionArns"])
        return tuple(islice((arn for arn in arns if _family(arn) == family), limit))

    def register_task_definition(self, body: JsonObject, /) -> Snapshot:
        """Register a revision; the answer has the form of DescribeTaskDefinition's."""
        return Snapshot(self._ecs.call("RegisterTaskDefinition", **body))

    def deregister_task_definition(self, arn: str, /) -> None:
        """Make a revision INACTIVE."""
        self._ecs.call("DeregisterTaskDefinition", taskDefinition=arn)

    def delete_task_definitions(self, arns: Sequence[str], /) -> None:
        """Delete INACTIVE revisions, ten a call, one call after the other."""
        for part in _batches(arns, _DELETIONS_A_CALL):
            answer = self._ecs.call("DeleteTaskDefinitions", taskDefinitions=list(part))
            for failure in answer.get("failures", ()):
                why = failure.get("detail") or failure.get("reason", "")
                what = f"ecs DeleteTaskDefinitions: {failure.get('arn', 'a revision')}: {why.rstrip('.')}"
                raise AwsRefused(what, operation="DeleteTaskDefinitions", code=failure.get("reason", ""))

    def create_service(self, body: JsonObject, /) -> Snapshot:
        """Create a service."""
        return Snapshot(self._ecs.call("CreateService", **body)["service"])

    def update_service(self, body: JsonObject, /) -> Snapshot:
        """Update a service."""
        return Snapshot(self._ecs.call("UpdateService", **body)["service"])

    def delete_service(self, cluster: str, service: str, /, *, force: bool = True) -> Snapshot:
        """Delete a service, stopping its tasks."""
        answer = self._ecs.call("DeleteService", cluster=cluster, service=service, force=force)
        return Snapshot(answer["service"])

    def describe_service_revisions(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe service revisions, twenty a call; those that are gone are left out."""

        return self._described("DescribeServiceRevisions", "serviceRevision", arns)

    def list_service_deployments(
        self, cluster: str, service: str, /, *, since: float, statuses: Sequence[str] = ()
    ) -> tuple[JsonObject, ...]:
        """List service deployments that were created since a time, the newest first: the longest page there is."""
        asked: dict[str, Any] = {"createdAt": {"after": since}, "maxResults": _DEPLOYMENTS_A_PAGE}
        if statuses:
            asked["status"] = list(statuses)
        answer = self._ecs.call("ListServiceDeployments", cluster=cluster, service=service, **asked)
        briefs: list[JsonObject] = answer["serviceDeployments"]
        return tuple(sorted(briefs, key=_made_at, reverse=True))  # the API promises no order

    def describe_service_deployments(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe service deployments, twenty a call; those that are gone are left out."""
        return self._described("DescribeServiceDeployments", "serviceDeployment", arns)

    def stop_service_deployment(self, arn: str, /, *, rollback: bool) -> None:
        """Stop a service deployment."""
        stop_type = "ROLLBACK" if rollback else "ABORT"
        self._ecs.call("StopServiceDeployment", serviceDeploymentArn=arn, stopType=stop_type)

    def continue_service_deployment(self, arn: str, hook: str, /, *, rollback: bool) -> None:
        """Answer a PAUSE hook."""
        action = "ROLLBACK" if rollback else "CONTINUE"
        self._ecs.call("ContinueServiceDeployment", serviceDeploymentArn=arn, hookId=hook, action=action)

    def _described(self, operation: str, thing: str, arns: Sequence[str]) -> tuple[JsonObject, ...]:
        """Describe things by ARN, twenty a call, the calls side by side."""

        def describe(part: Sequence[str]) -> list[JsonObject]:
            answer = self._ecs.call(operation, **{f"{thing}Arns": list(part)})
            _only_missing(operation, answer)
            found: list[JsonObject] = answer[f"{thing}s"]
            return found

        parts = list(_batches(arns, _REVISIONS_A_CALL))
        return tuple(each for found in self._side_by_side(describe, parts) for each in found)

    def tag(self, arn: str, tags: Sequence[JsonObject], /) -> None:
        """Set tags of a service or task definition."""
        self._ecs.call("TagResource", resourceArn=arn, tags=list(tags))

    def untag(self, arn: str, keys: Sequence[str], /) -> None:
        """Remove tags by key."""
        self._ecs.call("UntagResource", resourceArn=arn, tagKeys=list(keys))

    def describe_scaling(self, cluster: str, service: str, /) -> Snapshot | Absent:
        """Describe what scales a service's desired count."""
        answer = self._aws.client("application-autoscaling").call(
            "DescribeScalableTargets",
            ServiceNamespace="ecs",
            ResourceIds=[f"service/{cluster.rpartition('/')[2]}/{service}"],
            ScalableDimension="ecs:service:DesiredCount",
        )
        targets = answer["ScalableTargets"]
        return Snapshot(targets[0]) if targets else Absent()

    def register_scaling(self, body: JsonObject, /) -> None:
        """Change a scalable target."""
        self._aws.client("application-autoscaling").call("RegisterScalableTarget", **body)

    def list_tasks(self, cluster: str, service: str, /, *, status: str) -> tuple[str, ...]:
        """Give the ARNs of a service's tasks whose desired status is RUNNING or STOPPED."""
        pages = self._ecs.pages("ListTasks", cluster=cluster, serviceName=service, desiredStatus=status)
        return tuple(arn for page in pages for arn in page["taskArns"])

    def list_family_tasks(self, cluster: str, family: str, /, *, status: str) -> tuple[str, ...]:
        """Give the ARNs of a family's tasks whose desired status is RUNNING or STOPPED."""
        pages = self._ecs.pages("ListTasks", cluster=cluster, family=family, desiredStatus=status)
        return tuple(arn for page in pages for arn in page["taskArns"])

    def describe_tasks(self, cluster: str, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe tasks, a hundred a call; tasks that are gone are left out."""

        def describe(part: Sequence[str]) -> list[JsonObject]:
            answer = self._ecs.call("DescribeTasks", cluster=cluster, tasks=list(part), include=["TAGS"])
            _only_missing("DescribeTasks", answer)
            tasks: list[JsonObject] = answer["tasks"]
            return tasks

        parts = list(_batches(arns, _TASKS_A_CALL))
        return tuple(task for tasks in self._side_by_side(describe, parts) for task in tasks)

    def log_lines(self, group: str, stream: str, /, *, limit: int, region: str = "") -> tuple[str, ...]:
        """Give the last lines of a log stream."""
        from reconciler.aws import evidence

        return evidence.log_lines(self._aws, group, stream, limit, region)

    def target_health(self, target_group: str, /) -> tuple[JsonObject, ...]:
        """Give the health of a target group's targets."""
        from reconciler.aws import evidence

        return evidence.target_health(self._aws, target_group)

    def _side_by_side(self, call: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """Call with every item, in threads where there are several, and give the answers in order."""
        if len(items) < 2:
            return [call(item) for item in items]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(len(items), self._aws.threads), "ecs") as pool:
            return list(pool.map(call, items))


def _by_name(names: Sequence[str], answer: Mapping[str, Any]) -> dict[str, Snapshot | Absent]:
    """Match what DescribeServices gave with the names (or ARNs) that were asked for."""
    _only_missing("DescribeServices", answer)
    bodies = {body[key]: body for body in answer["services"] for key in ("serviceName", "serviceArn")}
    return {name: Snapshot(bodies[name]) if name in bodies else Absent() for name in names}


def _made_at(brief: JsonObject) -> float:
    made = brief.get("createdAt")
    return float(made) if isinstance(made, int | float) else 0.0


def _only_missing(operation: str, answer: Mapping[str, Any]) -> None:
    """Raise on a failure beside an answer that means anything but absence."""
    for failure in answer.get("failures", ()):
        reason = failure.get("reason", "")
        if reason != "MISSING":
            what = f"ecs {operation}: {failure.get('arn', 'a resource')}: {failure.get('detail') or reason}"
            raise AwsError(what, operation=operation, code=reason)


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _family(arn: str) -> str:
    return arn.rpartition("/")[2].rpartition(":")[0]
