"""Writing the tags that say whose a thing is, and from what it was applied (`core.stamps`), along with what changes.

Takes definitions and what is live, and a plan's units. Gives the definitions with their owner, and the units with the
tags in their steps. Never makes a step of a unit that has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cache

from reconciler.core import findings, stamps
from reconciler.core.plans import Notice, Unit
from reconciler.core.redaction import Masker
from reconciler.core.stamps import DIGEST, OWNER, REVISION, Seen, Stamp
from reconciler.core.steps import (
    CreateExpressService,
    CreateService,
    RegisterTaskDefinition,
    RemoveTags,
    SetScaling,
    SetTags,
    Step,
)
from reconciler.core.strays import tags as tags_of
from reconciler.core.values import JsonObject
from reconciler.engine import composing
from reconciler.engine.composing import Desired
from reconciler.engine.observing import Observed
from reconciler.engine.options import Options
from reconciler.engine.ports import Snapshot
from reconciler.errors import ConfigError
from reconciler.records import dataclass

_MAKING = RegisterTaskDefinition | CreateService | CreateExpressService
"""Steps that send all tags of what they make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """What is to be stamped on the units of a plan.

    By the names of kinds: `digests` of what the files say, and the `live` tags. `declared` are the keys of ours that
    files name themselves; these are the files' to say. `source` gives the revision, empty where there is none. Unless
    the `whole` of what files say is applied nothing is to be stamped.
    """

    stamp: Stamp
    digests: Mapping[str, str]
    declared: frozenset[str]
    source: Callable[[], str]
    live: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    whole: bool = True

    def owned(self, desired: Desired | None) -> Desired | None:
        """Have a definition ask for its owner's tag. ConfigError where AWS takes no more tags than it has.

        The file wins, where it names a key of ours, or leaves it to others.
        """
        if desired is None or desired.partial or not self.asked:
            return desired
        where = self.stamp.where
        ours = [key for key in self.asked if key not in self.declared]
        count = len(_tagged(desired)) + len(ours)
        if count > stamps.MOST:
            what = (
                f"a resource takes {stamps.MOST} tags, and with `stamp` {desired.resolved.path} has {count}"
            )
            raise ConfigError(what, where, "remove tags, or stamp less")
        told = tuple(
            Notice(
                what=f"the tag `{key}` is the files' own, or left to others: `stamp` does not set it",
                where=where,
                hint=f"take it out of the file or of `ignore`, or leave `{key.partition(':')[2]}` out of `stamp`",
            )
            for key in self.asked
            if key in {*_tagged(desired), *desired.tags_left}
        )
        desired = replace(desired, notices=(*desired.notices, *told))
        return composing.tagged(desired, OWNER, self.stamp.owner) if OWNER in ours else desired

    def beside(self, observed: Observed) -> Stamps:
        """Give the same with the tags that are live."""
        return replace(self, live=dict(_live(observed)))

    def leaving(self, options: Options) -> Options:
        """Leave our tags alone where documents are compared; the owner only where none is wanted."""
        present = {key for tags in self.live.values() for key in tags}
        present |= set(stamps.WRITTEN if self.asked else ())
        left = stamps.left(present, self.declared, self.stamp.owner)
        return replace(options, ignore_tags=tuple(dict.fromkeys((*options.ignore_tags, *left))))

    @property
    def asked(self) -> tuple[str, ...]:
        """Give the keys that the project file wants to be set."""
        wanted = (self.stamp.owner, self.stamp.digest, self.stamp.revision)
        return tuple(key for key, on in zip(stamps.KEYS, wanted, strict=True) if on)

    def seen(self, kind: str) -> Seen | None:
        """Give what the live tags of a kind tell of the last apply; None where the files' digest is not known."""
        now, tags = self.digests.get(kind), self.live.get(kind)
        if now is None or tags is None:
            return None
        return Seen(now, tags.get(DIGEST, ""), tags.get(REVISION, ""))


def wanted(
    stamp: Stamp | None,
    definitions: Sequence[Desired | None],
    masker: Masker,
    source: Callable[[], str],
) -> Stamps:
    """See what there is to stamp. Of a definition that is restricted nothing is stamped."""
    whole = [each for each in definitions if each is not None and not each.partial]
    named = (key for each in whole for key in (*_tagged(each), *each.tags_left))
    declared = frozenset(named).intersection(stamps.KEYS)
    owner = stamp.owner if stamp is not None and OWNER not in declared else ""
    digests = {each.canon.kind.name: digest(each, owner, masker) for each in whole if stamp is not None}
    return Stamps(
        stamp=stamp or Stamp(),
        digests=digests,
        declared=declared,
        source=cache(source),
    )


def digest(desired: Desired, owner: str, masker: Masker) -> str:
    """Give the digest of what a file says and whose it is, in which every secret is a mark."""
    origin = findings.Provenance(desired.resolved, desired.canon)
    tree = findings.mask(desired.canon.tree, (), origin, replace(masker, open=False))
    return stamps.digest(tree if isinstance(tree, dict) else {}, owner)


def mark(units: tuple[Unit, ...], found: Stamps) -> tuple[tuple[Unit, ...], tuple[Notice, ...]]:
    """Put the tags into the steps of units that change, and take those away that would not be true any more."""
    marked = tuple(_marked(unit, found) for unit in units)
    lacks = found.stamp.revision and REVISION not in found.declared and marked != units and not found.source()
    what = (
        "`stamp.revision`: no revision is known, neither by git nor by the environment, and none is stamped"
    )
    notice = Notice(what=what, where=found.stamp.where, hint="set RECONCILER_REVISION")
    return marked, (notice,) if lacks else ()


def _marked(unit: Unit, found: Stamps) -> Unit:
    if not found.whole or unit.partial or all(isinstance(step, SetScaling) for step in unit.steps):
        return unit
    live = found.live.get(unit.kind, {})
    tags = dict(_tags(unit.kind, found))
    ours = [key for key in stamps.WRITTEN if key not in found.declared]
    stale = [key for key in ours if key in live and key not in tags]
    if not tags and not stale:
        return unit
    if any(isinstance(step, _MAKING) for step in unit.steps):
        steps = tuple(
            replace(step, body=_with(step.body, tags, ours)) if isinstance(step, _MAKING) else step
            for step in unit.steps
        )
    else:
        other = {key: text for key, text in tags.items() if live.get(key) != text}
        steps = tuple(_along(unit.steps, unit.live, other, stale))
    told = f"stamped with {_said(tags)}" if tags else f"no longer stamped: {', '.join(stale)}"
    return replace(unit, steps=steps, effects=(*unit.effects, told)) if steps != unit.steps else unit


def _tags(kind: str, found: Stamps) -> Iterator[tuple[str, str]]:
    if found.stamp.digest and DIGEST not in found.declared and kind in found.digests:
        yield DIGEST, found.digests[kind]
    if found.stamp.revision and REVISION not in found.declared and (revision := found.source()):
        yield REVISION, stamps.value(revision)


def _said(tags: Mapping[str, str]) -> str:
    return f"revision {tags[REVISION]}" if REVISION in tags else "a digest"


def _along(
    steps: tuple[Step, ...], arn: str, tags: Mapping[str, str], stale: Sequence[str]
) -> Iterator[Step]:
    """Give the steps that change a thing, with those that change its tags: in one call with others, if any is set."""
    for step in steps:
        if isinstance(step, SetTags):
            yield replace(step, tags=(*step.tags, *_pairs(tags)))
            tags = {}
        else:
            yield step
    if stale:
        yield RemoveTags(arn=arn, keys=tuple(stale))
    if tags:
        yield SetTags(arn=arn, tags=tuple(_pairs(tags)))


def _with(body: JsonObject, tags: Mapping[str, str], ours: Sequence[str]) -> JsonObject:
    """Add tags to what is sent; those of the last apply, which a replacement carries along, are no longer true."""
    there = body.get("tags")
    kept = [
        tag
        for tag in (there if isinstance(there, list | tuple) else ())
        if not (isinstance(tag, dict) and tag.get("key") in ours)
    ]
    rest = {name: member for name, member in body.items() if name != "tags"}
    return rest | {"tags": sent} if (sent := [*kept, *_pairs(tags)]) else rest


def _pairs(tags: Mapping[str, str]) -> Iterator[JsonObject]:
    for key, text in tags.items():
        yield {"key": key, "value": text}


def _tagged(desired: Desired) -> JsonObject:
    tags = desired.canon.tree.get("tags")
    return tags if isinstance(tags, dict) else {}


def _live(observed: Observed) -> Iterator[tuple[str, Mapping[str, str]]]:
    revision = observed.live_revision()
    for kind, snapshot in (
        ("task_definition", revision),
        ("service", observed.service),
        ("express_service", observed.express),
    ):
        if isinstance(snapshot, Snapshot) and snapshot.body.get("status") != "INACTIVE":
            yield kind, tags_of(snapshot.body)
