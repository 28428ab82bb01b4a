"""Plans as JSON: one encoding for `plan --format json` and for the file that `apply` reads.

The encoding follows the dataclasses: a field is a member, an enum its value, a union of classes an object with a
``type``. Damage is detected by a digest over the rest of the file; tampering is not claimed to be.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, Final, cast

from reconciler.core import diffs, patches, plans, pointers, secrets, steps, values
from reconciler.core.redaction import Masker
from reconciler.errors import PlanError, Where

TOOL: Final = "reconciler"
AT_ONCE: Final = "apply without a plan file, or pass the secret with `secrets` and `valueFrom`"
"""What to do about a secret that a plan file cannot hold."""
_STEPS: Final[dict[str, type]] = {
    cls.__name__: cls
    for cls in (
        steps.RegisterTaskDefinition,
        steps.SetTags,
        steps.RemoveTags,
        steps.CreateService,
        steps.UpdateService,
        steps.CreateCodeDeployDeployment,
        steps.SetScaling,
        steps.DeleteService,
        steps.CreateExpressService,
        steps.UpdateExpressService,
    )
}


def write(plan: plans.Plan) -> str:
    """Write a plan as JSON text, in a fixed order of members."""
    body = document(plan)
    return json.dumps(body | {"digest": _digest(body)}, indent=2, ensure_ascii=False) + "\n"


def document(plan: plans.Plan) -> dict[str, Any]:
    """Give a plan as plain data, without the digest."""
    summary = {verb.value: sum(unit.verb is verb for unit in plan.units) for verb in plans.Verb}
    encoded = cast("dict[str, Any]", _encode(plan))
    return {"tool": TOOL, "format": encoded.pop("format"), "summary": summary} | encoded


def exposed(plan: plans.Plan, secrets: Sequence[str], said: Iterable[str]) -> tuple[str, ...]:
    """Give where a secret stands in clear in a plan, as pointers into `document`: such a plan is not to be written.

    A text that is part of something `said` (by files, in clear) or of what the plan's resources are called is none.
    """
    body = document(plan)
    hidden = _hidden(body, secrets, said)
    return tuple(
        pointers.text(path)
        for path, leaf in pointers.leaves(body)
        if any(secret in text for secret in hidden for text in (*map(str, path), str(leaf)))
    )


def shown(plan: plans.Plan, masker: Masker, said: Iterable[str]) -> str:
    """Write a plan as JSON text to be looked at: with marks where a secret would stand in clear (see `exposed`).

    With a mark in it, it is a plan that `apply` refuses: what would be sent is not what is to be sent.
    """
    if masker.open or not masker.secrets:
        return write(plan)
    body = document(plan)
    masked = _marked(body, dataclasses.replace(masker, secrets=_hidden(body, masker.secrets, said)))
    if masked == body:
        return write(plan)
    refused = plans.Notice(what="a secret would stand in clear in the plan", hint=AT_ONCE)
    masked |= {"refusals": _encode((*plan.refusals, refused)), "applyable": False}
    return json.dumps(masked | {"digest": _digest(masked)}, indent=2, ensure_ascii=False) + "\n"


def _marked(value: Any, masker: Masker) -> Any:
    if isinstance(value, dict):
        names = masker.names(value)
        return {names[name]: _marked(member, masker) for name, member in value.items()}
    if isinstance(value, list):
        return [_marked(item, masker) for item in value]
    return masker.text(value) if isinstance(value, str) else value


def _hidden(body: Mapping[str, Any], secrets: Sequence[str], said: Iterable[str]) -> tuple[str, ...]:
    """Give the secrets that nobody reads in clear anywhere."""
    project = body["project"] | {"opened": None}
    called = [project, [[unit[name] for name in _CALLED] for unit in body["units"]]]
    public = "\n".join((*said, *(str(leaf) for _, leaf in pointers.leaves(called)), *_fields(plans.Plan)))
    return tuple(secret for secret in secrets if secret not in public)


_CALLED: Final = ("address", "name", "account", "region", "cluster", "live", "base")


def _fields(cls: Any) -> Iterator[str]:
    """Give the names of the members that a class of ours is written with, and of those in it."""
    for kind in typing.get_args(cls):
        yield from _fields(kind)
    if dataclasses.is_dataclass(cls):
        for name, kind in _hints(cast("type", cls)).items():
            yield name
            yield from _fields(kind)


def is_one(text: str) -> bool:
    """Tell whether a text was written as a plan, damaged or not."""
    try:
        body = json.loads(text)
    except ValueError:
        return _BEGUN.match(text) is not None
    return isinstance(body, dict) and body.get("tool") == TOOL


_BEGUN: Final = re.compile(rf'\s*\{{\s*"tool"\s*:\s*"{TOOL}"')


def read(text: str) -> plans.Plan:
    """Read a plan. PlanError says what is wrong with it."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise PlanError("the plan file is damaged: it is no JSON", hint="make a new plan") from error
    if not isinstance(body, dict) or body.get("tool") != TOOL:
        raise PlanError(
            "this file is no plan of reconciler", hint="write one with `reconciler plan --out FILE`"
        )
    if body.get("format") != plans.FORMAT:
        raise PlanError(
            f"the plan file has format {body.get('format')}, this version reads format {plans.FORMAT}",
            hint="make a new plan with this version",
        )
    digest = body.pop("digest", None)
    if digest != _digest(body):
        raise PlanError("the plan file is damaged: its digest does not match", hint="make a new plan")
    try:
        return cast(
            "plans.Plan", _decode(plans.Plan, {k: v for k, v in body.items() if k not in ("tool", "summary")})
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(
            "the plan file is damaged: a member is missing or wrong", hint="make a new plan"
        ) from error


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        body = {f.name: _encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **body} if type(value).__name__ in _STEPS else body
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): _encode(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(member) for member in value]
    return value


@cache
def _hints(cls: type) -> dict[str, Any]:
    scope: dict[str, Any] = {}
    for module in (values, diffs, patches, secrets, steps, plans):
        scope |= vars(module)
    return typing.get_type_hints(cls, scope | {"Where": Where})


def _decode(wanted: Any, value: Any) -> Any:
    """Read a value of a declared type; what has no class of ours (JSON) stays as it is."""
    if isinstance(wanted, type) and dataclasses.is_dataclass(wanted):
        hints = _hints(wanted)
        names = {f.name for f in dataclasses.fields(wanted)}
        return wanted(
            **{name: _decode(hints[name], member) for name, member in value.items() if name in names}
        )
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return wanted(value)
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is tuple:
        return tuple(_decode(arguments[0], member) for member in value)
    if origin in (types.UnionType, typing.Union):
        return _decode_union(arguments, value)
    return value


def _decode_union(arguments: tuple[Any, ...], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, dict) and value.get("type") in _STEPS and _STEPS[value["type"]] in arguments:
        return _decode(_STEPS[value["type"]], value)
    classes = [a for a in arguments if isinstance(a, type) and dataclasses.is_dataclass(a)]
    if classes and isinstance(value, dict):
        return _decode(classes[0], value)
    return value
