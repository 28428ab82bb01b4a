"""Reading objects, no further than they may be large."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from reconciler.plugin import (
    Address,
    AwsDenied,
    AwsError,
    ConfigError,
    Context,
    Denied,
    Json,
    NotFound,
    Remembering,
    ResolveError,
    Source,
    Unavailable,
    Value,
    refusal,
    secret_member,
    secret_paths,
)

HINT: Final = "s3_object `s3://bucket/key`"
JSON: Final = "json "
LIMIT: Final = 1 << 20  # bytes
VERSION: Final = "?versionId="
_SCHEME: Final = "s3://"


@dataclass(frozen=True, slots=True)
class Object:
    """What an address names; the newest version where it names none."""

    bucket: str
    key: str
    version: str = ""

    @classmethod
    def parse(cls, url: str) -> Object:
        """Read ``s3://BUCKET/KEY[?versionId=VERSION]``. ConfigError where a text is no such URL."""
        rest, _, version = url.removeprefix(_SCHEME).partition(VERSION)
        bucket, _, key = rest.partition("/")
        if not url.startswith(_SCHEME) or not bucket or not key or VERSION in version:
            raise ConfigError(f"{url} is no URL of an object", hint=HINT)
        return cls(bucket, key, version)

    def __str__(self) -> str:
        """Give the URL."""
        return f"{_SCHEME}{self.bucket}/{self.key}" + (f"{VERSION}{self.version}" if self.version else "")

    @property
    def secret(self) -> bool:
        """Tell whether its name says that it is secret: ``prod/db-password.txt``."""
        return secret_member(self.key.rpartition("/")[2].partition(".")[0])


class ObjectResolver(Remembering):
    """Answers addresses by GetObject."""

    def __init__(self, context: Context, limit: int, *, sensitive: bool) -> None:
        """Read objects of at most `limit` bytes."""
        super().__init__()
        self._context = context
        self._limit = limit
        self._sensitive = sensitive

    def read(self, address: Address, /) -> Value:
        """Give an object's text, or its JSON."""
        wanted = _parsed(address)
        found = self._get(wanted, address)
        body: bytes = found["Body"]
        if len(body) > self._limit:
            raise Unavailable(
                f"{wanted} is larger than {self._limit} bytes",
                hint="raise max_bytes of the s3 plugin",
                address=str(address),
            )
        version = str(found.get("VersionId") or "").removeprefix("null") or str(found.get("ETag", "")).strip(
            '"'
        )
        source = Source(f"{_SCHEME}{wanted.bucket}/{wanted.key}", version=version)
        data = _data(body, wanted, address)
        whole = self._sensitive or wanted.secret
        return Value(data, ((),) if whole else secret_paths(data), source=source)

    def _get(self, wanted: Object, address: Address) -> dict[str, Any]:
        more = {"VersionId": wanted.version} if wanted.version else {}
        try:
            return self._context.client("s3").call(
                "GetObject",
                Bucket=wanted.bucket,
                Key=wanted.key,
                Range=f"bytes=0-{self._limit}",  # one byte more than there may be
                **more,
            )
        except AwsDenied:
            raise Denied(
                f"S3 does not let {wanted} be read",
                hint=f"allow s3:GetObject{'Version' * bool(more)} on arn:aws:s3:::{wanted.bucket}/{wanted.key} (and "
                "kms:Decrypt if a key of your own encrypts it); S3 answers the same for an object that does not exist "
                f"unless s3:ListBucket on arn:aws:s3:::{wanted.bucket} is allowed",
                address=str(address),
            ) from None
        except AwsError as error:
            if error.code == "InvalidRange":  # what S3 answers where an object is empty
                return {"Body": b""}
            raise self._missing(error, wanted, address) from error

    def _missing(self, error: AwsError, wanted: Object, address: Address) -> ResolveError:
        match error.code:
            case "NoSuchBucket":
                hint = "check its name and the account"
                return NotFound(f"there is no bucket {wanted.bucket}", hint=hint, address=str(address))
            case "NoSuchVersion" | "InvalidArgument" | "MethodNotAllowed" if wanted.version:
                hint = f"aws s3api list-object-versions --bucket {wanted.bucket} --prefix {wanted.key}"
                what = f"s3://{wanted.bucket}/{wanted.key} has no version {wanted.version} that can be read"
                return NotFound(what, hint=hint, address=str(address))
            case "NoSuchKey":
                what = f"the bucket {wanted.bucket} has no object {wanted.key}"
                return NotFound(what, hint="check the key", address=str(address), near=self._near(wanted))
        return refusal(error, address)

    def _near(self, wanted: Object) -> tuple[str, ...]:
        folder, slash, _ = wanted.key.rpartition("/")
        keys: list[str] = []
        with suppress(AwsError):  # near misses are a courtesy, which takes a right of its own
            listed = self._context.client("s3").call(
                "ListObjectsV2", Bucket=wanted.bucket, Prefix=f"{folder}{slash}", MaxKeys=500
            )
            keys = [str(each["Key"]) for each in listed.get("Contents", ())]
        found = get_close_matches(wanted.key, keys, n=3)
        return tuple(f"{_SCHEME}{wanted.bucket}/{key}" for key in found)


def _parsed(address: Address) -> Object:
    try:
        return Object.parse(address.path.removeprefix(JSON))
    except ConfigError as error:
        raise NotFound(error.what, hint=error.hint, address=str(address)) from None


def _data(body: bytes, wanted: Object, address: Address) -> Json:
    try:
        text = body.decode()
        if not address.path.startswith(JSON):
            return text
        data: Json = json.loads(text, parse_constant=_no_number)
    except UnicodeDecodeError:
        what, hint = f"{wanted} is no text in UTF-8", "only text can be referred to"
    except (ValueError, RecursionError) as error:
        at = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        what, hint = f"{wanted} is no JSON{at}", "correct it, or take it as text with s3_object"
    else:
        return data
    raise Unavailable(what, hint=hint, address=str(address))


def _no_number(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")
