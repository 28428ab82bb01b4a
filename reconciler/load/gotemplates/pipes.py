"""Pipes, commands and operands from tokens. Names and arities of functions are checked on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.load.gotemplates import arities, lexer, literals, nodes
from reconciler.load.gotemplates.cursors import Cursor, shown
from reconciler.load.gotemplates.faults import Fault
from reconciler.load.gotemplates.lexer import Kind, Token

if TYPE_CHECKING:
    from reconciler.load.gotemplates.calls import Calls

_OPERANDS = frozenset(
    [Kind.DOT, Kind.FIELD, Kind.VARIABLE, Kind.WORD, Kind.STRING, Kind.CHARACTER, Kind.NUMBER, Kind.OPEN]
)
_VALUES = {
    "an action": "write {{ env `NAME` }}, for one",
    "if": "write {{ if VALUE }}",
    "with": "write {{ with VALUE }}",
    "range": "write {{ range VALUE }}",
}
"""How to give a value where none is."""
_BOOLEANS = {"true": True, "false": False}


class Names:
    """What names mean while a template's own text is parsed; each `define` and `block` starts a fresh one."""

    def __init__(self) -> None:
        """Start with `$` alone, outside every loop."""
        self.variables = ["$"]
        self.loops = 0


class PipeParser(Cursor):
    """Parses what stands between `{{` and `}}`."""

    def __init__(self, source: str, path: str, calls: Calls) -> None:
        """Take the text, its path for messages, and the functions that exist."""
        super().__init__(source, path)
        self.calls = calls
        self.names = Names()

    def pipe(self, context: str, end: Kind, most_targets: int = 1) -> nodes.Pipe:
        """Parse targets and commands up to the closing token, and take that too."""
        first = self.peek()
        targets, assigns = self._targets(context, most_targets)
        commands: list[nodes.Command] = []
        while self.peek().kind is not end:
            commands.append(self._command(context, piped=bool(commands)))
        last = self.take()
        if not commands:
            raise self.error(f"there is no value in {context}", first, _VALUES.get(context))
        if end is Kind.CLOSE:
            return nodes.Pipe(first.start - 1, last.end, tuple(commands), targets, assigns)
        return nodes.Pipe(first.start, commands[-1].end, tuple(commands), targets, assigns)

    def _targets(self, context: str, most: int) -> tuple[tuple[nodes.Variable, ...], bool]:
        targets: list[nodes.Variable] = []
        while self.peek().kind is Kind.VARIABLE:
            variable, following = self.peek(), self.peek(1)
            if following.kind not in {Kind.ASSIGN, Kind.DECLARE, Kind.COMMA} and not targets:
                return (), False
            self.take()
            targets.append(nodes.Variable(variable.start, variable.end, variable.text))
            if following.kind is Kind.COMMA:
                self.take()
                if len(targets) >= most:
                    raise self.error(
                        f"{context} sets {'one variable' if most == 1 else 'two variables'} at most", variable
                    )
                continue
            if following.kind not in {Kind.ASSIGN, Kind.DECLARE}:
                break
            assigns = self.take().kind is Kind.ASSIGN
            for target in targets:
                if assigns:
                    self._declared(target)
                self.names.variables.append(target.name)
            return tuple(targets), assigns
        if targets:
            raise self.error("':=' and a value are expected after the variables", self.peek())
        return (), False

    def _declared(self, variable: nodes.Variable) -> nodes.Variable:
        if variable.name not in self.names.variables:
            near = arities.near(variable.name, self.names.variables[1:])
            hint = near or f"declare it first: {{{{ {variable.name} := … }}}}"
            raise self.error(f"there is no variable {variable.name} here", variable, hint)
        return variable

    def _command(self, context: str, *, piped: bool) -> nodes.Command:
        operands: list[nodes.Operand] = []
        while True:
            token = self.peek()
            operand = self._operand() if token.spaced or not operands else None
            if operand is None:
                break
            operands.append(operand)
        token = self.peek()
        if not operands or token.kind not in {Kind.PIPE, Kind.RIGHT, Kind.CLOSE}:
            self.take()
            if operands and token.kind in _OPERANDS:
                raise self.error("a space is missing before this", token)
            hint = lexer.OPERATORS.get(token.text)
            raise self.error(f"unexpected {shown(token)} in {context}", token, hint)
        command = nodes.Command(operands[0].start, operands[-1].end, tuple(operands))
        self._check(command, piped=piped)
        if token.kind is Kind.PIPE:
            self.take()
        return command

    def _check(self, command: nodes.Command, *, piped: bool) -> None:
        """Check that the first operand can take what follows it, and every function its number of arguments."""
        first, *rest = command.operands
        if isinstance(first, nodes.Literal) and first.value is None and not rest:
            raise self.error("nil is no value to work with by itself", first)
        if (rest or piped) and not isinstance(first, nodes.Function):
            hint = None if rest else "the right side of a | must be a function"
            raise self.error("only a function takes arguments, and this is none", first, hint)
        if problem := arities.problem(command, self.source, self.calls, piped=piped):
            raise self.error(problem.what, problem.node, problem.hint)

    def _operand(self) -> nodes.Operand | None:
        """Parse an operand with the members that are asked of it; None where none starts here."""
        token = self.peek()
        term = self._term()
        names: list[str] = []
        while term is not None and self.peek().kind is Kind.FIELD and not self.peek().spaced:
            names.append(self.take().text[1:])
        if term is None or not names:
            return term
        end = self.last_end()
        match term:
            case nodes.Field():
                return nodes.Field(term.start, end, (*term.names, *names))
            case nodes.Variable():
                return nodes.Variable(term.start, end, term.name, tuple(names))
            case nodes.Function() | nodes.Pipe():
                return nodes.Chain(term.start, end, term, tuple(names))
        raise self.error(f"{shown(token)} has no members", token)

    def _term(self) -> nodes.Operand | None:
        token = self.peek()
        if token.kind not in _OPERANDS and not self.at_keyword("nil"):
            return None
        self.take()
        start, end = token.start, token.end
        match token.kind:
            case Kind.DOT:
                return nodes.Dot(start, end)
            case Kind.FIELD:
                return nodes.Field(start, end, (token.text[1:],))
            case Kind.VARIABLE:
                return self._declared(nodes.Variable(start, end, token.text))
            case Kind.OPEN:
                self.deeper(token)
                pipe = self.pipe("parentheses", Kind.CLOSE)
                self.depth -= 1
                return nodes.Pipe(start, pipe.end, pipe.commands, pipe.targets, pipe.assigns)
            case Kind.WORD if token.text not in _BOOLEANS:
                return self._function(token)
        return nodes.Literal(start, end, self._constant(token))

    def _function(self, token: Token) -> nodes.Function:
        if not arities.exists(token.text, self.calls):
            hint = arities.near(token.text, arities.names(self.calls))
            raise self.error(f"there is no function {token.text}", token, hint)
        return nodes.Function(token.start, token.end, token.text)

    def _constant(self, token: Token) -> None | bool | int | float | str:
        match token.kind:
            case Kind.KEYWORD:
                return None
            case Kind.WORD:
                return _BOOLEANS[token.text]
            case Kind.STRING:
                return self.unquoted(token)
        try:
            return (
                literals.number(token.text) if token.kind is Kind.NUMBER else literals.character(token.text)
            )
        except Fault as fault:
            raise self.error(fault.what, token, fault.hint) from None

    def unquoted(self, token: Token) -> str:
        """Give the text of a string token."""
        try:
            return literals.unquote(token.text)
        except Fault as fault:
            raise self.error(fault.what, token, fault.hint) from None
