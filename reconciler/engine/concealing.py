"""Secrets out of what a plan holds: slots in bodies, digests in place of documents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from reconciler.core import canon as canons
from reconciler.core import findings, pointers, secrets
from reconciler.core.redaction import Masker
from reconciler.core.steps import (
    CreateCodeDeployDeployment,
    CreateExpressService,
    CreateService,
    DeleteService,
    RegisterTaskDefinition,
    RemoveTags,
    SetScaling,
    SetTags,
    Step,
    UpdateExpressService,
    UpdateService,
)
from reconciler.core.values import Address, Json, JsonObject, Path, Value
from reconciler.engine.composing import Desired
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Hidden:
    """A body with a slot for each secret, how to make the secrets again, and the secrets themselves.

    `origin` is where its values come from, which says what is secret.
    """

    origin: findings.Provenance
    body: JsonObject
    secrets: tuple[secrets.Secret, ...]
    values: tuple[Json, ...]


def hide(desired: Desired, known: Mapping[Address, Value], salt: Callable[[], str]) -> Hidden:
    """Take the secrets out of the body to send."""
    origin = findings.Provenance(desired.resolved, desired.canon)
    hidden: list[secrets.Secret] = []
    values: list[Json] = []
    for path, raw in findings.secret_leaves(origin):
        value = _sent(desired.canon.seen[path])
        if value is None or any(type(other) is type(value) and other == value for other in values):
            continue
        values.append(value)
        origins = tuple(desired.resolved.origins_of(raw))
        printed = desired.resolved.printed.get(raw, ())
        hidden.append(secrets.make(_place(origin, path), value, origins, known, salt(), printed))
    body = pointers.objects(_without(desired.canon.wire, values))
    return Hidden(origin, body, tuple(hidden), tuple(values))


def _sent(seen: canons.Seen) -> Json:
    """Give a leaf as it is sent: a file may hold a number where ECS wants a text."""
    return seen.wire.get(seen.pair) if seen.pair and isinstance(seen.wire, dict) else seen.wire


def _place(origin: findings.Provenance, path: Path) -> str:
    return f"{origin.resolved.path} {pointers.text(findings.shown(path, origin, Masker()))}"


def conceal(steps: tuple[Step, ...], values: Sequence[Json]) -> tuple[Step, ...]:
    """Put slots into bodies that were made from live and desired documents together."""
    concealed: list[Step] = []
    for step in steps:
        match step:
            case (
                CreateService()
                | UpdateService()
                | RegisterTaskDefinition()
                | CreateExpressService()
                | UpdateExpressService()
            ):
                concealed.append(replace(step, body=pointers.objects(_without(step.body, values))))
            case CreateCodeDeployDeployment():
                concealed.append(replace(step, appspec=pointers.objects(_without(step.appspec, values))))
            case SetTags():
                tags = tuple(pointers.objects(_without(tag, values)) for tag in step.tags)
                concealed.append(replace(step, tags=tags))
            case RemoveTags() | SetScaling() | DeleteService():
                concealed.append(step)
    return tuple(concealed)


def _without(body: Json, values: Sequence[Json]) -> Json:
    if not values:
        return body
    for index, value in enumerate(values):  # a text that holds a JSON document is sent as the document
        if (type(body) is type(value) and body == value) or (isinstance(body, str) and body == str(value)):
            return secrets.slot(index)
    if isinstance(body, dict):
        return {name: _without(member, values) for name, member in body.items()}
    if isinstance(body, list | tuple):
        return [_without(member, values) for member in body]
    return body


def fingerprint(managed: Json, salt: str) -> str:
    """Digest the managed part of a live document; expensively where it holds secrets, which is when it is salted."""
    if salt:
        return secrets.digest(salt, managed)
    return digest(managed)


def digest(value: Json) -> str:
    """Digest a value that is no secret."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
