"""YAML with the place of everything in it, and reference functions as tags.

``!tfstate aws_subnet.a.id`` is the function's value with its own type; ``!env [A, default]`` passes several
arguments, which may be tagged themselves, and ``!index [!f x, name]`` takes a part of what a function gives.
Everything else is YAML 1.2 without surprises: see `scalars`. One document a file; keys are text and unique; ``<<``
merges, where a mapping's own keys win, then earlier mappings; aliases are expanded up to a limit.

Only PyYAML's scanner and parser are used, through its events: it constructs nothing, and no loader of PyYAML's is
changed.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Final, Literal

from reconciler.core.values import Json, Marked, Path
from reconciler.errors import ConfigError
from reconciler.load import indexing, provenance, scalars
from reconciler.load.calls import Lookups, plain
from reconciler.load.sourcemaps import Rendered
from reconciler.load.spans import MAX_DEPTH, Malformed, Parsed, Span
from reconciler.records import dataclass

if TYPE_CHECKING:
    import yaml

MAX_NODES: Final = 200_000
"""Nodes after aliases are expanded; nested aliases grow exponentially ("a billion laughs")."""

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_OWN: Final = "tag:yaml.org,2002:"
_INDEX: Final = "write !index [!function argument, name-or-number]"

_NO_PLACE = ("a ':' stands where no mapping can begin", "quote a value that contains ': '")
_NO_COLON = ("a key has no ':' after it", "check the indentation; quote a value of several lines")
_NO_START = (
    "a character that no plain value starts with",
    "indent with spaces; quote values that start with @ or `",
)
_TAB = ("tabs cannot indent in YAML", "indent with spaces")
_ESCAPE = ("an escape that YAML does not have", r"a backslash itself is written \\, or use single quotes")
_INDENT = ("the indentation does not fit what is above", "line it up with the key or item it belongs to")
_ITEM = ("a list item cannot begin here", "put '- ' on a line of its own")

# What is wrong in PyYAML's and libyaml's words, by a part of them, and in ours: what, and what to try. Theirs
# are never shown, as some quote the text, and the text may hold secrets.
_PROBLEMS: Final[tuple[tuple[str, tuple[str, str | None]], ...]] = (
    ("mapping values are not allowed", _NO_PLACE),
    ("could not find expected ':'", _NO_COLON),
    ("tab character", _TAB),
    ("cannot start any token", _NO_START),
    ("end of stream", ("the file ends inside a quoted value", None)),
    ("escape", _ESCAPE),
    ("hexdecimal", _ESCAPE),
    ("undefined tag handle", ("a tag with an unknown handle", "quote a value that starts with !")),
    ("']'", ("a ',' or ']' is missing", None)),
    ("'}'", ("a ',' or '}' is missing", None)),
    ("block end", _INDENT),
    ("did not find expected key", _INDENT),
    ("did not find expected '-' indicator", _INDENT),
    ("block sequence entries are not allowed", _ITEM),
)


@dataclass(slots=True)
class _Node:
    """A node as it stands in the text. `items` of a mapping alternate keys and values; of an alias hold its target."""

    kind: Literal["scalar", "sequence", "mapping", "alias"]
    start: int
    end: int
    tag: str | None = None
    text: str = ""
    plain: bool = False
    items: list[_Node] = field(default_factory=list)


def parse(rendered: Rendered, calls: Lookups) -> Parsed:
    """Parse a rendered YAML text. Malformed, or the ConfigError or ResolveError of a tag's function.

    A tag whose value is not known yet leaves null in the data and its UNKNOWN in the marks.
    """
    builder = _Builder(rendered, calls)
    root = _compose(rendered.text)
    data = builder.value(root, (), None) if root else None
    return Parsed(data, builder.spans, builder.marks)


def _compose(text: str) -> _Node | None:
    """Build the nodes of the one document in a text; None where it is empty."""
    import yaml

    # YAML 1.2, 5.1: what may stand in a text. The parsers check it too, but libyaml counts bytes to the place. The
    # expression is PyYAML's, because compiling it costs 5 ms.
    if unprintable := yaml.reader.Reader.NON_PRINTABLE.search(text):
        raise Malformed("a control character", unprintable.start(), "write it as an escape in double quotes")
    # libyaml where PyYAML was built with it: the same events, an order of magnitude sooner.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    composer = _Composer()
    try:
        for event in yaml.parse(text, Loader=loader):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _malformed(str(error.problem), mark.index if mark else 0, text) from None
    return composer.root


def _malformed(problem: str, offset: int, text: str) -> Malformed:
    if text.startswith("\t", offset):
        problem = "tab character"  # libyaml says so in some places only
    for part, (what, hint) in _PROBLEMS:
        if part in problem:
            return Malformed(what, offset, hint)
    return Malformed("this is not valid YAML", offset)


class _Composer:
    """Builds nodes from parser events, without recursion."""

    def __init__(self) -> None:
        self.root: _Node | None = None
        self._open: list[_Node] = []
        self._anchors: dict[str, _Node] = {}
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        import yaml

        assert event.start_mark is not None
        assert event.end_mark is not None
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise Malformed("more than one YAML document", start, "a file holds one: remove the --- line")
        elif isinstance(event, yaml.AliasEvent):
            target = self._anchors.get(event.anchor or "")
            if target is None or target in self._open:
                raise Malformed("an alias of an anchor that is not defined before it", start)
            self._add(_Node("alias", start, end, items=[target]), None)
        elif isinstance(event, yaml.ScalarEvent):
            if _SURROGATE.search(event.value):
                raise Malformed("half of a surrogate pair, which is no character", start)
            bare = not event.style
            self._add(_Node("scalar", start, end, event.tag, event.value, plain=bare), event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            kind: Literal["sequence", "mapping"]
            kind = "sequence" if isinstance(event, yaml.SequenceStartEvent) else "mapping"
            node = _Node(kind, start, end, event.tag)
            self._add(node, event.anchor)
            self._open.append(node)
            if len(self._open) > MAX_DEPTH:
                raise Malformed(f"more than {MAX_DEPTH} levels of nesting", start)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop().end = end

    def _add(self, node: _Node, anchor: str | None) -> None:
        if self._open:
            self._open[-1].items.append(node)
        elif self.root is None:
            self.root = node
        if anchor:
            self._anchors[anchor] = node


class _Builder:
    """Turns nodes into data, noting spans, and calls the functions of tags."""

    def __init__(self, rendered: Rendered, calls: Lookups) -> None:
        self.spans: dict[Path, Span] = {}
        self.marks: dict[Path, Marked] = {}
        self._rendered = rendered
        self._calls = calls
        self._overlaps = provenance.Overlaps(rendered)
        self._count = 0

    def value(self, node: _Node, path: Path, key: int | None) -> Json:
        self._spend(1, node)
        if len(path) > MAX_DEPTH:
            raise Malformed(f"more than {MAX_DEPTH} levels of nesting", node.start)
        if node.kind == "alias":
            return self.value(node.items[0], path, node.start if key is None else key)
        self.spans[path] = self._span(node, key)
        if self._function(node):
            mark = self._call(node)
            self.marks[path] = mark
            return plain(mark.data) if mark.known else None
        if node.kind == "scalar":
            return self._scalar(node)
        self._expect(node, {"sequence": "seq", "mapping": "map"}[node.kind])
        if node.kind == "sequence":
            return [self.value(item, (*path, index), None) for index, item in enumerate(node.items)]
        return {
            name: self.value(member, (*path, name), at) for name, (member, at) in self._members(node).items()
        }

    def _spend(self, count: int, node: _Node) -> None:
        self._count += count
        if self._count > MAX_NODES:
            raise Malformed(f"more than {MAX_NODES} values after aliases are expanded", node.start)

    def _span(self, node: _Node, key: int | None) -> Span:
        end = node.end
        if node.kind == "scalar" and node.plain and not node.text:
            # An empty value reaches to the end of its line: there an empty piece of a template stands.
            line = self._rendered.text.find("\n", end)
            end = line if line >= 0 else len(self._rendered.text)
        return Span(node.start, end, key, closed=not (node.kind == "scalar" and node.plain))

    def _members(self, node: _Node, merging: int = 0) -> dict[str, tuple[_Node, int]]:
        """Give a mapping's members by key, merges applied: own keys first, then earlier mappings."""
        if merging > MAX_DEPTH:
            raise Malformed("mappings that are merged into one another too deeply", node.start)
        self._spend(len(node.items), node)
        own: dict[str, tuple[_Node, int]] = {}
        merged: list[tuple[_Node, int]] = []
        for key, member in zip(node.items[::2], node.items[1::2], strict=True):
            if key.kind == "scalar" and key.plain and key.tag is None and key.text == "<<":
                merged.extend((mapping, key.start) for mapping in self._merged(member))
                continue
            name = self._key(key)
            if name in own:
                raise Malformed(
                    "the same key twice in one mapping; the first is", key.start, first=own[name][1]
                )
            own[name] = (member, key.start)
        for mapping, at in merged:
            for name, (member, _) in self._members(mapping, merging + 1).items():
                own.setdefault(name, (member, at))
        return own

    def _merged(self, node: _Node) -> list[_Node]:
        target = node.items[0] if node.kind == "alias" else node
        many = target.items if target.kind == "sequence" else [target]
        mappings = [item.items[0] if item.kind == "alias" else item for item in many]
        if any(mapping.kind != "mapping" or mapping.tag for mapping in mappings):
            raise Malformed("only mappings can be merged with <<", node.start)
        return mappings

    def _key(self, node: _Node) -> str:
        target = node.items[0] if node.kind == "alias" else node
        if target.kind != "scalar" or self._function(target):
            raise Malformed("a key is text", node.start)
        name = self._scalar(target)
        if not isinstance(name, str):
            raise Malformed("a key that is no text", node.start, "put it in quotes")
        return name

    def _scalar(self, node: _Node) -> Json:
        try:
            if node.tag in (None, ""):
                return scalars.plain(node.text) if node.plain else node.text
            if node.tag == "!":
                return node.text
            return scalars.tagged(self._expect(node, "str", "int", "float", "bool", "null"), node.text)
        except ValueError as error:
            raise Malformed(f"{error}", node.start, "put it in quotes if text is meant") from None

    def _expect(self, node: _Node, *kinds: str) -> str:
        """Give the name of one of YAML's own tags. Malformed where it is none that fits the node."""
        kind = (node.tag or _OWN + kinds[0]).removeprefix(_OWN)
        if node.tag == "!":
            return kinds[0]
        if kind not in kinds:
            raise Malformed("a tag that is not known here", node.start, "quote a value that starts with !")
        return kind

    def _function(self, node: _Node) -> str | None:
        return node.tag[1:] if node.tag and len(node.tag) > 1 and node.tag.startswith("!") else None

    def _call(self, node: _Node) -> Marked:
        name = self._function(node) or ""
        at = self._rendered.text.find("!", node.start)
        if any(True for _ in self._overlaps.of(Span(at, at + 1 + len(name)))):
            # A resolved value must not be able to call functions.
            what = "a tag that came out of a template expression"
            raise Malformed(what, at, "put the expression in quotes if text is meant")
        if node.kind == "mapping":
            raise Malformed("a function's arguments are one scalar or a list", node.start)
        arguments = node.items if node.kind == "sequence" else [node]
        where = self._rendered.where(at)
        if name == indexing.NAME and self._calls.signature(name) is None:
            if node.kind == "scalar" or len(arguments) < 2:
                raise ConfigError("index takes a value and what to take of it", where, _INDEX)
            item, *keys = [self._argument(argument) for argument in arguments]
            return indexing.index(item, keys, where)
        self._calls.check(name, len(arguments), where)
        if node.kind == "scalar":
            given = [self._overlaps.marked(node.text, self._span(node, None))]
        else:
            given = [self._argument(argument) for argument in arguments]
        return self._calls.call(name, given, where)

    def _argument(self, node: _Node) -> Marked:
        if node.kind == "alias":
            return self._argument(node.items[0])
        if self._function(node):
            return self._call(node)
        if node.kind != "scalar":
            raise Malformed("a function's argument is a scalar", node.start)
        return self._overlaps.marked(self._scalar(node), self._span(node, None))
