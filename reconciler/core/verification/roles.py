"""Roles that tasks and services act as: they exist, and the service of AWS that needs them may assume them."""

from __future__ import annotations

from typing import Final

from reconciler.core.values import Json, Path
from reconciler.core.verification import arns, trusts
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    failed,
    passed,
    settled,
    unknown,
    warned,
)
from reconciler.core.verification.reads import Found, Missing, call
from reconciler.core.verification.scenes import Scene
from reconciler.core.verification.trusts import Trust

TASKS: Final = "ecs-tasks.amazonaws.com"
"""Who assumes a task's roles (developer guide, task IAM role and task execution IAM role)."""
SERVICES: Final = "ecs.amazonaws.com"
"""Who assumes a service's roles: for load balancers, volumes, hooks, TLS, VPC Lattice and Express Mode (developer
guide, infrastructure IAM role)."""


def check(
    scene: Scene, what: str, role: Json, principal: str, document: str, path: Path, *more: Check
) -> Check | None:
    """Make the check of a role by its ARN, or by its name; None where there is none."""
    if not isinstance(role, str) or not role:
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
    read = call("iam", "GetRole", RoleName=name)

    def judge(answers: Answers) -> Judged:
        answer = answers[read]
        if isinstance(answer, Missing):
            return [failed(f"there is no role {name}", "create it, or correct the ARN")]
        if not isinstance(answer, Found):
            return [unknown(answer, f"role {name}")]
        body = answer.body.get("Role")
        found = body if isinstance(body, dict) else {}
        there = found.get("Arn")
        if arn is not None and isinstance(there, str) and there != role:
            return [failed(f"the role {name} is {there}", "write its path in the ARN too")]
        trusted = trusts.judge(
            found.get("AssumeRolePolicyDocument"), trusts.Caller(principal, scene.account, scene.region)
        )
        hint = f"let {principal} sts:AssumeRole in its trust policy"
        if trusted.trust is Trust.NO:
            return [failed(f"{principal} may not assume it: {trusted.why}", hint)]
        if trusted.trust is Trust.MAYBE:
            return [warned(f"{principal} may assume it {trusted.why}", "see that this holds")]
        return [passed(f"{principal} may assume it")]

    return Check(subject=subject, document=document, path=path, reads=(read,), judge=judge, children=more)
