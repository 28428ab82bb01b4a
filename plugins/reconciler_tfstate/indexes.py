"""Where the resources of a large state stand in its bytes, found without decoding what they hold.

A JSON tree of a state needs four times the state's memory, and most of the time that a lookup takes. So the
document is walked from its front, a window at a time; all top-level members but ``resources`` are decoded, and
of a resource as much as identifies it.

Where a resource ends is guessed, and then proven. The guess: Terraform indents (Go's ``MarshalIndent``), so the
first closing brace that is indented as the opening one was. The proof: from ``"instances": [`` to there all
strings end and all brackets match, so that nothing in between can end the resource earlier. A state in another
layout is decoded resource by resource, of which nothing is kept; that takes longer, and no more memory.

What is not looked at is not validated: letters that are no JSON between balanced brackets go unnoticed until
somebody asks for that resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeAlias

from reconciler.plugin import ConfigError, Json
from reconciler_tfstate import addresses
from reconciler_tfstate.addresses import Modules, Resource
from reconciler_tfstate.states import number
from reconciler_tfstate.stores import Store

Span: TypeAlias = "tuple[int, int]"

WINDOW: Final = 1 << 18  # bytes that are read at once: what fits into a processor's cache is walked fastest
_INDENT: Final = 64  # bytes in which the first resource begins, if Terraform wrote the list

_S = rb"[ \t\n\r]*+"
_TEXT = rb'"(?:[^"\\\x00-\x1f]++|\\.)*+"'
_PLAIN = rb'"([^"\\\x00-\x1f]*+)"'


def _member(name: bytes, value: bytes) -> bytes:
    return rb'"%s"%s:%s%s%s,%s' % (name, _S, _S, value, _S, _S)


#: A resource's beginning in the order in which Terraform writes it. Another order is read, but not this way.
_HEADER = re.compile(
    _S
    + rb"(?:%s)?+" % _member(b"module", b"(%s)" % _TEXT)
    + _member(b"mode", _PLAIN)
    + _member(b"type", _PLAIN)
    + _member(b"name", _PLAIN)
    + rb"(?:%s)?+" % _member(b"each", _TEXT)
    + rb"(?:%s)?+" % _member(b"provider", _TEXT)
    + rb'"instances"%s:%s\[' % (_S, _S),
    re.DOTALL,
)
_MARGIN = re.compile(rb"\r?\n[ \t]*+\Z")
_SPACE = re.compile(_S)
_STRUCTURE: Final = b'"{}[]\0'
_CONTENT: Final = bytes(byte for byte in range(256) if byte not in _STRUCTURE)
_CONTENT_BUT_ESCAPES: Final = bytes(byte for byte in _CONTENT if byte not in b"\\/bfnrtu")


@dataclass(frozen=True, slots=True)
class Index:
    """A state's top-level members without `resources`, and the spans of the resources, in the state's order."""

    members: Mapping[str, Json]
    spans: Mapping[Resource, Sequence[Span]]


def index(store: Store) -> Index | None:
    """Walk a state. None where it is anything but a well-formed one; the plain reader says what it is then."""
    try:
        return _Walk(store).document()
    except (ValueError, RecursionError, ConfigError):
        return None


def decode(text: bytes) -> Json:
    """Decode a piece of a state. ValueError or RecursionError where it is no JSON."""
    value: Json = json.loads(text.decode(), parse_float=number, parse_constant=_no_constant)
    return value


def _no_constant(constant: str) -> Json:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_float=number, parse_constant=_no_constant)


@dataclass(slots=True)
class _Walk:
    """A walk through a document: the window's bytes, where it begins, and how far in it we are."""

    store: Store
    data: bytes = b""
    base: int = 0
    at: int = 0
    end: bytes = b""  # a resource's end, from the end of its instances on
    seam: bytes = (
        b""  # the same up to and with the beginning of the next resource; empty where it is not known
    )
    start: int = 0  # where the value that was decoded last begins in the document
    spans: dict[Resource, list[Span]] = field(default_factory=dict)
    text: str | None = None  # the window, one character a byte

    def document(self) -> Index:
        """Walk all of it. ValueError where it is no state."""
        if self.store.read(0, 3) == b"\xef\xbb\xbf":
            self.base = 3
        members: dict[str, Json] = {}
        self._expect(b"{")
        separator = b","
        while separator == b",":
            name = self._value()
            self._expect(b":")
            if not isinstance(name, str) or name in members:
                raise ValueError
            self._token()
            members[name] = self._resources() if name == "resources" else self._value()
            separator = self._token()
            self.at += 1
        if separator != b"}" or self._token() or members.pop("resources", None) is None:
            raise ValueError
        return Index(members, self.spans)

    def _resources(self) -> bool:
        """Walk the list of resources; true, so that the member counts as seen."""
        self._expect(b"[")
        if len(self.data) - self.at < _INDENT:
            self._more()
        before, first = self.at, self._token()
        if margin := _MARGIN.search(self.data, before, self.at):
            self.end = b"]" + margin[0] + b"}"
            self.seam = self.end + b"," + margin[0] + b"{"
        separator = b"," if first == b"{" else first
        while separator == b",":
            self._guess()
            self._decode()
            separator = self._token()
            self.at += 1
            if separator == b"," and self._token() != b"{":
                raise ValueError
        if first == b"]":
            self.at += 1
        elif separator != b"]":
            raise ValueError
        return True

    def _guess(self) -> None:
        """Walk all resources but the last, or none where the layout is another one."""
        while self.seam:
            *parts, _rest = self.data[self.at + 1 :].split(self.seam)
            # Where it is never found again, or wrongly, looking for it once a resource would take forever.
            if not (self._take(parts) if parts else self._more()):
                self.seam = b""

    def _take(self, parts: Sequence[bytes]) -> bool:
        """Walk resources that seem to consist of `parts`, or none of them if they do not."""
        at, lists, found = self.at, list[bytes](), list[tuple[Resource, Span]]()
        for part in parts:
            if header := _HEADER.match(part):
                module, mode, kind, name = header.groups()
                resource = Resource(_modules(module or b'""'), _name(mode), _name(kind), name.decode())
                lists.append(part[header.end() :])
            else:
                try:
                    resource = _identity(decode(b"{" + part + self.end))
                except ValueError:
                    return False
            found.append((resource, (self.base + at, self.base + at + 1 + len(part) + len(self.end))))
            at += len(part) + len(self.seam)
        if not _balanced(lists):
            return False
        for resource, span in found:
            self.spans.setdefault(resource, []).append(span)
        self.at = at
        return True

    def _decode(self) -> None:
        """Walk one resource by decoding it."""
        resource = _identity(self._value())
        self.spans.setdefault(resource, []).append((self.start, self.base + self.at))

    def _value(self) -> Json:
        """Decode the value that begins here."""
        self._token()
        while True:
            if self.text is None:
                self.text = self.data.decode("latin-1")
            try:
                value, stop = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if stop < len(self.data) or not self._more():  # `12` may go on as `123`
                break
        piece = self.data[self.at : stop]
        self.start, self.at = self.base + self.at, stop
        result: Json = value if piece.isascii() else decode(piece)
        return result

    def _expect(self, token: bytes) -> None:
        if self._token() != token:
            raise ValueError
        self.at += 1

    def _token(self) -> bytes:
        """Skip space, and give the next byte; nothing at the end."""
        while True:
            space = _SPACE.match(self.data, self.at)
            assert space
            self.at = space.end()
            if self.at < len(self.data) or not self._more():
                return self.data[self.at : self.at + 1]

    def _more(self) -> bool:
        """Drop what was walked, and read at least as much as is left. False where nothing is to be read."""
        begin = self.base + len(self.data)
        piece = self.store.read(begin, begin + max(WINDOW, len(self.data) - self.at))
        if not piece:
            return False
        self.data, self.base, self.at = self.data[self.at :] + piece, self.base + self.at, 0
        self.text = None
        return True


def _balanced(lists: Sequence[bytes]) -> bool:
    """Tell whether in the inside of each list all strings end and all brackets match."""
    text = b"\0".join(lists)
    if b"\\" in text:
        text = text.translate(None, _CONTENT_BUT_ESCAPES)
        # An escaped backslash does not escape what follows it, so it goes first.
        text = text.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
    brackets = b"".join(text.translate(None, _CONTENT).split(b'"')[::2])
    longer = len(brackets) + 1
    while len(brackets) < longer:
        longer = len(brackets)
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return brackets == b"\0" * (len(lists) - 1)


def _identity(raw: Json) -> Resource:
    """Give what identifies a decoded resource. ValueError where it is none."""
    match raw:
        case {"mode": str(mode), "type": str(kind), "name": str(name), "instances": list(), **rest}:
            module = rest.get("module", "")
            if isinstance(module, str):
                return Resource(_modules(json.dumps(module).encode()), mode, kind, name)
    raise ValueError


@cache
def _name(text: bytes) -> str:
    return text.decode()


@cache
def _modules(text: bytes) -> Modules:
    name = json.loads(text.decode())
    assert isinstance(name, str)
    return addresses.modules_of(name)
