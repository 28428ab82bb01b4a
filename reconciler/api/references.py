"""What a project refers to, reference by reference, and where a value of it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from reconciler.core import nodes, pointers
from reconciler.core.appspecs import LATER
from reconciler.core.canon import Canon, Seen
from reconciler.core.diffs import address_of
from reconciler.core.documents import Named, Resolved
from reconciler.core.findings import Provenance, mask, shown
from reconciler.core.plans import Awaited, Unit, Verb
from reconciler.core.redaction import Masker
from reconciler.core.values import Address, Failure, Json, Path, Source, Value
from reconciler.engine.observing import Observed
from reconciler.errors import ConfigError, HclError, KnownLater, ReconcilerError, ResolveError, Where
from reconciler.load import evaluate, sources
from reconciler.load.project import Project as Settings
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api.evaluations import Evaluation
    from reconciler.load.sources import Document

_T = TypeVar("_T")
_NAMING: Final = ("var", "local")
_AROUND: Final = " \t`'\"(),"
_CALL: Final = re.compile(r"""[\s`'"(),]+""")
"""What stands between the words of a call: `env("TAG", "x")` in HCL, ``env `TAG` `x` `` in a template."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference in a file: its place, its source text, the address it came to and what the resolver answered.

    `address` is None where the arguments are computed and evaluating the file did not come by; `answer` then too.
    """

    where: Where
    text: str
    address: Address | None = None
    answer: Value | Failure | None = None

    @property
    def wrong(self) -> ReconcilerError | None:
        """Give what is wrong with it."""
        return self.answer.error if isinstance(self.answer, Failure) else None


@dataclass(frozen=True, slots=True)
class Listed:
    """Every reference of a project's files in their order, and what is wrong with the files themselves."""

    references: tuple[Reference, ...]
    problems: tuple[ReconcilerError, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """A value of a definition, masked: which resource it belongs to, what it is called there, and what made it.

    `where` is its place in the file. `sources` say, for each address behind it, what was read; `named` which variables
    and locals it went by.
    """

    resource: str
    address: str
    where: Where
    value: Json
    sources: tuple[tuple[Address, Source | None], ...] = ()
    named: tuple[Named, ...] = ()


def listed(files: Evaluation) -> Listed:
    """List every reference of the project's files, with its value or what is wrong with it."""
    from reconciler.load import listings  # with the readers of every format

    settings = files.settings
    session, instances = files.session, files.instances
    documents = [
        *([above.document] if (above := files.project.above) is not None else []),
        *([files.project.document] if not files.project.name else []),
        *(sources.read(settings.file(path)) for path in settings.definitions),
    ]
    late = evaluate.late(instances.functions)
    while True:
        found = [
            listings.listing(document, instances.functions, session.known, _seen_by(files, document))
            for document in documents
        ]
        uses = [use for each in found for use in each.uses]
        wanted = {address for each in found for address in each.needs}
        wanted |= {address for use in uses for address in use.addresses}
        wanted = {address for address in wanted if address.resolver not in late} - session.known.keys()
        if not wanted and late:
            wanted = {address for document in documents for address in _certain(files, document)}
        if not wanted:
            break
        session.lookup_many(sorted(wanted))
    return Listed(
        tuple(
            Reference(use.where, use.text, address, session.known.get(address) if address else None)
            for use in uses
            for address in use.addresses or (None,)
        ),
        tuple(problem for each in found for problem in each.problems),
    )


def _seen_by(files: Evaluation, document: Document) -> sources.Options:
    """Give what the evaluation of a document sees: a file that shares its settings has variables of its own."""
    above = files.project.above
    if above is None or document is not above.document or files.project.name:
        return files.options
    return replace(above.options, states=files.options.states)


def _certain(files: Evaluation, document: Document) -> tuple[Address, ...]:
    """Give what evaluating a document cannot do without; nothing where what is known does not let it go on."""
    session, instances = files.session, files.instances
    try:
        found = evaluate.evaluate([document], instances.functions, session.known, _seen_by(files, document))
    except (ConfigError, ResolveError):
        return ()
    return found.addresses if isinstance(found, evaluate.Needs) else ()


def deferred(settings: Settings, observed: Observed, listed: Listed, later: KnownLater) -> Unit:
    """Make the unit of a project that waits for values which Terraform has yet to make, `later` among them."""
    awaits = tuple(
        Awaited(address=reference.address, where=reference.where)
        for reference in listed.references
        if reference.address is not None
        and isinstance(reference.answer, Value)
        and (reference.answer.unknown or str(reference.address) == later.address)
    )
    name = f"{settings.cluster}/{settings.service}" if settings.service else str(settings.task_definition)
    kind = "service" if settings.service else "task_definition"
    kind = "express_service" if settings.express_definition is not None else kind
    return Unit(
        address=f"{kind}.{name}",
        kind=kind,
        name=name,
        account=observed.account,
        region=observed.region,
        cluster=settings.cluster,
        verb=Verb.DEFER,
        effects=("waits for Terraform",),
        awaits=awaits,
        desired={},
    )


def explain(
    wanted: str,
    files: Sequence[tuple[str, Resolved, Canon]],
    masker: Masker,
    project: Resolved,
    listed: Callable[[], Sequence[Reference]] = tuple,
) -> tuple[Explained, ...]:
    """Find values by their place (as plans name it, or a JSON pointer into the canonical form), or by what made them.

    `files` are the definitions with the names of their resources, `project` is the project file; `listed` gives the
    project's references, which may be meant by their texts. What nothing is made of may be part of an address that
    something is made of, or hold one. Nothing is given where nothing fits.
    """

    def found(meant: Set[str]) -> tuple[Explained, ...]:
        return (*_explained(wanted, meant, files, masker), *_settings(wanted, meant, project, masker))

    exact = {wanted, *_in_hcl(wanted)}
    resolved = [project, *(each for _, each, _ in files)]
    return found(exact) or found(_in_words(wanted, listed())) or found(_akin(exact, resolved))


def waiting(
    wanted: str, listed: Iterable[Reference], files: Container[str], masker: Masker
) -> Iterator[Explained]:
    """Give the references of files that wait for Terraform to an address that is meant, or to a part of it."""
    exact = {wanted, *_in_hcl(wanted)}
    for each in listed:
        path = each.address.path if each.address is not None and each.where.path in files else ""
        if each.address is None or not any(
            path == other or _within(path, other) or _within(other, path) for other in exact
        ):
            continue
        answer = each.answer if isinstance(each.answer, Value) else None
        known = answer is not None and not (answer.unknown or answer.unknown_paths or answer.failures)
        value = (
            masker.value(answer.data, sensitive=bool(answer.sensitive_paths)) if answer and known else LATER
        )
        resource = f"{each.where.path}, which waits for Terraform"
        sources = ((each.address, answer.source if answer else None),)
        yield Explained(resource, masker.text(each.text), each.where, value, sources)


def _akin(meant: Set[str], files: Iterable[Resolved]) -> set[str]:
    """Give the addresses behind values that lie below one that is meant, or above one."""
    paths = {origin.address.path for each in files for made in each.origins.values() for origin in made}
    return {path for path in paths for each in meant if _within(path, each) or _within(each, path)}


def _within(address: str, other: str) -> bool:
    return address.startswith((f"{other}.", f"{other}["))


def _in_hcl(wanted: str) -> set[str]:
    """Give what an expression of HCL refers to: what is asked for as a whole before a splat or a computed key."""
    from reconciler.hcl import references, syntax, traversals

    try:
        found = references.references(syntax.parse_expression(wanted, "reference"))
    except HclError:
        return set()
    return {each.address for each in found} | {
        traversals.address(each.root, each.path[:1]) for each in found if each.root in _NAMING
    }


def _in_words(wanted: str, listed: Iterable[Reference]) -> set[str]:
    """Give the addresses of references whose text begins with these words, however each language writes a call."""
    words = _CALL.split(wanted.strip(_AROUND))
    return (
        {
            str(each.address)
            for each in listed
            if each.address is not None and _CALL.split(each.text.strip(_AROUND))[: len(words)] == words
        }
        if len(words) > 1
        else set()
    )


def _explained(
    wanted: str, meant: Set[str], files: Iterable[tuple[str, Resolved, Canon]], masker: Masker
) -> tuple[Explained, ...]:
    found: list[Explained] = []
    for resource, resolved, canon in files:
        origin = Provenance(resolved, canon)
        for path, seen in _values(canon):
            place = shown(path, origin, masker)
            called, pointer = address_of(canon.kind.node, place), pointers.text(place)
            raw = (*seen.raw, seen.pair) if seen.pair else seen.raw
            own = resolved.origins_of(raw)
            named = resolved.named_of(raw)
            made = any(str(origin.address) in meant or origin.address.path in meant for origin in own)
            written = {pointers.text(seen.raw), pointers.text(raw)}
            if wanted in {called, pointer, *written} or made or any(name in meant for name, _ in named):
                origins = own if made else own.union(*_below(resolved.origins, raw))
                names = named if made else named.union(*_below(resolved.named, raw))
                sources = sorted((origin.address, origin.source) for origin in origins)
                found.append(
                    Explained(
                        resource,
                        called,
                        resolved.where(raw),
                        _shown(path, seen, origin, masker),
                        tuple(sources),
                        tuple(sorted(names, key=lambda pair: pair[0])),
                    )
                )
    return _outermost(found) if not any(each.address == wanted for each in found) else tuple(found)


def _settings(wanted: str, meant: Set[str], project: Resolved, masker: Masker) -> Iterator[Explained]:
    """Find values of the project file, which are called as it calls them: `cluster`."""
    for path, value in pointers.leaves(project.data):
        origins, named = project.origins_of(path), project.named_of(path)
        made = any(str(origin.address) in meant or origin.address.path in meant for origin in origins)
        called = ".".join(map(str, path))
        if wanted in (called, pointers.text(path)) or made or any(name in meant for name, _ in named):
            yield Explained(
                "project",
                called,
                project.where(path),
                masker.value(value, sensitive=project.is_sensitive(path)),
                tuple(sorted((origin.address, origin.source) for origin in origins)),
                tuple(sorted(named, key=lambda pair: pair[0])),
            )


def _below(found: Mapping[Path, frozenset[_T]], path: Path) -> Iterator[frozenset[_T]]:
    return (inner for place, inner in found.items() if place[: len(path)] == path)


def _shown(path: Path, seen: Seen, origin: Provenance, masker: Masker) -> Json:
    """Give a value list-shaped and masked: the canonical one, which knows names, or a default as the file says it."""
    node = nodes.at(origin.canon.kind.node, path)
    try:
        value = pointers.get(origin.canon.tree, path)
    except KeyError:
        value = seen.wire.get(seen.pair) if seen.pair and isinstance(seen.wire, dict) else seen.wire
        return mask(value, path, origin, masker)
    return nodes.listed(node, mask(value, path, origin, masker))


def _values(canon: Canon) -> Iterator[tuple[Path, Seen]]:
    """Give every place that has a name of its own: a variable is its value, not a name and a value."""
    for path, seen in canon.seen.items():
        above = canon.seen.get(path[:-1])
        if above is None or not above.pair:
            yield path, seen


def names(files: Sequence[tuple[str, Resolved, Canon]], project: Resolved) -> set[str]:
    """Give everything that `explain` finds."""
    found = {address_of(canon.kind.node, path) for _, _, canon in files for path, _ in _values(canon)}
    for resolved in (project, *(each for _, each, _ in files)):
        found |= {origin.address.path for origins in resolved.origins.values() for origin in origins}
        found |= {name for names in resolved.named.values() for name, _ in names}
    return found


def _outermost(found: Sequence[Explained]) -> tuple[Explained, ...]:
    """Leave out what stands inside another value that was found: the reference made all of it."""
    return tuple(
        each
        for each in found
        if not any(
            each is not other
            and each.resource == other.resource
            and each.address.startswith((f"{other.address}.", f"{other.address}["))
            for other in found
        )
    )
