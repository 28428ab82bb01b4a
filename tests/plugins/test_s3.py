"""Objects in S3: their texts, their JSON, versions, limits, and what is not there."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import AwsDenied, AwsError, AwsNotFound, AwsRefused, AwsUnreachable
from reconciler.plugin import Config, ConfigError, Denied, Json, NotFound, ResolveError, Source, Unavailable
from reconciler.testing import FakeAwsClient
from reconciler_s3 import plugin
from tests.plugins import services

OBJECTS = {
    "image.txt": b"app:1.2\n",
    "empty": b"",
    "app.json": b'{"tag": "1.2", "db": {"password": "hush", "port": 5432}, "users": [{"apiToken": "hush"}]}',
    "notes.txt": b"{not json",
    "nan.json": b"[NaN]",
    "binary": b"\xff\xfe",
    "large": b"x" * 50,
    "prod/db-password.txt": b"hush",
    "odd?versionId": b"odd",
}


def get(Bucket: str, Key: str, Range: str, VersionId: str = "") -> dict[str, Any] | AwsError:  # noqa: N803
    if Bucket == "none":
        return AwsNotFound("no bucket", code="NoSuchBucket")
    if Bucket == "forbidden":
        return AwsDenied("Access Denied", code="AccessDenied")
    if Bucket == "away":
        return AwsUnreachable("no connection", temporary=True)
    if Key not in OBJECTS:
        return AwsNotFound("no key", code="NoSuchKey")
    if VersionId not in ("", "v1"):
        return AwsNotFound("no version", code="NoSuchVersion")
    body = OBJECTS[Key]
    if not body:
        return AwsRefused("not satisfiable", code="InvalidRange")
    limit = int(Range.removeprefix("bytes=0-"))
    return {"Body": body[: limit + 1], "ETag": '"e1"', **({"VersionId": VersionId} if VersionId else {})}


def listed(Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803
    assert (Bucket, MaxKeys) == ("b", 500)
    return {"Contents": [{"Key": key} for key in OBJECTS if key.startswith(Prefix)]}


CLIENTS = {"s3": FakeAwsClient({"GetObject": get, "ListObjectsV2": listed})}


@pytest.mark.parametrize(
    ("function", "arguments", "data", "source"),
    [
        ("s3_object", ["s3://b/image.txt"], "app:1.2\n", Source("s3://b/image.txt", version="e1")),
        ("s3_object", ["s3://b/image.txt", "v1"], "app:1.2\n", Source("s3://b/image.txt", version="v1")),
        ("s3_object", ["s3://b/image.txt?versionId=v1"], "app:1.2\n", Source("s3://b/image.txt", version="v1")),
        ("s3_object", ["s3://b/image.txt", None], "app:1.2\n", Source("s3://b/image.txt", version="e1")),
        ("s3_object", ["s3://b/empty"], "", Source("s3://b/empty")),
        ("s3_object", ["s3://b/odd?versionId"], "odd", Source("s3://b/odd?versionId", version="e1")),
    ],
)  # fmt: skip
def test_texts(function: str, arguments: list[Json], data: Json, source: Source) -> None:
    value = services.lookup(plugin, CLIENTS, function, *arguments)
    assert (value.data, value.source, value.sensitive_paths) == (data, source, ())


def test_json_with_its_secrets_hidden() -> None:
    value = services.lookup(plugin, CLIENTS, "s3_json", "s3://b/app.json")
    assert isinstance(value.data, dict)
    assert value.data["tag"] == "1.2"
    assert value.sensitive_paths == (("db", "password"), ("users", 0, "apiToken"))


@pytest.mark.parametrize(
    ("url", "config"), [("s3://b/prod/db-password.txt", {}), ("s3://b/image.txt", {"sensitive": True})]
)
def test_what_is_hidden_as_a_whole(url: str, config: Config) -> None:
    assert services.lookup(plugin, CLIENTS, "s3_object", url, config=config).sensitive_paths == ((),)


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "says"),
    [
        ("s3_object", ["s3://none/a"], NotFound, "there is no bucket none"),
        (
            "s3_object",
            ["s3://b/imag.txt"],
            NotFound,
            "has no object imag.txt\n  did you mean s3://b/image.txt",
        ),
        ("s3_object", ["s3://b/image.txt", "v9"], NotFound, "has no version v9 that can be read"),
        ("s3_object", ["s3://forbidden/a"], Denied, "allow s3:GetObject on arn:aws:s3:::forbidden/a"),
        ("s3_object", ["s3://forbidden/a", "v1"], Denied, "allow s3:GetObjectVersion on"),
        ("s3_object", ["s3://away/a"], Unavailable, "no connection"),
        (
            "s3_object",
            ["s3://b/large"],
            Unavailable,
            "s3://b/large is larger than 40 bytes\n  try: raise max_bytes",
        ),
        ("s3_object", ["s3://b/binary"], Unavailable, "is no text in UTF-8"),
        ("s3_json", ["s3://b/notes.txt"], Unavailable, "s3://b/notes.txt is no JSON at line 1"),
        ("s3_json", ["s3://b/nan.json"], Unavailable, "is no JSON"),
    ],
)
def test_errors(function: str, arguments: list[Json], kind: type[ResolveError], says: str) -> None:
    with pytest.raises(kind) as caught:
        services.lookup(plugin, CLIENTS, function, *arguments, config={"max_bytes": 40})
    assert says in str(caught.value)
    assert caught.value.address == str(services.address(plugin, function, *arguments))


@pytest.mark.parametrize(
    "url", ["b/a", "s3://b", "s3://b/", "s3:///a", "https://b/a", "", 3, "s3://b/a?versionId=1?versionId=2"]
)
def test_what_is_no_url_of_an_object(url: Json) -> None:
    with pytest.raises(ConfigError):
        services.address(plugin, "s3_object", url)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"max_byte": 1}, "did you mean max_bytes?"),
        ({"max_bytes": "1"}, "max_bytes of the s3 plugin is a whole number"),
        ({"max_bytes": True}, "max_bytes of the s3 plugin is a whole number"),
        ({"max_bytes": 0}, "at least 1"),
        ({"sensitive": 1}, "true or false"),
    ],
)
def test_configs_that_are_wrong(config: Config, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        services.lookup(plugin, CLIENTS, "s3_object", "s3://b/image.txt", config=config)
    assert says in str(caught.value)
