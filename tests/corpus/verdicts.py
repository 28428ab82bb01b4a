"""What a plan has to show of a change of one leaf: exactly that leaf, or nothing and the rule that says why.

The rule is found in the table, from the values that stood and stand there, and not asked of the differ.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from reconciler.core import canon, diffs, nodes
from reconciler.core.canon import Canon
from reconciler.core.diffs import Change, Differences
from reconciler.core.kinds import Kind
from reconciler.core.kinds.rules import ABSENT, Maybe, Node, Undeclared
from reconciler.core.values import Json, JsonObject
from tests.corpus import updating
from tests.corpus.mutations import Mutation, Place, mutations, place
from tests.corpus.rounds import Side

NOTED = ("left to be: informational", "set elsewhere")
"""Rules under which a difference is shown, and not planned."""


@dataclass(slots=True)
class Tally:
    """How many changes were tried, how many were shown as exactly one leaf, and why others were not.

    Of a service's: how many one update made true, why it was not tried of others, and which it did not.
    """

    tried: Counter[str] = field(default_factory=Counter)
    shown: int = 0
    consequences: int = 0
    equal: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    updated: int = 0
    not_updated: Counter[str] = field(default_factory=Counter)
    not_done: list[str] = field(default_factory=list)


def judge(side: Side, tally: Tally, every: int = 1, offset: int = 0) -> None:
    """Try every change of a definition, or each so many-th of them."""
    kind = side.kind
    for number, mutation in enumerate(mutations(kind.node, side.document)):
        if (number + offset) % every:
            continue
        tally.tried[mutation.what] += 1
        desired = canon.canon(kind, mutation.document, desired=True)
        live = canon.canon(kind, side.live, desired=False, like=desired)
        found = diffs.diff(desired, live)
        reason = why_equal(kind, mutation, side.document, desired, live)
        fault = _fault(kind, side.document, mutation, desired, found, reason, tally)
        called = f"{side.name}: {mutation.what} {mutation.path} {mutation.before!r} -> {mutation.after!r}: "
        if fault:
            tally.wrong.append(called + fault)
        elif kind.name == "service" and found.changes:
            _update(side, desired, live, found, tally, called)


def _update(side: Side, desired: Canon, live: Canon, found: Differences, tally: Tally, called: str) -> None:
    """Let one update be made of what is shown, and look at what differs after it."""
    reason, left = updating.left(desired, live, side.live, found)
    if reason:
        tally.not_updated[reason] += 1
    elif left:
        tally.not_done.append(f"{called}{left}")
    else:
        tally.updated += 1


def _fault(
    kind: Kind,
    document: Any,
    mutation: Mutation,
    desired: Canon,
    found: Differences,
    reason: str,
    tally: Tally,
) -> str:
    """Say what is wrong with what is shown; nothing if it is right, and count it."""
    fatal = [remark.what for remark in desired.remarks if remark.fatal]
    if fatal:
        return f"refused: {fatal}"
    changes = list(found.changes)
    kept = [change for change in changes if not _follows(kind, document, mutation, change)]
    tally.consequences += len(changes) - len(kept)
    changes = kept
    shown = [f"{change.action.value} {change.address}" for change in changes]
    if reason:
        noted = [change.address for change in found.noted]
        if changes or bool(noted) != (reason in NOTED):
            return f"equal by {reason}, and shown: {shown} {noted}"
        tally.equal[reason] += 1
        return ""
    if not changes:
        return f"MISSED (noted: {[change.address for change in found.noted]})"
    if not _exact(kind, document, mutation, changes, desired.facts):
        return f"shown as {shown}"
    tally.shown += 1
    return ""


def _follows(kind: Kind, document: Any, mutation: Mutation, change: Change) -> bool:
    """Tell whether a change is of another member, whose meaning depends on the one that was changed.

    That is so by rules with a condition: on facts of the document, or on what stands beside the member.
    """
    node = nodes.at(kind.node, change.path)
    if node is None or (node.rule.default_for is None and node.rule.absent_if is None):
        return False
    of_facts = str(mutation.path[0]) in kind.facts and change.path[0] != mutation.path[0]
    names = place(kind.node, document, mutation.path).names
    beside = len(names) > 1 and change.path[:-1] == names[:-1] and change.path[-1] != names[-1]
    return of_facts or beside


def _exact(kind: Kind, document: Any, mutation: Mutation, changes: list[Change], facts: JsonObject) -> bool:
    """Tell whether changes are the one that was made: of the leaf, or of the item that has another name now.

    A switch that takes the meaning from the object around it shows as the object.
    """
    if switched := _switch(kind.node, document, mutation, facts):
        shown = changes[0].address
        return len(changes) == 1 and (shown == switched or _below(shown, switched))
    was = _spot(kind.node, document, mutation, is_there=mutation.before is not ABSENT)
    now = _spot(kind.node, mutation.document, mutation, is_there=mutation.after is not ABSENT)
    spot = now or was
    assert spot is not None
    if spot.blurred:
        alone = len(changes) == 1 and _within(kind, changes[0], spot.address)
        return alone or (_swapped(changes) and all(c.address.startswith(spot.address) for c in changes))
    if was is None or now is None or was.address == now.address:
        return len(changes) == 1 and _covers(kind, changes[0], spot)
    old, new = next(pair for pair in zip(was.items, now.items, strict=False) if pair[0] != pair[1])
    found = {f"{change.action.value} {change.address}" for change in changes}
    if len(changes) == 1:  # without its key it means nothing, and may have been the only one
        return changes[0].action.value == "remove" and _within(kind, changes[0], old)
    return len(changes) == len(found) and found == {f"remove {old}", f"add {new}"}


def _swapped(changes: list[Change]) -> bool:
    return sorted(change.action.value for change in changes) == ["add", "remove"]


def _spot(root: Node, document: Any, mutation: Mutation, *, is_there: bool) -> Place | None:
    """Give the place in a document; None for an item that is not there, because it has no name."""
    if not is_there and isinstance(mutation.path[-1], int):
        return None
    return place(root, document, mutation.path)


def _covers(kind: Kind, change: Change, spot: Place) -> bool:
    """Tell whether a change is at the place, or above it and holds nothing else, or below it."""
    if change.address == spot.address or _below(change.address, spot.address):
        return True
    return _below(spot.address, change.address) and _within(kind, change, spot.address)


def _within(kind: Kind, change: Change, address: str) -> bool:
    """Tell whether all that a change adds or removes stands at an address or below it."""
    node = nodes.at(kind.node, change.path)
    sides = [side for side in (change.before, change.after) if side is not ABSENT]
    found = {where for side in sides for where, _ in diffs.leaves(node, side, change.address)}
    return bool(found) and all(where == address or _below(where, address) for where in found)


def _below(inner: str, outer: str) -> bool:
    return inner.startswith(outer if outer.endswith('["') else (f"{outer}.", f"{outer}["))


def why_equal(kind: Kind, mutation: Mutation, document: Any, desired: Canon, live: Canon) -> str:
    """Name the rule by which a change means nothing; empty where there is none."""
    spots = [
        place(kind.node, of, mutation.path)
        for of, value in ((document, mutation.before), (mutation.document, mutation.after))
        if value is not ABSENT or not isinstance(mutation.path[-1], int)
    ]
    if kind.node.member(str(mutation.path[0])) is None or _unknown(kind.node, mutation):
        return "unknown to ECS"
    facts = desired.facts
    for spot in spots:
        for node in spot.nodes[1:]:
            if node.rule.is_elsewhere(facts) and spot.names[0] in desired.tree:
                return "set elsewhere"
    if _comes_or_goes(kind.node, document, mutation):
        return ""
    if silenced := _silenced(kind.node, document, mutation, facts):
        return silenced
    if reason := _same_meaning(kind.node, document, mutation, facts):
        return reason
    if mutation.after is ABSENT or _meaning(_node(kind.node, mutation), mutation.after, facts)[0] is None:
        return _owner(kind, spots[0], desired, live)
    if mutation.before is ABSENT and _at(live.tree, spots[0].names) == mutation.after:
        return "as AWS chose it"
    return ""


def _at(tree: Json, names: tuple[str, ...]) -> Json:
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _unknown(root: Node, mutation: Mutation) -> bool:
    return _node(root, mutation) is None


def _node(root: Node, mutation: Mutation) -> Node | None:
    """Give the table's node at the path; the map's for its entries."""
    node: Node | None = root
    for key in mutation.path:
        if node is None or node.shape.kind == "map":
            return node
        if node.item is not None:
            node = node.item
        else:
            known = node.member(str(key))
            node = node.members[known] if known else None
    return node


def _silenced(root: Node, document: Any, mutation: Mutation, facts: JsonObject) -> str:
    """Find a member around or at the change that means nothing before and after (`absent_if`)."""
    for node, sides in _steps(root, document, mutation):
        test = node.rule.absent_if
        if (
            test is not None
            and sides
            and all(test(_set(node, value), parent, facts) for value, parent in sides)
        ):
            return "absent_if"
    return ""


def _comes_or_goes(root: Node, document: Any, mutation: Mutation) -> str:
    """Give the address of the object around the change whose being there says something, if only one side has it."""
    for depth, (node, sides) in enumerate(_steps(root, document, mutation), start=1):
        if node.rule.presence and len(sides) == 1:
            return place(root, document, mutation.path[:depth]).address
    return ""


def _switch(root: Node, document: Any, mutation: Mutation, facts: JsonObject) -> str:
    """Give the address of the object around the change that the change gives a meaning, or takes it from."""
    if appears := _comes_or_goes(root, document, mutation):
        return appears
    for depth, (node, sides) in enumerate(_steps(root, document, mutation), start=1):
        test = node.rule.absent_if
        meant = (
            [not test(_set(node, value), parent, facts) for value, parent in sides]
            if test is not None
            else []
        )
        if len(set(meant)) > 1 and node.members:
            return place(root, document, mutation.path[:depth]).address
    return ""


def _steps(
    root: Node, document: Any, mutation: Mutation
) -> Iterator[tuple[Node, list[tuple[Any, JsonObject]]]]:
    """Give each member on the way to the change, with its value and what it stands in, before and after."""
    before, after = _walk(root, document, mutation), _walk(root, mutation.document, mutation)
    for steps in itertools.zip_longest(before, after):
        there = [step for step in steps if step is not None]
        yield there[0][0], [(value, parent) for _, value, parent in there if value is not ABSENT]


def _walk(root: Node, document: Any, mutation: Mutation) -> Iterator[tuple[Node, Any, JsonObject]]:
    node: Node = root
    value: Any = document
    for key in mutation.path:
        parent = value if isinstance(value, dict) else {}
        if node.item is not None:
            node = node.item
            value = value[int(key)] if isinstance(value, list) and int(key) < len(value) else ABSENT
        elif node.shape.kind == "map":
            return
        else:
            known = node.member(str(key))
            if known is None:
                return
            node = node.members[known]
            value = parent.get(str(key), ABSENT)
        yield node, value, parent
        if value is ABSENT:
            return


def _set(node: Node, value: Any) -> Any:
    """Give a set of scalars as the table's tests see it."""
    is_set = node.rule.key is not None and isinstance(value, list)
    return dict.fromkeys(map(str, value)) if is_set and node.item and not node.item.members else value


def _same_meaning(root: Node, document: Any, mutation: Mutation, facts: JsonObject) -> str:
    node = _node(root, mutation)
    assert node is not None
    if mutation.after is ABSENT and _twice(root, document, mutation):
        return "given twice"
    (before, first), (after, second) = (
        _meaning(node, value, facts) for value in (mutation.before, mutation.after)
    )
    if before == after:
        return first or second or "coerce"
    if node.rule.same is not None and ABSENT not in (mutation.before, mutation.after):
        return "same" if node.rule.same(_json(mutation.after), _json(mutation.before)) else ""
    return ""


def _twice(root: Node, document: Any, mutation: Mutation) -> bool:
    """Tell whether a removed item of a set of whole values is there once more."""
    held: Any = document
    for key in mutation.path[:-1]:
        held = held[key]
    spot = place(root, document, mutation.path)
    return isinstance(held, list) and held.count(mutation.before) > 1 and spot.nodes[-1].rule.key is not None


def _json(value: Maybe) -> Json:
    return None if value is ABSENT else value


def _meaning(node: Node | None, value: Maybe, facts: JsonObject) -> tuple[Any, str]:
    """Give what a value means (None: nothing), and the rule that takes its meaning."""
    assert node is not None
    if node.shape.kind == "map" and not isinstance(value, dict):
        return (None if value is ABSENT else str(value)), ""
    if value is ABSENT or value is None:
        return ("", "empty") if node.rule.blank else (None, "" if value is ABSENT else "empty")
    if value in ([], {}) or (value == "" and not node.rule.blank):
        return None, "empty"
    if isinstance(value, dict | list):
        return (None, "empty") if not _says(value) else (value, "")
    coerced = node.rule.coerce(value) if node.rule.coerce is not None else value
    if str(coerced).lower() == str(node.rule.usual(facts)).lower():
        return None, "default"
    return str(coerced).lower() if node.shape.kind != "string" else str(coerced), ""


def _says(value: Any) -> bool:
    """Tell whether there is any leaf in a value."""
    if isinstance(value, dict):
        return any(map(_says, value.values()))
    if isinstance(value, list):
        return any(map(_says, value))
    return value is not None and value != ""


def _owner(kind: Kind, spot: Place, desired: Canon, live: Canon) -> str:
    """Say to whom a value is left that the file mentions no more, from the highest member that it has lost."""
    wanted: Json = desired.tree
    there: Json = live.tree
    lost = False
    for depth, name in enumerate(spot.names, start=1):
        node = spot.nodes[depth] if depth < len(spot.nodes) else None
        lost = lost or not (isinstance(wanted, dict) and name in wanted)
        if not isinstance(there, dict) or name not in there:
            return ""
        there = there[name]
        if not lost:
            assert isinstance(wanted, dict)
            wanted = wanted[name]
            continue
        if node is None or spot.nodes[depth - 1].item is not None:
            return ""
        owner = node.rule.owner(desired.facts)
        if owner is None and (not node.members or kind.undeclared is Undeclared.DEFAULT):
            owner = kind.undeclared
        if owner is not None:
            return {Undeclared.SERVER: "left to AWS", Undeclared.INFORM: NOTED[0]}.get(owner, "")
    return ""
