"""What a state answers to a reference: the data and the sensitive paths in it, or a NotFound with near misses.

Messages name addresses, attributes and keys, and never a value; below a sensitive place not even keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, filterfalse, takewhile
from typing import TYPE_CHECKING, NoReturn

from reconciler.plugin import Json, NotFound, Unavailable
from reconciler_tfstate import addresses, laters, places
from reconciler_tfstate.addresses import (
    Call,
    Index,
    Key,
    Member,
    Output,
    Reference,
    Resource,
    Splat,
    Step,
    Target,
)
from reconciler_tfstate.places import COMPARED, NEAR, Found
from reconciler_tfstate.states import Instance, State

if TYPE_CHECKING:
    from reconciler_tfstate.queries import Filter


def answer(state: State, reference: Reference) -> Found:
    """Give what stands at a reference. NotFound, with near misses, where nothing does."""
    found, steps = _start(state, reference)
    return follow(found, steps, reference.query)


def holds(state: State, target: Target) -> bool:
    """Tell whether a state holds an output, or an instance of a resource; no state holds outputs of child modules."""
    if isinstance(target, Output):
        return target.name in state.outputs
    return isinstance(target, Resource) and bool(state.resources.get(_kept(state, target)))


def follow(found: Found, steps: Sequence[Step], query: Filter | None) -> Found:
    """Go all steps, and answer the query. NotFound, with near misses, where one leads to nothing."""
    if query is None:
        return _walk(found, steps)
    from reconciler_tfstate import filters  # most addresses hold no query

    return filters.answer(_walk(found, steps, gaps=True), query)


def _start(state: State, reference: Reference) -> tuple[Found, Sequence[Step]]:
    """Give the output, instance or instances that a reference names, and the steps that are left from there."""
    if isinstance(reference.target, Output):
        return _output(state, reference.target), reference.steps
    if isinstance(reference.target, Call):
        raise Unavailable(
            f"{addresses.render(reference.target)} is a child module, whose outputs are not kept in a state",
            hint="name the folder in which terraform is run, by dir in the plugin's config or terraform in the project "
            "file; or a resource in the module, or an output of the root module",
        )
    target = _kept(state, reference.target)
    instances = state.resources.get(target)
    if not instances:
        _refuse_resource(state, reference, known=instances is not None)
    return _choose(target, instances, reference.steps)


def _kept(state: State, target: Resource) -> Resource:
    """Give a resource as the state has it, where keys of its modules are to be converted."""
    if target in state.resources or all(key is None for _, key in target.module):
        return target

    def folded(each: Resource) -> object:
        return each._replace(
            module=tuple((name, key if key is None else str(key)) for name, key in each.module)
        )

    namesakes = _namesakes(state, target)
    return next((each for each in namesakes if folded(each) == folded(target)), target)


def listing(state: State, prefix: str = "") -> Iterable[str]:
    """Give the addresses of outputs and resource instances: those that begin with a text among them, if not all.

    Of a large state no other resources are decoded for it.
    """
    for name in state.outputs:
        yield addresses.render(Output(name))
    for resource in state.resources:
        at = addresses.render(resource)
        if at.startswith(prefix) or prefix.startswith(at):
            for instance in state.resources[resource]:
                yield at + addresses.index(instance.key)


def _output(state: State, target: Output) -> Found:
    output = state.outputs.get(target.name)
    if output is None:
        outputs = {name: addresses.render(Output(name)) for name in state.outputs}
        raise NotFound(
            f"the state has no output {target.name!r}",
            hint="apply the configuration that declares it; an output whose value is null is not kept in a state",
            near=tuple(outputs[name] for name in places.close(target.name, outputs)),
        )
    sensitive = ((),) if output.get("sensitive") else ()
    return Found(addresses.render(target), output.get("value"), sensitive)


def _choose(
    target: Resource, instances: Sequence[Instance], steps: Sequence[Step]
) -> tuple[Found, Sequence[Step]]:
    """Give the instance or group of instances that the first step names, and the steps that are left."""
    by_key = {instance.key: instance for instance in instances}
    if steps and isinstance(steps[0], Index):
        key = addresses.converted(steps[0].key, by_key)
        steps = steps if key is None else (Index(key), *steps[1:])
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
        case [(Member() | Index()) as step, *rest] if not _leads(group, step):
            _refuse_key(target, by_key, step, rest)
        case [Splat(), *rest] if isinstance(group.data, dict):
            raise no_splat(group.at, rest)
    return group, steps


def no_splat(at: str, steps: Sequence[Step]) -> NotFound:
    """Give the error that a splat goes through what has for_each, and how to write that."""
    tail = addresses.render_steps(steps)
    return NotFound(
        f"{at} has for_each, and a splat goes through lists alone",
        hint=f"write {at} | map({tail or '.'}), or in HCL values({at})[*]{tail}",
    )


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
    if max(numbers) > len(numbers) + COMPARED or min(numbers) < 0:
        raise NotFound(f"the instances of {at} are numbered too wildly for a list", hint="name one instance")
    items: list[Json] = [None] * (max(numbers) + 1)
    for number in numbers:
        items[number] = by_key[number].attributes
    marks = tuple((number, *path) for number in numbers for path in by_key[number].sensitive_paths)
    return Found(at, items, marks)


def _walk(found: Found, steps: Sequence[Step], *, gaps: bool = False) -> Found:
    """Go all steps. NotFound where one leads to nothing, unless a query that deals with `gaps` follows."""
    for number, step in enumerate(steps):
        if isinstance(step, Splat):
            return _splat(found, step, steps[number + 1 :], gaps=gaps)
        found = places.walk(found, step)
        if not gaps:
            places.settle(found)
    return found


def _splat(found: Found, splat: Splat, steps: Sequence[Step], *, gaps: bool) -> Found:
    """Go the steps from each element. As in Terraform, what is no list counts as one of it, and null as empty."""
    within = steps if splat.full else tuple(takewhile(lambda step: isinstance(step, Member), steps))
    if laters.lacking(found.data):
        return found
    items: Iterable[Found] = [] if places.settle(found).data is None else [found]
    if isinstance(found.data, list):
        items = places.children(found)
    at = found.at + addresses.render_steps([splat, *within])
    whole = places.gather(at, [_walk(item, within, gaps=gaps) for item in items])
    return _walk(whole, steps[len(within) :], gaps=gaps)


def _leads(found: Found, step: Member | Index) -> bool:
    try:
        return places.walk(found, step).gap is None
    except NotFound:
        return False


def _refuse_key(
    target: Resource, by_key: Mapping[Key, Instance], step: Member | Index, rest: Sequence[Step]
) -> NoReturn:
    """Say that a resource has no such instance, or that an attribute was asked of all of them at once."""
    at = addresses.render(target)
    first = next(iter(by_key.values()))
    word = "for_each" if any(isinstance(key, str) for key in by_key) else "count"
    if isinstance(step, Member) and step.name in first.attributes:
        tail = addresses.render_steps([step, *rest])
        near = tuple(addresses.render(target, key) + tail for key in list(by_key)[:NEAR])
        raise NotFound(f"{at} has {word}; an attribute belongs to one of its instances", near=near)
    wanted = step.name if isinstance(step, Member) else step.key
    tail = addresses.render_steps(rest)
    keys = [addresses.index(key)[1:-1] for key in sorted(by_key, key=lambda key: (isinstance(key, str), key))]
    raise NotFound(
        f"{at} has no instance {addresses.index(wanted)}",
        near=tuple(addresses.render(target, key) + tail for key in _near_keys(wanted, by_key)),
        hint=f"its {'keys are' if word == 'for_each' else 'indexes are'} {places.listed(keys)}",
    )


def _near_keys(wanted: Key, by_key: Mapping[Key, Instance]) -> Sequence[Key]:
    """Give the keys of instances that look like one that is not there, the nearest first, or any."""
    numbers = [key for key in by_key if isinstance(key, int)]
    if isinstance(wanted, int) and len(numbers) == len(by_key):
        return sorted(numbers, key=lambda number: abs(number - wanted))[:NEAR]
    texts = {str(key): key for key in by_key}
    return [texts[text] for text in places.close(str(wanted), texts)] or list(by_key)[:NEAR]


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
    texts = {addresses.render(resource): resource for resource in _candidates(state, target)}
    near = _present(state, _namesakes(state, target), wanted)
    near = near or _present(state, (texts[text] for text in places.close(at, texts)), wanted)
    hint = None
    if target.module:
        within = (resource for resource in state.resources if resource.module == target.module)
        near = near or _present(state, within, wanted)
        hint = "name a resource in the module, or an output of the module itself"
    tail = addresses.render_steps(rest)
    raise NotFound(f"the state has no resource {at}", near=tuple(text + tail for text in near), hint=hint)


def _namesakes(state: State, target: Resource) -> Iterator[Resource]:
    """Give the same type and name elsewhere: in another module, or with `data.` forgotten."""
    names = (target.type, target.name)
    return (resource for resource in state.resources if (resource.type, resource.name) == names)


def _candidates(state: State, target: Resource) -> Iterator[Resource]:
    """Give all resources, first those whose type or name is right: of a large state not all are compared."""

    def half_right(resource: Resource) -> bool:
        return resource.type == target.type or resource.name == target.name

    return chain(filter(half_right, state.resources), filterfalse(half_right, state.resources))


def _present(state: State, resources: Iterable[Resource], wanted: Key) -> list[str]:
    """Give the address of an instance of each of the first resources that have any, the wanted one if it is there."""
    found: list[str] = []
    for resource in resources:
        present = [instance.key for instance in state.resources[resource]]
        if present:
            found.append(addresses.render(resource, wanted if wanted in present else present[0]))
        if len(found) == NEAR:
            break
    return found
