"""Statements and blocks from tokens, by recursive descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.load.gotemplates import nodes
from reconciler.load.gotemplates.lexer import Kind, Token
from reconciler.load.gotemplates.pipes import Names, PipeParser

if TYPE_CHECKING:
    from reconciler.load.gotemplates.calls import Calls


class _Block(NamedTuple):
    """What stands between two actions of a block, and the keyword (`end`, `else`) that ended it."""

    body: nodes.Body
    closed_by: Token


class Parser(PipeParser):
    """Parses one file."""

    def __init__(self, source: str, path: str, calls: Calls) -> None:
        """Take the text, its path for messages, and the functions that exist."""
        super().__init__(source, path, calls)
        self.definitions: dict[str, nodes.Body] = {}

    def template(self) -> nodes.Template:
        """Parse the whole file."""
        statements: list[nodes.Statement] = []
        while self.peek().kind is not Kind.END:
            if self.at_keyword("define", offset=1):
                self._define()
                continue
            statement = self._statement()
            if isinstance(statement, Token):
                raise self.error(f"{{{{{statement.text}}}}} closes nothing: no block is open here", statement)
            statements.append(statement)
        return nodes.Template(self.source, self.path, tuple(statements), self.definitions)

    def _statement(self) -> nodes.Statement | Token:
        """Parse text or an action; an `end` or `else` is given back as its token, the action half read."""
        token = self.take()
        if token.kind is Kind.TEXT:
            return nodes.Text(token.start, token.end)
        word = self.peek()
        if word.kind is not Kind.KEYWORD or word.text == "nil":
            pipe = self.pipe("an action", Kind.RIGHT)
            return nodes.Action(token.start, self.last_end(), pipe)
        self.take()
        match word.text:
            case "end" | "else":
                return word
            case "if" | "with":
                return self._branches(token, word.text)
            case "range":
                return self._range(token)
            case "template" | "block":
                return self._invoke(token, word.text)
            case "break" | "continue":
                return self._leave(token, word)
        raise self.error("{{define}} can only stand at the top of a file, outside every block", token)

    def _body(self, opener: Token, word: str) -> _Block:
        """Parse statements up to the `end` or `else` that belongs to a block."""
        self.deeper(opener)
        statements: list[nodes.Statement] = []
        while self.peek().kind is not Kind.END:
            statement = self._statement()
            if isinstance(statement, Token):
                self.depth -= 1
                return _Block(tuple(statements), statement)
            statements.append(statement)
        raise self.error(
            f"the {{{{{word}}}}} that starts here has no {{{{end}}}}", opener, "add {{end}} after it"
        )

    def _close(self, block: _Block, word: str) -> None:
        if block.closed_by.text != "end":
            which = "" if word in {"define", "block"} else "another "
            raise self.error(f"a {{{{{word}}}}} cannot have {which}{{{{else}}}} here", block.closed_by)
        self.expect(Kind.RIGHT, "}}")

    def _branches(self, opener: Token, word: str) -> nodes.If | nodes.With:
        declared = len(self.names.variables)
        branches: list[nodes.Branch] = []
        otherwise: nodes.Body = ()
        start = opener.start
        while True:
            pipe = self.pipe(word, Kind.RIGHT)
            end = self.last_end()
            block = self._body(opener, word)
            branches.append(nodes.Branch(start, end, pipe, block.body))
            if block.closed_by.text == "else" and self.at_keyword(word):
                start = block.closed_by.start
                self.take()
                continue
            if block.closed_by.text == "else":
                block = self._else(opener, word)
                otherwise = block.body
            self._close(block, word)
            break
        del self.names.variables[declared:]
        node = nodes.If if word == "if" else nodes.With
        return node(opener.start, self.last_end(), tuple(branches), otherwise)

    def _else(self, opener: Token, word: str) -> _Block:
        following = self.peek()
        if following.kind is Kind.KEYWORD and following.text in {"if", "with"}:
            hint = f"put a whole {{{{{following.text}}}}} … {{{{end}}}} behind {{{{else}}}}"
            raise self.error(f"'else {following.text}' cannot belong to a {{{{{word}}}}}", following, hint)
        self.expect(Kind.RIGHT, "}}")
        return self._body(opener, word)

    def _range(self, opener: Token) -> nodes.Range:
        declared = len(self.names.variables)
        pipe = self.pipe("range", Kind.RIGHT, most_targets=2)
        self.names.loops += 1
        block = self._body(opener, "range")
        self.names.loops -= 1
        body: nodes.Body = block.body
        otherwise: nodes.Body = ()
        if block.closed_by.text == "else":
            block = self._else(opener, "range")
            otherwise = block.body
        self._close(block, "range")
        del self.names.variables[declared:]
        return nodes.Range(opener.start, self.last_end(), pipe, body, otherwise)

    def _leave(self, opener: Token, word: Token) -> nodes.Break | nodes.Continue:
        if not self.names.loops:
            raise self.error(f"{{{{{word.text}}}}} can only stand inside {{{{range}}}}", opener)
        self.expect(Kind.RIGHT, "}}")
        node = nodes.Break if word.text == "break" else nodes.Continue
        return node(opener.start, self.last_end())

    # Named templates

    def _name(self, word: str) -> str:
        token = self.expect(Kind.STRING, f"the quoted name of a template after {word}")
        return self.unquoted(token)

    def _define(self) -> None:
        opener = self.take()
        self.take()
        name = self._name("define")
        self.expect(Kind.RIGHT, "}}")
        self._definition(opener, "define", name)

    def _invoke(self, opener: Token, word: str) -> nodes.Invoke:
        name = self._name(word)
        pipe = None
        if word == "block" or self.peek().kind is not Kind.RIGHT:
            pipe = self.pipe(word, Kind.RIGHT)
        else:
            self.take()
        end = self.last_end()
        if word == "block":
            self._definition(opener, word, name)
        return nodes.Invoke(opener.start, end, name, pipe)

    def _definition(self, opener: Token, word: str, name: str) -> None:
        outer, self.names = self.names, Names()
        block = self._body(opener, word)
        self._close(block, word)
        self.names = outer
        # Of two definitions the one that holds something counts, as in Go; both is an error.
        if self._is_blank(block.body) and name in self.definitions:
            return
        if not self._is_blank(self.definitions.get(name, ())):
            raise self.error("a template of this name is defined already", opener)
        self.definitions[name] = block.body

    def _is_blank(self, body: nodes.Body) -> bool:
        return all(
            isinstance(node, nodes.Text) and not self.source[node.start : node.end].strip() for node in body
        )
