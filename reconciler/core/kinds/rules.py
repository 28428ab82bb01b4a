"""The vocabulary of the kind tables: what a row can say about a member of an ECS body.

A table maps a path in the API's shape (``containerDefinitions/*/portMappings``; ``*`` is any list item) to a
`Rule`. Member names and types are not in the tables: they come from the API model. A new default of ECS is one
more row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import field
from enum import Enum
from typing import Final, TypeAlias

from reconciler.core.shapes import Shape
from reconciler.core.values import Json, JsonObject, Path
from reconciler.records import dataclass


class Absence(Enum):
    """The type of `ABSENT`, which is neither null nor an empty value: the member is not there."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        """Name it as code does."""
        return "ABSENT"


ABSENT: Final = Absence.ABSENT
Maybe: TypeAlias = "Json | Absence"


class Undeclared(Enum):
    """What it means that the user's file does not mention a member that AWS shows with a value."""

    DEFAULT = "D"  # it should have its default: plan it back
    SERVER = "S"  # AWS or someone else chose it: leave it alone
    INFORM = "I"  # no table row knows it (yet): say so, change nothing


@dataclass(frozen=True, slots=True)
class Key:
    """What identifies an item of a list whose order means nothing.

    `members` name the identifying members, ``a|b`` the first of several that is there; with none the whole
    value identifies itself. `then` are further members, used where the first ones do not tell items apart.
    """

    members: tuple[str, ...] = ()
    then: tuple[str, ...] = ()


WHOLE: Final = Key()

Test: TypeAlias = Callable[[Json, JsonObject, JsonObject], bool]
"""(value, the structure it stands in, facts about the document) → does the value mean the same as none?"""


Derived: TypeAlias = Callable[[Json, Path, JsonObject, JsonObject], bool]
"""(value, its canonical place, the live tree, the tree that is wanted) → was it made of what is another thing there?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is known of one member. Every field has the meaning "nothing special" by default.

    - `key`: the list is a set; its items are told apart by the key. Lists without one are ordered.
    - `default`: the value that ECS gives to a member that was not sent; it equals absent on both sides.
    - `default_for`: the same, where it depends on the facts of the document.
    - `absent_if`: the same, where it depends on the rest of the document.
    - `presence`: that the object is there says something, however empty it is.
    - `blank`: an empty string is a value here, and a missing one means the empty string.
    - `coerce`: brings different spellings of one value to one (``"0.5 vCPU"``, ``"512"``).
    - `same`: decides whether a desired and a live value, both normalised, mean the same.
    - `undeclared`: see `Undeclared`; None leaves it to the members inside, and at a leaf to the kind.
    - `undeclared_for`: the same, where it depends on the facts; None where `undeclared` holds.
    - `elsewhere`: with these facts someone else sets the member, whatever the file says: a difference is noted.
    - `deploys`: a change starts a new deployment of the service, None where the API model does not say whether it does;
      `forces`: only with forceNewDeployment.
    - `derived`: AWS made an undeclared value of what stands around it, and that changes: it is not sent back.
    - `remove`: what to send to remove the member, where that is not its default.
    """

    key: Key | None = None
    default: Maybe = ABSENT
    default_for: Callable[[JsonObject], Json] | None = None
    absent_if: Test | None = None
    presence: bool = False
    blank: bool = False
    coerce: Callable[[Json], Json] | None = None
    same: Callable[[Json, Json], bool] | None = None
    undeclared: Undeclared | None = None
    undeclared_for: Callable[[JsonObject], Undeclared | None] | None = None
    elsewhere: Callable[[JsonObject], bool] | None = None
    deploys: bool | None = False
    forces: bool = False
    derived: Derived | None = None
    remove: Maybe = ABSENT

    def usual(self, facts: JsonObject) -> Maybe:
        """Give the default in a document with these facts, ABSENT where there is none."""
        return self.default if self.default_for is None else self.default_for(facts)

    def owner(self, facts: JsonObject) -> Undeclared | None:
        """Give who owns the undeclared member in a document with these facts."""
        found = self.undeclared_for(facts) if self.undeclared_for is not None else None
        return self.undeclared if found is None else found

    def is_elsewhere(self, facts: JsonObject) -> bool:
        """Tell whether someone else sets the member in a document with these facts."""
        return self.elsewhere is not None and self.elsewhere(facts)


NO_RULE: Final = Rule()
NOVEL: Final = Rule(undeclared=Undeclared.INFORM)


@dataclass(frozen=True, slots=True)
class Node:
    """A shape of the API with the table's rules laid over it, compiled once per kind."""

    shape: Shape
    rule: Rule
    members: Mapping[str, Node] = field(default_factory=dict)
    folded: Mapping[str, str] = field(default_factory=dict)
    item: Node | None = None
    pair: str = ""
    """For items of the form {key, value}: the member that holds the value, so that a set of pairs reads as a map."""
    tests: Mapping[str, Test] = field(default_factory=dict)
    """`Rule.absent_if` of the members that have one."""
    insisted: tuple[str, ...] = ()
    """Lists that the API insists on, however little they say (DeploymentAlarms.alarmNames)."""
    literal: bool = False
    """Whether a text that is not empty is its own canonical form, unless it is the default: as most are."""
    documents: bool = False
    """Whether a JSON document of the user's own can stand in it, or is it (hookDetails)."""
    free_form: bool = False
    """Whether what stands in it has names of the user's own: a map, or a JSON document."""

    def member(self, name: str) -> str | None:
        """Give the API's spelling of a member that was written in any case, None if there is none."""
        return name if name in self.members else self.folded.get(name.lower())


def compile_node(
    shape: Shape, rules: Mapping[str, Rule], path: str = "", judged: Set[str] | None = None
) -> Node:
    """Lay a table over a shape. A member that has no row and is not among the `judged` ones is novel."""
    known = judged is None or path in judged or path.rpartition("/")[2] in ("", "*")
    rule = rules.get(path, NO_RULE if known else NOVEL)
    if shape.kind == "structure":
        members = {
            name: compile_node(member, rules, f"{path}/{name}" if path else name, judged)
            for name, member in shape.members.items()
        }
        return Node(
            shape,
            rule,
            members,
            {name.lower(): name for name in members},
            tests={n: member.rule.absent_if for n, member in members.items() if member.rule.absent_if},
            insisted=tuple(name for name in sorted(shape.required) if members[name].item is not None),
            documents=not members or any(member.documents for member in members.values()),
            free_form=not members,
        )
    if shape.kind == "list" and shape.item is not None:
        item = compile_node(shape.item, rules, f"{path}/*", judged)
        return Node(shape, rule, item=item, pair=_pair(item, rule.key), documents=item.documents)
    return Node(shape, rule, literal=_is_literal(shape, rule), free_form=shape.kind == "map")


def _is_literal(shape: Shape, rule: Rule) -> bool:
    return shape.kind == "string" and not shape.enum and rule.coerce is None and rule.default_for is None


def _pair(item: Node, key: Key | None) -> str:
    """Find the value member of items that hold a key and one scalar, and nothing else."""
    if key is None or key.then or len(key.members) != 1 or len(item.members) != 2:
        return ""
    (other,) = set(item.members) - set(key.members)
    return other if item.members[other].shape.kind == "string" else ""
