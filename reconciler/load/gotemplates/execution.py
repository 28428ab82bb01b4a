"""Running a parsed template: its text, and the source map beside it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING

from reconciler.core.values import UNKNOWN, Marked
from reconciler.errors import TemplateError
from reconciler.load.gotemplates import arities, nodes, printing, values
from reconciler.load.gotemplates.evaluation import Evaluator
from reconciler.load.gotemplates.faults import Fault
from reconciler.load.gotemplates.outputs import Output
from reconciler.load.gotemplates.scopes import Scope

if TYPE_CHECKING:
    from reconciler.load.gotemplates.calls import Calls
    from reconciler.load.sourcemaps import Rendered

MAX_DEPTH = 150
"""How deep blocks and templates may run in each other."""

MAX_STEPS = 1_000_000
"""How many statements may run, so that nested loops and templates end."""


class _Leave(Enum):
    """How a body was left before its end."""

    BREAK = auto()
    CONTINUE = auto()


class Execution:
    """One run of a template."""

    def __init__(self, template: nodes.Template, calls: Calls) -> None:
        """Take the template and its functions."""
        self.template = template
        self.evaluator = Evaluator(template, calls)
        self.output = Output(template.source, template.path)
        self.depth = 0
        self.steps = 0

    def run(self) -> Rendered:
        """Run it, with no data: `.` and `$` are absent."""
        root = Marked(values.ABSENT)
        self._body(self.template.body, root, Scope(root))
        return self.output.rendered()

    def _body(self, body: nodes.Body, dot: Marked, scope: Scope) -> _Leave | None:
        self.depth += 1
        for node in body:
            self._step(node)
            left = None
            match node:
                case nodes.Text():
                    self._write(node)
                case nodes.Action():
                    self._action(node, dot, scope)
                case nodes.If() | nodes.With():
                    left = self._branches(node, dot, scope)
                case nodes.Range():
                    left = self._range(node, dot, scope)
                case nodes.Invoke():
                    self._invoke(node, dot, scope)
                case nodes.Break():
                    left = _Leave.BREAK
                case nodes.Continue():
                    left = _Leave.CONTINUE
            if left:
                self.depth -= 1
                return left
        self.depth -= 1
        return None

    def _step(self, node: nodes.Node) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise self._error(Fault(f"the template runs more than {MAX_STEPS} steps"), node)
        if self.depth > MAX_DEPTH:
            hint = "does a template invoke itself without end?"
            raise self._error(Fault(f"templates and blocks run more than {MAX_DEPTH} deep", hint), node)

    def _error(self, fault: Fault, node: nodes.Node) -> TemplateError:
        return self.evaluator.error(fault, node)

    def _write(self, node: nodes.Text) -> None:
        try:
            self.output.literal(node)
        except Fault as fault:
            raise self._error(fault, node) from None

    def _action(self, node: nodes.Action, dot: Marked, scope: Scope) -> None:
        value = self.evaluator.pipe(node.pipe, dot, scope)
        if node.pipe.targets:
            return
        try:
            self.output.computed(node, "" if value.data is UNKNOWN else printing.shown(value.data), value)
        except Fault as fault:
            raise self._error(fault, node) from None

    def _branches(self, node: nodes.If | nodes.With, dot: Marked, scope: Scope) -> _Leave | None:
        mark = scope.mark()
        left = None
        for position, branch in enumerate(node.branches):
            value = self.evaluator.pipe(branch.pipe, dot, scope)
            if value.data is UNKNOWN:
                scope.drop(mark)
                scope.forget([*node.branches[position:], *node.otherwise])
                return None
            if values.truth(value.data):
                left = self._body(branch.body, value if isinstance(node, nodes.With) else dot, scope)
                break
        else:
            left = self._body(node.otherwise, dot, scope)
        scope.drop(mark)
        return left

    def _range(self, node: nodes.Range, dot: Marked, scope: Scope) -> _Leave | None:
        mark = scope.mark()
        value = self.evaluator.pipe(node.pipe, dot, scope)
        if value.data is UNKNOWN:
            scope.drop(mark)
            scope.forget([node])
            return None
        inner = scope.mark()
        left = None
        empty = True
        for key, item in self._items(node, value):
            empty = False
            self._step(node)
            self._set_targets(node.pipe, key, item, scope, inner)
            left = self._body(node.body, item, scope)
            scope.drop(inner)
            if left is _Leave.BREAK:
                break
        left = self._body(node.otherwise, dot, scope) if empty else None
        scope.drop(mark)
        return left

    def _items(self, node: nodes.Range, value: Marked) -> Iterator[tuple[Marked, Marked]]:
        """Give what a value holds, each with its index or key."""
        data = value.data
        key_marks = ((),) if () in value.sensitive_paths else ()
        if values.is_nil(data):
            return
        if values.is_integer(data):
            if len(node.pipe.targets) > 1:
                raise self._error(Fault("range over a number sets one variable, not two"), node.pipe)
            for number in range(data):
                yield value, value.derive(number)
        elif values.is_map(data):
            for key in sorted(data):
                yield Marked(key, value.origins, key_marks), value.child(key, data[key])
        elif values.is_list(data):
            for index, item in enumerate(data):
                yield Marked(index, value.origins, key_marks), value.child(index, item)
        else:
            raise self._error(Fault(f"range cannot go over {values.described(data)}"), node.pipe)

    @staticmethod
    def _set_targets(pipe: nodes.Pipe, key: Marked, item: Marked, scope: Scope, inner: int) -> None:
        """Put an index and a member into the variables of a range; a single variable gets the member."""
        for target, value in zip(pipe.targets, [key, item][-len(pipe.targets) :], strict=False):
            if pipe.assigns:
                scope.assign(target.name, value)
        if pipe.targets and not pipe.assigns:
            scope.drop(inner - len(pipe.targets))
            for target, value in zip(pipe.targets, [key, item][-len(pipe.targets) :], strict=True):
                scope.declare(target.name, value)

    def _invoke(self, node: nodes.Invoke, dot: Marked, scope: Scope) -> None:
        if node.name not in self.template.definitions:
            hint = arities.near(node.name, self.template.definitions)
            raise self._error(Fault(f"no template {node.name!r} is defined", hint), node)
        given = self.evaluator.pipe(node.pipe, dot, scope) if node.pipe else Marked(values.ABSENT)
        self._body(self.template.definitions[node.name], given, Scope(given))


def execute(template: nodes.Template, calls: Calls) -> Rendered:
    """Run a parsed template. TemplateError where it cannot go on, or what `calls` raises."""
    return Execution(template, calls).run()
