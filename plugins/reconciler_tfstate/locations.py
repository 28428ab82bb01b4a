"""Where a state is, and its bytes.

``path`` is a file, ``url`` a file too, ``file:///…`` or ``s3://bucket/key``; relative ones start at the project
file's folder. As for the peer, ``path`` wins over ``url``, and ``optional`` must be a boolean.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol
from urllib.parse import unquote, urlsplit

from reconciler.plugin import (
    Address,
    AwsDenied,
    AwsError,
    Config,
    ConfigError,
    Context,
    Denied,
    Unavailable,
    refusal,
)

_KEYS = ("path", "url", "optional")


class Missing(Unavailable):
    """There is no state at the location, as opposed to one that cannot be read."""


class Location(Protocol):
    """Where a state is. `name` is the location as it was configured."""

    @property
    def name(self) -> str:
        """Give the name that messages and provenance show."""
        ...

    def read(self, context: Context, address: Address) -> bytes:
        """Give the bytes. Missing, Denied or Unavailable where there are none; `address` is what asks."""
        ...


@dataclass(frozen=True, slots=True)
class File:
    """A state in a file."""

    name: str
    path: str

    def read(self, context: Context, _address: Address) -> bytes:
        """Read the file; each way in which that fails has its own message."""
        path = context.root / self.path
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            hint = (
                "correct path or url in the plugin's config, run terraform apply first, or set optional: true"
            )
            raise Missing(f"there is no state at {path}", hint=hint) from None
        except PermissionError:
            raise Denied(
                f"the file system does not let the state {path} be read", hint=f"ls -l {path}"
            ) from None
        except IsADirectoryError:
            hint = f"name the file, {self.name.rstrip('/')}/terraform.tfstate"
            raise Unavailable(f"the state {path} is a folder", hint=hint) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "the path is none"
            raise Unavailable(f"the state {path} cannot be read: {reason}") from None


@dataclass(frozen=True, slots=True)
class S3:
    """A state in a bucket."""

    name: str
    bucket: str
    key: str

    def read(self, context: Context, address: Address) -> bytes:
        """Get the object with the shared client."""
        try:
            answer = context.client("s3").call("GetObject", Bucket=self.bucket, Key=self.key)
        except AwsDenied:
            raise Denied(
                f"S3 does not let the object {self.key} of the bucket {self.bucket} be read",
                hint=f"allow s3:GetObject on arn:aws:s3:::{self.bucket}/{self.key} (and kms:Decrypt if a key of "
                "your own encrypts it); S3 answers the same for an object that does not exist unless "
                f"s3:ListBucket on arn:aws:s3:::{self.bucket} is allowed",
            ) from None
        except AwsError as error:
            match error.code:
                case "NoSuchKey":
                    hint = "correct the key, run terraform apply first, or set optional: true"
                    raise Missing(f"the bucket {self.bucket} has no object {self.key}", hint=hint) from None
                case "NoSuchBucket":
                    hint = "correct the bucket in the plugin's url, or check the account of the credentials"
                    raise Missing(f"there is no bucket {self.bucket}", hint=hint) from None
            raise refusal(error, address) from error
        body: bytes = answer["Body"]
        return body


def location(config: Config) -> Location:
    """Read a plugin's config. ConfigError where it names no location that can be read."""
    for key in config:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(_KEYS)}"
            raise ConfigError(f"the tfstate plugin has no setting {key!r}", hint=hint)
    if not isinstance(config.get("optional", False), bool):
        raise ConfigError(
            "optional of the tfstate plugin is no boolean", hint="optional: true, without quotes"
        )
    if config.get("path") is not None:
        path = _text(config, "path")
        if "://" in path:
            raise ConfigError(f"path of the tfstate plugin is a URL, {path}", hint=f"url: {path}")
        return File(path, path)
    if config.get("url") is not None:
        return _from_url(_text(config, "url"))
    raise ConfigError("the tfstate plugin needs path or url", hint="config: {path: terraform.tfstate}")


def _text(config: Config, key: str) -> str:
    value = config[key]
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{key} of the tfstate plugin is not text", hint=f"{key}: terraform.tfstate")
    return value


def _from_url(url: str) -> Location:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigError(f"url of the tfstate plugin is none: {url}", hint="s3://BUCKET/KEY") from None
    path = unquote(parts.path)
    match parts.scheme:
        case "":
            return File(url, url)
        case "file" if parts.netloc in {"", "localhost"} and path.startswith("/"):
            return File(url, path)
        case "file":
            raise ConfigError(
                f"a file URL holds an absolute path: {url}", hint="file:///PATH, or a plain path"
            )
        case "s3" if parts.netloc and path.strip("/") and not parts.query and not parts.fragment:
            return S3(url, parts.netloc, path.removeprefix("/"))
        case "s3":
            raise ConfigError(f"url of the tfstate plugin names no object: {url}", hint="s3://BUCKET/KEY")
    raise ConfigError(
        f"{parts.scheme}:// URLs of states are not supported yet",
        hint="a path, file:///PATH or s3://BUCKET/KEY; `terraform state pull > terraform.tfstate` makes a file",
    )
