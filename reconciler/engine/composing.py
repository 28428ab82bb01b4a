"""From evaluated files to what is desired: one definition each, in canonical form, with everything worth saying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.core import canon as canons
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kind
from reconciler.core.plans import Notice
from reconciler.core.values import Json, Path
from reconciler.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Desired:
    """A definition as the files ask for it."""

    resolved: Resolved
    canon: canons.Canon
    notices: tuple[Notice, ...]


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
    `instead` overrides root members. ConfigError for wrong types, duplicates and, if `strict`, unknown members.
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
    result = canons.canon(kind, document, desired=True)
    notices: list[Notice] = []
    for remark in result.remarks:
        if remark.fatal or strict:
            raise ConfigError(_at(remark.what, base, remark.path), resolved.where(remark.path), remark.hint)
        notices.append(Notice(what=remark.what, where=resolved.where(remark.path), hint=remark.hint))
    return Desired(resolved, result, tuple(notices))


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
