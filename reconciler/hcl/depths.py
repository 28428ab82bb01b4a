"""How deep a tree is. Takes: a tree of any depth. Gives: an error where it is too deep to be walked by recursion."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from reconciler.hcl.tokens import DEEPEST

if TYPE_CHECKING:
    from reconciler.hcl.sources import Source


def check(source: Source, root: object) -> None:
    """Raise HclError at the first node that lies too deep."""
    waiting: list[tuple[Any, int]] = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, tuple):
            waiting += [(each, depth) for each in reversed(node)]
        elif hasattr(node, "span"):
            if depth > DEEPEST:
                what = f"nested more than {DEEPEST} levels deep"
                raise source.error(what, node.span, "use locals for the inner parts")
            waiting += [(getattr(node, each.name), depth + 1) for each in reversed(dataclasses.fields(node))]
