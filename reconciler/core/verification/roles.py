"""Roles that tasks and services act as: they exist, and the service of AWS that needs them may assume them."""

from __future__ import annotations

from typing import Final

from reconciler.core.values import Json, Path
from reconciler.core.verification import arns, trusts
from reconciler.core.verification.checks import (
    Check,
    Verdict,
    failed,
    passed,
    settled,
    unknown,
    warned,
)
from reconciler.core.verification.reads import Answer, Call, Found, Missing, call
from reconciler.core.verification.scenes import Scene
from reconciler.core.verification.trusts import Trust

TASKS: Final = "ecs-tasks.amazonaws.com"
"""Who assumes a task's roles (developer guide, task IAM role and task execution IAM role)."""
SERVICES: Final = "ecs.amazonaws.com"
"""Who assumes a service's roles: for load balancers, volumes, hooks, TLS, VPC Lattice and Express Mode (developer
guide, infrastructure IAM role)."""


_OWN: Final = ":role/aws-service-role/"
"""What stands in the ARN of a service-linked role, which is AWS's own to make (IAM user guide)."""


def check(
    scene: Scene, what: str, role: Json, principal: str, document: str, path: Path, *more: Check
) -> Check | None:
    """Make the check of a role by its ARN, or by its name; None where there is none, or it is AWS's own."""
    if not isinstance(role, str) or not role or _OWN in role:
        return None
    name = role.rpartition("/")[2]
    subject = f"{what} {name}"
    arn = arns.parse(role)
    if role.startswith("arn:") and (arn is None or arn.service != "iam" or not arn.rest.startswith("role/")):
        wrong = failed(f"{role} is no ARN of a role", "write arn:aws:iam::ACCOUNT:role/NAME")
        return Check(subject=subject, document=document, path=path, judge=settled([wrong]))
    if arn is not None and scene.account and arn.account != scene.account:
        wrong = failed(
            f"the role is of account {arn.account}, this is {scene.account}, and roles are not passed across accounts",
            "name a role of this account",
        )
        return Check(subject=subject, document=document, path=path, judge=settled([wrong]))
    asked = read(role)
    return Check(
        subject=subject,
        document=document,
        path=path,
        reads=(asked,),
        judge=lambda answers: [judge(answers[asked], role, principal, scene)],
        children=more,
    )


def read(role: str) -> Call:
    """Give the call that describes a role, by its ARN or its name."""
    return call("iam", "GetRole", RoleName=role.rpartition("/")[2])


def judge(answer: Answer, role: str, principal: str, scene: Scene) -> Verdict:
    """Judge what IAM says of a role that a service of AWS is to assume."""
    name = role.rpartition("/")[2]
    if isinstance(answer, Missing):
        return failed(f"there is no role {name}", "create it, or correct the ARN")
    if not isinstance(answer, Found):
        return unknown(answer, f"role {name}")
    body = answer.body.get("Role")
    found = body if isinstance(body, dict) else {}
    there = found.get("Arn")
    if role.startswith("arn:") and isinstance(there, str) and there != role:
        return failed(f"the role {name} is {there}", "write its path in the ARN too")
    policy = found.get("AssumeRolePolicyDocument")
    trusted = trusts.judge(policy, trusts.Caller(principal, scene.account, scene.region))
    if trusted.trust is Trust.NO:
        hint = f"let {principal} sts:AssumeRole in its trust policy"
        return failed(f"{principal} may not assume it: {trusted.why}", hint)
    if trusted.trust is Trust.MAYBE:
        return warned(f"{principal} may assume it {trusted.why}", "see that this holds")
    return passed(f"{principal} may assume it")
