"""Expressions to values, with Terraform's semantics.

Takes: an expression, the text it stands in and a scope. Gives: a value, with the marks of all that went into it.
Never looks anything up itself: roots and functions are the scope's.

What differs from Terraform on purpose: a branch that is not taken is looked at for its type alone (its errors do not
count, and nothing outside is asked for it), `&&` and `||` ask for the right side only where the left leaves it open
and let either side decide, and a sensitive key makes what it selects sensitive also in an object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, Protocol, TypeAlias, TypeVar, assert_never, runtime_checkable

from reconciler.errors import HclError, ReconcilerError, Where
from reconciler.hcl import (
    calls,
    comprehensions,
    conversions,
    kinds,
    nodes,
    numerals,
    operators,
    traversals,
    values,
)
from reconciler.hcl.faults import Fault, Undeclared
from reconciler.hcl.nodes import Expr, Span
from reconciler.hcl.runs import FAILED, LIMITS, Exceeded, Limits, Run, located
from reconciler.hcl.sources import Source
from reconciler.hcl.traversals import Path
from reconciler.hcl.values import Set, Unknown, Value

T = TypeVar("T")
Names: TypeAlias = Mapping[str, Value]
"""The variables of the `for` expressions around an expression."""

NO_NAMES: Final[Names] = {}


class Root(Protocol):
    """What a name stands for at the beginning of a traversal: `var`, `aws_subnet`."""

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Give a value for the longest beginning of a path that it answers for, and how many steps that is.

        The path holds the steps whose keys are known. Raises Fault, or a ReconcilerError with or without a place.
        While the run is probing it asks nobody, and gives Unknown for what it would have to ask for.
        """


@runtime_checkable
class Gathering(Root, Protocol):
    """A root that may be asked for one attribute of each element alone: `module.a[*].id` needs no other output."""

    def gather(self, name: str, attribute: str, run: Run, where: Where) -> Value:
        """Give what `root.name[*].attribute` is, as `get` gives values."""


class Callee(Protocol):
    """A function."""

    def check(self, count: int) -> None:
        """Raise Fault where it cannot be called with so many arguments."""

    def call(self, arguments: Sequence[Value], run: Run, where: Where) -> Value:
        """Give its value. Raises Fault, or a ReconcilerError with or without a place.

        While the run is probing it asks nobody, and gives Unknown for what it would have to ask for.
        """


class Scope(Protocol):
    """What expressions may refer to."""

    def root(self, name: str) -> Root | None:
        """Give what a name stands for, None where it stands for nothing."""

    def function(self, name: str) -> Callee | None:
        """Give the function of a name, None where there is none. `try` and `can` are the evaluation's own."""

    def roots(self) -> Iterable[str]:
        """Give the names of roots, for near misses."""

    def functions(self) -> Iterable[str]:
        """Give the names of functions, for near misses."""


def evaluate(
    expr: Expr, source: Source, scope: Scope, *, names: Names = NO_NAMES, limits: Limits = LIMITS
) -> Value:
    """Evaluate one expression. Raises HclError, HclErrors for several, or what a root or function raised."""
    run = Run(limits)
    value = Evaluator(run, source, scope).value(expr, names)
    run.finish()
    return value


class Evaluator:
    """Evaluates the expressions of one text. What is wrong goes to the run, and has the value `FAILED`."""

    def __init__(self, run: Run, source: Source, scope: Scope) -> None:
        """Take what they share."""
        self.run = run
        self.source = source
        self.scope = scope

    def value(self, expr: Expr, names: Names = NO_NAMES) -> Value:
        """Give the value of an expression. Raises Exceeded where a limit is reached."""
        self.run.enter(expr.span, self.source)
        try:
            return self._value(expr, names)
        except RecursionError:
            raise self.source.error("expressions or values are nested too deeply here", expr.span) from None
        finally:
            self.run.leave()

    def _value(self, expr: Expr, names: Names) -> Value:
        match expr:
            case nodes.Literal(Decimal() | int() as number) if not isinstance(number, bool):
                return self._applied(lambda: numerals.number(number), expr.span)
            case nodes.Literal():
                return expr.value
            case nodes.Name() | nodes.GetAttr() | nodes.Index():
                return self._traversal(expr, names)
            case nodes.Template():
                return self._sized(comprehensions.text(self, expr.parts, names), expr.span)
            case nodes.TemplateWrap():
                return self.value(expr.expr, names)
            case nodes.Parens():
                return self.value(expr.inner, names)
            case nodes.Call():
                return self._sized(calls.call(self, expr, names), expr.span)
            case nodes.Conditional():
                return self._conditional(expr, names)
            case nodes.Binary():
                return self._binary(expr, names)
            case nodes.Unary():
                return self._unary(expr, names)
            case nodes.Tuple():
                return self._sized(tuple(self.value(item, names) for item in expr.items), expr.span)
            case nodes.Object():
                return self._sized(comprehensions.made_object(self, expr, names), expr.span)
            case nodes.ForTuple():
                return self._sized(comprehensions.for_tuple(self, expr, names), expr.span)
            case nodes.ForObject():
                return self._sized(comprehensions.for_object(self, expr, names), expr.span)
            case nodes.Splat(
                nodes.GetAttr(nodes.Name(base), name), (nodes.AttrStep(attribute), *rest), full, span
            ) if base not in names and isinstance(root := self.scope.root(base), Gathering):
                where = self.run.asks(expr.source.span, self.source)
                value = self._asked(lambda: root.gather(name, attribute, self.run, where), span)
                return self._splat(value, nodes.Splat(expr.source, tuple(rest), full, span), span, names)
            case nodes.Splat():
                return self._splat(self.value(expr.source, names), expr, expr.source.span, names)
            case _:
                assert_never(expr)

    def wrong(self, what: str, span: Span, hint: str | None = None) -> Unknown:
        """Note that something is wrong at a place, and give the value of what it is about."""
        return self.run.failed(self.source.error(what, span, hint))

    def located(self, error: ReconcilerError, span: Span) -> Unknown:
        """Note an error of a root or function, which stands at the place of its use unless it has one of its own."""
        if isinstance(error, HclError) and not error.where:
            return self.wrong(error.what, span, error.hint)
        return self.run.failed(located(error, self.run.asks(span, self.source)))

    def truth(self, value: Value, what: str, span: Span) -> Value:
        """Convert what decides to a bool; unknown stays unknown."""
        try:
            truth = conversions.to_bool(value)
        except Fault as fault:
            return self.wrong(f"{what}: {fault.what}", span, fault.hint)
        if values.split(truth)[0] is None:
            return self.wrong(f"{what} is null, and must be true or false", span)
        return truth

    def check_length(self, length: int, span: Span) -> None:
        """Raise Exceeded where a text grows too long while it is made."""
        if length > self.run.limits.characters:
            raise self.run.exceeded_length(span, self.source)

    def _sized(self, value: Value, span: Span) -> Value:
        return self.run.sized(value, span, self.source)

    def _fault(self, fault: Fault, span: Span) -> Unknown:
        return self.wrong(fault.what, span, fault.hint)

    def _undeclared(self, fault: Undeclared, span: Span) -> Unknown:
        self.run.report([self.source.error(fault.what, span, fault.hint)])
        return FAILED

    # Traversals

    def _traversal(self, expr: nodes.Name | nodes.GetAttr | nodes.Index, names: Names) -> Value:
        chain: list[nodes.GetAttr | nodes.Index] = []
        base: Expr = expr
        while isinstance(base, nodes.GetAttr | nodes.Index):
            chain.append(base)
            base = base.source
        chain.reverse()
        if isinstance(base, nodes.Name) and base.name not in names:
            return self._rooted(base, chain, names)
        value = names[base.name] if isinstance(base, nodes.Name) else self.value(base, names)
        for link in chain:
            value = self._step(value, link, names)
        return value

    def _rooted(self, base: nodes.Name, chain: Sequence[nodes.GetAttr | nodes.Index], names: Names) -> Value:
        root = self.scope.root(base.name)
        if root is None:
            hint = traversals.suggestion(base.name, [*self.scope.roots(), *names])
            return self._undeclared(Undeclared(f'there is nothing named "{base.name}" here', hint), base.span)
        path: list[traversals.Step] = []
        keys: list[Value] = []
        marks = values.NO_MARKS
        for link in chain:
            if isinstance(link, nodes.GetAttr):
                keys.append(None)
                taken: traversals.Step | None = traversals.Attr(link.name)
            else:
                keys.append(self.value(link.key, names))
                if isinstance(values.split(keys[-1])[0], Unknown):
                    return keys[-1]  # which address this is, is not known yet
                # An address is shown to anybody, so that a secret key is none of it.
                secret = values.split(keys[-1])[1].sensitive
                taken = None if secret else traversals.as_step(keys[-1])
            if taken is not None and len(path) == len(keys) - 1:
                path.append(taken)
        last = chain[len(path) - 1] if path else base
        span = Span(base.span.start, last.span.end, base.span.line, base.span.column)
        answer = self._asked(lambda: root.get(tuple(path), self.run, self.run.asks(span, self.source)), span)
        if isinstance(answer, Unknown):
            return answer
        value, count = answer
        for key in keys[:count]:
            marks |= values.split(key)[1]
        value = values.mark(value, marks)
        for link, key in zip(chain[count:], keys[count:], strict=True):
            value = self._taken(value, link, key)
        return value

    def _asked(self, ask: Callable[[], T], span: Span) -> T | Unknown:
        """Ask a root. Its errors stand at the place of its use."""
        try:
            return ask()
        except Undeclared as fault:
            return self._undeclared(fault, span)
        except Fault as fault:
            return self._fault(fault, span)
        except Exceeded:
            raise
        except ReconcilerError as error:
            return self.located(error, span)

    def _step(self, value: Value, link: nodes.GetAttr | nodes.Index | nodes.Step, names: Names) -> Value:
        match link:
            case nodes.SplatStep():
                return self._splat(value, link, link.span, names)
            case nodes.Index() | nodes.IndexStep():
                return self._taken(value, link, self.value(link.key, names))
            case _:
                return self._taken(value, link, None)

    def _taken(
        self, value: Value, link: nodes.GetAttr | nodes.Index | nodes.AttrStep | nodes.IndexStep, key: Value
    ) -> Value:
        """Take one step, whose key, if it has one, was evaluated."""
        try:
            if isinstance(link, nodes.GetAttr | nodes.AttrStep):
                return traversals.attribute(value, link.name)
            return traversals.index(value, key)
        except Fault as fault:
            match link:
                case nodes.GetAttr():
                    return self._fault(fault, link.name_span)
                case nodes.AttrStep():
                    return self._fault(fault, link.span)
                case _:
                    return self._fault(fault, link.key.span)

    def _splat(self, given: Value, splat: nodes.Splat | nodes.SplatStep, span: Span, names: Names) -> Value:
        """Take steps of each element: of none of null, of the value itself where it is no list."""
        plain, marks = values.split(given)
        match plain:
            case Unknown():
                return given
            case None:
                return values.mark((), marks)
            case tuple() | Set():
                items: Iterable[Value] = plain
            case _:
                items = (plain,)
        results = []
        for item in items:
            value = item
            for link in splat.each:
                value = self._step(value, link, names)
            results.append(value)
        return self._sized(values.mark(tuple(results), marks), span)

    # Operators

    def _binary(self, expr: nodes.Binary, names: Names) -> Value:
        """Apply operators from the left, without going deeper with each of `a + b + c`."""
        spine = [expr]
        while isinstance(spine[-1].left, nodes.Binary):
            spine.append(spine[-1].left)
        with self.run.attempt() as errors:
            value = self.value(spine[-1].left, names)
        for node in reversed(spine):
            value, errors = self._operate(node, value, errors, names)
        self.run.errors.extend(errors)
        return value

    def _operate(
        self, node: nodes.Binary, left: Value, errors: list[ReconcilerError], names: Names
    ) -> tuple[Value, list[ReconcilerError]]:
        """Apply an operator to a left side that had errors perhaps: they do not count where the right side decides."""
        decisive = operators.LOGICAL.get(node.operator)
        with self.run.attempt() as first:
            left = self._operand(node.operator, left, node.left.span)
        errors = [*errors, *first]
        if decisive is not None and values.split(left)[0] is decisive:
            return left, errors
        with self.run.attempt() as second:
            right = self._operand(node.operator, self.value(node.right, names), node.right.span)
        if FAILED in (values.split(left)[0], values.split(right)[0]):
            if decisive is not None and values.split(right)[0] is decisive:
                return right, second
            return FAILED, errors + second
        if decisive is not None and values.split(right)[0] is decisive:
            return values.mark(right, values.split(left)[1]), errors + second
        with self.run.attempt() as third:
            value = self._applied(lambda: operators.binary(node.operator, left, right), node.span)
        return value, errors + second + third

    def _unary(self, expr: nodes.Unary, names: Names) -> Value:
        value = self._operand(expr.operator, self.value(expr.operand, names), expr.operand.span)
        return self._applied(lambda: operators.unary(expr.operator, value), expr.span)

    def _operand(self, symbol: str, value: Value, span: Span) -> Value:
        return self._applied(lambda: operators.operand(symbol, value), span)

    def _applied(self, apply: Callable[[], Value], span: Span) -> Value:
        try:
            return apply()
        except Fault as fault:
            return self._fault(fault, span)

    def _conditional(self, expr: nodes.Conditional, names: Names) -> Value:
        condition = self.truth(self.value(expr.condition, names), "the condition", expr.condition.span)
        truth, marks = values.split(condition)
        if isinstance(truth, Unknown):
            return condition
        taken, other = (expr.then, expr.otherwise) if truth else (expr.otherwise, expr.then)
        value = self.value(taken, names)
        if values.split(value)[0] is FAILED:
            return value
        beside = self.run.probe(lambda: self.value(other, names))
        shapes = [kinds.of(value), kinds.of(beside)]
        shared = kinds.unify(shapes)
        if shared is None:
            shown = [str(kind) for kind in (shapes if truth else reversed(shapes))]
            secret = any(values.unmark(each)[1].sensitive for each in (value, beside))
            if secret or max(map(len, shown)) > 80:
                shown = [values.described(each) for each in ((value, beside) if truth else (beside, value))]
            what = f"both results of a condition must have one type, and these are {' and '.join(shown)}"
            return self.wrong(what, expr.span)
        if shapes[0] != shared:
            value = conversions.convert(value, shared)
        return values.mark(value, marks)
