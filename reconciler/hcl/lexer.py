"""HCL as tokens. Takes: a source. Gives: tokens under the names of python-hcl2's terminals, newlines only where they
count, and what is wrong with the text, if anything.

What a word, a brace or a newline means depends on the brackets around it, so there is a stack of them. It also finds
every bracket, quote, heredoc and comment that nobody closes, and points at where it opens.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.hcl.nodes import Span
from reconciler.hcl.tokens import (
    DEEPENING,
    DEEPEST,
    OPERANDS_END,
    PAIRS,
    SHOWN,
    SYMBOLS,
    Frame,
    Lexed,
    Token,
    closes,
)

if TYPE_CHECKING:
    from reconciler.errors import HclError
    from reconciler.hcl.sources import Source

_WORDS: Final = {"true": "TRUE", "false": "FALSE", "null": "NULL"}
_DIRECTIVES: Final = {"if": "IF", "else": "ELSE", "endif": "ENDIF", "for": "FOR", "endfor": "ENDFOR"}
_NEXT: Final = re.compile(
    r"""[ \t]*(?:
      (?P<newline>\r?\n)
    | (?P<name>[^\W\d][\w-]*)
    | (?P<heredoc><<-?[^\W\d][\w-]*[ \t]*\r?\n)
    | (?P<number>\d(?:(?:[\d.]|[eE][+-]?\d)*(?:\d|[eE][+-]?\d))?)
    | (?P<quote>")
    | (?P<comment>(?:\#|//)[^\n]*)
    | (?P<remark>/\*)
    | (?P<attrsplat>\.[ \t]*\*)
    | (?P<fullsplat>\[[ \t]*\*[ \t]*\])
    | (?P<strip>~\})
    | (?P<symbol>==|!=|<=|>=|=>|&&|\|\||::|\.\.\.|[-+*/%<>!?(){}\[\],.=:])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"(\d+)(?:(\.\d+)?([eE][+-]?\d+)?)\Z")
_FOR: Final = re.compile(r"(?:\s|\#[^\n]*|//[^\n]*|/\*(?s:.)*?\*/)*+for(?![\w-])")
# `$${` and `%%{` stand for themselves, and a dollar or percent sign before anything but a brace does so as well.
_QUOTED: Final = re.compile(r'(?:[^"\\$%\r\n]++|\\.|\$\$\{|%%\{|\$(?!\{)|%(?!\{))++')
_LINE: Final = re.compile(r"(?:[^$%\n]++|\$\$\{|%%\{|\$(?!\{)|%(?!\{))*+\n?")


def lex(source: Source, start: str) -> Lexed:
    """Take a text apart. `start` is what it is: `body`, `expression` or `template`.

    Raises nothing: the error, if there is one, is in the result, since one that the parser finds earlier counts first.
    """
    return _Lexer(source, start).run()


class _Lexer:
    def __init__(self, source: Source, start: str) -> None:
        self.source = source
        self.text = source.text
        self.out = Lexed()
        self.at = 0
        self.line = source.line
        self.first = 1 - source.column  # the offset at which column 1 of this line is
        self.frame = Frame(start, None, lined=start == "body")
        self.below: list[Frame] = []
        self.depth = 0

    def run(self) -> Lexed:
        try:
            while True:
                inside = self.frame.kind
                if inside in {"quote", "heredoc", "template"}:
                    if not self.literal():
                        break
                elif not self.code():
                    break
        except _Wrong as wrong:
            self.out.error = wrong.error
        self.out.depth = max(self.out.depth, self.depth)
        return self.out

    def span(self, start: int, end: int) -> Span:
        return Span(start, end, self.line, start - self.first + 1)

    def wrong(self, what: str, span: Span, hint: str | None = None) -> _Wrong:
        return _Wrong(self.source.error(what, span, hint))

    def emit(self, name: str, start: int, end: int) -> Token:
        token = Token(name, self.text[start:end], start, end, self.line, start - self.first + 1)
        self.out.tokens.append(token)
        return token

    def newline(self, after: int) -> None:
        self.line += 1
        self.first = after

    def push(
        self, kind: str, opening: Token, *, lined: bool = False, ends: re.Pattern[str] | None = None
    ) -> None:
        if len(self.below) >= DEEPEST:
            raise self.wrong(
                f"nested more than {DEEPEST} levels deep", opening.span, "use locals for the inner parts"
            )
        self.below.append(self.frame)
        self.depth += 2 if kind == "body" else 1  # a block, and its body
        self.frame = Frame(kind, opening, lined, ends, base=self.depth, highest=self.depth)
        self.out.kinds[opening.start] = kind

    def pop(self) -> None:
        # An operator that follows takes all of this as its operand.
        self.depth = max(self.depth, self.frame.highest)
        self.frame = self.below.pop()

    def restart(self) -> None:
        """Begin the next element: it is no deeper for the ones before it."""
        frame = self.frame
        frame.highest = max(frame.highest, self.depth)
        self.out.depth = max(self.out.depth, self.depth)
        self.depth = frame.base

    def code(self) -> bool:
        found = _NEXT.match(self.text, self.at)
        if found is None:
            raise self.stranger()
        kind = found.lastgroup
        assert kind is not None
        start, end = found.span(kind)
        self.at = end
        if kind == "name":
            self.word(start, end)
        elif kind == "symbol":
            self.symbol(start, end)
        elif kind == "newline":
            if self.frame.lined:
                self.emit("NL_OR_COMMENT", start, end)
                self.frame.valued = False
                self.restart()
            self.newline(end)
        elif kind == "quote":
            self.push("quote", self.emit("DBLQUOTE", start, end))
        elif kind == "number":
            self.number(start, end)
        elif kind == "comment":
            pass
        elif kind == "remark":
            self.remark(start)
        elif kind == "heredoc":
            self.heredoc(start, end)
        elif kind == "attrsplat":
            self.depth += 1
            self.emit("ATTR_SPLAT", start, end)
        elif kind == "fullsplat":
            self.depth += 1
            self.emit("FULL_SPLAT_START", start, end)
        elif kind == "strip":
            if self.frame.kind not in {"interp", "directive"}:
                raise self.wrong(
                    "`~}` closes nothing here", self.span(start, end), "`~` belongs to `${ … }` alone"
                )
            self.emit("STRIP_MARKER", start, start + 1)
            self.close("}", start + 1, end)
        else:
            return self.finish()
        return True

    def stranger(self) -> _Wrong:
        at = self.at
        while self.text[at] in " \t":
            at += 1
        character = self.text[at]
        span = self.span(at, at + 1)
        hints = {
            "'": 'write text between double quotes, "…"',
            "`": 'write text between double quotes, "…"',
            ";": "arguments end with their line",
            "&": "write && for `and`",
            "|": "write || for `or`",
            "~": "`~` belongs to `${~ … ~}` and `%{~ … ~}` alone",
        }
        shown = f"`{character}`" if character.isprintable() else f"the character U+{ord(character):04X}"
        return self.wrong(f"{shown} means nothing here", span, hints.get(character))

    def word(self, start: int, end: int) -> None:
        text = self.text
        while end < len(text) and text[end] > "\x7f" and ("a" + text[end]).isidentifier():
            end += 1  # a combining mark, which `\w` leaves out
            while end < len(text) and (text[end].isalnum() or text[end] in "_-"):
                end += 1
        self.at = end
        word, frame = text[start:end], self.frame
        self.emit(self.kind(word, frame), start, end)

    def kind(self, word: str, frame: Frame) -> str:
        """Tell what a word is here: the language reserves none."""
        tokens = self.out.tokens
        last = tokens[-1].type if tokens else ""
        if frame.wants == "name":
            frame.wants = "in"
            return "NAME"
        if frame.wants == "in" and word == "in":
            frame.wants = ""
            return "IN"
        if (frame.kind == "body" and not frame.valued) or last == "DOT":
            return "NAME"
        if frame.kind == "directive" and (
            tokens[-1] is frame.opening or (last == "STRIP_MARKER" and tokens[-2] is frame.opening)
        ):
            if word == "for":
                frame.wants = "name"
            return _DIRECTIVES.get(word, "NAME")
        if word == "for" and tokens and tokens[-1] is frame.opening and frame.kind in {"tuple", "for"}:
            frame.wants = "name"
            frame.kind = self.out.kinds[tokens[-1].start] = "for"
            return "FOR"
        if word == "if" and frame.kind == "for" and last in OPERANDS_END:
            return "IF"
        return _WORDS.get(word, "NAME")

    def number(self, start: int, end: int) -> None:
        text = self.text[start:end]
        after_dot = bool(self.out.tokens) and self.out.tokens[-1].type == "DOT"
        found = _NUMBER.match(text)
        if after_dot and (found is None or found[0] != found[1]):
            keys = "".join(f"[{each}]" for each in text.split(".") if each.isdigit())[:40]
            raise self.wrong(
                "only one whole number may follow a dot", self.span(start, end), f"write {keys or '[0]'}"
            )
        if found is None:
            raise self.wrong(
                "this is not a number", self.span(start, end), "a number looks like 12, 1.5 or 1e3"
            )
        self.emit("INT_LITERAL" if found[0] == found[1] else "FLOAT_LITERAL", start, end)

    def remark(self, start: int) -> None:
        end = self.text.find("*/", start + 2)
        if end < 0:
            raise self.wrong("this comment is never closed", self.span(start, start + 2), "close it with */")
        self.at = end + 2
        rows = self.text.count("\n", start, end)
        if rows:
            self.line += rows
            self.first = self.text.rindex("\n", start, end) + 1

    def heredoc(self, start: int, end: int) -> None:
        opening = self.text[start:end].rstrip()
        trims = opening.startswith("<<-")
        marker = opening[3 if trims else 2 :]
        token = self.emit(
            "HEREDOC_TEMPLATE_TRIM" if trims else "HEREDOC_TEMPLATE", start, start + len(opening)
        )
        self.newline(end)
        ends = re.compile(rf"[^\S\n]*+{re.escape(marker)}(?=[^\S\n]*+(?:\n|\Z))")
        self.push("heredoc", token, ends=ends)

    def symbol(self, start: int, end: int) -> None:
        text = self.text[start:end]
        frame = self.frame
        if text in "([{":
            self.open(text, start, end)
        elif text in ")]}":
            self.close(text, start, end)
        else:
            if text == "<" and self.text.startswith("<<", start):
                what = "a heredoc begins with `<<`, a name, and the end of the line"
                raise self.wrong(what, self.span(start, start + 2), "<<EOT")
            name = SYMBOLS[text]
            if text == "=":
                frame.valued = True
            elif text == ",":
                if frame.wants == "in":
                    frame.wants = "name"
                self.restart()
            elif name in DEEPENING:
                self.depth += 1
            self.emit(name, start, end)

    def open(self, text: str, start: int, end: int) -> None:
        tokens, frame = self.out.tokens, self.frame
        last = tokens[-1].type if tokens else ""
        token = self.emit(SYMBOLS[text], start, end)
        if text == "(":
            self.push("call" if last == "NAME" else "paren", token)
        elif text == "[":
            self.push("index" if last in OPERANDS_END and last != "ELLIPSIS" else "tuple", token)
        elif frame.kind == "body" and not frame.valued:
            self.push("body", token, lined=True)
        elif _FOR.match(self.text, end):
            self.push("for", token)
        else:
            self.push("object", token, lined=True)

    def close(self, text: str, start: int, end: int) -> None:
        frame = self.frame
        if closes(text, frame):
            self.emit(SYMBOLS[text], start, end)
            self.pop()
        elif any(closes(text, each) for each in self.below):
            raise self.never(f": `{text}` in line {self.line} comes first")
        else:
            opened = frame.opening
            what = f"`{text}` closes nothing" + (
                f": `{opened.text}` of line {opened.line} is open" if opened else ""
            )
            raise self.wrong(what, self.span(start, end), "remove it, or open what it closes")

    def never(self, why: str = "") -> _Wrong:
        frame = self.out.unclosed = self.frame
        assert frame.opening is not None
        shown, closer = SHOWN[frame.kind]
        if frame.kind == "heredoc":
            hint = f"put {frame.opening.text.lstrip('<-')[:40]} alone on the line after the text"
        else:
            hint = f"close it with {closer or PAIRS[frame.opening.text]}"
        return self.wrong(f"{shown} is never closed{why}", frame.opening.span, hint)

    def finish(self) -> bool:
        if self.below:
            raise self.never()
        return False

    def literal(self) -> bool:
        frame, at = self.frame, self.at
        text = self.text
        self.restart()
        if frame.kind == "quote":
            if found := _QUOTED.match(text, at):
                self.at = found.end()
                self.emit("STRING_CHARS", at, self.at)
                return True
        else:
            if frame.ends is not None and frame.fresh and (found := frame.ends.match(text, at)):
                self.at = found.end()
                self.emit("HEREDOC_END", at, self.at)
                self.pop()
                return True
            found = _LINE.match(text, at)
            if found is not None and found.end() > at:
                self.at = found.end()
                self.emit("STRING_CHARS", at, self.at)
                frame.fresh = text[self.at - 1] == "\n"
                if frame.fresh:
                    self.newline(self.at)
                return True
        if at >= len(text):
            return self.finish()
        character = text[at]
        if character == '"':
            self.at = at + 1
            self.emit("DBLQUOTE", at, self.at)
            self.pop()
        elif character in "$%":
            self.at = at + 2
            frame.fresh = False
            interpolates = character == "$"
            opening = self.emit("INTERP_START" if interpolates else "DIRECTIVE_START", at, self.at)
            if not interpolates:
                frame.base += 1  # what follows may stand inside of it
            self.push("interp" if interpolates else "directive", opening)
            if text.startswith("~", self.at) and not text.startswith("~}", self.at):
                self.emit("STRIP_MARKER", self.at, self.at + 1)
                self.at += 1
        else:
            raise self.never(" on its line")
        return True


class _Wrong(Exception):
    def __init__(self, error: HclError) -> None:
        super().__init__()
        self.error = error
