"""What a check asks for, and what comes of asking. Equal reads are one: whoever asks, asks once."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from reconciler.core.values import Json, JsonObject
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of AWS by botocore's name of the service; `text` has the parameters as JSON.

    `region` is empty for the project's own, `role` for the caller's own credentials; where a role is named,
    `assuming(role)` has been answered before. `member` names the list of the answer that is gathered from all pages.
    """

    service: str
    operation: str
    text: str
    region: str = ""
    role: str = ""
    member: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """Give the parameters."""
        given: dict[str, Any] = json.loads(self.text)
        return given


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of an image in a registry that anyone may ask; `reference` is a tag or a digest.

    A `whole` answer holds ``manifest`` and, of one that is no index, ``config``; else it only says that it is there.
    """

    host: str
    repository: str
    reference: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """A JSON document behind a URL that AWS gave for it."""

    url: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody else finds out in several steps (``deployment group``)."""

    name: str


Read: TypeAlias = Call | Manifest | Download | Ask


@dataclass(frozen=True, slots=True)
class Found:
    """The answer, wire-shaped."""

    body: JsonObject


@dataclass(frozen=True, slots=True)
class Missing:
    """It was asked for, and is not there. `what` is said of it, `hint` what to try, both empty where nothing is."""

    what: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """It may not be read: `action` is what IAM would have to allow (``iam:GetRole on arn:…``), or a word for it."""

    action: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What was asked for cannot be the name of anything, says AWS."""

    what: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer came, or none that says anything. `code` is AWS's, empty where none is."""

    what: str
    code: str = ""


Answer: TypeAlias = Found | Missing | Denied | Refused | Unanswered


def call(
    service: str, operation: str, /, *, region: str = "", role: str = "", member: str = "", **parameters: Json
) -> Call:
    """Make a call."""
    return Call(service, operation, json.dumps(parameters, sort_keys=True), region, role, member)


def assuming(role: str) -> Call:
    """Give the call whose answer is the credentials of a role (an ARN)."""
    return call("sts", "AssumeRole", RoleArn=role, RoleSessionName="reconciler-verify", DurationSeconds=900)
