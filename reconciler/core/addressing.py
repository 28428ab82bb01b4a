"""From concrete IDs back to the addresses of a Terraform state that hold them: `init --tfstate`.

Takes what the state holds, by address, and a document. Gives the document with references in place of the IDs that the
state knows, and lists what stayed concrete. Never reads a state, and never writes a reference down: each format of
definitions has its own way (`render.definitions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from reconciler.core.values import Json, Path
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """An address in the state: ``aws_subnet.private["a"].id``."""

    path: str

    @property
    def quoted(self) -> str:
        """Give it as it can stand inside a text: the functions of the state read `'` as `"`."""
        return self.path.replace('"', "'")


@dataclass(frozen=True, slots=True)
class Text:
    """A text with references in it."""

    parts: tuple[str | Reference, ...]


Draft: TypeAlias = "Json | Text | dict[str, Draft] | list[Draft]"
"""A document with references in it."""


@dataclass(frozen=True, slots=True)
class Named:
    """What the state knows: for each ID, and for each name of a kind of resource, the address to write."""

    ids: Mapping[str, str]
    names: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Addressed:
    """A document with its references, which these are (pointer → address), and the IDs that stayed concrete."""

    document: Draft
    references: Mapping[Path, str]
    concrete: Mapping[Path, str]


_ARN: Final = r"arn:aws[a-z-]*:[a-z0-9-]+:"
_BUCKET: Final = re.compile(r"arn:aws[a-z-]*:s3:")
_ECR: Final = r"\d{12}\.dkr[.-]ecr[a-z-]*\."
_SHORT: Final = r"[a-z]{1,12}-(?=[a-z]*\d)[0-9a-z]{8,17}\Z"
_ID: Final = re.compile(rf"{_ARN}|{_ECR}|{_SHORT}")
_WHOLE: Final = re.compile(rf"(?:{_ARN}|{_ECR})\S+\Z|{_SHORT}|/\S+\Z")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

# What a resource calls itself. Its other attributes tell of other resources, and count only where those are not there.
_OWN: Final = frozenset({"id", "arn", "name", "url", "repository_url"})
# Where a member holds the name of a resource: the types that it can be of.
_NAMED: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    (("cluster",), ("aws_ecs_cluster",)),
    (("capacityProvider",), ("aws_ecs_capacity_provider",)),
    (("awslogs-group",), ("aws_cloudwatch_log_group",)),
    (("valueFrom",), ("aws_ssm_parameter",)),
    (
        ("serviceConnectConfiguration", "namespace"),
        (
            "aws_service_discovery_http_namespace",
            "aws_service_discovery_private_dns_namespace",
            "aws_service_discovery_public_dns_namespace",
        ),
    ),
)
_OUTPUT: Final = "output."


def index(held: Iterable[tuple[str, Json]]) -> Named:
    """Say which address to write for what a state holds: the shortest of those that are the thing itself.

    `held` are the addresses of instances and outputs, each with all that it holds.
    """
    ids: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}
    ranks: dict[str | tuple[str, str], tuple[bool, bool, int, str]] = {}

    def offer(key: str | tuple[str, str], address: str, rank: tuple[bool, bool, int, str]) -> None:
        if key not in ranks or rank < ranks[key]:
            ranks[key] = rank
            if isinstance(key, tuple):
                names[key] = address
            else:
                ids[key] = address

    for address, data in held:
        for path, value in _texts(data, address.startswith(_OUTPUT)):
            last = path[-1] if path else ""
            own = not path or address.startswith(_OUTPUT) or (len(path) == 1 and last in _OWN)
            whole = address + _steps(path)
            # An ARN is asked for as such, also of the many resources whose ID it is.
            rank = (not own, last == "id" and value.startswith("arn:"), len(whole), whole)
            if "'" in whole or "`" in whole:  # no text could hold such a key
                continue
            if _WHOLE.match(value) and (own or not value.startswith("/")):
                offer(value, whole, rank)
            if path == ("name",):
                offer((_type(address), value), whole, rank)
    return Named(ids, names)


def address(document: Json, known: Named) -> Addressed:
    """Put references into a document."""
    references: dict[Path, str] = {}
    concrete: dict[Path, str] = {}
    found = _addressed(document, (), known, references, concrete)
    return Addressed(found, references, concrete)


def _addressed(
    value: Json, path: Path, known: Named, references: dict[Path, str], concrete: dict[Path, str]
) -> Draft:
    if isinstance(value, dict):
        return {
            name: _addressed(member, (*path, name), known, references, concrete)
            for name, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [_addressed(item, (*path, i), known, references, concrete) for i, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    for end in _ends(value):
        found = _named(value[:end], path if end == len(value) else (), known)
        if found:
            references[path] = found
            return Text((Reference(found), value[end:]) if value[end:] else (Reference(found),))
    if _ID.match(value):
        concrete[path] = value
    return value


def _ends(value: str) -> Iterator[int]:
    """Give where an ID may end in a text, the longest first: a tag or a key may follow it.

    A path follows a bucket alone: `…/app/two` is another repository than `…/app`.
    """
    yield len(value)
    if _ID.match(value):
        marks = "[:/@]" if _BUCKET.match(value) else "[:@]"
        yield from (match.start() for match in reversed(list(re.finditer(marks, value))))


def _named(text: str, path: Path, known: Named) -> str | None:
    if text in known.ids:
        return known.ids[text]
    names = tuple(str(key) for key in path if isinstance(key, str))
    for suffix, types in _NAMED:
        if names[-len(suffix) :] == suffix:
            found = [known.names[kind, text] for kind in types if (kind, text) in known.names]
            return min(found, key=len, default=None)
    return None


def _texts(data: Json, output: bool, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Give the texts that a state holds at an address.

    The lists of a resource are often sets, whose order is nobody's promise: only their blocks are looked into.
    """
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for name, member in data.items():
            yield from _texts(member, output, (*path, name))
    elif isinstance(data, list | tuple) and (output or len(data) == 1):
        for i, item in enumerate(data):
            if output or isinstance(item, dict):
                yield from _texts(item, output, (*path, i))


def _steps(path: Path) -> str:
    return "".join(
        f"[{key}]" if isinstance(key, int) else f".{key}" if _NAME.fullmatch(key) else f'["{key}"]'
        for key in path
    )


def _type(address: str) -> str:
    """Give the type of the resource at an address: what stands before its name."""
    plain = re.sub(r"\[[^\]]*\]", "", address)
    parts = plain.split(".")
    return parts[-2] if len(parts) > 1 else ""
