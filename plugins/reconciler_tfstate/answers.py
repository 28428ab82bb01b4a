"""What a state answers to a reference: the data and the sensitive paths in it, or a NotFound with near misses.

Messages name addresses, attributes and keys, and never a value; below a sensitive place not even keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import NoReturn

from reconciler.plugin import Json, NotFound
from reconciler_tfstate import addresses
from reconciler_tfstate.addresses import Index, Key, Member, Output, Reference, Resource, Slice, Step
from reconciler_tfstate.sensitivities import Path
from reconciler_tfstate.states import Instance, State

_NEAR = 3  # near misses a message lists
_COMPARED = 5_000  # addresses that are compared for them: difflib needs about 20 µs for each


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a state: its address, its data, and the paths below it that are sensitive."""

    at: str
    data: Json
    sensitive: tuple[Path, ...] = ()


def answer(state: State, reference: Reference) -> Found:
    """Give what stands at a reference. NotFound, with near misses, where nothing does."""
    if isinstance(reference.target, Output):
        return _walk(_output(state, reference.target), reference.steps)
    instances = state.resources.get(reference.target)
    if not instances:
        _refuse_resource(state, reference, known=instances is not None)
    return _walk(*_choose(reference.target, instances, reference.steps))


def listing(state: State) -> Iterable[str]:
    """Give the addresses of all outputs and resource instances."""
    for name in state.outputs:
        yield addresses.render(Output(name))
    for resource, instances in state.resources.items():
        for instance in instances:
            yield addresses.render(resource, instance.key)


def _output(state: State, target: Output) -> Found:
    output = state.outputs.get(target.name)
    if output is None:
        outputs = {name: addresses.render(Output(name)) for name in state.outputs}
        raise NotFound(
            f"the state has no output {target.name!r}",
            hint="apply the configuration that declares it; an output whose value is null is not kept in a state",
            near=tuple(outputs[name] for name in _close(target.name, outputs)),
        )
    sensitive = ((),) if output.get("sensitive") else ()
    return Found(addresses.render(target), output.get("value"), sensitive)


def _choose(
    target: Resource, instances: Sequence[Instance], steps: Sequence[Step]
) -> tuple[Found, Sequence[Step]]:
    """Give the instance or group of instances that the first step names, and the steps that are left."""
    by_key = {instance.key: instance for instance in instances}
    match steps:
        case [Index(key), *rest] if key in by_key:
            return _instance(target, by_key[key]), rest
        case [Index(key), *_] if by_key.keys() == {None}:
            bare = addresses.render(target)
            raise NotFound(
                f"{bare} has neither count nor for_each, so it has no {addresses.index(key)}",
                near=(bare + addresses.render_steps(steps[1:]),),
            )
    if None in by_key:
        return _instance(target, by_key[None]), steps
    group = _group(target, by_key)
    match steps:
        case [(Member() | Index()) as step, *rest] if _member(group, step) is None:
            _refuse_key(target, by_key, step, rest)
    return group, steps


def _instance(target: Resource, instance: Instance) -> Found:
    return Found(addresses.render(target, instance.key), instance.attributes, instance.sensitive_paths)


def _group(target: Resource, by_key: Mapping[Key, Instance]) -> Found:
    """Give all instances at once: a list for count, with null in its gaps, an object for for_each."""
    at = addresses.render(target)
    numbers = [key for key in by_key if isinstance(key, int)]
    if len(numbers) < len(by_key):
        members = {str(key): instance for key, instance in by_key.items()}
        marks = tuple((key, *path) for key, instance in members.items() for path in instance.sensitive_paths)
        return Found(at, {key: instance.attributes for key, instance in members.items()}, marks)
    if max(numbers) > len(numbers) + _COMPARED or min(numbers) < 0:
        raise NotFound(f"the instances of {at} are numbered too wildly for a list", hint="name one instance")
    items: list[Json] = [None] * (max(numbers) + 1)
    for number in numbers:
        items[number] = by_key[number].attributes
    marks = tuple((number, *path) for number in numbers for path in by_key[number].sensitive_paths)
    return Found(at, items, marks)


def _walk(found: Found, steps: Sequence[Step]) -> Found:
    for step in steps:
        child = _slice(found, step) if isinstance(step, Slice) else _member(found, step)
        if child is None:
            _refuse_step(found, step)
        found = child
    return found


def _member(found: Found, step: Member | Index) -> Found | None:
    """Give a member of an object or an element of a list; None where there is none."""
    key = step.name if isinstance(step, Member) else step.key
    data = found.data
    if isinstance(data, list):
        if isinstance(step, Member) and step.name.isascii() and step.name.isdigit() and len(step.name) < 18:
            key = int(step.name)
        if not isinstance(key, int) or not -len(data) <= key < len(data):
            return None
        key %= len(data)
        value = data[key]
    elif isinstance(data, dict) and key in data:
        value = data[str(key)]
    else:
        return None
    marks = tuple(path[1:] for path in found.sensitive if not path or path[0] == key)
    return Found(found.at + addresses.render_steps([step]), value, marks)


def _slice(found: Found, step: Slice) -> Found | None:
    """Cut a list, or a text by characters, as jq and Python do."""
    data = found.data
    if not isinstance(data, list | str):
        return None
    kept = range(len(data))[step.start : step.stop]
    marks: list[Path] = []
    for path in found.sensitive:
        match path:
            case ():
                marks.append(())
            case (int(number), *rest) if number in kept:
                marks.append((number - kept.start, *rest))
    return Found(found.at + addresses.render_steps([step]), data[step.start : step.stop], tuple(marks))


def _refuse_step(found: Found, step: Step) -> NoReturn:
    what = addresses.render_steps([step])
    if isinstance(step, Slice):
        raise NotFound(f"{found.at} is {_kind(found.data)}, which has no slice {what}")
    secret = () in found.sensitive
    wanted = str(step.name if isinstance(step, Member) else step.key)
    match found.data:
        case dict() as members if not secret:
            near = tuple(
                found.at + addresses.render_steps([Member(name)]) for name in _close(wanted, members)
            )
            names = sorted(members)
            hint = None if near or not names else f"one of {', '.join(names[:10])}{' …' * (len(names) > 10)}"
            raise NotFound(f"{found.at} has no {what}", near=near, hint=hint)
        case dict():
            raise NotFound(f"{found.at} has no {what}")
        case list() as items if isinstance(step, Index) and isinstance(step.key, int):
            raise NotFound(f"{found.at} has no {what}: it is a list of {len(items)}")
    raise NotFound(f"{found.at} is {_kind(found.data)}, which has no {what}")


def _refuse_key(
    target: Resource, by_key: Mapping[Key, Instance], step: Member | Index, rest: Sequence[Step]
) -> NoReturn:
    """Say that a resource has no such instance, or that an attribute was asked of all of them at once."""
    at = addresses.render(target)
    first = next(iter(by_key.values()))
    word = "for_each" if any(isinstance(key, str) for key in by_key) else "count"
    if isinstance(step, Member) and step.name in first.attributes:
        tail = addresses.render_steps([step, *rest])
        near = tuple(addresses.render(target, key) + tail for key in list(by_key)[:_NEAR])
        raise NotFound(f"{at} has {word}; an attribute belongs to one of its instances", near=near)
    wanted = step.name if isinstance(step, Member) else step.key
    texts = {str(key): key for key in by_key}
    close = _close(str(wanted), texts) or list(texts)[:_NEAR]
    tail = addresses.render_steps(rest)
    raise NotFound(
        f"{at} has no instance {addresses.index(wanted)}",
        near=tuple(addresses.render(target, texts[text]) + tail for text in close),
    )


def _refuse_resource(state: State, reference: Reference, *, known: bool) -> NoReturn:
    """Say that a resource is not there, and which ones look like it."""
    target = reference.target
    assert isinstance(target, Resource)
    at = addresses.render(target)
    if known:
        raise NotFound(
            f"{at} has no instance in the state: it has count 0, no for_each, or only deposed objects"
        )
    wanted, rest = None, reference.steps
    if rest and isinstance(rest[0], Index):
        wanted, rest = rest[0].key, rest[1:]
    tail = addresses.render_steps(rest)
    near = _namesakes(state, target, wanted) or _close(at, listing(state))
    hint = None
    if target.module:
        within = [addresses.render(key) for key in state.resources if key.module == target.module]
        near = near or within[:_NEAR]
        hint = "a child module's outputs are not kept in a state: name a resource in it, or a root output"
    raise NotFound(f"the state has no resource {at}", near=tuple(text + tail for text in near), hint=hint)


def _namesakes(state: State, target: Resource, wanted: Key) -> list[str]:
    """Give the same type and name elsewhere: in another module, or with `data.` forgotten."""
    found = [key for key in state.resources if (key.type, key.name) == (target.type, target.name)]
    keys = {resource: [instance.key for instance in state.resources[resource]] for resource in found[:_NEAR]}
    return [
        addresses.render(resource, wanted if wanted in present else present[0])
        for resource, present in keys.items()
        if present
    ]


def _close(word: str, words: Iterable[str]) -> list[str]:
    return get_close_matches(word[:200], list(islice(words, _COMPARED)), n=_NEAR, cutoff=0.6)


def _kind(data: Json) -> str:
    kinds = {type(None): "null", bool: "a boolean", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(data), "a number")
