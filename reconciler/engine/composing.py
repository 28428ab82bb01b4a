"""From evaluated files to what is desired: one definition each, in canonical form, with everything worth saying."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.core import canon as canons
from reconciler.core import pointers
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kind, spellings
from reconciler.core.plans import Notice
from reconciler.core.redaction import MASK
from reconciler.core.values import Json, JsonObject, Path
from reconciler.errors import ConfigError
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Desired:
    """A definition as the files ask for it. Of a `partial` one nothing is removed that it does not hold.

    `document` is what was brought into canonical form: the file's data, with what is said elsewhere. `tags_left` are
    the keys of tags that are left alone, `members` the root members that alone count, None for all of them.
    """

    resolved: Resolved
    document: Json
    canon: canons.Canon
    notices: tuple[Notice, ...]
    tags_left: tuple[str, ...] = ()
    members: frozenset[str] | None = None

    @property
    def partial(self) -> bool:
        """Tell whether the definition is restricted to some of its root members."""
        return self.members is not None


def compose(
    kind: Kind,
    resolved: Resolved,
    *,
    without: Sequence[str] = (),
    instead: Mapping[str, Json] | None = None,
    strict: bool = False,
) -> Desired:
    """Bring an evaluated file into canonical form.

    `without` names root members that are not the file's to say (the project file names cluster and service);
    `instead` overrides root members. ConfigError for wrong types, words in another case, duplicates and, if `strict`,
    unknown members and words.
    """
    document = resolved.data
    try:
        inner, base = kind.unwrap(document)
    except (TypeError, ValueError) as error:
        raise ConfigError(str(error), resolved.where(())) from error
    if without or instead:
        folded = {name.lower() for name in (*without, *(instead or {}))}
        kept = {name: value for name, value in inner.items() if name.lower() not in folded} | dict(
            instead or {}
        )
        document = _replace(document, base, kept)
        if instead:  # what is said elsewhere (--tasks) has no origin in the file
            said = {(*base, name) for name in inner if name.lower() in {key.lower() for key in instead}}
            origins = {
                path: found for path, found in resolved.origins.items() if path[: len(base) + 1] not in said
            }
            resolved = replace(resolved, origins=origins)
    result = canons.canon(kind, document, desired=True)
    notices: list[Notice] = []
    for found in (*result.remarks, *_not_there(resolved)):
        remark = replace(found, what=_masked(found, document, resolved))
        if remark.fatal or strict:
            raise _error(remark, base, resolved)
        notices.append(Notice(what=remark.what, where=resolved.where(remark.path), hint=remark.hint))
    return Desired(resolved, document, result, tuple(notices))


_NOTHING: Final = "<no value>"
"""What Go's templates print, without an error, for a member of a value that it does not have."""


def _not_there(resolved: Resolved) -> Iterator[canons.Remark]:
    """Remark upon texts for which a template asked a reference's value for what it does not hold."""
    for path in resolved.origins:
        value = pointers.get(resolved.data, path)
        if isinstance(value, str) and _NOTHING in value:
            what = f"`{_NOTHING}` stands here: a template asked for a member that is not there"
            yield canons.Remark(path, what, "correct the name behind the dot, or the index")


def errors(kind: Kind, resolved: Resolved) -> tuple[ConfigError, ...]:
    """Give everything for which `compose` refuses a file, not the first alone; nothing where it is no definition."""
    try:
        _, base = kind.unwrap(resolved.data)
    except (TypeError, ValueError):
        return ()
    return tuple(
        _error(replace(remark, what=_masked(remark, resolved.data, resolved)), base, resolved)
        for remark in canons.canon(kind, resolved.data, desired=True).remarks
        if remark.fatal
    )


def _error(remark: canons.Remark, base: Path, resolved: Resolved) -> ConfigError:
    hint = remark.hint
    if remark.first is not None:
        hint = f"keep one of them; the first is at {resolved.where(remark.first)}"
    return ConfigError(_at(remark.what, base, remark.path), resolved.where(remark.path), hint)


def _masked(remark: canons.Remark, document: Json, resolved: Resolved) -> str:
    """Give what a remark says, with a mark for a value that it quotes and that must not be shown."""
    if not resolved.is_sensitive(remark.path):
        return remark.what
    value = pointers.get(document, remark.path)
    return remark.what.replace(f"`{value}`", f"`{MASK}`")


_CONSOLE: Final = "ecs:taskDefinition:"
"""What the console marks the revisions with that it makes: anyone's to declare."""


def without_tags(desired: Desired, keys: Sequence[str]) -> Desired:
    """Leave tags out that the user leaves to others (`ignore.tags`), and AWS's own, which no request may set."""
    told = tuple(
        _reserved(desired, key) for key in _tags(desired.canon) if spellings.reserved(key) and key not in keys
    )
    return replace(
        desired,
        canon=ignoring(desired.canon, keys),
        notices=(*desired.notices, *told),
        tags_left=tuple(keys),
    )


def _reserved(desired: Desired, key: str) -> Notice:
    path = desired.canon.seen["tags", key, "key"].raw
    remark = canons.Remark(path, f"the tag `{key}` is AWS's own and is not sent")
    what = _masked(remark, desired.document, desired.resolved)
    return Notice(what=what, where=desired.resolved.where(path), hint="remove it from the file")


def tagged(desired: Desired, key: str, value: str) -> Desired:
    """Add a tag that the file does not name."""
    inner, base = desired.canon.kind.unwrap(desired.document)
    name = next((name for name in inner if name.lower() == "tags"), "tags")
    there = inner.get(name)
    listed = [*(there if isinstance(there, list | tuple) else ()), {"key": key, "value": value}]
    return changed(desired, _replace(desired.document, base, {**inner, name: listed}))


def changed(desired: Desired, document: Json) -> Desired:
    """Give the same definition over a changed document."""
    canon = canons.canon(desired.canon.kind, document, desired=True)
    if desired.members is not None:
        canon = _restricted(canon, desired.members)
    return replace(desired, document=document, canon=ignoring(canon, desired.tags_left))


def ignoring(canon: canons.Canon, keys: Sequence[str], desired: canons.Canon | None = None) -> canons.Canon:
    """Drop tags by key from a document, and AWS's own; from a live one those of the console that are not `desired`."""
    tags = _tags(canon)
    declared = tags if desired is None else _tags(desired)
    kept = {
        key: value
        for key, value in tags.items()
        if key not in keys
        and not spellings.reserved(key)
        and (key in declared or not key.startswith(_CONSOLE))
    }
    if len(kept) == len(tags):
        return canon
    tree = {name: member for name, member in canon.tree.items() if name != "tags"}
    wire = {name: member for name, member in canon.wire.items() if name != "tags"}
    sent = canon.wire.get("tags")
    if kept and isinstance(sent, list):
        tree["tags"] = kept
        wire["tags"] = [tag for tag in sent if isinstance(tag, dict) and tag.get("key") in kept]
    return replace(canon, tree=tree, wire=wire)


def _tags(canon: canons.Canon) -> JsonObject:
    tags = canon.tree.get("tags")
    return tags if isinstance(tags, dict) else {}


def only(desired: Desired, members: Collection[str]) -> Desired:
    """Restrict a definition to some of its root members; the rest is neither compared nor sent."""
    kept = frozenset(members)
    return replace(desired, canon=_restricted(desired.canon, kept), members=kept)


def _restricted(canon: canons.Canon, members: frozenset[str]) -> canons.Canon:
    tree = {name: value for name, value in canon.tree.items() if name in members}
    wire = {name: value for name, value in canon.wire.items() if name in members}
    return replace(canon, tree=tree, wire=wire)


def _replace(document: Json, base: Path, inner: Json) -> Json:
    """Put the inner definition back into its wrapping."""
    if not base:
        return inner
    if isinstance(document, dict):
        return document | {str(base[0]): _replace(document[str(base[0])], base[1:], inner)}
    return [_replace(document[0], base[1:], inner)] if isinstance(document, list | tuple) else inner


def _at(what: str, base: Path, path: Path) -> str:
    """Add the member's path, where the sentence does not name it already."""
    names = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in path[len(base) :]]
    place = "".join(names).lstrip(".")
    return f"{place}: {what}" if place and f"`{path[-1]}`" not in what else what
