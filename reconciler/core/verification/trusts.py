"""Who may assume a role: its trust policy, judged for a service of AWS.

Forms of principals and how statements are evaluated: IAM user guide, "AWS JSON policy elements" (Principal, Condition)
and "Policy evaluation logic": an explicit deny outdoes every allow. ECS sends the keys ``aws:SourceAccount`` and
``aws:SourceArn`` (developer guide, task IAM role: cross-service confused deputy prevention); the latter is
``arn:PARTITION:ecs:REGION:ACCOUNT:…``, of which nothing further is known before a task runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import unquote

from reconciler.core.values import Json, JsonObject
from reconciler.records import dataclass


class Trust(Enum):
    """Whether a service may assume a role. MAYBE stands for conditions that cannot be judged beforehand."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who would assume the role: the service's principal, and the account and region that it acts for."""

    principal: str
    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Trusted:
    """The judgement, and what decided it where it is not YES."""

    trust: Trust
    why: str = ""


def judge(policy: Json, caller: Caller) -> Trusted:
    """Judge a trust policy: an object, or its text, URL-encoded as IAM answers it or not."""
    statements = [each for each in _many(_read(policy).get("Statement")) if isinstance(each, dict)]
    concerned = [each for each in statements if _acts(each) and _names(each, caller.principal)]
    denials = [_holds(each, caller) for each in concerned if each.get("Effect") == "Deny"]
    allows = [_holds(each, caller) for each in concerned if each.get("Effect") == "Allow"]
    if any(trusted.trust is Trust.YES for trusted in denials):
        return Trusted(Trust.NO, f"a statement denies it to {caller.principal}")
    if not allows:
        return Trusted(Trust.NO, f"its trust policy names {_listing(statements)}, not {caller.principal}")
    best = min(allows, key=lambda trusted: (Trust.YES, Trust.MAYBE, Trust.NO).index(trusted.trust))
    doubtful = next((trusted for trusted in denials if trusted.trust is Trust.MAYBE), None)
    if best.trust is Trust.YES and doubtful is not None:
        return Trusted(Trust.MAYBE, f"a statement denies it {doubtful.why}")
    return best


def _read(policy: Json) -> JsonObject:
    if isinstance(policy, str):
        try:
            policy = json.loads(policy if policy.lstrip().startswith("{") else unquote(policy))
        except ValueError:
            return {}
    return policy if isinstance(policy, dict) else {}


def _many(value: Json) -> list[Json]:
    """Give a value as a list: IAM takes one thing for a list of it."""
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _texts(value: Json) -> list[str]:
    return [str(each) for each in _many(value)]


def _acts(statement: JsonObject) -> bool:
    """Tell whether a statement is about assuming the role."""
    if "NotAction" in statement:
        return not _one_of("sts:assumerole", _texts(statement["NotAction"]))
    return _one_of("sts:assumerole", _texts(statement.get("Action")))


def _one_of(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action, pattern.lower()) for pattern in patterns)


def _names(statement: JsonObject, principal: str) -> bool:
    if "NotPrincipal" in statement:
        return not _includes(statement["NotPrincipal"], principal)
    return _includes(statement.get("Principal"), principal)


def _includes(named: Json, principal: str) -> bool:
    """Tell whether a Principal includes a service: by its name, or as everyone (``"*"``, ``{"AWS": "*"}``)."""
    if not isinstance(named, dict):
        return "*" in _texts(named)
    services = {text.lower() for text in _texts(named.get("Service"))}
    return bool(services & {principal, "*"}) or "*" in _texts(named.get("AWS"))


def _listing(statements: Iterable[JsonObject]) -> str:
    """Name whom the policy lets assume the role, for a sentence."""
    found: dict[str, None] = {}
    for statement in statements:
        principal = statement.get("Principal")
        if statement.get("Effect") == "Allow" and _acts(statement):
            for member in principal.values() if isinstance(principal, dict) else [principal]:
                found |= dict.fromkeys(_texts(member))
    return ", ".join(found) or "nobody"


def _holds(statement: JsonObject, caller: Caller) -> Trusted:
    """Judge a statement's conditions, all of which have to hold."""
    conditions = statement.get("Condition")
    doubt: list[str] = []
    for operator, keys in conditions.items() if isinstance(conditions, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            holds = _condition(operator, key, _texts(values), caller)
            told = f"{operator} {key} {', '.join(_texts(values))}"
            if holds is None:
                doubt.append(told)
            elif not holds:
                return Trusted(Trust.NO, f"it is trusted only where {told}, and this is {_own(key, caller)}")
    return Trusted(Trust.MAYBE, f"only where {' and '.join(doubt)}") if doubt else Trusted(Trust.YES)


def _own(key: str, caller: Caller) -> str:
    return caller.account if key.lower() == "aws:sourceaccount" else f"{caller.region} of {caller.account}"


_EXACT: Final = "exact"
_OPERATORS: Final[Mapping[str, tuple[str, bool]]] = {
    "stringequals": (_EXACT, True),
    "stringequalsignorecase": (_EXACT, True),
    "stringnotequals": (_EXACT, False),
    "stringlike": ("like", True),
    "stringnotlike": ("like", False),
    "arnequals": ("like", True),
    "arnlike": ("like", True),
    "arnnotequals": ("like", False),
    "arnnotlike": ("like", False),
}
"""How an operator compares, and whether it holds where something matches (ArnEquals matches as ArnLike does)."""


def _condition(operator: str, key: str, values: list[str], caller: Caller) -> bool | None:
    """Tell whether a condition holds; None where that depends on what is not known here."""
    name = operator.lower().removesuffix("ifexists").rpartition(":")[2]
    manner, positive = _OPERATORS.get(name, ("", True))
    test: Callable[[str], bool | None] | None = None
    if manner and key.lower() == "aws:sourceaccount" and caller.account:
        test = _account(caller.account, manner)
    elif manner and key.lower() == "aws:sourcearn" and caller.account and caller.region:
        test = _source(caller)
    if test is None:
        return None
    found = [test(value) for value in values]
    matches = True if True in found else None if None in found else False
    return matches if positive or matches is None else not matches


def _account(account: str, manner: str) -> Callable[[str], bool | None]:
    return lambda value: fnmatchcase(account, value) if manner != _EXACT else account == value


def _source(caller: Caller) -> Callable[[str], bool | None]:
    """Compare a pattern of ARNs with those of ECS in this account and region: its first parts, and whether all fit."""

    def test(value: str) -> bool | None:
        parts = value.split(":", 5)
        if len(parts) < 6:
            return True if value == "*" else None if "*" in value else False
        own = ("arn", "", "ecs", caller.region, caller.account)
        fits = all(not real or fnmatchcase(real, given) for real, given in zip(own, parts[:5], strict=True))
        return fits if not fits or parts[5] == "*" else None

    return test
