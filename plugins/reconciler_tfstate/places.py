"""Places in a state: data with its address and its sensitive parts, and the steps from one to the next.

Messages name addresses, attributes and keys, and never a value; below a sensitive place not even keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from reconciler.plugin import Json, NotFound
from reconciler_tfstate import addresses, laters
from reconciler_tfstate.addresses import Index, Member, Slice
from reconciler_tfstate.sensitivities import Path

NEAR = 3  # near misses a message lists
COMPARED = 5_000  # words that are compared for them: difflib needs about 20 µs for each
_LISTED = 10  # names or keys a message lists


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a state: its address, its data, and the paths below it that are sensitive.

    Where a step led to nothing, `data` is None, and `gap` holds from where and which step: so a missing
    attribute counts as null within a query, and is told from null where it is the answer.
    """

    at: str
    data: Json
    sensitive: tuple[Path, ...] = ()
    gap: tuple[Found, Member | Index] | None = None

    @property
    def secret(self) -> bool:
        """Tell whether the place itself is sensitive, its keys and its length included."""
        return () in self.sensitive


def walk(found: Found, step: Member | Index | Slice) -> Found:
    """Go one step. A gap where nothing is there; NotFound where such a step leads nowhere from such data.

    As in Terraform, ``["0"]`` is an index of a list, and ``[0]`` a key of an object.
    """
    if isinstance(step, Slice):
        return _cut(found, step)
    if found.gap:
        return found
    data, key = found.data, step.name if isinstance(step, Member) else step.key
    if laters.lacking(data):
        return _below(found, step)
    if isinstance(data, list):
        if isinstance(key, str) and (number := addresses.number(key)) is not None:
            key = number
        if isinstance(key, int) and -len(data) <= key < len(data):
            return child(found, key % len(data))
    elif isinstance(data, dict) and str(key) in data:
        return child(found, str(key))
    if data is None or isinstance(data, list if isinstance(key, int) else dict):
        return Found(found.at + addresses.render_steps([step]), None, gap=(found, step))
    raise no_step(found, step)


def child(found: Found, key: int | str, at: str = "") -> Found:
    """Give the member or element that is there; `at` is its address, where the key may not be shown."""
    data = found.data
    assert isinstance(data, list | dict)
    marks = tuple(path[1:] for path in found.sensitive if not path or path[0] == key)
    step = Index(key) if isinstance(key, int) else Member(key)
    return Found(at or found.at + addresses.render_steps([step]), data[key], marks)  # type: ignore[index]


def children(found: Found) -> Iterator[Found]:
    """Give the elements of a list, or the members of an object by their names' order. NotFound for all else; Later."""
    match laters.settled(found.data):
        case list() as items:
            yield from (child(found, number) for number in range(len(items)))
        case dict() as members:
            at = f"{found.at}[]" if found.secret else ""
            yield from (child(found, name, at) for name in sorted(members))
        case _:
            settle(found)
            raise NotFound(f"{found.at} is {kind(found.data)}, which holds nothing to go through")


def gather(at: str, items: Iterable[Found]) -> Found:
    """Make a list of what was found."""
    data: list[Json] = []
    marks: list[Path] = []
    for number, item in enumerate(items):
        data.append(item.data)
        marks += [(number, *path) for path in item.sensitive]
    return Found(at, data, tuple(marks))


def settle(found: Found) -> Found:
    """Give a place that is there. NotFound, with near misses, for a gap."""
    if found.gap:
        raise no_step(*found.gap)
    return found


def _cut(found: Found, step: Slice) -> Found:
    """Cut a list, or a text by characters, as jq and Python do; of null nothing is left."""
    data, at = found.data, found.at + addresses.render_steps([step])
    if found.gap:
        return found
    if laters.lacking(data):
        return _below(found, step)
    if data is None:
        return Found(at, None)
    if not isinstance(data, list | str):
        raise no_step(found, step)
    kept = range(len(data))[step.start : step.stop]
    marks: list[Path] = []
    for path in found.sensitive:
        match path:
            case ():
                marks.append(())
            case (int(number), *rest) if number in kept:
                marks.append((number - kept.start, *rest))
    return Found(at, data[step.start : step.stop], tuple(marks))


def _below(found: Found, step: Member | Index | Slice) -> Found:
    """Go a step in what is not there yet: what lies there is as sensitive, and not there either."""
    return Found(found.at + addresses.render_steps([step]), found.data, ((),) if found.sensitive else ())


def no_step(found: Found, step: Member | Index | Slice) -> NotFound:
    """Give the error that a step leads nowhere, and what there is instead."""
    what = addresses.render_steps([step])
    if isinstance(step, Slice):
        return NotFound(f"{found.at} is {kind(found.data)}, which has no slice {what}")
    wanted = str(step.name if isinstance(step, Member) else step.key)
    match found.data:
        case dict() as members if not found.secret:
            near = tuple(found.at + addresses.render_steps([Member(name)]) for name in close(wanted, members))
            hint = None if near or not members else f"one of {listed(sorted(members))}"
            return NotFound(f"{found.at} has no {what}", near=near, hint=hint)
        case dict():
            return NotFound(f"{found.at} has no {what}")
        case list() as items if isinstance(step, Index) and isinstance(step.key, int):
            held = f"a list of {len(items)}" if items else "an empty list"
            return NotFound(f"{found.at} has no {what}: it is {held}")
    return NotFound(f"{found.at} is {kind(found.data)}, which has no {what}")


def listed(names: list[str]) -> str:
    """Write some of many names."""
    return f"{', '.join(names[:_LISTED])}{' …' * (len(names) > _LISTED)}"


def close(word: str, words: Iterable[str]) -> list[str]:
    """Give the words that look like `word`, the nearest first."""
    return get_close_matches(word[:200], list(islice(words, COMPARED)), n=NEAR, cutoff=0.6)


def kind(data: Json) -> str:
    """Say what data is, without saying any of it."""
    kinds = {type(None): "null", bool: "a boolean", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(data), "a number")
