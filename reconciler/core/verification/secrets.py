"""Secrets and parameters that containers are given: they exist, hold what is picked out of them, and may be read.

They are read as ECS reads them (GetSecretValue, GetParameters with decryption), with the credentials of the execution
role where it can be assumed, else with the caller's. Forms of ``valueFrom``: developer guide, "Pass sensitive data".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import arns
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Needs,
    Verdict,
    failed,
    passed,
    settled,
    skipped,
    unknown,
)
from reconciler.core.verification.reads import Answer, Call, Denied, Found, Missing, assuming, call
from reconciler.core.verification.scenes import Scene

_NAMES_A_CALL: Final = 10
"""Limit of GetParameters (SSM API reference)."""


class Secret(NamedTuple):
    """A reference taken apart. `name` is what the API takes; `key`, `stage` and `version` may be empty."""

    manager: bool
    name: str
    region: str = ""
    key: str = ""
    stage: str = ""
    version: str = ""


class Wanted(NamedTuple):
    """A secret that a definition refers to, and where. `members` are keys that it has to hold beside the one picked."""

    subject: str
    reference: Json
    document: str
    path: Path
    members: tuple[str, ...] = ()


def parse(text: Json, region: str) -> Secret | None:
    """Take a reference apart; None where it is none."""
    if not isinstance(text, str) or not text:
        return None
    if not text.startswith("arn:"):
        return Secret(manager=False, name=text)
    arn = arns.parse(text)
    if arn is None:
        return None
    elsewhere = arns.region_of(text, region)
    if arn.service == "ssm" and arn.rest.startswith("parameter/"):
        return Secret(manager=False, name=text, region=elsewhere)
    parts = arn.rest.split(":")
    if arn.service != "secretsmanager" or parts[0] != "secret" or len(parts) not in (2, 5) or not parts[1]:
        return None
    name = ":".join((*text.split(":")[:5], *parts[:2]))
    return Secret(
        manager=True,
        name=name,
        region=elsewhere,
        **dict(zip(("key", "stage", "version"), parts[2:], strict=False)),
    )


def checks(scene: Scene, wanted: Iterable[Wanted]) -> tuple[Check, ...]:
    """Make a check of each secret; parameters are asked for ten a call."""
    everything = list(wanted)
    parsed = {each: parse(each.reference, scene.region) for each in everything}
    together = _together([secret for secret in parsed.values() if secret is not None and not secret.manager])
    return tuple(_check(scene, each, parsed[each], together) for each in everything)


def role_check(scene: Scene, *, needed: bool) -> Check | None:
    """Make the statement with whose credentials secrets are read and logs are written; None where nothing is."""
    role = scene.execution_role
    if not role or not needed:
        return None
    read = assuming(role)

    def judge(answers: Answers) -> Judged:
        if isinstance(answers[read], Found):
            return [passed("secrets are read as this role")]
        denied = answers[read]
        why = f"{denied.action} is denied" if isinstance(denied, Denied) else "it cannot be assumed from here"
        return [skipped(f"{why}, so that secrets are read as the caller")]

    return Check(subject="credentials of the execution role", reads=(read,), judge=judge)


def reader(scene: Scene, answers: Answers) -> str | None:
    """Give the role to read as, empty for the caller; None while it is not known whether it can be assumed."""
    role = scene.execution_role
    if not role:
        return ""
    answer = answers.get(assuming(role))
    return None if answer is None else role if isinstance(answer, Found) else ""


def _together(secrets: Iterable[Secret]) -> Mapping[Secret, tuple[str, ...]]:
    """Give, for each parameter, the names that are asked for in one call with it."""
    regions: dict[str, dict[Secret, None]] = {}
    for secret in secrets:
        regions.setdefault(secret.region, {})[secret] = None
    found: dict[Secret, tuple[str, ...]] = {}
    for members in regions.values():
        each = list(members)
        for start in range(0, len(each), _NAMES_A_CALL):
            part = each[start : start + _NAMES_A_CALL]
            found |= dict.fromkeys(part, tuple(secret.name for secret in part))
    return found


def _check(
    scene: Scene, wanted: Wanted, secret: Secret | None, together: Mapping[Secret, tuple[str, ...]]
) -> Check:
    if secret is None:
        hint = "write the ARN of a secret (and `:KEY:STAGE:VERSION`), or the name or ARN of a parameter"
        wrong = failed(f"{wanted.reference} is no reference to a secret or parameter", hint)
        return Check(
            subject=wanted.subject, document=wanted.document, path=wanted.path, judge=settled([wrong])
        )
    names = together.get(secret, (secret.name,))

    def judge(answers: Answers) -> Judged:
        if not scene.get_secrets:
            return _existing(answers, secret)
        role = reader(scene, answers)
        if role is None:
            return Needs((assuming(scene.execution_role),))
        read = _value(secret, names, role)
        if read not in answers:
            return Needs((read,))
        if isinstance(answers[read], Denied) and len(names) > 1:  # one of them is: which?
            read = _value(secret, (secret.name,), role)
            if read not in answers:
                return Needs((read,))
        return _judged(answers[read], secret, wanted.members, role)

    first = () if not scene.get_secrets or not scene.execution_role else (assuming(scene.execution_role),)
    return Check(subject=wanted.subject, document=wanted.document, path=wanted.path, reads=first, judge=judge)


def _value(secret: Secret, names: tuple[str, ...], role: str) -> Call:
    if not secret.manager:
        return call(
            "ssm", "GetParameters", region=secret.region, role=role, Names=list(names), WithDecryption=True
        )
    more = {"VersionStage": secret.stage, "VersionId": secret.version}
    given = {name: value for name, value in more.items() if value}
    return call(
        "secretsmanager", "GetSecretValue", region=secret.region, role=role, SecretId=secret.name, **given
    )


def _existing(answers: Answers, secret: Secret) -> Judged:
    """Judge without reading any value."""
    if secret.manager:
        read = call("secretsmanager", "DescribeSecret", region=secret.region, SecretId=secret.name)
    else:
        arn = arns.parse(secret.name)
        name = secret.name if arn is None else arn.rest.removeprefix("parameter")
        names = (
            [name, name.removeprefix("/")] if name.count("/") == 1 else [name]
        )  # `/a` and `a` share an ARN
        only: Json = [{"Key": "Name", "Option": "Equals", "Values": names if arn is not None else [name]}]
        read = call(
            "ssm", "DescribeParameters", region=secret.region, member="Parameters", ParameterFilters=only
        )
    if read not in answers:
        return Needs((read,))
    answer = answers[read]
    missing = isinstance(answer, Missing) or (
        isinstance(answer, Found) and not secret.manager and not answer.body.get("Parameters")
    )
    if missing:
        return [_missing(secret)]
    return [
        passed("there; its value was not read")
        if isinstance(answer, Found)
        else unknown(answer, _called(secret))
    ]


def _judged(answer: Answer, secret: Secret, members: tuple[str, ...], role: str) -> list[Verdict]:
    if isinstance(answer, Missing):
        return [_missing(secret)]
    if isinstance(answer, Denied) and role:
        hint = f"allow {answer.action} to the execution role; where a key of KMS encrypts it, kms:Decrypt too"
        return [failed(f"the execution role may not read it: {answer.action} is denied", hint)]
    if not isinstance(answer, Found):
        return [unknown(answer, _called(secret))]
    if not secret.manager:
        invalid = answer.body.get("InvalidParameters")
        there = not isinstance(invalid, list | tuple) or secret.name not in invalid
        return [passed() if there else _missing(secret)]
    wanted = [name for name in (secret.key, *members) if name]
    lacking = [name for name in wanted if name not in _members(answer.body)]
    if lacking:
        what = f"the secret has no JSON key {' and no '.join(f'`{name}`' for name in lacking)}"
        return [failed(what, "add it to the secret's JSON, or correct the key in valueFrom")]
    return [passed()]


def _members(body: JsonObject) -> JsonObject:
    text = body.get("SecretString")
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _called(secret: Secret) -> str:
    return f"{'secret' if secret.manager else 'parameter'} {secret.name}"


def _missing(secret: Secret) -> Verdict:
    version = " in this version" if secret.stage or secret.version else ""
    where = f" in {secret.region}" if secret.region else ""
    hint = "create it in the service's region, or correct valueFrom"
    return failed(f"there is no {_called(secret)}{where}{version}", hint)
