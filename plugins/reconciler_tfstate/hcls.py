"""What files of a configuration say without Terraform: blocks by name, and values that literals, variables, locals and
pure functions of them give. Anything else is `Computed`, since only Terraform could tell.

Takes: files of HCL or of its JSON form. Gives: bodies as objects; a block is a list of what its labels lead to,
``{"backend": [{"s3": {"bucket": …}}]}``, and an argument is what `value` evaluates. Messages show no text of a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from reconciler.plugin import ConfigError, Json, Unavailable

if TYPE_CHECKING:
    from reconciler.errors import Where
    from reconciler.hcl.nodes import Body as Parsed
    from reconciler.hcl.nodes import Expr
    from reconciler.hcl.runs import Run
    from reconciler.hcl.sources import Source
    from reconciler.hcl.traversals import Path
    from reconciler.hcl.values import Value

Body = Mapping[str, Any]
#: Gives the value of a reference by its first two names, ``("var", "env")``; Computed where it has none.
Scope = Callable[[tuple[str, str]], Json]

_ROOTS: Final = ("var", "local", "path", "terraform")


class Computed(Exception):
    """A value that only Terraform could compute."""


class Argument(NamedTuple):
    """An argument of a file of HCL, not evaluated."""

    expr: Expr
    source: Source


def parse(text: str, name: str) -> Body:
    """Parse a file. Unavailable, with its line, where it is wrong."""
    from reconciler.hcl import syntax  # few states need it
    from reconciler.hcl.sources import Source

    try:
        return _members(syntax.parse_body(text, name), Source(text, name))
    except ConfigError as error:
        at = f" at line {error.where.line}" if error.where else ""
        raise Unavailable(f"{name} is no HCL that can be read{at}", hint=_INIT) from None


def parse_json(text: str, name: str) -> Body:
    """Parse the JSON form of a file of HCL."""
    try:
        body = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        raise Unavailable(f"{name} is no JSON that can be read", hint=_INIT) from None
    return body if isinstance(body, dict) else {}


_INIT = (
    "run terraform init, which writes the backend down where it is read without HCL, or name the state by url"
)


def blocks(body: object, kind: str) -> Iterator[Body]:
    """Give the blocks of a kind in a body, of HCL or of its JSON form."""
    found = body.get(kind) if isinstance(body, dict) else None
    for block in found if isinstance(found, list) else [found]:
        if isinstance(block, dict):
            yield block


def value(data: object, scope: Scope, *, text: bool = False) -> Json:
    """Evaluate an argument or a block; with `text`, one of the JSON form, where strings are templates."""
    match data:
        case None | bool() | int() | float():
            return data
        case Argument(expr, source):
            return _evaluated(expr, source, scope)
        case list():
            return [value(item, scope, text=text) for item in data]
        case dict():
            return {name: value(item, scope, text=text) for name, item in data.items()}
        case str() if text:
            from reconciler.hcl import syntax
            from reconciler.hcl.sources import Source

            try:
                return _evaluated(syntax.parse_template(data, ""), Source(data, ""), scope)
            except ConfigError:
                raise Computed from None
        case str():
            return data
    raise Computed


def _members(body: Parsed, source: Source) -> Body:
    found: dict[str, Any] = {each.name: Argument(each.expr, source) for each in body.attributes}
    for block in body.blocks:
        inner: Body = _members(block.body, source)
        for label in reversed(block.labels):
            inner = {label: inner}
        found.setdefault(block.type, []).append(inner)
    return found


def _evaluated(expr: Expr, source: Source, scope: Scope) -> Json:
    from reconciler.hcl import plains, scopes, values
    from reconciler.hcl.evaluation import Evaluator
    from reconciler.hcl.runs import Run

    run = Run()
    names = scopes.Names(_Root(name, scope) for name in _ROOTS)
    try:
        found, _ = values.unmark(Evaluator(run, source, names).value(expr))
    except ConfigError:  # a limit
        raise Computed from None
    if run.wrong() or values.first_unknown(found) is not None:
        raise Computed
    return plains.to_json(found)


class _Root(NamedTuple):
    """A root of expressions, of which a scope knows the values."""

    name: str
    scope: Scope

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:  # noqa: ARG002
        """Give what the first step names. Raises Undeclared where the scope has no value for it."""
        from reconciler.hcl import scopes, values
        from reconciler.hcl.faults import Undeclared

        try:
            found = self.scope((self.name, scopes.first(self.name, path)))
        except Computed:
            raise Undeclared("this has no value before Terraform is run") from None
        return values.from_plain(found), 1
