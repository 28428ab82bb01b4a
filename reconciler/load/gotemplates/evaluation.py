"""Pipes, commands and operands to values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from reconciler.core.values import UNKNOWN, Marked, unite
from reconciler.errors import ReconcilerError, TemplateError, Where
from reconciler.load import sourcemaps
from reconciler.load.gotemplates import functions, nodes, texts, values
from reconciler.load.gotemplates.faults import Fault

if TYPE_CHECKING:
    from reconciler.load.gotemplates.calls import Calls
    from reconciler.load.gotemplates.scopes import Scope

Operands: TypeAlias = Sequence[nodes.Operand]


class Evaluator:
    """Evaluates what stands between `{{` and `}}`. A function of something unknown is unknown."""

    def __init__(self, template: nodes.Template, calls: Calls) -> None:
        """Take the template, for places in messages, and its functions."""
        self.template = template
        self.calls = calls

    def where(self, node: nodes.Node) -> Where:
        """Give the place of a node."""
        return sourcemaps.place(self.template.path, self.template.source, node.start)

    def error(self, fault: Fault, node: nodes.Node) -> TemplateError:
        """Give a fault its place."""
        return TemplateError(fault.what, self.where(node), fault.hint)

    def pipe(self, pipe: nodes.Pipe, dot: Marked, scope: Scope) -> Marked:
        """Give the value of a pipe, and put it into its variables."""
        value: Marked | None = None
        for command in pipe.commands:
            value = self._command(command, dot, scope, value)
            if value.data is None:
                # Out of a pipe null is no value at all, as with Go's nil interfaces.
                value = Marked(values.ABSENT, value.origins, value.sensitive_paths)
        assert value is not None
        for target in pipe.targets:
            if pipe.assigns:
                try:
                    scope.assign(target.name, value)
                except Fault as fault:
                    raise self.error(fault, target) from None
            else:
                scope.declare(target.name, value)
        return value

    def _command(self, command: nodes.Command, dot: Marked, scope: Scope, piped: Marked | None) -> Marked:
        first = command.operands[0]
        if isinstance(first, nodes.Function):
            return self._function(first, command.operands[1:], dot, scope, piped)
        return self._operand(first, dot, scope)

    def _operand(self, operand: nodes.Operand, dot: Marked, scope: Scope) -> Marked:
        match operand:
            case nodes.Literal():
                return Marked(operand.value)
            case nodes.Dot():
                return dot
            case nodes.Field():
                return self._members(operand, dot, operand.names)
            case nodes.Variable():
                try:
                    value = scope.get(operand.name)
                except Fault as fault:
                    raise self.error(fault, operand) from None
                return self._members(operand, value, operand.fields)
            case nodes.Function():
                return self._function(operand, (), dot, scope, None)
            case nodes.Chain():
                return self._members(operand, self._operand(operand.operand, dot, scope), operand.fields)
            case nodes.Pipe():
                return self.pipe(operand, dot, scope)

    def _members(self, node: nodes.Node, value: Marked, names: Sequence[str]) -> Marked:
        for name in names:
            if value.data is UNKNOWN:
                return value
            try:
                value = functions.member(value, name)
            except Fault as fault:
                raise self.error(fault, node) from None
        return value

    def _function(
        self, function: nodes.Function, operands: Operands, dot: Marked, scope: Scope, piped: Marked | None
    ) -> Marked:
        own = self.calls.signature(function.name) is not None
        if not own and function.name in {"and", "or"}:
            return self._logic(function.name, operands, dot, scope, piped)
        arguments = [self._operand(operand, dot, scope) for operand in operands]
        if piped is not None:
            arguments.append(piped)
        if any(argument.data is UNKNOWN for argument in arguments):
            return unite(UNKNOWN, arguments)
        try:
            return self._call(function, arguments) if own else functions.apply(function.name, arguments)
        except Fault as fault:
            raise self.error(fault, function) from None

    def _call(self, function: nodes.Function, arguments: list[Marked]) -> Marked:
        where = self.where(function)
        try:
            return self.calls.call(function.name, [_outward(argument) for argument in arguments], where)
        except ReconcilerError as error:
            error.where = error.where or where
            raise

    def _logic(
        self, name: str, operands: Operands, dot: Marked, scope: Scope, piped: Marked | None
    ) -> Marked:
        """Give the first argument that decides an `and` or `or`, else the last; stop at an unknown one.

        It comes from all the arguments that were looked at, but is as sensitive as itself alone: the others
        only decided, as a condition does.
        """
        seen: list[Marked] = []
        for position, operand in enumerate(operands):
            seen.append(self._operand(operand, dot, scope))
            if seen[-1].data is UNKNOWN:
                scope.forget(operands[position + 1 :], declarations=True)
                break
            if values.truth(seen[-1].data) == (name == "or"):
                break
        else:
            seen.extend([] if piped is None else [piped])
        return Marked(seen[-1].data, unite(None, seen).origins, seen[-1].sensitive_paths)


def _outward(argument: Marked) -> Marked:
    """Give an argument as functions from outside know it: plain data only."""
    match argument.data:
        case values.ABSENT:
            data: object = None
        case values.Byte():
            data = int(argument.data)
        case str() if not argument.data.isascii():
            data = texts.clean(argument.data)
        case _:
            return argument
    return Marked(data, argument.origins, argument.sensitive_paths)
