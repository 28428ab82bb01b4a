"""Regular expressions of RE2, which Terraform uses, written for Python's `regex`.

Both take the leftmost match and prefer the first alternative; what differs is the notation, and what classes hold:
`\\d`, `\\w`, `\\s`, `\\b` and `[[:alpha:]]` are ASCII's, `.` leaves out newlines alone, `$` is the very end. What RE2
has not (lookarounds, backreferences, possessive quantifiers) is refused. Flags are followed here and written at each
atom, because Python's cannot change within a group. Source: RE2's page on its syntax and the documentation of Go's
`regexp/syntax`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from typing import Any

from reconciler.hcl.faults import Fault
from reconciler.records import dataclass

MAX_PATTERN = 16_384
TIMEOUT = 5.0
"""Seconds for a search. RE2 needs time in proportion to the text, Python may need for ever."""

_MOST = 1000
"""The largest count of a repetition that RE2 takes."""

_LAST = 0x10FFFF
_CONTROLS = {"a": 0x07, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}
_DIGIT = ((0x30, 0x39),)
_WORD = (*_DIGIT, (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_PERL = {"d": _DIGIT, "s": ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)), "w": _WORD}
_POSIX = {
    "alnum": (*_DIGIT, (0x41, 0x5A), (0x61, 0x7A)),
    "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
    "ascii": ((0x00, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": _DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": ((0x61, 0x7A),),
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": ((0x41, 0x5A),),
    "word": _WORD,
    "xdigit": (*_DIGIT, (0x41, 0x46), (0x61, 0x66)),
}
_CATEGORIES = {
    *(
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cs",
        "L",
        "Ll",
        "Lm",
        "Lo",
        "Lt",
        "Lu",
        "M",
        "Mc",
        "Me",
        "Mn",
        "N",
        "Nd",
        "Nl",
        "No",
    ),
    *("P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs"),
}
_REPEAT = re.compile(r"\{(\d{1,9})(?:(,)(\d{1,9})?)?\}", re.ASCII)
_FLAGS = re.compile(r"\(\?([imsU]*)(-[imsU]+)?([:)])")
_NAMED = re.compile(r"\(\?P?<(\w+)>", re.ASCII)
_EDGE = "(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])"
_INSIDE = "(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<![0-9A-Za-z_])(?![0-9A-Za-z_])"
_UNKNOWN_TO_RE2 = {
    "(?=": "lookahead", "(?!": "lookahead", "(?<=": "lookbehind", "(?<!": "lookbehind", "(?#": "comments",
    "(?>": "atomic groups", "(?P=": "backreferences", "(?P>": "recursion", "(?|": "branch resets",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern, and the names of its groups in order, None for one without a name."""

    compiled: Any
    names: tuple[str | None, ...]

    def search(self, text: str, start: int = 0) -> Any:
        """Give the leftmost match from an offset on, None where there is none. Raises Fault where it takes too long."""
        try:
            return self.compiled.search(text, start, timeout=TIMEOUT)
        except TimeoutError:
            raise Fault(
                "the regular expression takes too long", "write it without nested repetitions"
            ) from None


@functools.lru_cache(maxsize=256)
def compiled(source: str) -> Pattern:
    """Compile a pattern. Raises Fault where RE2 would not take it."""
    import regex

    if len(source) > MAX_PATTERN:
        raise Fault(f"the regular expression is longer than {MAX_PATTERN} characters")
    translation = _Translation(source)
    try:
        return Pattern(regex.compile(translation.run(), regex.V0), tuple(translation.names))
    except (regex.error, OverflowError, RecursionError):
        raise Fault("the regular expression cannot be read") from None


@dataclass(frozen=True, slots=True)
class _Flags:
    i: bool = False
    m: bool = False
    s: bool = False
    U: bool = False


class _Translation:
    """One run over a pattern: `at` is the offset in it, `flags` what holds there, `atoms` whether one may repeat."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.flags = _Flags()
        self.groups: list[_Flags] = []
        self.names: list[str | None] = []
        self.out: list[str] = []
        self.repeatable = False

    def run(self) -> str:
        while self.at < len(self.source):
            self._step(self.source[self.at])
        if self.groups:
            raise self._fault("a parenthesis is not closed")
        return "".join(self.out)

    def _step(self, letter: str) -> None:
        match letter:
            case "(":
                self._open()
            case ")":
                self._close()
            case "|":
                self._put("|", 1, repeatable=False)
            case "*" | "+" | "?":
                self._repeat(letter, 1)
            case "{" if (found := _REPEAT.match(self.source, self.at)) is not None:
                self._counted(found)
            case "[":
                self._class()
            case "\\":
                self._escape()
            case ".":
                self._put("(?s:.)" if self.flags.s else "[^\\n]", 1)
            case "^":
                self._put("(?m:^)" if self.flags.m else "(?:\\A)", 1)
            case "$":
                self._put("(?m:$)" if self.flags.m else "(?:\\Z)", 1)
            case _:
                self._literal(ord(letter), 1)

    def _put(self, written: str, taken: int, *, repeatable: bool = True) -> None:
        self.out.append(written)
        self.at += taken
        self.repeatable = repeatable

    def _literal(self, code: int, taken: int) -> None:
        self._put(self._folded(_character(code)), taken)

    def _folded(self, written: str) -> str:
        return f"(?i:{written})" if self.flags.i else written

    def _open(self) -> None:
        if (flags := _FLAGS.match(self.source, self.at)) is not None:
            self._flagged(flags)
            return
        self.groups.append(self.flags)
        if (named := _NAMED.match(self.source, self.at)) is not None:
            self.names.append(named[1])
            self._put("(", len(named[0]), repeatable=False)
            return
        for prefix, what in _UNKNOWN_TO_RE2.items():
            if self.source.startswith(prefix, self.at):
                raise self._fault(f"Terraform's regular expressions have no {what}")
        if self.source.startswith("(?", self.at):
            raise self._fault("there is no such group")
        self.names.append(None)
        self._put("(", 1, repeatable=False)

    def _flagged(self, found: re.Match[str]) -> None:
        flags = replace(self.flags, **dict.fromkeys(found[1], True))
        flags = replace(flags, **dict.fromkeys((found[2] or "")[1:], False))
        if found[3] == ":":
            self.groups.append(self.flags)
            self._put("(?:", len(found[0]), repeatable=False)
        else:
            self._put("", len(found[0]), repeatable=False)
        self.flags = flags

    def _close(self) -> None:
        if not self.groups:
            raise self._fault("a parenthesis is closed that is not open")
        self.flags = self.groups.pop()
        self._put(")", 1)

    def _counted(self, found: re.Match[str]) -> None:
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if max(least, most or 0) > _MOST or (most is not None and most < least):
            raise self._fault("the counts of a repetition do not fit")
        self._repeat(found[0], len(found[0]))

    def _repeat(self, written: str, taken: int) -> None:
        if not self.repeatable:
            raise self._fault("there is nothing to repeat")
        lazy = self.source.startswith("?", self.at + taken)
        self._put(written + "?" * (lazy != self.flags.U), taken + lazy, repeatable=False)

    def _escape(self) -> None:
        letter = self.source[self.at + 1 : self.at + 2]
        match letter:
            case "A":
                self._put("(?:\\A)", 2)
            case "z":
                self._put("(?:\\Z)", 2)
            case "b" | "B":
                self._put(f"(?:{_EDGE if letter == 'b' else _INSIDE})", 2)
            case "Q":
                end = self.source.find("\\E", self.at)
                quoted = self.source[self.at + 2 : end if end >= 0 else len(self.source)]
                for character in quoted:
                    self._literal(ord(character), 0)
                self.at += 2 + len(quoted) + 2 * (end >= 0)
            case "p" | "P":
                written, self.at = self._property(self.at)
                self._put(self._folded(written), 0)
            case _ if letter.lower() in _PERL and letter:
                self._put(self._folded(f"[{_perl(letter)}]"), 2)
            case _:
                code, after = self._character(self.at)
                self._literal(code, after - self.at)

    def _property(self, at: int) -> tuple[str, int]:
        """Read `\\pL`, `\\p{Greek}` or `\\P{^L}`; give it in Python's words, and the offset behind it."""
        negated = self.source[at + 1] == "P"
        if self.source.startswith("{", at + 2):
            end = self.source.find("}", at)
            name, after = self.source[at + 3 : end], end + 1
            if end < 0:
                raise self._fault("a brace is not closed")
        else:
            name, after = self.source[at + 2 : at + 3], at + 3
        if name.startswith("^"):
            negated, name = not negated, name[1:]
        letter = "P" if negated else "p"
        if name == "Any":
            return f"\\{letter}{{Any}}", after
        if name in _CATEGORIES:
            return f"\\{letter}{{gc={name}}}", after
        if not re.fullmatch("[A-Z][A-Za-z_]+", name):
            raise self._fault("there is no such class of characters")
        return f"\\{letter}{{sc={name}}}", after

    def _character(self, at: int) -> tuple[int, int]:
        """Read an escaped character; give its code and the offset behind it."""
        rest = self.source[at + 1 :]
        if (octal := re.match("0[0-7]{0,2}|[1-7][0-7]{1,2}", rest)) is not None:
            return int(octal[0], 8), at + 1 + len(octal[0])
        if (coded := re.match(r"x(?:\{([0-9A-Fa-f]{1,8})\}|([0-9A-Fa-f]{2}))", rest)) is not None:
            code = int(coded[1] or coded[2], 16)
            if code <= _LAST:
                return code, at + 1 + len(coded[0])
        letter = rest[:1]
        if letter in _CONTROLS and letter:
            return _CONTROLS[letter], at + 2
        if letter and letter < "\x80" and not letter.isalnum():
            return ord(letter), at + 2
        if letter in "123456789" and letter:
            raise self._fault("Terraform's regular expressions have no backreferences")
        raise self._fault("there is no such escape")

    def _class(self) -> None:
        source, at = self.source, self.at + 1
        negated = source.startswith("^", at)
        at += negated
        parts, first = [], True
        while first or not source.startswith("]", at):
            if at >= len(source):
                raise self._fault("a bracket is not closed")
            first = False
            if (named := re.match(r"\[:(\^?)(\w*):\]", source[at:], re.ASCII)) is not None:
                if named[2] not in _POSIX:
                    raise self._fault("there is no such class of characters")
                ranges = _POSIX[named[2]]
                parts.append(_ranges(_complement(ranges) if named[1] else ranges))
                at += len(named[0])
            elif source.startswith(("\\p", "\\P"), at):
                written, at = self._property(at)
                parts.append(written)
            elif source.startswith("\\", at) and source[at + 1 : at + 2].lower() in {"d", "s", "w"}:
                parts.append(_perl(source[at + 1]))
                at += 2
            else:
                written, at = self._range(at)
                parts.append(written)
        self._put(self._folded(f"[{'^' * negated}{''.join(parts)}]"), at + 1 - self.at)

    def _range(self, at: int) -> tuple[str, int]:
        low, at = self._member(at)
        high = low
        if self.source.startswith("-", at) and not self.source.startswith("-]", at):
            high, at = self._member(at + 1)
            if high < low:
                raise self._fault("a range of characters runs backwards")
        return _ranges(((low, high),)), at

    def _member(self, at: int) -> tuple[int, int]:
        if at >= len(self.source):
            raise self._fault("a bracket is not closed")
        return self._character(at) if self.source[at] == "\\" else (ord(self.source[at]), at + 1)

    def _fault(self, what: str) -> Fault:
        return Fault(f"{what} (at offset {self.at} of the regular expression)")


def _character(code: int) -> str:
    return f"\\U{code:08x}"


def _ranges(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"{_character(low)}-{_character(high)}" for low, high in ranges)


def _complement(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    starts = (0, *(high + 1 for _, high in ranges))
    ends = (*(low - 1 for low, _ in ranges), _LAST)
    return tuple((low, high) for low, high in zip(starts, ends, strict=True) if low <= high)


def _perl(letter: str) -> str:
    ranges = _PERL[letter.lower()]
    return _ranges(_complement(ranges) if letter.isupper() else ranges)
