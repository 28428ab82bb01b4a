"""The tags that say whose a service or a revision is, and from what it was applied (`stamp` in the project file).

They are written along with other changes. Of themselves only another owner is a change.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Mapping
from typing import Final

from reconciler.core.values import Json, JsonObject
from reconciler.errors import Where
from reconciler.records import dataclass

OWNER: Final = "reconciler:owner"
DIGEST: Final = "reconciler:digest"
REVISION: Final = "reconciler:revision"
KEYS: Final = (OWNER, DIGEST, REVISION)
WRITTEN: Final = (DIGEST, REVISION)
"""Those that are written along with other changes, and never for their own sake."""

LONGEST: Final = 256
MOST: Final = 50
"""How long a tag's value may be, and how many tags a resource may have (API model, TagValue and TagResource)."""
_SIGNS: Final = frozenset("_.:/=+-@")
_KINDS: Final = frozenset("LZN")
"""What values of tags hold: letters, separators, numbers, and a few signs (API model, TagValue)."""

FORM: Final = "1"
"""Goes before a digest: digests of another form tell nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What the project file wants to be stamped, and where it says so. No owner is empty."""

    owner: str = ""
    digest: bool = False
    revision: bool = False
    where: Where = Where("")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the tags of a live unit say of its last apply, and the digest of what the files say now."""

    now: str
    then: str = ""
    revision: str = ""


def fits(text: str) -> bool:
    """Tell whether a text can be the value of a tag."""
    return len(text) <= LONGEST and all(_fits(sign) for sign in text)


def value(text: str) -> str:
    """Make a text the value of a tag: other signs become dashes, and it is cut where it is too long."""
    return "".join(sign if _fits(sign) else "-" for sign in text)[:LONGEST]


def _fits(sign: str) -> bool:
    return sign in _SIGNS or unicodedata.category(sign)[0] in _KINDS


def digest(tree: JsonObject, owner: str = "") -> str:
    """Give the digest of a definition in canonical form, and of the owner that is stamped beside it.

    Secrets have to be marks in it: nothing is to be guessed from the digest. The tags that are written along do not
    count.
    """
    tags = tree.get("tags")
    counted: dict[str, Json] = {name: member for name, member in tree.items() if name != "tags"}
    kept: dict[str, Json] = {OWNER: owner} if owner else {}
    kept |= {key: tags[key] for key in tags if key not in WRITTEN} if isinstance(tags, Mapping) else {}
    if kept:
        counted["tags"] = kept
    text = json.dumps(counted, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"{FORM}:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def left(present: Collection[str], declared: Collection[str], owner: str) -> tuple[str, ...]:
    """Give the keys of ours that a comparison leaves alone: those that are `present` in AWS, but for those that a file
    declares itself, and the owner where one is wanted.
    """
    return tuple(
        key for key in KEYS if key in present and key not in declared and not (key == OWNER and owner)
    )
