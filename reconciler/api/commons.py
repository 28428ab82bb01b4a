"""Lookups that the projects of a run have in common: each address asked for once, as many at a time as a call takes.

A plugin says itself that nothing of a project goes into what it gives (`ResolverPlugin.common`). For such a one there
is a session for each config, credentials and region; the sessions of the projects ask there. What the files of all
projects are known to need is gathered first, so that parameters that each of them names once are read ten a call all
the same. A name that cannot be read fails those projects that use it, at its place in their files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

from reconciler.api.connections import THREADS, Connection, Shared
from reconciler.core.values import Address, Failure, Value
from reconciler.errors import ReconcilerError
from reconciler.load import evaluate
from reconciler.load.sources import Document, Options
from reconciler.plugin import BatchResolver, Context
from reconciler.resolve.registry import Instance, Instances
from reconciler.resolve.session import Session

Expected: TypeAlias = "dict[Session, list[Address]]"
Lookup: TypeAlias = Callable[[Sequence[Address]], Mapping[Address, "Value | Failure"]]

_AT_ONCE: Final = 50
"""Addresses that are asked for by one thread: a few calls of ten."""


def lookups(
    shared: Shared, instance: Instance, connection: Connection, region: str | None, context: Context
) -> Session | None:
    """Give the session that answers for an instance in all projects; None where each has its own answers.

    `context` is one in which nothing changes any more.
    """
    if not instance.plugin.common:
        return None
    use = instance.use

    def make() -> Session:
        own = replace(instance, resolver=instance.plugin.open(context, use.config))
        alone = Instances(MappingProxyType({}), MappingProxyType({instance.name: own}))
        return Session(alone, max_workers=THREADS)

    key = (instance.name, instance.distribution, use.name, use.config, connection, region)
    session: Session = shared.share("lookups", key, make)
    return session


class _EnoughError(Exception):
    """What is needed next is known."""


def expected(
    documents: Sequence[Document],
    instances: Instances,
    options: Options,
    lookup: Lookup,
    common: Callable[[Instance], Session | None],
) -> Expected:
    """Give what evaluating documents needs first of resolvers that answer many projects by the batch.

    What those are made of is looked up. What is wrong with the documents is told when they are evaluated.
    """
    batched = {
        name: session
        for name, instance in instances.by_name.items()
        if isinstance(instance.resolver, BatchResolver) and (session := common(instance)) is not None
    }
    names = [name for name, function in instances.functions.items() if function.resolver in batched]
    mentioned = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    if not names or not any(mentioned.search(document.text) for document in documents):
        return {}
    late = evaluate.late(instances.functions)
    found: Expected = {}

    def asked(addresses: Sequence[Address]) -> Mapping[Address, Value | Failure]:
        for address in addresses:
            if address.resolver in batched:
                found.setdefault(batched[address.resolver], []).append(address)
        if found or any(address.resolver in late for address in addresses):
            raise _EnoughError
        return lookup(addresses)

    with suppress(_EnoughError, ReconcilerError):
        evaluate.resolve(documents, instances.functions, asked, options)
    return found


def jobs(gathered: Sequence[Expected]) -> Iterator[Callable[[], object]]:
    """Give what reads everything that was gathered, cut so that several threads have something to do."""
    wanted: dict[Session, dict[Address, None]] = {}
    for each in gathered:
        for session, addresses in each.items():
            wanted.setdefault(session, {}).update(dict.fromkeys(addresses))
    for session, distinct in wanted.items():
        addresses = list(distinct)
        for start in range(0, len(addresses), _AT_ONCE):
            yield _job(session, addresses[start : start + _AT_ONCE])


def _job(session: Session, addresses: Sequence[Address]) -> Callable[[], object]:
    return lambda: session.lookup_many(addresses)
