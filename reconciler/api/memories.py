"""Task definitions that earlier runs have read, remembered by ARN: what a revision is never changes.

A task definition may hold passwords in plain text, in values that nothing marks. So what a person wrote is remembered
as digests alone, under a key that lies beside them: of texts only AWS's own words stay readable, and the names of
images and families (`_PLAIN`). A revision is recalled by whoever has its texts: the files that are compared with it.
Where any text of it is not in them there is no memory of it, and AWS is asked. So a memory can say that nothing
differs, and next to nothing else. A weak password can be found from its digest by trying, but only by who may read the
user's own files.

Tags and the status do change. Tags are not remembered: who declares some asks AWS. That a revision has been
deregistered meanwhile matters to a plan that does something, and such a plan is not made from memory (`plannings`).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from reconciler import caches
from reconciler.core.values import Json, JsonObject
from reconciler.engine.ports import Snapshot
from reconciler.records import dataclass

ANYWHERE: Final = "RECONCILER_REMEMBER"
"""Set to ``anywhere``, it has revisions remembered of what is not AWS itself: of a stand-in that begins anew under the
same address, with other revisions of the same names, they would be wrong."""

_FORMAT: Final = 1
_KEPT: Final = 256
"""Revisions in each of the sixteen folders, some 5 KB each."""

_KEY: Final = "revisions.key"
_MAKING: Final = Lock()

_AWS: Final = (
    ".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu", ".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov",
)  # fmt: skip
"""How the names of AWS's own endpoints end (botocore's partitions.json)."""

_PLAIN: Final = frozenset({
    "appProtocol", "compatibilities", "condition", "cpu", "cpuArchitecture", "driver", "family", "iam", "image",
    "ipcMode", "isolationMode", "logDriver", "memory", "networkMode", "operatingSystemFamily", "permissions", "pidMode",
    "protocol", "registeredBy", "requiresCompatibilities", "rootDirectory", "scope", "status", "taskDefinitionArn",
    "transitEncryption", "type", "versionConsistency",
})  # fmt: skip
"""Members whose texts are AWS's words, or are filled in by AWS; and the names that stand in every list of services."""

_OWN: Final = "requiresAttributes"
"""A member that AWS makes."""

_MAPS: Final = frozenset({"dockerLabels", "driverOpts", "labels", "options"})
"""Members whose names are the user's, too."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of the revisions at an endpoint, for projects that leave the same tags to others."""

    endpoint: str
    ignored: tuple[str, ...] = ()

    def recall(self, arn: str, desired: Json) -> Snapshot | None:
        """Give a revision as DescribeTaskDefinition does, but for tags; None where that is not known or differs."""
        key, found = (caches.read(_KEY), caches.read(self._name(arn))) if self._lasts() else (None, None)
        if not key or not found:
            return None
        digest = _digests(key, arn)
        try:
            body = json.loads(found)
            known = {digest(text): text for text in _texts(desired)}
            revealed = _changed(body, known.__getitem__)
        except (KeyError, ValueError, RecursionError):  # others' texts; damaged
            return None
        inner = revealed.get("taskDefinition") if isinstance(revealed, dict) else None
        if not isinstance(inner, dict) or inner.get("taskDefinitionArn") != arn:
            return None
        return Snapshot({"taskDefinition": inner})

    def keep(self, arn: str, body: JsonObject, known: Sequence[str]) -> None:
        """Remember a revision, but for its tags; not where one of the `known` secrets would be written."""
        key = _key() if arn and self._lasts() else None
        if not key:
            return
        hidden = _changed({"taskDefinition": body.get("taskDefinition")}, _digests(key, arn))
        text = json.dumps(hidden, ensure_ascii=False, separators=(",", ":"))
        if not any(secret in text for secret in known):
            caches.write(self._name(arn), text.encode(), kept=_KEPT)

    def _lasts(self) -> bool:
        """Tell whether revisions at the endpoint are what they were for good."""
        address = urlsplit(self.endpoint)
        aws = address.scheme == "https" and (address.hostname or "").endswith(_AWS)
        return aws or os.environ.get(ANYWHERE) == "anywhere"

    def _name(self, arn: str) -> str:
        identity = json.dumps([_FORMAT, self.endpoint, arn, sorted(self.ignored)])
        name = hashlib.sha256(identity.encode()).hexdigest()
        return f"revisions/{name[0]}/revision-{name[1:40]}.json"


def _key() -> bytes | None:
    """Give the key of the digests, made by whoever needs it first; None where nothing can be kept."""
    with _MAKING:
        found = caches.read(_KEY)
        if found is None:  # where two processes make one at once, what the first has written is not recalled
            caches.write(_KEY, secrets.token_bytes(32))
            found = caches.read(_KEY)
        return found


def _digests(key: bytes, arn: str) -> Callable[[str], str]:
    """Give what makes digests of texts: others for each revision, so that equal texts of two do not show as such."""
    own = hashlib.blake2b(arn.encode(), key=key[:64]).digest()
    return lambda text: hashlib.blake2b(
        text.encode(errors="surrogatepass"), key=own, digest_size=16
    ).hexdigest()


def _changed(node: Json, change: Callable[[str], str], *, plain: bool = False, free: bool = False) -> Json:
    """Give a body with every text in it changed that a person wrote."""
    if isinstance(node, str):
        return node if plain else change(node)
    if isinstance(node, dict):
        return {
            change(name) if free else name: member
            if name == _OWN
            else _changed(member, change, plain=name in _PLAIN and not free, free=free or name in _MAPS)
            for name, member in node.items()
        }
    if isinstance(node, list | tuple):
        return [_changed(item, change, plain=plain, free=free) for item in node]
    return node


def _texts(node: Json) -> Iterator[str]:
    """Give every text of a document, names of members too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        yield from node
        for member in node.values():
            yield from _texts(member)
    elif isinstance(node, Collection):
        for item in node:
            yield from _texts(item)
