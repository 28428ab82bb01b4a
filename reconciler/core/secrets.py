"""Secrets in a plan: how to make them again, and how to notice that they moved, without holding them.

A sensitive leaf is cut into literal text and references. In the plan's bodies a `slot` stands in its place; the plan
lists for each slot the pieces and what binds it: the version of its source where the value has one of its own, else
a salted scrypt digest.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from reconciler.core.values import Address, Json, Origin, Path, Source, Value
from reconciler.errors import Refused, StalePlan
from reconciler.records import dataclass

SLOT: Final = "$secret"
Piece: TypeAlias = str | Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One sensitive leaf. `place` is its address in the document, for messages.

    `pieces` is empty where the value is computed from a secret in a way that references alone cannot repeat.
    """

    place: str
    pieces: tuple[Piece, ...]
    sources: tuple[Origin, ...]
    salt: str
    digest: str


def slot(index: int) -> Json:
    """Give what stands in a body in place of a secret."""
    return {SLOT: index}


def slot_of(value: Json) -> int | None:
    """Give the index that a slot holds, None for any other value."""
    if isinstance(value, dict) and set(value) == {SLOT} and isinstance(value[SLOT], int):
        return value[SLOT]
    return None


def slots(body: Json, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Give where a body has slots, and their indices."""
    index = slot_of(body)
    if index is not None:
        yield path, index
    elif isinstance(body, dict):
        for name, member in body.items():
            yield from slots(member, (*path, name))
    elif isinstance(body, list | tuple):
        for place, member in enumerate(body):
            yield from slots(member, (*path, place))


def make(
    place: str,
    value: Json,
    origins: Sequence[Origin],
    known: Mapping[Address, Value],
    salt: str,
    printed: Sequence[tuple[str, frozenset[Origin]]] = (),
) -> Secret:
    """Describe a sensitive leaf by its references. `printed` are the texts that they put into it."""
    bound = bool(origins) and all(_own_version(origin.source) for origin in origins)
    return Secret(
        place=place,
        pieces=_pieces(value, origins, known, printed),
        sources=tuple(sorted(origins)),
        salt="" if bound else salt,
        digest="" if bound else digest(salt, value),
    )


def _pieces(
    value: Json,
    origins: Sequence[Origin],
    known: Mapping[Address, Value],
    printed: Sequence[tuple[str, frozenset[Origin]]],
) -> tuple[Piece, ...]:
    """Cut a leaf into literal text and references; nothing where a secret stands in it in another form.

    Another form (`urlquery`, `slice`) is no secret by its text, so each piece of text that came of a secret has to be
    that secret itself. Where nothing is known of the pieces, only a leaf that is one secret as a whole can be cut.
    """
    there = {origin.address: known[origin.address] for origin in origins if origin.address in known}
    hidden = [address for address, found in there.items() if found.sensitive_paths] or list(there)
    texts = {a: str(there[a].data) for a in hidden if isinstance(there[a].data, str | int | float)}
    if len(texts) != len(hidden):
        return ()
    if not isinstance(value, str) or not printed:
        whole = [address for address, text in texts.items() if text == str(value)]
        return (whole[0],) if len(hidden) == 1 and whole else ()
    for text, made_by in printed:
        behind = [origin.address for origin in made_by if origin.address in texts]
        if behind and not any(_is_verbatim(text, texts[address]) for address in behind):
            return ()
        if len(behind) > 1:
            return ()
    return _cut(value, texts)


def _is_verbatim(text: str, secret: str) -> bool:
    """Tell whether a printed text is the secret, as it is or escaped for the JSON or YAML string that it stands in."""
    if text == secret:
        return True
    try:
        return bool(json.loads(f'"{text}"') == secret)
    except ValueError:
        return False


def _own_version(source: Source | None) -> bool:
    """Tell whether a version is the value's own: a state's serial moves with unrelated changes too."""
    return source is not None and bool(source.version) and not source.lineage


def _cut(value: str, texts: Mapping[Address, str]) -> tuple[Piece, ...]:
    pieces: list[Piece] = [value]
    for address in sorted(texts, key=lambda address: -len(texts[address])):
        if texts[address]:
            pieces = [
                part
                for piece in pieces
                for part in (_split(piece, texts[address], address) if isinstance(piece, str) else [piece])
            ]
    found = {piece for piece in pieces if not isinstance(piece, str)}
    return tuple(pieces) if set(texts) <= found else ()


def _split(text: str, secret: str, address: Address) -> list[Piece]:
    parts: list[Piece] = []
    for index, literal in enumerate(text.split(secret)):
        if index:
            parts.append(address)
        if literal:
            parts.append(literal)
    return parts


def digest(salt: str, value: Json) -> str:
    """Digest a value so that guessing it costs; about ten milliseconds a value."""
    text = json.dumps(value, sort_keys=True).encode()
    return hashlib.scrypt(text, salt=salt.encode(), n=2**12, r=8, p=1, dklen=32).hex()


def fill(body: Json, secrets: Sequence[Secret], known: Mapping[Address, Value]) -> Json:
    """Put the secrets into a body. StalePlan where one is not what it was when the plan was made."""
    return put(body, [_value(secret, known) for secret in secrets])


def said(secret: Secret) -> str:
    """Write what files say where a secret is: text and references, none of their values."""
    behind = sorted({str(origin.address) for origin in secret.sources})
    return json.dumps([*map(str, secret.pieces), behind])


def put(body: Json, values: Sequence[Json]) -> Json:
    """Put values into the slots of a body."""
    index = slot_of(body)
    if index is not None:
        return values[index]
    if isinstance(body, dict):
        return {name: put(member, values) for name, member in body.items()}
    if isinstance(body, list | tuple):
        return [put(member, values) for member in body]
    return body


def _value(secret: Secret, known: Mapping[Address, Value]) -> Json:
    if not secret.pieces:
        raise Refused(
            f"the value of {secret.place} is computed from a secret, so a plan file cannot hold it",
            hint="apply without a plan file, or refer to the secret with `secrets` and `valueFrom`",
        )
    if secret.digest == "":
        moved = [
            str(origin.address)
            for origin in secret.sources
            if (source := known[origin.address].source) is None or source != origin.source
        ]
        if moved:
            raise _moved(secret, moved)
    only = secret.pieces[0]
    if len(secret.pieces) == 1 and isinstance(only, Address):
        value = known[only].data
    else:
        value = "".join(
            piece if isinstance(piece, str) else str(known[piece].data) for piece in secret.pieces
        )
    if not secret.digest:
        return value
    for form in (value, str(value)):  # a number of the source may have been sent as a text
        if hmac.compare_digest(secret.digest, digest(secret.salt, form)):
            return form
    raise _moved(secret, [str(origin.address) for origin in secret.sources])


def _moved(secret: Secret, addresses: Sequence[str]) -> StalePlan:
    return StalePlan(
        f"the secret in {secret.place} is another one than when the plan was made",
        hint="make a new plan",
        moved=tuple(addresses),
    )
