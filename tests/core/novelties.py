"""The members of a task definition that nobody has judged yet: ``python -m tests.core.novelties`` prints them.

One line each in `reconciler/core/kinds/judged.py`, or a row in the table if ECS has a default for it, judges it.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.aws.shapes import ECS
from reconciler.core.kinds import judged, task_definitions
from reconciler.core.shapes import Shape


def members(shape: Shape, path: str = "") -> Iterator[str]:
    """Give the paths of all members in a shape, as the tables write them."""
    for name, member in shape.members.items():
        there = f"{path}/{name}" if path else name
        yield there
        yield from members(member, there)
    if shape.kind == "list" and shape.item is not None:
        yield from members(shape.item, f"{path}/*")


def unjudged(shape: Shape) -> list[str]:
    """Give the members of RegisterTaskDefinition's input that no row and no line knows."""
    return sorted(set(members(shape)) - judged.PATHS - set(task_definitions.RULES))


if __name__ == "__main__":
    print(*unjudged(ECS.input("RegisterTaskDefinition")), sep="\n")
