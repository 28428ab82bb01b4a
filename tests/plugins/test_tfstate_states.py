"""States that cannot be read: each says what it is and what to do, and shows nothing of what it holds."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import (
    AwsDenied,
    AwsRefused,
    AwsThrottled,
    ConfigError,
    Denied,
    NotFound,
    ResolveError,
    Unavailable,
)
from reconciler.plugin import Address, Config
from reconciler.testing import FakeAwsClient, FakeContext
from reconciler.testing.resolvers import FakeAnswer
from reconciler_tfstate import addresses, answers, plugin, states

STATES = Path(__file__).parents[2] / "fixtures" / "tfstate"
AWS = (STATES / "aws.tfstate").read_bytes()
ID = Address("tfstate", "aws_instance.web.id")


def state(**members: object) -> bytes:
    """Write a state of version 4 with other members."""
    return json.dumps(
        {"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": [], **members}
    ).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (AWS[: len(AWS) // 2], "is truncated or being written"),
        (AWS.rstrip()[:-1], "is truncated or being written"),
        (b'{"version": 4, "secret": "hush', "is truncated or being written"),
        (b'{"version": 4, "secret": hush}', "no valid JSON at line 1, column 26"),
        (b'{"version": 4}{"secret": "hush"}', "no valid JSON at line 1, column 15"),
        (b'resource "aws_vpc" "hush" {}', "is not a Terraform state"),
        (b"\xff\xfe\x00hush", "not text in UTF-8"),
        (b"PK\x03\x04hush", "is a saved plan"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"version": ' + b"9" * 5_000 + b"}", "a number that is none"),
        (b'{"version": NaN}', "a number that is none"),
        (b'["hush"]', "holds no JSON object"),
        (b'{"secret": "hush"}', "without a state's version"),
        (state(version=True), "without a state's version"),
        (state(version=2), "of version 2, written by Terraform 0.11 or older"),
        (state(version=3, modules=["hush"]), "of version 3, written by Terraform 0.11 or older"),
        (state(version=3, backend={"type": "s3", "config": {"secret_key": "hush"}}), "of its backend (s3)"),
        (state(version=5), "of version 5; version 4 is read here"),
        (
            b'{"serial":1,"meta":{},"encrypted_data":"aHVzaA==","encryption_version":"v0"}',
            "OpenTofu has encrypted",
        ),
        (b'{"format_version":"1.0","values":{"x":"hush"}}', "`terraform show -json`"),
        (state(resources="hush"), "its resources are no list"),
        (state(resources=["hush"]), "resource 0 lacks mode"),
        (state(outputs={"a": "hush"}), "its outputs are no object of objects"),
        (
            state(
                resources=[{"module": "hush[", "mode": "managed", "type": "a", "name": "b", "instances": []}]
            ),
            "the module of resource 0 is no address",
        ),
    ],
)
def test_what_is_no_state(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "x.tfstate").write_bytes(data)
    with pytest.raises(Unavailable) as caught:
        plugin.open(FakeContext(tmp_path), {"path": "x.tfstate"}).lookup(ID)
    message = str(caught.value)
    assert says in message
    assert "x.tfstate" in message
    assert caught.value.hint
    assert caught.value.address == str(ID)
    assert "hush" not in message
    assert "hush" not in repr(caught.value.__cause__)


def test_a_state_that_is_being_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "terraform.tfstate"
    file.write_bytes(AWS[:100])
    resolver = plugin.open(FakeContext(tmp_path), {"path": file.name})
    with pytest.raises(Unavailable) as caught:
        resolver.lookup(ID)
    assert caught.value.retry_after == states.WRITTEN_AFTER
    file.write_bytes(AWS)
    assert resolver.lookup(ID).data == "i-new"
    file.unlink()
    assert resolver.lookup(ID).data == "i-new", "a state is read once"


def test_byte_order_mark() -> None:
    assert states.read(b"\xef\xbb\xbf" + AWS, "x").source.version == "3"


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool) -> None:
    (gc.enable if enabled else gc.disable)()
    try:
        states.read(AWS, "x")
        with pytest.raises(Unavailable):
            states.read(b"{", "x")
        assert gc.isenabled() == enabled
    finally:
        gc.enable()


jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
steps_of_marks = st.fixed_dictionaries({"type": st.sampled_from(["get_attr", "index"]), "value": jsons})
instances = st.fixed_dictionaries(
    {},
    optional={
        "index_key": jsons,
        "attributes": jsons | st.fixed_dictionaries({"input": jsons, "id": jsons}),
        "attributes_flat": st.dictionaries(st.text("ab.#%0", max_size=6), st.text(max_size=3), max_size=5),
        "sensitive_attributes": jsons | st.lists(st.lists(steps_of_marks, max_size=3), max_size=3),
        "deposed": st.just("x"),
    },
)
some_resources = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["managed", "data"]),
        "type": st.sampled_from(["terraform_data", "terraform_remote_state", "aws_ssm_parameter"]),
        "name": st.just("a"),
        "instances": st.lists(instances | jsons, max_size=3),
    }
)
odd_states = st.fixed_dictionaries(
    {"version": st.just(4), "resources": st.lists(some_resources, max_size=2), "outputs": jsons}
)
paths = st.sampled_from(
    [
        *(f"{data}{kind}.a{rest}" for data in ("", "data.") for kind in ("terraform_data", "terraform_remote_state")
          for rest in ("", ".input", "[0]", '["k"].id', "[-1]", ".id[0:1]", ".input.value")),
        "aws_ssm_parameter.a.value", "output.x", "output.x[0]",
    ]
)  # fmt: skip


@given(
    st.binary()
    | st.text().map(str.encode)
    | (jsons | odd_states).map(lambda tree: json.dumps(tree).encode()),
    paths,
)
def test_any_bytes_give_a_value_or_one_of_our_errors(data: bytes, path: str) -> None:
    context = FakeContext(clients={"s3": FakeAwsClient({"GetObject": {"Body": data}})})
    resolver = plugin.open(context, {"url": "s3://b/k"})
    with suppress(NotFound, Denied, Unavailable):
        json.dumps(resolver.lookup(Address("tfstate", path)).data)


@given(st.integers(0, len(AWS)), st.binary(max_size=3))
def test_no_damage_shows_what_a_state_holds(position: int, damage: bytes) -> None:
    said = ""
    try:
        answers.answer(
            states.read(AWS[:position] + damage + AWS[position + 1 :], "x"), addresses.parse("a.b.c")
        )
    except ResolveError as error:
        said = str(error)
    assert said
    assert "hush" not in said


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(AWS)
    for path, kind, says in [
        ("absent", Unavailable, "there is no state at"),
        ("file/below", Unavailable, "there is no state at"),
        ("folder", Unavailable, "is a folder"),
        ("nul\0", Unavailable, "cannot be read"),
    ]:
        with pytest.raises(kind, match=says):
            plugin.open(FakeContext(tmp_path), {"path": path}).lookup(ID)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_file_permission(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(AWS)
    (tmp_path / "mine").chmod(0)
    with pytest.raises(Denied, match="does not let"):
        plugin.open(FakeContext(tmp_path), {"path": "mine"}).lookup(ID)


def test_file_permission_as_the_system_tells_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("reconciler_tfstate.backends.local.stored", refuse)
    with pytest.raises(Denied, match="does not let"):
        plugin.open(FakeContext(tmp_path), {"path": "mine"}).lookup(ID)


def test_optional_state_that_is_not_there(tmp_path: Path) -> None:
    resolver = plugin.open(FakeContext(tmp_path), {"path": "none.tfstate", "optional": True})
    with pytest.raises(NotFound, match="holds nothing yet"):
        resolver.lookup(ID)
    (tmp_path / "bad.tfstate").write_text("{}")
    with pytest.raises(Unavailable, match="is not a Terraform state"):
        plugin.open(FakeContext(tmp_path), {"path": "bad.tfstate", "optional": True}).lookup(ID)


def in_bucket(answer: FakeAnswer, config: Config | None = None) -> tuple[FakeContext, Mapping[str, Any]]:
    """Give a context whose S3 gives `answer`."""
    context = FakeContext(clients={"s3": FakeAwsClient({"GetObject": answer})})
    return context, config or {"url": "s3://states/env:/stg/app.tfstate"}


def test_s3() -> None:
    context, config = in_bucket({"Body": AWS})
    resolver = plugin.open(context, config)
    value = resolver.lookup(ID)
    assert value.data == "i-new"
    assert value.source is not None
    assert (value.source.name, value.source.version) == ("s3://states/env:/stg/app.tfstate", "3")
    resolver.lookup(ID)
    client = context.clients["s3"]
    assert isinstance(client, FakeAwsClient)
    assert client.calls == [
        ("GetObject", {"Bucket": "states", "Key": "env:/stg/app.tfstate", "Range": "bytes=0-16777215"})
    ]


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (
            AwsDenied("no", code="AccessDenied"),
            Denied,
            "s3:GetObject on arn:aws:s3:::states/env:/stg/app.tfstate",
        ),
        (AwsDenied("no", code="AccessDenied"), Denied, "unless s3:ListBucket on arn:aws:s3:::states"),
        (
            AwsRefused("no", code="NoSuchKey"),
            Unavailable,
            "the bucket states has no object env:/stg/app.tfstate",
        ),
        (AwsRefused("no", code="NoSuchBucket"), Unavailable, "there is no bucket states"),
        (AwsThrottled("slow down"), Unavailable, "slow down"),
    ],
)
def test_s3_refuses(error: AwsDenied, kind: type[ResolveError], says: str) -> None:
    context, config = in_bucket(error)
    with pytest.raises(kind) as caught:
        plugin.open(context, config).lookup(ID)
    assert says in str(caught.value)
    assert caught.value.address == str(ID)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "needs path, url, dir or backend"),
        ({"pth": "x"}, "did you mean path"),
        ({"path": ""}, "is not text"),
        ({"path": 3}, "is not text"),
        ({"path": "s3://b/k"}, "url: s3://b/k"),
        ({"path": "x", "optional": "true"}, "without quotes"),
        ({"url": "ftp://example.com/x.tfstate"}, "ftp:// is no URL of a state that can be read"),
        ({"url": "https://me:hush@example.com/x.tfstate"}, "TF_HTTP_USERNAME"),
        ({"path": "https://me:hush@example.com/x.tfstate"}, "url: https://example.com/x.tfstate"),
        ({"url": "http:///x"}, "http(s)://HOST/PATH"),
        ({"url": "gs://b"}, "gs://BUCKET/OBJECT"),
        ({"url": "azurerm://group/account/container"}, "azurerm://GROUP/ACCOUNT/CONTAINER/BLOB"),
        ({"url": "remote://host/organization"}, "remote://HOST/ORGANIZATION/WORKSPACE"),
        ({"dir": "x", "url": "y"}, "both url and dir"),
        ({"path": "x", "backend": "s3"}, "both path and backend"),
        ({"path": "x", "workspace": "stg"}, "names one workspace's state already"),
        ({"dir": ["x"]}, "dir: ../infra"),
        ({"outputs_only": "yes", "path": "x"}, "outputs_only: true, without quotes"),
        ({"backend": "azure"}, "did you mean azurerm"),
        ({"backend": "consul"}, "one of azurerm, cloud, gcs"),
        ({"path": "x", "backend_config": {}}, "goes with dir or backend"),
        ({"dir": "x", "backend_config": "key=x"}, "is no object"),
        ({"backend": "http", "backend_config": {"password": "hush"}}, "TF_HTTP_PASSWORD"),
        ({"dir": "x", "backend_config": {"secret_key": "hush"}}, "AWS_SECRET_ACCESS_KEY"),
        ({"url": "s3://bucket"}, "names no object"),
        ({"url": "s3:///key"}, "names no object"),
        ({"url": "file://x/y"}, "absolute path"),
        ({"url": "http://[x"}, "is none"),
    ],
)
def test_configs_that_are_wrong(config: Config, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plugin.open(FakeContext(), config)
    assert says in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["aws.tfstate", "./aws.tfstate", f"file://{STATES}/aws.tfstate"])
def test_urls_of_files(url: str) -> None:
    assert plugin.open(FakeContext(STATES), {"url": url}).lookup(ID).data == "i-new"


def test_actions() -> None:
    assert list(plugin.actions({"path": "x"})) == []
    assert list(plugin.actions({"url": "s3://b/k"})) == ["s3:GetObject", "kms:Decrypt"]
    assert "sts:AssumeRole" in plugin.actions({"dir": "x"})
    flat, nested = {"role_arn": "r"}, {"assume_role": {"role_arn": "r"}}
    for config in (flat, nested):
        assert "sts:AssumeRole" in plugin.actions({"backend": "s3", "backend_config": config})
    assert list(plugin.actions({"backend": "s3", "backend_config": {"bucket": "b"}})) == [
        "s3:GetObject",
        "kms:Decrypt",
    ]
    assert list(plugin.actions({"url": "gs://b/k"})) == []
