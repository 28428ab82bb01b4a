"""States that OpenTofu has encrypted, opened where a passphrase or a key of AWS KMS does (the extra ``opentofu``).

``{"serial", "lineage", "meta": {"key_provider.pbkdf2.NAME": …}, "encrypted_data", "encryption_version": "v0"}``. What a
key provider noted is JSON, in base64 since OpenTofu 1.7.0: for pbkdf2 ``salt``, ``iterations``, ``hash_function`` and
``key_length``, for aws_kms ``ciphertext_blob``. The data are AES-GCM, its nonce in front.

Passphrases come from ``config.passphrase_env`` (the name of a variable), ``TF_ENCRYPTION`` and the configuration's own
``encryption`` block; none of them is ever in a message.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.plugin import Address, AwsError, Context, Denied, Json, ResolveError, Unavailable, refusal
from reconciler_tfstate import extras, hcls, modules
from reconciler_tfstate.words import word

_NONCE = 12
_MOST_ITERATIONS = 10_000_000  # about five seconds; OpenTofu's default is 600,000
_KEY_BYTES = {16, 24, 32}
_HASHES = {"sha256", "sha512"}

#: Gives the passphrases to try, read when the first is needed.
Passphrases = Callable[[], Iterable[str]]


def named(environ: Mapping[str, str]) -> Iterator[str]:
    """Give the passphrases in ``TF_ENCRYPTION``, which holds an ``encryption`` block's content, in HCL or JSON."""
    text = environ.get("TF_ENCRYPTION", "").strip()
    if text:
        as_json = text.startswith("{")
        body = (hcls.parse_json if as_json else hcls.parse)(text, "TF_ENCRYPTION")
        yield from modules.passphrases(body, None, text=as_json)


def opened(document: Mapping[str, Json], name: str, context: Context, passphrases: Passphrases) -> bytes:
    """Decrypt a state. Unavailable where that cannot be done here, Denied where no key fits."""
    what = f"the state {name}, which OpenTofu has encrypted,"
    version, meta = document.get("encryption_version"), document.get("meta")
    data = _decoded(document.get("encrypted_data"))
    if version != "v0" or not isinstance(meta, dict) or data is None or len(data) <= _NONCE:
        raise Unavailable(f"{what} is damaged, or of a version that is not known", hint=_PULL)
    providers = {key.removeprefix("key_provider."): _noted(note) for key, note in meta.items()}
    ciphers = extras.load("cryptography.hazmat.primitives.ciphers.aead", "opentofu", what)
    failures = extras.load("cryptography.exceptions", "opentofu", what)
    tried = False
    for note in providers.values():
        for key in _keys(note, context, passphrases, what):
            tried = True
            try:
                plain: bytes = ciphers.AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], None)
            except (failures.InvalidTag, ValueError):
                continue
            return plain
    if tried:
        raise Denied(f"{what} is not opened by the keys and passphrases that are known", hint=_GIVE)
    if any("salt" in note for note in providers.values()):
        raise Denied(f"{what} needs a passphrase", hint=_GIVE)
    kinds = word(", ".join(sorted(key.split(".")[0] for key in providers)) or "an unknown one")
    raise Unavailable(f"{what} has a key provider that is not supported: {kinds}", hint=_PULL)


_PULL = "decrypt a copy with `tofu state pull > plain.tfstate` and point the plugin's path at it"
_GIVE = "set TF_ENCRYPTION, or passphrase_env in the plugin's config to the name of a variable that holds it"


def _keys(note: Mapping[str, Any], context: Context, passphrases: Passphrases, what: str) -> Iterator[bytes]:
    match note:
        case {
            "salt": str(salt),
            "iterations": int(iterations),
            "hash_function": str(function),
            "key_length": int(length),
        }:
            salted = _decoded(salt)
            if (
                salted is None
                or function not in _HASHES
                or length not in _KEY_BYTES
                or not 0 < iterations <= _MOST_ITERATIONS
            ):
                raise Unavailable(f"{what} notes a derivation of its key that is not supported", hint=_PULL)
            for passphrase in dict.fromkeys(passphrases()):
                yield hashlib.pbkdf2_hmac(function, passphrase.encode(), salted, iterations, length)
        case {"ciphertext_blob": str(blob)}:
            yield _unwrapped(_decoded(blob) or b"", context)


def _unwrapped(blob: bytes, context: Context) -> bytes:
    try:
        key: bytes = context.client("kms").call("Decrypt", CiphertextBlob=blob)["Plaintext"]
    except AwsError as error:
        refused: ResolveError = refusal(error, Address("", ""))
        raise type(refused)(refused.what, refused.where, refused.hint) from None
    return key


def _noted(note: Json) -> Mapping[str, Any]:
    """Read what a key provider noted: an object, or its JSON in base64."""
    if isinstance(note, str):
        try:
            note = json.loads(_decoded(note) or b"null")
        except (ValueError, RecursionError):
            note = None
    return note if isinstance(note, dict) else {}


def _decoded(text: Json) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None
