"""YAML as Terraform reads it: one document, the words of YAML 1.1 for truth and null, times as RFC 3339."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reconciler.hcl import conversions, numerals
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions import dates
from reconciler.hcl.functions.encodings import decoded
from reconciler.hcl.functions.signatures import check_elements
from reconciler.hcl.values import Object, Value, normal

if TYPE_CHECKING:
    import yaml

_TAG = "tag:yaml.org,2002:"
_WORDS: dict[str, Value] = {
    **{word: True for text in ("y", "yes", "true", "on") for word in (text, text.title(), text.upper())},
    **{word: False for text in ("n", "no", "false", "off") for word in (text, text.title(), text.upper())},
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BASED = re.compile("0x[0-9a-fA-F]+|0o[0-7]+")
_TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?(Z|[+-]\d\d:\d\d))"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?)?",
    re.ASCII,
)
_MERGE = "<<"


def read(source: str) -> Value:
    """Read a document. Raises Fault with the line, and nothing of the text."""
    import yaml

    try:
        return _Reader(yaml.parse(source, yaml.SafeLoader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise Fault(f"it is no valid YAML{place}", argument=0) from None
    except yaml.YAMLError:
        raise Fault("it is no valid YAML", argument=0) from None
    except RecursionError:
        raise Fault("the YAML is nested too deeply", argument=0) from None


class _Reader:
    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.anchors: dict[str, Value] = {}
        self.pending: set[str] = set()
        self.copied = 0

    def document(self) -> Value:
        import yaml

        next(self.events)
        if not isinstance(next(self.events), yaml.DocumentStartEvent):
            raise Fault("there is no document in it", argument=0)
        value = self._node(next(self.events))
        next(self.events)
        if not isinstance(next(self.events), yaml.StreamEndEvent):
            raise Fault("there is more than one document in it", argument=0)
        return value

    def _node(self, event: Any) -> Value:
        import yaml

        anchor: str | None = event.anchor
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if anchor:
            self.pending.add(anchor)
        value = self._content(event)
        if anchor:
            self.pending.discard(anchor)
            self.anchors[anchor] = value
        return value

    def _content(self, event: Any) -> Value:
        import yaml

        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            _check_tag(event, f"{_TAG}seq")
            items: list[Value] = []
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                items.append(self._node(inner))
            return tuple(items)
        _check_tag(event, f"{_TAG}map")
        members: dict[str, Value] = {}
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            self._member(inner, members)
        return Object(members)

    def _member(self, event: Any, members: dict[str, Value]) -> None:
        import yaml

        if not isinstance(event, yaml.ScalarEvent):
            raise _at(event, "a key must be a string")
        key = conversions.to_string(_scalar(event))
        if key is None:
            raise _at(event, "a key must not be null")
        assert isinstance(key, str)
        value = self._node(next(self.events))
        if key == _MERGE:
            if not isinstance(value, Object):
                raise _at(event, "only a mapping can be merged into another")
            members.update(value)
        else:
            members[key] = value

    def _alias(self, event: yaml.AliasEvent) -> Value:
        if event.anchor in self.pending:
            raise _at(event, "an anchor is used within what it stands for")
        if event.anchor not in self.anchors:
            raise _at(event, "an alias has no anchor")
        value = self.anchors[event.anchor]
        # Each alias of an alias multiplies: what is small as a text may be larger than any memory.
        self.copied += _size(value)
        check_elements(self.copied)
        return value


def _size(value: Value) -> int:
    if isinstance(value, tuple):
        return 1 + sum(map(_size, value))
    return 1 + sum(map(_size, value.values())) if isinstance(value, Object) else 1


def _scalar(event: yaml.ScalarEvent) -> Value:
    text, tag = normal(event.value), (event.tag or "").removeprefix(_TAG)
    if event.tag and (
        tag == event.tag or tag not in {"str", "bool", "int", "float", "null", "timestamp", "binary"}
    ):
        raise _at(event, "the tag stands for no type that is known")
    if tag == "binary":
        decoded(text)
    if event.style or tag in {"str", "binary"}:
        return text
    try:
        value = _plain(text)
    except Fault as fault:
        raise _at(event, fault.what) from None
    if tag == "bool" and not isinstance(value, bool):
        raise _at(event, "it is no bool")
    if tag in {"int", "float"} and (isinstance(value, str | bool) or value is None):
        raise _at(event, "it is no number")
    return None if tag == "null" else value


def _plain(text: str) -> Value:
    if text in _WORDS:
        return _WORDS[text]
    if _INFINITE.fullmatch(text):
        raise Fault("only finite numbers are values")
    if (time := _time(text)) is not None:
        return time
    if _BASED.fullmatch(text):
        return numerals.number(int(text, 0))
    if re.match("[0-9.+-]", text):
        try:
            return numerals.parse(text)
        except Fault:
            return text
    return text


def _time(text: str) -> str | None:
    """Give a time as RFC 3339 writes it, None where the text is none that YAML 1.1 and Go both take for one."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    clock = match.group(4, 5, 6) if match[4] else match.group(8, 9, 10) if match[8] else ("0", "0", "0")
    day = "-".join((match[1], match[2].zfill(2), match[3].zfill(2)))
    try:
        moment = dates.parse(f"{day}T{':'.join(part.zfill(2) for part in clock)}{match[7] or 'Z'}", 0)
    except Fault:
        return None
    return dates.written(moment)


def _check_tag(event: Any, expected: str) -> None:
    if event.tag not in {None, expected}:
        raise _at(event, "the tag stands for no type that is known")


def _at(event: Any, what: str) -> Fault:
    mark = event.start_mark
    return Fault(f"{what} (line {mark.line + 1}, column {mark.column + 1})", argument=0)
