"""States in S3, read from moto on loopback by the product's own clients."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import (
    AwsError,
    AwsThrottled,
    AwsUnreachable,
    ConfigError,
    Denied,
    NotFound,
    Unavailable,
)
from reconciler.plugin import Address, AwsOptions, ResolveError, Resolver
from reconciler.testing import FakeAwsClient, FakeContext
from reconciler_tfstate import plugin, stores
from reconciler_tfstate.backends import s3

OUTPUT = Address("tfstate", "output.vpc_id")
ROLE = "arn:aws:iam::123456789012:role/state-reader"
CUSTOMER_KEY = base64.b64encode(b"k" * 32).decode()


def state(value: str) -> bytes:
    outputs = {"vpc_id": {"value": value, "type": "string"}}
    return json.dumps(
        {"version": 4, "serial": 7, "lineage": "l", "outputs": outputs, "resources": []}
    ).encode()


@pytest.fixture
def bucket(moto: Any, tmp_path: Path) -> Any:
    run = moto.run(tmp_path)
    run.client("s3").call("CreateBucket", Bucket="states")
    return run


def put(run: Any, key: str, value: str, **more: Any) -> None:
    run.client("s3").call("PutObject", Bucket="states", Key=key, Body=state(value), **more)


def folder(root: Path, **settings: object) -> dict[str, Any]:
    """Write a folder whose files name a backend, and give the plugin's config for it."""
    (root / "infra").mkdir(exist_ok=True)
    given = {"bucket": "states", "key": "app.tfstate", **settings}
    body = json.dumps({"terraform": {"backend": {"s3": given}}})
    (root / "infra" / "backend.tf.json").write_text(body)
    return {"dir": "infra"}


def opened(run: Any, config: Any) -> Resolver:
    return plugin.open(run, config)


def refused(run: Any, config: Any) -> ResolveError:
    with pytest.raises(ResolveError) as caught:
        opened(run, config).lookup(OUTPUT)
    assert "hush" not in str(caught.value)
    assert caught.value.hint
    return caught.value


def test_workspaces(bucket: Any, tmp_path: Path) -> None:
    put(bucket, "app.tfstate", "of-default")
    put(bucket, "env:/stg/app.tfstate", "of-stg")
    put(bucket, "w/stg/app.tfstate", "of-w-stg")
    config = folder(tmp_path)
    value = opened(bucket, config).lookup(OUTPUT)
    assert value.data == "of-default"
    assert value.source is not None
    assert (value.source.name, value.source.version) == ("s3://states/app.tfstate", "7")
    assert opened(bucket, {**config, "workspace": "stg"}).lookup(OUTPUT).data == "of-stg"
    prefixed = folder(tmp_path, workspace_key_prefix="w")
    assert opened(bucket, {**prefixed, "workspace": "stg"}).lookup(OUTPUT).data == "of-w-stg"
    assert opened(bucket, {"url": "s3://states/w/stg/app.tfstate"}).lookup(OUTPUT).data == "of-w-stg"


def test_what_is_absent_and_what_is_wrong(bucket: Any, tmp_path: Path) -> None:
    absent = refused(bucket, folder(tmp_path))
    assert isinstance(absent, Unavailable)
    assert "the bucket states has no object app.tfstate" in absent.what
    assert isinstance(refused(bucket, {**folder(tmp_path), "optional": True}), NotFound)
    wrong = refused(bucket, {**folder(tmp_path, bucket="nowhere"), "optional": True})
    assert isinstance(wrong, Unavailable)
    assert "there is no bucket nowhere" in wrong.what


def test_a_lockfile_says_who_applies(bucket: Any, tmp_path: Path) -> None:
    lock = {"Operation": "OperationTypeApply", "Who": "ann@desk", "Created": "2026-11-20T10:00:00Z"}
    bucket.client("s3").call(
        "PutObject", Bucket="states", Key="app.tfstate.tflock", Body=json.dumps(lock).encode()
    )
    assert "locked by apply of ann@desk" in refused(bucket, folder(tmp_path)).what


def test_another_region_endpoint_and_profile(moto: Any, bucket: Any, tmp_path: Path) -> None:
    put(bucket, "app.tfstate", "there")
    credentials = tmp_path / "credentials"
    credentials.write_text("[states]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = hush\n")
    elsewhere = moto.run(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"})
    config = folder(
        tmp_path,
        region="eu-west-1",
        profile="states",
        endpoints={"s3": moto.url},
        shared_credentials_files=[str(credentials)],
        use_path_style=True,
    )
    assert opened(elsewhere, config).lookup(OUTPUT).data == "there"
    older = folder(tmp_path, endpoint=moto.url, access_key="AKIAGIVEN", secret_key="hush", token="hush")
    assert opened(elsewhere, older).lookup(OUTPUT).data == "there"
    unreachable = refused(elsewhere, folder(tmp_path))
    assert isinstance(unreachable, Unavailable)
    assert unreachable.retry_after is None, "the client has tried as often as it was told to"
    absent = refused(elsewhere, folder(tmp_path, endpoint=moto.url, profile="nobody"))
    assert isinstance(absent, Denied)


@pytest.fixture
def reader(moto: Any, bucket: Any) -> Any:
    """A user who may only assume the role that may only read the state."""
    put(bucket, "app.tfstate", "behind a role")
    iam = bucket.client("iam")

    def document(*actions: str) -> str:
        allow = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]
        return json.dumps({"Version": "2012-10-17", "Statement": allow})

    iam.call("CreateUser", UserName="ann")
    assume = document("sts:AssumeRole")
    iam.call("PutUserPolicy", UserName="ann", PolicyName="p", PolicyDocument=assume)
    keys = iam.call("CreateAccessKey", UserName="ann")["AccessKey"]
    iam.call("CreateRole", RoleName="state-reader", AssumeRolePolicyDocument=assume)
    may = document("s3:GetObject", "s3:ListBucket")
    iam.call("PutRolePolicy", RoleName="state-reader", PolicyName="p", PolicyDocument=may)
    moto.authorise()
    environ = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}
    return lambda root: moto.run(root, environ)


def test_a_role_reads_what_its_user_may_not(reader: Any, tmp_path: Path) -> None:
    run = reader(tmp_path)
    denied = refused(run, folder(tmp_path))
    assert isinstance(denied, Denied)
    assert "allow s3:GetObject on arn:aws:s3:::states/app.tfstate" in str(denied)
    for settings in (
        {"assume_role": {"role_arn": ROLE, "session_name": "me", "external_id": "x1", "duration": "1h"}},
        {"role_arn": ROLE, "session_name": "me", "assume_role_duration_seconds": 900},
    ):
        assert opened(run, folder(tmp_path, **settings)).lookup(OUTPUT).data == "behind a role"


def test_a_user_who_may_not_assume_the_role(moto: Any, reader: Any, tmp_path: Path) -> None:
    run = moto.run(tmp_path, {"AWS_ACCESS_KEY_ID": "AKIANOBODY0000000000"})
    assert reader
    denied = refused(run, folder(tmp_path, role_arn=ROLE))
    assert isinstance(denied, Denied)


def test_a_large_object_comes_in_pieces(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_PIECE", 40)
    monkeypatch.setattr(stores, "IN_FILE", 50)
    put(bucket, "app.tfstate", "found")
    assert opened(bucket, {"url": "s3://states/app.tfstate"}).lookup(OUTPUT).data == "found"


def test_an_empty_object_is_no_state(bucket: Any) -> None:
    bucket.client("s3").call("PutObject", Bucket="states", Key="app.tfstate", Body=b"")
    assert "is empty" in refused(bucket, {"url": "s3://states/app.tfstate"}).what


def test_an_object_that_is_written_between_two_pieces(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_PIECE", 40)
    put(bucket, "app.tfstate", "before")
    pieces = s3.Object("n", "states", "app.tfstate")._pieces

    def disturbed(_self: s3.Object, client: Any) -> Iterator[bytes]:
        for number, piece in enumerate(pieces(client)):
            yield piece
            if number == 0:
                put(bucket, "app.tfstate", "after")

    monkeypatch.setattr(s3.Object, "_pieces", disturbed)
    error = refused(bucket, {"url": "s3://states/app.tfstate"})
    assert isinstance(error, Unavailable)
    assert "was written to while it was read" in error.what
    assert error.retry_after


def test_ranges_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_PIECE", 10)
    short = FakeAwsClient({"GetObject": {"Body": b"{}", "ContentRange": "bytes 0-9/500", "ETag": "e"}})
    error = refused(FakeContext(clients={"s3": short}), {"url": "s3://states/app.tfstate"})
    assert "broke off" in error.what
    whole = FakeAwsClient({"GetObject": {"Body": state("found")}})
    context = FakeContext(clients={"s3": whole})
    assert opened(context, {"url": "s3://states/app.tfstate"}).lookup(OUTPUT).data == "found"
    assert len(short.calls) == len(whole.calls) == 1


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (AwsThrottled("s3 GetObject: slow down (SlowDown)", code="SlowDown"), None),
        (
            AwsUnreachable("s3 GetObject: no answer (ReadTimeoutError)", code="ReadTimeoutError", hint="x"),
            None,
        ),
        (AwsUnreachable("s3 GetObject: it broke off", code="ResponseStreamingError", hint="x"), 1.0),
    ],
)
def test_who_was_asked_often_enough_is_asked_no_more(error: AwsError, again: float | None) -> None:
    context = FakeContext(clients={"s3": FakeAwsClient({"GetObject": error})})
    with pytest.raises(Unavailable) as caught:
        opened(context, {"url": "s3://states/app.tfstate"}).lookup(OUTPUT)
    assert caught.value.retry_after == again


class Recorded:
    """AWS clients that keep what they were asked, for what moto does not look at."""

    def __init__(self, root: Path, environ: dict[str, str] | None = None) -> None:
        self.root = root
        self.environ = environ or {}
        self.asked: list[tuple[str, AwsOptions | None, str, dict[str, Any]]] = []

    def client(self, service: str, options: AwsOptions | None = None, /) -> Any:
        def call(operation: str, /, **parameters: Any) -> dict[str, Any]:
            self.asked.append((service, options, operation, parameters))
            if service == "sts":
                names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
                return {"Credentials": dict.fromkeys(names, "hush")}
            return {"Body": state("read")}

        return type("Client", (), {"call": staticmethod(call)})()


def test_what_a_role_is_assumed_with(tmp_path: Path) -> None:
    run = Recorded(tmp_path)
    block = {
        "role_arn": ROLE,
        "duration": "1h30m",
        "external_id": "x",
        "policy": "{}",
        "policy_arns": ["arn:p"],
        "source_identity": "ann",
        "tags": {"Team": "blue"},
        "transitive_tag_keys": ["Team"],
    }
    opened(run, folder(tmp_path, region="eu-west-1", profile="p", assume_role=block)).lookup(OUTPUT)
    (_, before, operation, parameters), (_, after, _, _) = run.asked
    assert operation == "AssumeRole"
    assert parameters == {
        "RoleArn": ROLE,
        "RoleSessionName": "reconciler-tfstate",
        "DurationSeconds": 5400,
        "ExternalId": "x",
        "Policy": "{}",
        "PolicyArns": [{"arn": "arn:p"}],
        "SourceIdentity": "ann",
        "Tags": [{"Key": "Team", "Value": "blue"}],
        "TransitiveTagKeys": ["Team"],
    }
    assert before == AwsOptions(region="eu-west-1", profile="p", ambient=True)
    assert after is not None
    assert (after.region, after.profile) == ("eu-west-1", "")
    assert dict(after.variables)["AWS_SESSION_TOKEN"] == "hush"


def test_a_web_identity(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("jwt\n")
    run = Recorded(tmp_path)
    block = {"role_arn": ROLE, "web_identity_token_file": str(tmp_path / "token")}
    opened(run, folder(tmp_path, assume_role_with_web_identity=block)).lookup(OUTPUT)
    assert run.asked[0][2:] == (
        "AssumeRoleWithWebIdentity",
        {"RoleArn": ROLE, "RoleSessionName": "reconciler-tfstate", "WebIdentityToken": "jwt"},
    )
    (tmp_path / "token").unlink()
    with pytest.raises(Unavailable, match="cannot be read"):
        opened(Recorded(tmp_path), folder(tmp_path, assume_role_with_web_identity=block)).lookup(OUTPUT)


@pytest.mark.parametrize("settings", [{"sse_customer_key": CUSTOMER_KEY}, {}])
def test_a_customers_key_goes_with_the_request(tmp_path: Path, settings: dict[str, str]) -> None:
    run = Recorded(tmp_path, {} if settings else {"AWS_SSE_CUSTOMER_KEY": CUSTOMER_KEY})
    opened(run, folder(tmp_path, **settings)).lookup(OUTPUT)
    ((_, _, _, parameters),) = run.asked
    assert parameters["SSECustomerAlgorithm"] == "AES256"
    assert parameters["SSECustomerKey"] == b"k" * 32


def test_an_object_under_a_customers_key(bucket: Any, tmp_path: Path) -> None:
    sealed = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
    put(bucket, "app.tfstate", "sealed", **sealed)
    assert opened(bucket, folder(tmp_path, sse_customer_key=CUSTOMER_KEY)).lookup(OUTPUT).data == "sealed"


def test_no_secret_of_a_backend_shows(tmp_path: Path) -> None:
    from reconciler_tfstate import configs

    config = folder(tmp_path, access_key="hush", secret_key="hush", sse_customer_key=CUSTOMER_KEY)
    location = configs.read(config).locate(Recorded(tmp_path))
    assert "hush" not in repr(location)
    assert repr(b"k" * 32) not in repr(location)
    with pytest.raises(ConfigError):
        configs.read({**config, "backend_config": {"secret_key": "hush"}})
