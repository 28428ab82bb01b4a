"""States that OpenTofu has encrypted, written here as its documentation of the format says."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import AwsDenied, Denied, ResolveError, Unavailable
from reconciler.plugin import Address
from reconciler.testing import FakeAwsClient, FakeContext
from reconciler_tfstate import plugin

aead = pytest.importorskip(
    "cryptography.hazmat.primitives.ciphers.aead", reason="the extra 'opentofu' is not installed"
)

STATE = b'{"version":4,"serial":7,"lineage":"l","outputs":{"a":{"value":"found"}},"resources":[]}'
OUTPUT = Address("tfstate", "output.a")
PASSPHRASE = "hush hush hush hush"
NOTE = {"salt": "c2FsdHNhbHQ=", "iterations": 1000, "hash_function": "sha512", "key_length": 32}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sealed(key: bytes, meta: dict[str, Any], plain: bytes = STATE) -> dict[str, Any]:
    nonce = b"n" * 12
    data = nonce + aead.AESGCM(key).encrypt(nonce, plain, None)
    return {
        "serial": 7,
        "lineage": "l",
        "meta": meta,
        "encrypted_data": b64(data),
        "encryption_version": "v0",
    }


def by_passphrase(plain: bytes = STATE, *, as_json: bool = False, **note: Any) -> dict[str, Any]:
    note = {**NOTE, **note}
    key = hashlib.pbkdf2_hmac(
        note["hash_function"], PASSPHRASE.encode(), b"saltsalt", note["iterations"], note["key_length"]
    )
    kept: Any = note if as_json else b64(json.dumps(note).encode())
    return sealed(key, {"key_provider.pbkdf2.main": kept}, plain)


def lookup(root: Path, document: dict[str, Any], environ: dict[str, str] | None = None, **config: Any) -> Any:
    (root / "terraform.tfstate").write_text(json.dumps(document))
    context = FakeContext(root, environ or {})
    named = {} if "dir" in config else {"path": "terraform.tfstate"}
    return plugin.open(context, {**named, **config}).lookup(OUTPUT).data


def refused(*arguments: Any, **config: Any) -> ResolveError:
    with pytest.raises(ResolveError) as caught:
        lookup(*arguments, **config)
    assert "hush" not in str(caught.value)
    assert "OpenTofu has encrypted" in caught.value.what
    assert caught.value.hint
    return caught.value


HCL = f"""
key_provider "pbkdf2" "main" {{
  passphrase = "{PASSPHRASE}"
}}
method "aes_gcm" "m" {{
  keys = key_provider.pbkdf2.main
}}
"""


@pytest.mark.parametrize("note", [{}, {"hash_function": "sha256"}, {"key_length": 16}, {"as_json": True}])
def test_a_passphrase_opens_a_state(tmp_path: Path, note: dict[str, Any]) -> None:
    document = by_passphrase(**note)
    assert lookup(tmp_path, document, {"PASS": PASSPHRASE}, passphrase_env="PASS") == "found"
    assert lookup(tmp_path, document, {"TF_ENCRYPTION": HCL}) == "found"
    as_json = {"key_provider": {"pbkdf2": {"main": {"passphrase": PASSPHRASE}}}}
    assert lookup(tmp_path, document, {"TF_ENCRYPTION": json.dumps(as_json)}) == "found"


def test_the_configurations_own_passphrase(tmp_path: Path) -> None:
    variable = 'variable "passphrase" {\n  sensitive = true\n}\n'
    block = HCL.replace(f'"{PASSPHRASE}"', "var.passphrase")
    (tmp_path / "main.tofu").write_text(f"{variable}terraform {{\n  encryption {{\n{block}\n  }}\n}}\n")
    document = by_passphrase()
    assert lookup(tmp_path, document, {"TF_VAR_passphrase": PASSPHRASE}, dir=".") == "found"
    assert isinstance(refused(tmp_path, document, dir="."), Denied)


def test_a_key_of_aws_kms(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(
        json.dumps(sealed(b"k" * 32, {"key_provider.aws_kms.main": b64(b'{"ciphertext_blob": "YmxvYg=="}')}))
    )
    kms = FakeAwsClient({"Decrypt": {"Plaintext": b"k" * 32}})
    context = FakeContext(tmp_path, clients={"kms": kms})
    assert plugin.open(context, {"path": "x"}).lookup(OUTPUT).data == "found"
    assert kms.calls == [("Decrypt", {"CiphertextBlob": b"blob"})]
    denied = FakeContext(tmp_path, clients={"kms": FakeAwsClient({"Decrypt": AwsDenied("no")})})
    with pytest.raises(Denied, match="no"):
        plugin.open(denied, {"path": "x"}).lookup(OUTPUT)


def test_what_keeps_it_shut(tmp_path: Path) -> None:
    assert "needs a passphrase" in refused(tmp_path, by_passphrase()).what
    wrong = refused(tmp_path, by_passphrase(), {"PASS": "hush"}, passphrase_env="PASS")
    assert isinstance(wrong, Denied)
    assert "is not opened by the keys and passphrases" in wrong.what
    foreign = sealed(
        b"k" * 32, {"key_provider.gcp_kms.main": b64(b"{}"), "key_provider.openbao.x": b64(b"{}")}
    )
    assert "not supported: gcp_kms, openbao" in refused(tmp_path, foreign).what


@pytest.mark.parametrize(
    "change",
    [
        {"encryption_version": "v1"},
        {"meta": []},
        {"encrypted_data": "hush!"},
        {"encrypted_data": "aHVzaA=="},
        {"encrypted_data": 3},
    ],
)
def test_damage(tmp_path: Path, change: dict[str, Any]) -> None:
    error = refused(tmp_path, {**by_passphrase(), **change}, {"PASS": PASSPHRASE}, passphrase_env="PASS")
    assert isinstance(error, Unavailable)


@pytest.mark.parametrize(
    "note",
    [
        {"iterations": 10**12},
        {"iterations": 0},
        {"key_length": 10**9},
        {"hash_function": "md5"},
        {"salt": "hush!"},
    ],
)
def test_derivations_that_are_not_carried_out(tmp_path: Path, note: dict[str, Any]) -> None:
    document = sealed(b"k" * 32, {"key_provider.pbkdf2.main": b64(json.dumps({**NOTE, **note}).encode())})
    error = refused(tmp_path, document, {"PASS": PASSPHRASE}, passphrase_env="PASS")
    assert "a derivation of its key that is not supported" in error.what


def test_an_encrypted_state_in_an_encrypted_state(tmp_path: Path) -> None:
    document = by_passphrase(json.dumps(by_passphrase()).encode())
    error = refused(tmp_path, document, {"PASS": PASSPHRASE}, passphrase_env="PASS")
    assert "that nothing opens here" in error.what


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    error = refused(tmp_path, by_passphrase(), {"PASS": PASSPHRASE}, passphrase_env="PASS")
    assert "needs the extra opentofu" in error.what
    assert error.hint == "pip install 'ecs-reconciler[opentofu]'"


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.none(), max_size=3),
    st.binary(max_size=40),
    st.text(max_size=20),
)
def test_any_note_gives_one_of_our_errors(note: dict[str, Any], data: bytes, kept: str) -> None:
    meta = {"key_provider.pbkdf2.x": b64(json.dumps(NOTE | note).encode()), "y": kept}
    document = {"meta": meta, "encrypted_data": b64(data), "encryption_version": "v0"}
    client = FakeAwsClient({"GetObject": {"Body": json.dumps(document).encode()}})
    context = FakeContext(environ={"PASS": "x"}, clients={"s3": client})
    with pytest.raises((Denied, Unavailable)):
        plugin.open(context, {"url": "s3://b/k", "passphrase_env": "PASS"}).lookup(OUTPUT)
