"""The smallest IAM policy for commands of a project: who may call what on which resources, and which roles to pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.core import permissions, probes, stamps
from reconciler.core.permissions import ANY, Part, Permission, Subject
from reconciler.core.values import Json, JsonObject
from reconciler.core.verification.checks import Check, Needs
from reconciler.core.verification.reads import Denied, Read
from reconciler.core.verification.roles import SERVICES, TASKS
from reconciler.records import dataclass

NEEDLESS: Final = frozenset(("sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"))
"""Actions that take no permission (STS API reference: nobody can be denied the one, the other is not signed)."""

_OWN: Final = ":role/aws-service-role/"
"""What stands in the ARN of a service-linked role, which nobody passes."""

_TASK_ROLES: Final = ("executionRoleArn", "taskRoleArn")
_REGISTERING: Final = frozenset(("ecs RegisterTaskDefinition", *permissions.EXPRESS_WRITES))
_UPDATING: Final = frozenset(("ecs CreateService", "ecs UpdateService", *permissions.EXPRESS_WRITES))

Condition = tuple[str, str, str]
"""An operator, a key, and the value that it is held to."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """An action on resources, under conditions."""

    action: str
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()


def grants(
    subject: Subject,
    commands: Iterable[str],
    *,
    diagnosis: bool = True,
    resolvers: Iterable[str] = (),
    checks: Sequence[Check] = (),
) -> tuple[Grant, ...]:
    """Give what commands take, sorted. `resolvers` are the actions of the project's resolvers, `checks` the trees that
    `verify` asks. Without `diagnosis` what only tells why a rollout failed is left out.
    """
    found: set[Grant] = {Grant(action, (ANY,)) for action in resolvers if action not in NEEDLESS}
    for command in commands:
        parts = [
            part
            for part in permissions.COMMANDS[command]
            if part.when(subject) and (diagnosis or not part.diagnosis)
        ]
        called = {operation for part in parts for operation in part.operations}
        found.update(_grant(operation, subject, part) for part in parts for operation in part.operations)
        if command not in permissions.ROLELESS:
            found.update(_passed(subject, called))
        found.update(_recorded(subject, permissions.RECORDS.get(command, ())))
        if command == "verify":
            found.update(_read(subject, checks))
    return tuple(sorted(grant for grant in _united(found) if grant.resources))


def document(found: Sequence[Grant]) -> JsonObject:
    """Give the policy document: a statement for all that is granted on the same resources under the same conditions."""
    statements: dict[tuple[tuple[str, ...], tuple[Condition, ...]], list[str]] = {}
    for grant in found:
        statements.setdefault((grant.resources, grant.conditions), []).append(grant.action)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": list(actions),
                "Resource": ANY if resources == (ANY,) else list(resources),
                **({"Condition": _condition(conditions)} if conditions else {}),
            }
            for (resources, conditions), actions in statements.items()
        ],
    }


def task_roles(subject: Subject) -> tuple[str, ...]:
    """Give the ARNs of the roles that tasks act as."""
    return _arns(
        subject, (body.get(name) for body in (subject.task, subject.express) for name in _TASK_ROLES)
    )


def service_roles(subject: Subject) -> tuple[str, ...]:
    """Give the ARNs of the roles that ECS acts as for the service."""
    body = subject.service_body
    named = (body.get("role"), subject.express.get("infrastructureRoleArn"), *_members(body, "roleArn"))
    return _arns(subject, named)


def _grant(operation: str, subject: Subject, part: Part) -> Grant:
    permission: Permission = permissions.OPERATIONS[operation]
    within = (("ArnLike", "ecs:cluster", subject.arn("ecs", f"cluster/{subject.cluster}")),)
    owned = ((f"aws:ResourceTag/{stamps.OWNER}", subject.owner),) if part.owned else ()
    held = tuple(("StringEquals", key, value) for key, value in (*permission.conditions, *owned))
    action = permission.action or operation.replace(" ", ":")
    about = replace(subject, service=ANY) if part.across else subject
    return Grant(action, permission.resources(about), (*(within if permission.within else ()), *held))


def _passed(subject: Subject, called: set[str]) -> Iterator[Grant]:
    """Give the right to pass roles, each kind to whom it is for, where a call hands them over."""
    for calls, roles, principal in (
        (_REGISTERING, task_roles(subject), TASKS),
        (_UPDATING, service_roles(subject), SERVICES),
    ):
        if calls & called and roles:
            yield Grant("iam:PassRole", roles, (("StringEquals", "iam:PassedToService", principal),))


def _recorded(subject: Subject, actions: Iterable[str]) -> Iterator[Grant]:
    """Give the rights to a place in S3, where applies are recorded in one."""
    scheme, _, place = subject.record.partition("://")
    bucket, _, prefix = place.partition("/")
    if scheme == "s3":
        within = f"arn:{subject.partition}:s3:::{bucket}"
        objects = f"{within}/{prefix.rstrip('/')}/*" if prefix.strip("/") else f"{within}/*"
        for action in actions:
            yield Grant(action, (within if action == "s3:ListBucket" else objects,))


def _read(subject: Subject, checks: Sequence[Check]) -> Iterator[Grant]:
    roles = tuple(dict.fromkeys((*task_roles(subject), *service_roles(subject))))
    for tree in checks:
        for check in tree.all():
            for read in _reads(check):
                for action, resource in probes.permitted(read, subject, roles):
                    yield Grant(action, (resource,))


def _reads(check: Check) -> Iterator[Read]:
    """Give what a check reads, and what it reads instead where that is denied: secrets as the caller, say."""
    yield from check.reads
    if check.judge is not None and check.reads:
        judged = check.judge(dict.fromkeys(check.reads, Denied("")))
        if isinstance(judged, Needs):
            yield from judged.reads


def _united(found: Iterable[Grant]) -> Iterator[Grant]:
    """Unite the resources of an action under the same conditions; a wider one takes in those that it covers."""
    united: dict[tuple[str, tuple[Condition, ...]], set[str]] = {}
    for grant in found:
        united.setdefault((grant.action, grant.conditions), set()).update(grant.resources)
    for (action, conditions), resources in united.items():
        kept = (name for name in resources if not any(_covers(other, name) for other in resources))
        yield Grant(action, tuple(sorted(kept)), conditions)


def _covers(wider: str, resource: str) -> bool:
    """Tell whether another resource, which ends in a star, takes one in."""
    return wider != resource and wider.endswith(ANY) and resource.startswith(wider[:-1])


def _condition(conditions: Sequence[Condition]) -> JsonObject:
    found: dict[str, dict[str, Json]] = {}
    for operator, key, value in conditions:
        found.setdefault(operator, {})[key] = value
    return dict(found)


def _arns(subject: Subject, named: Iterable[Json]) -> tuple[str, ...]:
    """Give the ARNs of roles by ARN or by name, sorted."""
    texts = {role for role in named if isinstance(role, str) and role and _OWN not in role}
    lead = f"arn:{subject.partition}:iam::{subject.account}:role/"
    return tuple(sorted({role if role.startswith("arn:") else f"{lead}{role}" for role in texts}))


def _members(body: Json, name: str) -> Iterator[Json]:
    """Give every member of a name, at any depth."""
    if isinstance(body, Mapping):
        for key, member in body.items():
            if key == name:
                yield member
            else:
                yield from _members(member, name)
    elif isinstance(body, list | tuple):
        for item in body:
            yield from _members(item, name)
