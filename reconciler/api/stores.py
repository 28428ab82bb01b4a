"""Where records of what was applied are kept, and what a drift comes to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from reconciler.errors import AwsNotFound, ConfigError, PlanError, Where
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.core.applied import Applied
    from reconciler.core.drifts import Drift
    from reconciler.core.plans import Notice, Plan
    from reconciler.plugin import AwsClient

_S3: Final = re.compile(r"s3://([^/]+)/?(.*)")


@dataclass(frozen=True, slots=True)
class Drifted:
    """The drift of a project: the plan that would end it, its differences, and the record that they were held against.

    `record` is None where there is none (yet), and `wanted` tells whether the project names a place for it. `places`
    are where files say the fields that differ, by the addresses of unit and field; `notices` say what is not known.
    """

    plan: Plan
    drifts: tuple[Drift, ...]
    record: Applied | None
    wanted: bool
    places: Mapping[tuple[str, str], Where] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


class Store(Protocol):
    """Where records are."""

    def named(self, name: str, /) -> str:
        """Give what people call a record."""
        ...

    def names(self) -> tuple[str, ...]:
        """Give the names of the records that there are, in no order."""
        ...

    def read(self, name: str, /) -> str | None:
        """Give a record; None where there is none."""
        ...

    def write(self, name: str, text: str, /) -> str:
        """Write a record; gives what people call it."""
        ...


@dataclass(frozen=True, slots=True)
class _Folder:
    path: Path

    def named(self, name: str, /) -> str:
        return str(self.path / name)

    def names(self) -> tuple[str, ...]:
        return tuple(path.name for path in self.path.glob("*.json"))

    def read(self, name: str, /) -> str | None:
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise PlanError(f"the record {self.named(name)} cannot be read: {error}") from None

    def write(self, name: str, text: str, /) -> str:
        path = self.path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.{os.getpid()}")  # another run may write the same
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            raise PlanError(f"the record {path} cannot be written: {error.strerror}") from error
        return str(path)


@dataclass(frozen=True, slots=True)
class _Bucket:
    client: AwsClient
    bucket: str
    prefix: str

    def named(self, name: str, /) -> str:
        return f"s3://{self.bucket}/{self._key(name)}"

    def names(self) -> tuple[str, ...]:
        pages = self.client.pages("ListObjectsV2", Bucket=self.bucket, Prefix=self._key(""), Delimiter="/")
        return tuple(each["Key"].rpartition("/")[2] for page in pages for each in page.get("Contents", ()))

    def read(self, name: str, /) -> str | None:
        try:
            answer = self.client.call("GetObject", Bucket=self.bucket, Key=self._key(name))
        except AwsNotFound as error:
            if error.code == "NoSuchBucket":
                raise
            return None
        body: bytes = answer["Body"]
        return body.decode(errors="replace")

    def write(self, name: str, text: str, /) -> str:
        self.client.call("PutObject", Bucket=self.bucket, Key=self._key(name), Body=text.encode())
        return self.named(name)

    def _key(self, name: str) -> str:
        return f"{self.prefix.rstrip('/')}/{name}" if self.prefix else name


def opened(place: str, root: Path, s3: Callable[[], AwsClient]) -> Store:
    """Open a place: ``s3://BUCKET/PREFIX``, or a folder, from `root`. ConfigError for another URL."""
    found = _S3.fullmatch(place)
    if found is None and "://" in place:
        raise ConfigError(f"{place} is neither a folder nor s3://BUCKET/PREFIX")
    return _Folder(root / place) if found is None else _Bucket(s3(), found[1], found[2])


def name(plan: Plan) -> str:
    """Name the record of a plan by what it is about: its service, or else its task definition."""
    unit = next((each for each in plan.units if each.kind != "task_definition"), plan.units[0])
    return named(unit.account, unit.region, unit.kind, unit.name)


def named(account: str, region: str, kind: str, unit: str) -> str:
    """Name the record of a unit, by the names of its kind and its own in a plan."""
    return re.sub(r"[^A-Za-z0-9_.-]", ".", f"{account}.{region}.{kind}.{unit}") + ".json"
