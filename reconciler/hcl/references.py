"""What an expression refers to, read off its tree: nothing is evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from reconciler.hcl import nodes, traversals
from reconciler.hcl.nodes import Expr, Span
from reconciler.hcl.traversals import Attr, Path
from reconciler.records import dataclass

Node: TypeAlias = "Expr | nodes.Part | nodes.Step"


@dataclass(frozen=True, slots=True)
class Reference:
    """A traversal from a root. `path` ends where a key is not constant, or a splat begins; `exact` tells that it
    does not. `span` is that of the part that the path holds.
    """

    root: str
    path: Path
    span: Span
    exact: bool

    @property
    def address(self) -> str:
        """Write it as HCL does: `aws_subnet.private[0].id`."""
        return traversals.address(self.root, self.path)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call of a function. `names` are the variables of the `for` expressions around it."""

    call: nodes.Call
    names: frozenset[str]


def references(expr: Expr) -> tuple[Reference, ...]:
    """List the references of an expression, in the order of the source; variables of a `for` are none."""
    found = (_reference(node, names) for node, names in _walk(expr, frozenset()))
    return tuple(reference for reference in found if reference is not None)


def invocations(expr: Expr) -> tuple[Invocation, ...]:
    """List the calls of an expression, in the order of the source, outer ones first."""
    walked = _walk(expr, frozenset())
    return tuple(Invocation(node, names) for node, names in walked if isinstance(node, nodes.Call))


def _reference(node: Node, names: frozenset[str]) -> Reference | None:
    if not isinstance(node, nodes.Name | nodes.GetAttr | nodes.Index):
        return None
    chain: list[nodes.GetAttr | nodes.Index] = []
    base: Expr = node
    while isinstance(base, nodes.GetAttr | nodes.Index):
        chain.append(base)
        base = base.source
    if not isinstance(base, nodes.Name) or base.name in names:
        return None
    path: list[traversals.Step] = []
    end = base.span
    for link in reversed(chain):
        step = _constant(link)
        if step is None:
            break
        path.append(step)
        end = link.span
    span = Span(base.span.start, end.end, base.span.line, base.span.column)
    return Reference(base.name, tuple(path), span, exact=len(path) == len(chain))


def _constant(link: nodes.GetAttr | nodes.Index) -> traversals.Step | None:
    if isinstance(link, nodes.GetAttr):
        return Attr(link.name)
    key = link.key
    while isinstance(key, nodes.Parens | nodes.TemplateWrap):
        key = key.inner if isinstance(key, nodes.Parens) else key.expr
    return traversals.as_step(key.value) if isinstance(key, nodes.Literal) else None


def _walk(node: Node, names: frozenset[str]) -> Iterator[tuple[Node, frozenset[str]]]:
    """Give a node and all below it, each with the variables of `for` that it may use.

    Of a traversal only the last link is given, then what its keys hold.
    """
    stack = [(node, names)]
    while stack:
        node, names = stack.pop()
        yield node, names
        stack += reversed(list(_children(node, names)))


def _children(node: Node, names: frozenset[str]) -> Iterable[tuple[Node, frozenset[str]]]:
    match node:
        case str() | nodes.Literal() | nodes.Name() | nodes.AttrStep():
            return []
        case nodes.GetAttr() | nodes.Index():
            return [(each, names) for each in _links(node)]
        case nodes.ForTuple():
            inner = _bound(node, names)
            own = [node.result, *([node.condition] if node.condition else [])]
            return [(node.collection, names), *((each, inner) for each in own)]
        case nodes.ForObject():
            inner = _bound(node, names)
            own = [node.result_key, node.result_value, *([node.condition] if node.condition else [])]
            return [(node.collection, names), *((each, inner) for each in own)]
        case nodes.ForDirective():
            inner = _bound(node, names)
            return [(node.collection, names), *((each, inner) for each in node.body)]
        case _:
            return [(each, names) for each in _plain(node)]


def _plain(
    node: nodes.Template
    | nodes.TemplateWrap
    | nodes.Interpolation
    | nodes.IfDirective
    | nodes.IndexStep
    | nodes.SplatStep
    | nodes.Splat
    | nodes.Call
    | nodes.Conditional
    | nodes.Binary
    | nodes.Unary
    | nodes.Parens
    | nodes.Tuple
    | nodes.Object,
) -> Iterable[Node]:
    match node:
        case nodes.Template():
            return node.parts
        case nodes.TemplateWrap() | nodes.Interpolation():
            return (node.expr,)
        case nodes.IfDirective():
            return (node.condition, *node.then, *node.otherwise)
        case nodes.IndexStep():
            return (node.key,)
        case nodes.SplatStep():
            return node.each
        case nodes.Splat():
            return (node.source, *node.each)
        case nodes.Call():
            return node.arguments
        case nodes.Conditional():
            return (node.condition, node.then, node.otherwise)
        case nodes.Binary():
            return (node.left, node.right)
        case nodes.Unary():
            return (node.operand,)
        case nodes.Parens():
            return (node.inner,)
        case nodes.Tuple():
            return node.items
        case nodes.Object():
            return [each for pair in node.items for each in pair]


def _links(node: nodes.GetAttr | nodes.Index) -> Iterable[Expr]:
    """Give what a traversal holds beside itself: its base, where that is no name, and its keys."""
    inside: list[Expr] = []
    base: Expr = node
    while isinstance(base, nodes.GetAttr | nodes.Index):
        if isinstance(base, nodes.Index):
            inside.append(base.key)
        base = base.source
    if not isinstance(base, nodes.Name):
        inside.append(base)
    return reversed(inside)


def _bound(
    node: nodes.ForTuple | nodes.ForObject | nodes.ForDirective, names: frozenset[str]
) -> frozenset[str]:
    return names | {node.value} | ({node.key} if node.key else set())
