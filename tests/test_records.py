"""Dataclasses that are made quickly behave as the standard library's."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest

from reconciler import records

OPTIONS = [
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "kw_only": True},
    {"frozen": True},
    {"slots": True},
    {"slots": True, "eq": False},
    {"frozen": True, "slots": True, "repr": False},
    {"frozen": True, "slots": True, "order": True},
]


def made(make: Any, options: dict[str, Any]) -> Any:
    class Thing:
        """What is made."""

        name: str
        weight: float = 0.0
        kept: int = dataclasses.field(default=0, compare=False, repr=False)

    return make(**options)(Thing)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_it_behaves_alike(options: dict[str, Any]) -> None:
    ours, theirs = (made(make, options) for make in (records.dataclass, dataclasses.dataclass))
    told = []
    for cls in (ours, theirs):
        one, same, other = cls(name="a", kept=1), cls(name="a", kept=2), cls(name="b")
        told.append(
            [
                one == same, one == other, one == "a", one != same,
                repr(one).rpartition(".")[2] if options.get("repr", True) else "",
                cls.__hash__ is None, cls.__hash__ is not None and hash(one) == hash(same),
                [field.name for field in dataclasses.fields(cls)],
                dataclasses.replace(one, name="c").name, copy.deepcopy(one).kept, cls.__match_args__,
                hasattr(one, "__dict__"),
            ]
        )  # fmt: skip
        if options.get("frozen"):
            with pytest.raises(dataclasses.FrozenInstanceError):
                one.name = "d"
    assert told[0] == told[1]


def test_methods_of_its_own_stay() -> None:
    @records.dataclass(frozen=True, slots=True)
    class Own:
        name: str

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

    assert (Own("a") == Own("b"), hash(Own("a")), repr(Own("a"))) == (True, 7, "own")
