"""Digests of texts and files, in hexadecimal or base64; and UUIDs made of names."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable

from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.filesystem import read_bytes
from reconciler.hcl.functions.signatures import Context, Function, contextual, function, text
from reconciler.hcl.values import Value

_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "oid": uuid.NAMESPACE_OID,
    "url": uuid.NAMESPACE_URL,
    "x500": uuid.NAMESPACE_X500,
}


def digest(algorithm: str, data: bytes, *, hexadecimal: bool) -> str:
    """Give the digest of bytes."""
    summed = hashlib.new(algorithm, data, usedforsecurity=False)
    return summed.hexdigest() if hexadecimal else base64.b64encode(summed.digest()).decode()


def uuidv5(namespace: str, name: str) -> Value:
    """Make the UUID of a name in a namespace: `dns`, `oid`, `url`, `x500`, or a UUID itself."""
    try:
        space = _NAMESPACES.get(namespace) or uuid.UUID(namespace)
    except ValueError:
        known = ", ".join(_NAMESPACES)
        raise Fault(f"a UUID is required, or one of {known}", argument=0) from None
    return str(uuid.uuid5(space, name))


def _of_text(algorithm: str, *, hexadecimal: bool) -> Callable[[str], Value]:
    return lambda data: digest(algorithm, data.encode(), hexadecimal=hexadecimal)


def _of_file(algorithm: str, *, hexadecimal: bool) -> Callable[[Context, str], Value]:
    return lambda context, path: digest(algorithm, read_bytes(context, path), hexadecimal=hexadecimal)


def _rows(prefix: str, algorithm: str, *, hexadecimal: bool) -> tuple[Function, Function]:
    return (
        function(f"{prefix}{algorithm}", _of_text(algorithm, hexadecimal=hexadecimal), text()),
        contextual(f"file{prefix}{algorithm}", _of_file(algorithm, hexadecimal=hexadecimal), text("path")),
    )


FUNCTIONS = (
    *_rows("", "md5", hexadecimal=True),
    *_rows("", "sha1", hexadecimal=True),
    *_rows("", "sha256", hexadecimal=True),
    *_rows("", "sha512", hexadecimal=True),
    *_rows("base64", "sha256", hexadecimal=False),
    *_rows("base64", "sha512", hexadecimal=False),
    function("uuidv5", uuidv5, text("namespace"), text("name")),
)
