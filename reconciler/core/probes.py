"""What the reads of `verify` take: the actions behind an operation, on what its parameters name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.core.permissions import ANY, Subject
from reconciler.core.values import Json
from reconciler.core.verification.reads import Ask, Call, Read

_PREFIXES: Final[Mapping[str, str]] = {
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "service-quotas": "servicequotas",
}
"""Prefixes of actions that are not botocore's name of the service."""

_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    # HeadObject is allowed by s3:GetObject, and says whether an object is missing only to who may list the bucket.
    "s3 HeadObject": ("s3:GetObject", "s3:ListBucket"),
    # The configuration of an image, with its platform, is a layer; what follows the manifest in the same check. Of an
    # image that is not there it is asked whether the first pull fetches it.
    "ecr BatchGetImage": (
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:DescribePullThroughCacheRules",
    ),
    "ec2 DescribeSecurityGroups": (
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSecurityGroupVpcAssociations",
    ),
    "service-quotas GetServiceQuota": (
        "servicequotas:GetServiceQuota",
        "servicequotas:GetAWSDefaultServiceQuota",
        "cloudwatch:GetMetricStatistics",
    ),
}
"""Actions of operations that take others than their own, or whose answers make a check ask further."""

_PLACES: Final[Mapping[str, tuple[str, str, str]]] = {
    "ecs:DescribeClusters": ("clusters", "ecs", "cluster/"),
    "ecs:DescribeCapacityProviders": ("capacityProviders", "ecs", "capacity-provider/"),
    "ssm:GetParameters": ("Names", "ssm", "parameter/"),
    "secretsmanager:GetSecretValue": ("SecretId", "secretsmanager", "secret:"),
    "secretsmanager:DescribeSecret": ("SecretId", "secretsmanager", "secret:"),
    "ecr:BatchGetImage": ("repositoryName", "ecr", "repository/"),
    "ecr:GetDownloadUrlForLayer": ("repositoryName", "ecr", "repository/"),
    "lambda:GetFunctionConfiguration": ("FunctionName", "lambda", "function:"),
    "sts:AssumeRole": ("RoleArn", "iam", "role/"),
    "kms:DescribeKey": ("KeyId", "kms", "key/"),
}
"""For actions on one kind of thing: the parameter that names it, and what stands before the name in its ARN."""


def permitted(read: Read, subject: Subject, roles: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give the actions that a read takes, each with a resource; `roles` are those that the definitions name.

    What no call of AWS's API asks for (a registry of images, a document behind a URL) takes none. A deployment group
    is found by what `permissions.COMMANDS` says; its role and its target groups are known only then.
    """
    if isinstance(read, Ask):
        yield "iam:GetRole", f"arn:{subject.partition}:iam::{subject.account}:role/*"
        yield "elasticloadbalancing:DescribeTargetGroups", ANY
    if not isinstance(read, Call):
        return
    key = f"{read.service} {read.operation}"
    own = f"{_PREFIXES.get(read.service, read.service)}:{read.operation}"
    for action in _ACTIONS.get(key, (own,)):
        for resource in _resources(action, read, subject, roles):
            yield action, resource


def _resources(action: str, read: Call, subject: Subject, roles: Sequence[str]) -> Iterator[str]:
    given = read.parameters
    region = read.region or subject.region
    if action == "iam:GetRole":
        name = str(given["RoleName"])
        yield from (role for role in roles if role.rpartition("/")[2] == name)
    elif action == "logs:DescribeLogGroups":
        yield f"arn:{subject.partition}:logs:{region}:{subject.account}:log-group:*"
    elif action == "s3:GetObject":
        yield f"arn:{subject.partition}:s3:::{given['Bucket']}/{given['Key']}"
    elif action == "s3:ListBucket":
        yield f"arn:{subject.partition}:s3:::{given['Bucket']}"
    elif action in _PLACES:
        member, service, lead = _PLACES[action]
        account = str(given.get("registryId") or subject.account)
        for name in _names(given.get(member)):
            # A secret's ARN ends in six characters of its own (Secrets Manager user guide).
            tail = "-??????" if service == "secretsmanager" else ""
            made = f"arn:{subject.partition}:{service}:{region}:{account}:{lead}{name.lstrip('/')}{tail}"
            yield name if name.startswith("arn:") else made
    else:
        yield ANY


def _names(value: Json) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | tuple) else ()
