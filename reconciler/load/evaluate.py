"""Evaluation: documents and what is known of the outside become data, or a list of what has to be known first.

Takes documents, functions and answers; gives `Resolved` data with provenance, or `Needs`; never looks
anything up itself (Jsonnet reads the files it imports). A text file is a template first and YAML or JSON
then; a Jsonnet file is evaluated first, and its JSON is a template. A template is parsed as YAML or JSON
only once it needs nothing more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.core.documents import Resolved
from reconciler.core.references import Functions
from reconciler.core.values import Address, Failure, Value
from reconciler.errors import ConfigError, ResolveError, Where
from reconciler.load import gotemplates, jsons, provenance, yamls
from reconciler.load.calls import Lookups, Texts
from reconciler.load.sourcemaps import Rendered
from reconciler.load.sources import Document, Options
from reconciler.load.spans import Malformed, Parsed
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.load import twins

FIRST: Final = "env"
"""The resolver that is asked before others: it costs nothing, and addresses are often made from its answers,
so that each slow source is asked once, for everything (``tfstatef `aws_subnet.a['%s'].id` (env `AZ` `c`)``).
"""

Known: TypeAlias = Mapping[Address, Value | Failure]
Lookup: TypeAlias = Callable[[Sequence[Address]], Known]


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be looked up before the documents have values, in the order in which they need it."""

    addresses: tuple[Address, ...]


def evaluate(
    documents: Sequence[Document], functions: Functions, known: Known, options: Options
) -> Needs | tuple[Resolved, ...]:
    """Evaluate documents as far as what is known allows. ConfigError; ResolveError where a Failure is used."""
    needs: dict[Address, None] = {}
    results: list[Resolved] = []
    for document in documents:
        lookups = Lookups(functions, known)
        result = evaluate_one(document, functions, lookups, options)
        needs |= dict.fromkeys(_certain(document, functions, lookups.needs))
        if result is not None:
            results.append(result)
    return Needs(tuple(needs)) if needs else tuple(results)


def late(functions: Functions) -> frozenset[str]:
    """Give the resolvers that are asked only for what is certain to be needed."""
    return frozenset(function.resolver for function in functions.values() if function.late)


def _certain(document: Document, functions: Functions, needs: Iterable[Address]) -> list[Address]:
    """Give what may be looked up now.

    In Jsonnet something stands in for what is not known yet, and may have led to what follows. There a late resolver is
    asked once nothing else is needed, for the first address.
    """
    asked = list(needs)
    slow = late(functions) if document.format == "jsonnet" else ()
    return [address for address in asked if address.resolver not in slow] or asked[:1]


def resolve(
    documents: Sequence[Document],
    functions: Functions,
    lookup: Lookup,
    options: Options,
    known: Known = MappingProxyType({}),
) -> tuple[Resolved, ...]:
    """Evaluate documents, looking up what they need, a batch a round, until they have values.

    What is `known` already is not looked up.
    """
    known = dict(known)
    while True:
        result = evaluate(documents, functions, known, options)
        if not isinstance(result, Needs):
            return result
        batch = [address for address in result.addresses if address.resolver == FIRST] or result.addresses
        answers = lookup(batch)
        learned = {address: answers[address] for address in batch if address in answers}
        if not learned:
            names = ", ".join(str(address) for address in batch)
            raise ConfigError(f"these references need one another, or nothing answers them: {names}")
        known |= learned


def evaluate_one(
    document: Document, functions: Functions, lookups: Lookups, options: Options
) -> Resolved | None:
    """Evaluate one document; None where `lookups` needs something first. ConfigError, ResolveError."""
    if document.format == "jsonnet":
        return _jsonnet(document, functions, lookups, options)
    if document.format in ("hcl", "hcl-project"):
        from reconciler.load import hcls

        return hcls.evaluate(document, lookups, options)
    rendered = gotemplates.render(document.text, str(document.path), Texts(lookups))
    if lookups.needs:
        return None
    parsed = parse(document, rendered, lookups)
    return None if lookups.needs else provenance.resolved(rendered, parsed)


def parse(document: Document, rendered: Rendered, lookups: Lookups) -> Parsed:
    """Parse a rendered document in its format. ConfigError at the place in the source, quoting nothing."""
    try:
        return yamls.parse(rendered, lookups) if document.format == "yaml" else jsons.parse(rendered.text)
    except Malformed as error:
        raise provenance.explain(error, rendered) from None


def _jsonnet(document: Document, functions: Functions, lookups: Lookups, options: Options) -> Resolved | None:
    from reconciler.load import jsonnets, twins

    session = twins.Session(document, lookups, options, jsonnets.parameters(functions))
    try:
        text = session.evaluate()
    except (ConfigError, ResolveError) as error:
        if lookups.needs:
            return None  # what is not known yet may have caused it
        if session.sensitive and isinstance(error, jsonnets.Stopped):
            raise jsonnets.quiet(error) from None
        raise
    if lookups.needs:
        return None
    try:
        rendered = render_result(document, text, lookups)
    except (ConfigError, ResolveError) as error:
        if not session.shown_in(str(error)):
            raise
        what = "the template that the file evaluates to is wrong; the message quotes a sensitive value"
        raise ConfigError(what, error.where) from None
    if lookups.needs:
        return None
    try:
        parsed, plain = jsons.parse(rendered.text), jsons.parse(text)
    except Malformed as error:
        raise unplaced(provenance.explain(error, rendered), document) from None
    resolved = provenance.resolved(rendered, parsed, placed=False)
    return _traced(resolved, twins.trace(session, plain.data), plain)


def render_result(document: Document, text: str, lookups: Lookups) -> Rendered:
    """Render the template that a Jsonnet file evaluates to. Its errors name the file only."""
    try:
        return gotemplates.render(text, str(document.path), Texts(lookups))
    except (ConfigError, ResolveError) as error:
        raise unplaced(error, document) from error.__cause__


def unplaced(error: ConfigError | ResolveError, document: Document) -> ConfigError | ResolveError:
    """Give an error about the JSON that a Jsonnet file evaluates to: its lines are not the file's."""
    at = f" (line {error.where.line} of the JSON it evaluates to)" if error.where else ""
    return dataclasses.replace(error, what=f"{error.what}{at}", where=Where(str(document.path)))


def _traced(resolved: Resolved, traced: twins.Traced, plain: Parsed) -> Resolved:
    """Add what the twin found to what the template did."""
    paths = {path for path, data in provenance.walk(resolved.data) if provenance.is_leaf(data)}
    before = {path for path, data in provenance.walk(plain.data) if provenance.is_leaf(data)}
    if paths != before:
        # The template changed the shape, so that the twin's paths point elsewhere.
        hidden = frozenset(paths) if traced.sensitive else resolved.sensitive
        return dataclasses.replace(resolved, sensitive=hidden)
    origins = dict(resolved.origins)
    for path, found in traced.origins.items():
        origins[path] = origins.get(path, frozenset()) | found
    return dataclasses.replace(
        resolved, origins=origins, sensitive=resolved.sensitive | frozenset(traced.sensitive)
    )
