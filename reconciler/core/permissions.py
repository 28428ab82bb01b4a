"""What a project's commands are allowed to call: a table of operations, a table of commands, and whose resources.

An action is named as its operation, but for the rows that say otherwise. Resources are the types that the Service
Authorization Reference lists for the action, filled with the project's own names; ``*`` where it lists none, or where
AWS checks an action against ``*`` whatever the reference says (RegisterTaskDefinition, ListTasks).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final, NamedTuple, TypeAlias

from reconciler.core import rollouts
from reconciler.core.values import Json, JsonObject
from reconciler.records import dataclass

ANY: Final = "*"
"""Any resource; and what stands for an account, a region or a name that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A project as its permissions depend on it; names are empty where it has none, `ANY` where they are not known.

    `task`, `service_body` and `express` are its definitions as the API spells them, empty where there is no file.
    `revised` tells whether plans read members that only service revisions show, `listed` whether the services of the
    cluster are looked at that no file declares, `traced` whether it is looked up who changed what. `owner` is the value
    of the tag that says whose a service is, `record` the place where applies are recorded.
    """

    partition: str = "aws"
    region: str = ANY
    account: str = ANY
    cluster: str = "default"
    service: str = ""
    family: str = ANY
    task: JsonObject = field(default_factory=dict)
    service_body: JsonObject = field(default_factory=dict)
    express: JsonObject = field(default_factory=dict)
    application: str = ""
    group: str = ""
    configuration: str = ""
    revised: bool = False
    listed: bool = False
    traced: bool = False
    owner: str = ""
    record: str = ""

    @property
    def by_codedeploy(self) -> bool:
        """Tell whether CodeDeploy deploys the service: its file says so, or, without one, the project file."""
        controller = self.service_body.get("deploymentController")
        if isinstance(controller, dict):
            return controller.get("type") == "CODE_DEPLOY"
        return bool(self.service) and not self.service_body and bool(self.application or self.group)

    @property
    def rolled(self) -> bool:
        """Tell whether ECS deploys the service."""
        return bool(self.service) and not self.by_codedeploy

    def arn(self, service: str, rest: str) -> str:
        """Give the ARN of something of the project's account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"


When: TypeAlias = Callable[[Subject], bool]
Resources: TypeAlias = Callable[[Subject], tuple[str, ...]]


def _any(_subject: Subject) -> tuple[str, ...]:
    return (ANY,)


def _service(subject: Subject) -> tuple[str, ...]:
    return (subject.arn("ecs", f"service/{subject.cluster}/{subject.service or ANY}"),)


def _deployments(subject: Subject) -> tuple[str, ...]:
    """Give what AWS's own policy for reading deployments names (developer guide, service-deployment-permissions)."""
    kinds = ("service-deployment", "service-revision")
    within = f"{subject.cluster}/{subject.service or ANY}/*"
    return (*_service(subject), *(subject.arn("ecs", f"{kind}/{within}") for kind in kinds))


def _family(subject: Subject) -> tuple[str, ...]:
    return (subject.arn("ecs", f"task-definition/{subject.family}:*"),)


def _tagged(subject: Subject) -> tuple[str, ...]:
    return (*(_service(subject) if subject.service else ()), *(_family(subject) if subject.task else ()))


def _cluster(subject: Subject) -> tuple[str, ...]:
    return (subject.arn("ecs", f"cluster/{subject.cluster}"),)


def _tasks(subject: Subject) -> tuple[str, ...]:
    return (subject.arn("ecs", f"task/{subject.cluster}/*"),)


def _commanded(subject: Subject) -> tuple[str, ...]:
    return (*_cluster(subject), *_tasks(subject))


def _forwarded(subject: Subject) -> tuple[str, ...]:
    document = f"arn:{subject.partition}:ssm:{subject.region}::document/AWS-StartPortForwardingSession"
    return (*_tasks(subject), document, f"{document}ToRemoteHost")


def _sessions(subject: Subject) -> tuple[str, ...]:
    return (subject.arn("ssm", "session/*"),)


def _targets(subject: Subject) -> tuple[str, ...]:
    return (subject.arn("application-autoscaling", "scalable-target/*"),)


def _application(subject: Subject) -> tuple[str, ...]:
    return (subject.arn("codedeploy", f"application:{subject.application or ANY}"),)


def _group(subject: Subject) -> tuple[str, ...]:
    name = f"{subject.application or ANY}/{subject.group or ANY}"
    return (subject.arn("codedeploy", f"deploymentgroup:{name}"),)


def _configuration(subject: Subject) -> tuple[str, ...]:
    return (subject.arn("codedeploy", f"deploymentconfig:{subject.configuration or ANY}"),)


def _groups_of_lines(subject: Subject) -> tuple[str, ...]:
    """Give the log groups of the containers, with their streams (CloudWatch Logs guide, "ARNs": a final ``:*``)."""
    found: dict[str, None] = {}
    for container in (*_objects(subject.task.get("containerDefinitions")), _express_logs(subject)):
        logged = _object(container.get("logConfiguration"))
        options = _object(logged.get("options"))
        name, region = options.get("awslogs-group"), options.get("awslogs-region") or subject.region
        if logged.get("logDriver") == "awslogs" and isinstance(name, str):
            found[f"arn:{subject.partition}:logs:{region}:{subject.account}:log-group:{name}:*"] = None
    unknown = () if subject.task or subject.express else (subject.arn("logs", "log-group:*"),)
    return (*found, *unknown)


def _express_logs(subject: Subject) -> JsonObject:
    logs = _object(_object(subject.express.get("primaryContainer")).get("awsLogsConfiguration"))
    options: JsonObject = {"awslogs-group": logs.get("logGroup") or ANY}
    return {"logConfiguration": {"logDriver": "awslogs", "options": options}} if subject.express else {}


class Permission(NamedTuple):
    """What an operation takes: the resources of its action, a condition, and the action where it is named otherwise.

    The condition holds ``ecs:cluster`` to the project's, where the ARN does not name the cluster.
    """

    resources: Resources = _any
    within: bool = False
    action: str = ""
    conditions: tuple[tuple[str, str], ...] = ()


OPERATIONS: Final[Mapping[str, Permission]] = {
    "ecs DescribeServices": Permission(_service),
    "ecs ListServices": Permission(within=True),
    "ecs CreateService": Permission(_service),
    "ecs UpdateService": Permission(_service),
    "ecs DeleteService": Permission(_service),
    "ecs ListServiceDeployments": Permission(_deployments),
    "ecs DescribeServiceDeployments": Permission(_deployments),
    "ecs DescribeServiceRevisions": Permission(_deployments),
    "ecs StopServiceDeployment": Permission(_deployments),
    "ecs ContinueServiceDeployment": Permission(_deployments),
    "ecs DescribeTaskDefinition": Permission(),
    "ecs ListTaskDefinitions": Permission(),
    "ecs RegisterTaskDefinition": Permission(),
    "ecs DeregisterTaskDefinition": Permission(),
    "ecs DeleteTaskDefinitions": Permission(_family),
    "ecs TagResource": Permission(_tagged),
    "ecs UntagResource": Permission(_tagged),
    "ecs ListTasks": Permission(within=True),
    "ecs DescribeTasks": Permission(_tasks),
    "ecs RunTask": Permission(_family, within=True),
    "ecs StopTask": Permission(_tasks),
    "ecs ExecuteCommand": Permission(_commanded),
    "ecs DescribeExpressGatewayService": Permission(_service),
    "ecs CreateExpressGatewayService": Permission(_service),
    "ecs UpdateExpressGatewayService": Permission(_service),
    "ecs DeleteExpressGatewayService": Permission(_service),
    "application-autoscaling DescribeScalableTargets": Permission(),
    "application-autoscaling RegisterScalableTarget": Permission(
        _targets, conditions=(("application-autoscaling:service-namespace", "ecs"),)
    ),
    "codedeploy ListApplications": Permission(),
    "codedeploy ListDeploymentGroups": Permission(_application),
    "codedeploy BatchGetDeploymentGroups": Permission(_group),
    "codedeploy ListDeploymentConfigs": Permission(),
    "codedeploy GetDeploymentConfig": Permission(_configuration),
    "codedeploy RegisterApplicationRevision": Permission(_application),
    "codedeploy CreateDeployment": Permission(_group),
    "codedeploy ListDeployments": Permission(_group),
    "codedeploy BatchGetDeployments": Permission(_group),
    "codedeploy GetDeploymentTarget": Permission(),
    "codedeploy StopDeployment": Permission(),
    "codedeploy ContinueDeployment": Permission(),
    "logs GetLogEvents": Permission(_groups_of_lines),
    "logs FilterLogEvents": Permission(_groups_of_lines),
    "elbv2 DescribeTargetHealth": Permission(action="elasticloadbalancing:DescribeTargetHealth"),
    "cloudtrail LookupEvents": Permission(),
    "ssm StartSession": Permission(_forwarded),
    "ssm TerminateSession": Permission(_sessions),
}
"""Every operation that the gateways call, by botocore's name of its service, and two of CodeDeploy's that AWS asks for
with CreateDeployment (user guide, permissions reference). GetCallerIdentity is left out: nobody can be denied it."""


EXPRESS_WRITES: Final = ("ecs CreateExpressGatewayService", "ecs UpdateExpressGatewayService")
"""The operations that hand over the definition of an Express Mode service, with its roles."""


class Part(NamedTuple):
    """Operations that go together, and of which projects. A diagnosis can be done without.

    `across` says that they are about any service of the cluster; `owned` about those alone that carry the owner's tag.
    """

    operations: tuple[str, ...]
    when: When = lambda _subject: True
    diagnosis: bool = False
    across: bool = False
    owned: bool = False


def _in_express(subject: Subject) -> bool:
    return bool(subject.express)


def _plain(subject: Subject) -> bool:
    return bool(subject.service) and not subject.express


def _counted(subject: Subject) -> bool:
    """Tell whether a plan may have to know what scales the service: where it says how many tasks there are to be."""
    return "desiredCount" in subject.service_body


_PROJECT: Final = Part(("ecs DescribeServices",), lambda subject: bool(subject.service))
_REVISION: Final = Part(("ecs DescribeTaskDefinition",), lambda subject: not subject.express)
_EXPRESS: Final = Part(("ecs DescribeExpressGatewayService", "ecs DescribeServiceRevisions"), _in_express)
_REVISED: Final = Part(("ecs DescribeServiceRevisions",), lambda subject: subject.revised)
_SCALED: Final = Part(("application-autoscaling DescribeScalableTargets",), _counted)
_DEPLOYED: Final = Part(
    ("codedeploy BatchGetDeployments", "codedeploy BatchGetDeploymentGroups"),
    lambda subject: subject.by_codedeploy,
)
_SOUGHT: Final = Part(
    ("codedeploy ListDeploymentGroups",),
    lambda subject: subject.by_codedeploy and not (subject.application and subject.group),
)
_SOUGHT_EVERYWHERE: Final = Part(
    ("codedeploy ListApplications",), lambda subject: subject.by_codedeploy and not subject.application
)
_CONFIGURED: Final = Part(
    ("codedeploy ListDeploymentConfigs",),
    lambda subject: subject.by_codedeploy and bool(subject.configuration),
)
_GROUP: Final = (_DEPLOYED, _SOUGHT, _SOUGHT_EVERYWHERE, _CONFIGURED)
_WATCHED: Final = (
    Part(("ecs ListServiceDeployments", "ecs DescribeServiceDeployments"), lambda s: s.rolled),
    Part(("codedeploy ListDeployments", "codedeploy GetDeploymentTarget"), lambda s: s.by_codedeploy),
)
_DIAGNOSED: Final = (
    Part(
        ("ecs ListTasks", "ecs DescribeTasks", "ecs DescribeTaskDefinition"),
        lambda s: bool(s.service),
        diagnosis=True,
    ),
    Part(("logs GetLogEvents",), lambda s: bool(s.service and _groups_of_lines(s)), diagnosis=True),
    Part(
        ("elbv2 DescribeTargetHealth",),
        lambda s: bool(s.service and (s.service_body.get("loadBalancers") or not s.service_body)),
        diagnosis=True,
    ),
)
_DEPLOYING: Final = Part(
    (
        "codedeploy CreateDeployment",
        "codedeploy GetDeploymentConfig",
        "codedeploy RegisterApplicationRevision",
    ),
    lambda subject: subject.by_codedeploy,
)
_REGISTERED: Final = Part(("ecs RegisterTaskDefinition",), lambda subject: bool(subject.task))
_TAGGED: Final = Part(("ecs TagResource", "ecs UntagResource"), lambda s: bool(s.task or s.service))
_UPDATED: Final = Part(("ecs UpdateService",), _plain)
_RESTARTED: Final = Part(("ecs UpdateService",), lambda subject: subject.rolled)
_PAUSED: Final = Part(
    ("ecs ListServiceDeployments", "ecs DescribeServiceDeployments"),
    lambda s: s.rolled and rollouts.pauses(_object(s.service_body.get("deploymentConfiguration"))),
)
"""What says at which stage a rollout is paused."""
_PLANNED: Final = (_PROJECT, _REVISION, _EXPRESS, _REVISED, _SCALED, _PAUSED, *_GROUP)
_APPLIED: Final = (
    *_PLANNED,
    _REGISTERED,
    _TAGGED,
    _UPDATED,
    Part(("ecs CreateService",), lambda subject: bool(subject.service_body)),
    Part(EXPRESS_WRITES, _in_express),
    _DEPLOYING,
    *_WATCHED,
    *_DIAGNOSED,
)
_REGISTERED_ALONE: Final = (
    _REVISION,
    _REGISTERED,
    Part(("ecs TagResource",), lambda subject: bool(subject.task.get("tags"))),
)
_LISTED: Final = Part(("ecs ListTasks", "ecs DescribeTasks"))
_LINES: Final = Part(("logs FilterLogEvents",), lambda subject: bool(_groups_of_lines(subject)))
_FOUND: Final = Part(("ecs DescribeServices",), lambda subject: bool(subject.service) and not subject.task)
"""What tells the family of a project that has no task definition."""
_FAMILY: Final = (_PROJECT, Part(("ecs ListTaskDefinitions", "ecs DescribeTaskDefinition")), _LISTED)

_STRAYS: Final = Part(("ecs ListServices", "ecs DescribeServices"), across=True)
"""What finds the services that no file declares."""
_TRACED: Final = Part(("cloudtrail LookupEvents",), lambda subject: subject.traced)

COMMANDS: Final[Mapping[str, tuple[Part, ...]]] = {
    "plan": _PLANNED,
    "diff": _PLANNED,
    "drift": (*_PLANNED, _STRAYS._replace(when=lambda subject: subject.listed), _TRACED),
    "apply": _APPLIED,
    "deploy": _APPLIED,
    "refresh": (_PROJECT, _REVISION, _EXPRESS, *_GROUP, _RESTARTED, _DEPLOYING, *_WATCHED, *_DIAGNOSED),
    "scale": (
        _PROJECT,
        _REVISION,
        *_GROUP,
        _UPDATED,
        Part(
            (
                "application-autoscaling DescribeScalableTargets",
                "application-autoscaling RegisterScalableTarget",
            )
        ),
        *_WATCHED,
        *_DIAGNOSED,
    ),
    "wait": (_PROJECT, *_GROUP, *_WATCHED, *_DIAGNOSED),
    "continue": (
        _PROJECT,
        *_GROUP,
        *_WATCHED,
        Part(("ecs ContinueServiceDeployment",), lambda s: s.rolled),
        Part(("codedeploy ContinueDeployment",), lambda s: s.by_codedeploy),
        *_DIAGNOSED,
    ),
    "rollback": (
        _PROJECT,
        *_GROUP,
        *_WATCHED,
        _RESTARTED,
        Part(("ecs DescribeServiceRevisions", "ecs StopServiceDeployment"), lambda s: s.rolled),
        Part(("codedeploy StopDeployment",), lambda s: s.by_codedeploy),
        _DEPLOYING,
        Part(("ecs ListTaskDefinitions",)),
        Part(
            ("ecs DescribeTaskDefinition", "ecs DeregisterTaskDefinition"),
            lambda subject: not subject.express,
        ),
        *_DIAGNOSED,
    ),
    "status": (
        _PROJECT,
        Part(("ecs DescribeExpressGatewayService",), _in_express),
        Part(("application-autoscaling DescribeScalableTargets",)),
        *_GROUP,
        *_WATCHED,
        *_DIAGNOSED,
    ),
    "run": (_PROJECT, *_REGISTERED_ALONE, Part(("ecs RunTask", "ecs DescribeTasks")), _LINES),
    "tasks": (_PROJECT, _LISTED, Part(("ecs StopTask", "ecs DescribeTaskDefinition")), _LINES),
    "logs": (_FOUND, _LISTED, Part(("ecs DescribeTaskDefinition",)), _LINES),
    "exec": (_FOUND, _LISTED, Part(("ecs ExecuteCommand", "ssm StartSession", "ssm TerminateSession"))),
    "register": _REGISTERED_ALONE,
    "revisions": _FAMILY,
    "deregister": (*_FAMILY, Part(("ecs DeregisterTaskDefinition", "ecs DeleteTaskDefinitions"))),
    "appspec": (_PROJECT, Part(("ecs DescribeTaskDefinition",))),
    "delete": (
        _PROJECT,
        Part(("ecs DeleteService",), lambda subject: not subject.express),
        Part(("ecs DeleteExpressGatewayService",), _in_express),
    ),
    "prune": (
        _STRAYS,
        Part(
            ("ecs DeleteService", "ecs DeleteExpressGatewayService"),
            lambda subject: bool(subject.owner),
            across=True,
            owned=True,
        ),
    ),
    "verify": (_PROJECT, Part(("ecs DescribeTaskDefinition",), lambda subject: not subject.task), *_GROUP),
    "render": (),
    "references": (),
    "explain": (),
    "console": (),
}
"""What each command of a project calls, beside its resolvers and, of `verify`, the reads of its checks."""

_READ: Final = ("s3:GetObject", "s3:ListBucket")
RECORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "drift": _READ,
    **dict.fromkeys(("apply", "deploy", "refresh", "scale"), (*_READ, "s3:PutObject")),
}
"""What a command takes where records of applies are kept in S3. What applies a part of the files reads the record, too.
Without the right to list the bucket a record that is not there yet is a denied one (S3 API reference, GetObject).
"""

UNEVALUATED: Final = frozenset(
    ("refresh", "scale", "wait", "continue", "status", "delete", "rollback", "prune")
)
"""The commands that evaluate the project file alone: what the definitions refer to is not read."""

ROLELESS: Final = frozenset(("refresh", "scale"))
"""The commands whose updates of a service name none of its roles."""


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> tuple[JsonObject, ...]:
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list | tuple) else ()
