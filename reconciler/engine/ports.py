"""What the engine needs from outside. `aws` and `testing` implement it; one contract suite holds for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from reconciler.core.values import JsonObject
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.core.rehearsals import Case, Story


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A body exactly as AWS described it (timestamps as float seconds since the epoch).

    For a task definition the whole body of DescribeTaskDefinition, ``{"taskDefinition": …, "tags": […]}``;
    for a service one element of DescribeServices' ``services`` with its ``tags``.
    """

    body: JsonObject


@dataclass(frozen=True, slots=True)
class Absent:
    """AWS answered, and the thing is not there. `reason` is AWS's word for it (``MISSING``)."""

    reason: str = "MISSING"


class Gateway(Protocol):
    """The ECS API as the engine uses it.

    Duties: a call either answers or raises an `errors.AwsError`; a forbidden read never looks like an absent
    thing; reads change nothing; writes are sent once each, and retried only where AWS is known not to have
    taken them. Safe to call from several threads. Bodies are wire-shaped JSON.
    """

    @property
    def region(self) -> str:
        """Give the region that calls go to."""
        ...

    @property
    def codedeploy(self) -> CodeDeploy:
        """Give the way to CodeDeploy in the same account and region. Asking for it calls nothing."""
        ...

    @property
    def express(self) -> Express:
        """Give the way to Express Mode services in the same account and region. Asking for it calls nothing."""
        ...

    @property
    def trail(self) -> Trail:
        """Give the way to CloudTrail in the same account and region. Asking for it calls nothing."""
        ...

    def account(self) -> str:
        """Give the 12-digit account of the credentials (sts GetCallerIdentity, asked once)."""
        ...

    def describe_services(self, cluster: str, names: Sequence[str], /) -> Mapping[str, Snapshot | Absent]:
        """Describe services of a cluster, with tags, ten a call. AwsNotFound if the cluster is not there."""
        ...

    def list_services(self, cluster: str, /) -> tuple[str, ...]:
        """Give the names of a cluster's services, in no order. AwsNotFound if the cluster is not there."""
        ...

    def describe_task_definition(self, reference: str, /) -> Snapshot | Absent:
        """Describe a revision (ARN, `family:revision`, or `family` for the latest ACTIVE one), with tags."""
        ...

    def list_revisions(self, family: str, /, *, limit: int) -> tuple[str, ...]:
        """Give the ARNs of a family's ACTIVE revisions, newest first, at most `limit`."""
        ...

    def register_task_definition(self, body: JsonObject, /) -> Snapshot:
        """Register a revision (input of RegisterTaskDefinition)."""
        ...

    def deregister_task_definition(self, arn: str, /) -> None:
        """Make a revision INACTIVE; what runs of it goes on. AwsRefused or AwsNotFound where there is none."""
        ...

    def delete_task_definitions(self, arns: Sequence[str], /) -> None:
        """Delete revisions, ten a call: for good, once nothing uses them. AwsRefused where one of them is ACTIVE."""
        ...

    def create_service(self, body: JsonObject, /) -> Snapshot:
        """Create a service (input of CreateService)."""
        ...

    def update_service(self, body: JsonObject, /) -> Snapshot:
        """Update a service (input of UpdateService)."""
        ...

    def delete_service(self, cluster: str, service: str, /, *, force: bool = True) -> Snapshot:
        """Delete a service, stopping its tasks. It is DRAINING until they have stopped, then INACTIVE.

        Without `force` AwsRefused where it is to run any.
        """
        ...

    def describe_service_revisions(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe service revisions, twenty a call; those that are gone are left out."""
        ...

    def list_service_deployments(
        self, cluster: str, service: str, /, *, since: float, statuses: Sequence[str] = ()
    ) -> tuple[JsonObject, ...]:
        """Give the newest hundred service deployments that were created since a time, in brief, the newest first.

        `statuses` are those to list, all where there are none.
        """
        ...

    def describe_service_deployments(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe service deployments, twenty a call; those that are gone are left out."""
        ...

    def stop_service_deployment(self, arn: str, /, *, rollback: bool) -> None:
        """Stop a service deployment: go back to the revision before it, or leave things as they are."""
        ...

    def continue_service_deployment(self, arn: str, hook: str, /, *, rollback: bool) -> None:
        """Let a service deployment go on that a PAUSE hook (by its id) holds, or have it go back."""
        ...

    def tag(self, arn: str, tags: Sequence[JsonObject], /) -> None:
        """Set tags (`{"key": …, "value": …}`) of a service or task definition."""
        ...

    def untag(self, arn: str, keys: Sequence[str], /) -> None:
        """Remove tags by key."""
        ...

    def describe_scaling(self, cluster: str, service: str, /) -> Snapshot | Absent:
        """Describe what scales a service's desired count: one of DescribeScalableTargets' ``ScalableTargets``."""
        ...

    def register_scaling(self, body: JsonObject, /) -> None:
        """Change a scalable target (input of RegisterScalableTarget); what the body leaves out stays."""
        ...

    def list_tasks(self, cluster: str, service: str, /, *, status: str) -> tuple[str, ...]:
        """Give the ARNs of a service's tasks whose desired status is RUNNING or STOPPED."""
        ...

    def list_family_tasks(self, cluster: str, family: str, /, *, status: str) -> tuple[str, ...]:
        """Give the ARNs of a family's tasks in a cluster, whoever started them, by their desired status."""
        ...

    def describe_tasks(self, cluster: str, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe tasks, a hundred a call; tasks that are gone are left out."""
        ...

    def log_lines(self, group: str, stream: str, /, *, limit: int, region: str = "") -> tuple[str, ...]:
        """Give the last lines of a log stream, oldest first. AwsNotFound where group or stream is not there."""
        ...

    def target_health(self, target_group: str, /) -> tuple[JsonObject, ...]:
        """Give the health of a target group's targets (by ARN): elbv2's ``TargetHealthDescriptions``."""
        ...


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A line of CloudWatch Logs. `at` is in seconds since 1970, `id` the service's own."""

    id: str
    at: float
    stream: str
    text: str


class Tasks(Protocol):
    """Tasks that no service starts, and what is done with those that run; the duties are those of `Gateway`."""

    def run(self, body: JsonObject, /) -> tuple[tuple[JsonObject, ...], tuple[JsonObject, ...]]:
        """Run tasks (input of RunTask); gives the tasks, and the failures where some found no place."""
        ...

    def stop(self, cluster: str, arn: str, /, *, reason: str) -> JsonObject:
        """Stop a task. AwsRefused where it is not there."""
        ...

    def execute(self, cluster: str, arn: str, /, *, container: str, command: str) -> JsonObject:
        """Run a command in a container; gives the session (``sessionId``, ``streamUrl``, ``tokenValue``).

        AwsRefused where the task does not let commands be run.
        """
        ...

    def open_session(self, body: JsonObject, /) -> JsonObject:
        """Open a session of Systems Manager (input of its StartSession); gives its answer, as `execute` in form."""
        ...

    def close_session(self, identity: str, /) -> None:
        """End a session that either of them opened. One that has ended is no error."""
        ...

    def log_events(
        self, group: str, streams: Sequence[str], /, *, since: float, region: str = ""
    ) -> tuple[LogEvent, ...]:
        """Give what was written to streams of a group since a time, oldest first; nothing while they are not there."""
        ...


class Rehearsal(Protocol):
    """A model of ECS that plays a deployment through, as fast as it can."""

    def play(self, case: Case, /) -> Story:
        """Play a case through. PlanError where the model refuses it."""
        ...


class CodeDeploy(Protocol):
    """CodeDeploy's API as the engine uses it, for ECS services; the duties are those of `Gateway`.

    Bodies are wire-shaped JSON; lists are read to their end.
    """

    def applications(self) -> tuple[str, ...]:
        """Give the names of all applications."""
        ...

    def group_names(self, application: str, /) -> tuple[str, ...]:
        """Give the names of an application's deployment groups. AwsNotFound without the application."""
        ...

    def groups(self, application: str, names: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe deployment groups, a hundred a call; those that are gone are left out."""
        ...

    def configurations(self) -> tuple[str, ...]:
        """Give the names of all deployment configurations, those of other platforms among them."""
        ...

    def create_deployment(self, body: JsonObject, /) -> str:
        """Create a deployment (input of CreateDeployment); gives its id. AwsRefused while the group has another one."""
        ...

    def list_deployments(
        self, application: str, group: str, /, *, statuses: Sequence[str] = (), limit: int = 100
    ) -> tuple[str, ...]:
        """Give the ids of a group's deployments, newest first, at most `limit`; with `statuses` only those in one."""
        ...

    def describe_deployments(self, ids: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe deployments, 25 a call, in the order asked for; those that are gone are left out."""
        ...

    def describe_target(self, deployment: str, target: str, /) -> Snapshot | Absent:
        """Describe the target (``CLUSTER:SERVICE``) of a deployment, an ``ecsTarget``; Absent until it has begun."""
        ...

    def stop_deployment(self, deployment: str, /, *, rollback: bool) -> None:
        """Stop a deployment, and roll it back or leave things as they are. AwsRefused once it is over."""
        ...

    def continue_deployment(self, deployment: str, /) -> None:
        """Let the traffic of a deployment go over that waits for it. AwsRefused where none waits."""
        ...


class Express(Protocol):
    """Express Mode services as the engine uses them; the duties are those of `Gateway`.

    What ECS made for one, a service of the same cluster, name and ARN, is the `Gateway`'s to describe.
    """

    def describe(self, arn: str, /) -> Snapshot | Absent:
        """Describe one: the ``service`` of DescribeExpressGatewayService, with tags."""
        ...

    def create(self, body: JsonObject, /) -> Snapshot:
        """Create one (input of CreateExpressGatewayService); gives it as `describe` does."""
        ...

    def update(self, body: JsonObject, /) -> JsonObject:
        """Update one (input of UpdateExpressGatewayService); gives the configuration that it moves to."""
        ...

    def delete(self, arn: str, /) -> Snapshot:
        """Delete one with all that was made for it. It is DRAINING until its tasks have stopped."""
        ...


class Trail(Protocol):
    """CloudTrail's event history, ninety days of calls that change things; the duties are those of `Gateway`."""

    def page(self, name: str, token: str = "", /) -> tuple[tuple[JsonObject, ...], str]:
        """Give up to fifty events of a name (``UpdateService``), the newest first, and the token of the next page.

        That is empty after the last one. An event is CloudTrail's own record (``eventTime``, ``userIdentity``,
        ``requestParameters``, …).
        """
        ...


class Clock(Protocol):
    """Time as the engine sees it; the fake in `testing` moves only when told."""

    def now(self) -> float:
        """Give the time in seconds since the epoch."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...
