"""How AWS differs from a project's files, and who moved since the last apply; and the records that tell."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from reconciler.api.plannings import Planning
from reconciler.core.values import Json
from reconciler.errors import (
    AwsNotFound,
    ConfigError,
    PlanError,
    ReconcilerError,
    Refused,
    StalePlan,
    Where,
)
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.core.accepted import Entry
    from reconciler.core.applied import Applied
    from reconciler.core.drifts import Drift
    from reconciler.core.plans import Plan
    from reconciler.engine.options import Options
    from reconciler.plugin import AwsClient

_S3: Final = re.compile(r"s3://([^/]+)/?(.*)")


@dataclass(frozen=True, slots=True)
class Drifted:
    """The drift of a project: the plan that would end it, its differences, and the record that they were held against.

    `record` is None where there is none (yet), and `wanted` tells whether the project names a place for it.
    """

    plan: Plan
    drifts: tuple[Drift, ...]
    record: Applied | None
    wanted: bool


class Drifting(Planning):
    """What an opened project says of drift."""

    def drift(self, options: Options | None = None) -> Drifted:
        """Compare the files, AWS and what was applied last. PlanError for a record that cannot be read."""
        from reconciler.core import accepted, drifts

        plan = self.plan(options)
        store = self._store()
        record = self._recorded(plan, store) if store is not None else None
        found = drifts.judge(plan, record, self._kinds(), self._values(plan), self._moved(plan, record))
        marked = accepted.mark(found, self._accepted(), datetime.fromtimestamp(self.clock.now(), UTC).date())
        return Drifted(plan, marked, record, store is not None)

    def accept(self, drifted: Drifted, reason: str, until: str = "") -> tuple[str, ...]:
        """Accept the differences that count, up to a day or for good; gives the places of those that are new.

        They are written to `core.accepted.FILE` beside the project file. ConfigError where that cannot be done.
        """
        from reconciler.core import accepted
        from reconciler.render import definitions

        entries, new = accepted.added(self._accepted(), drifted.drifts, reason, until)
        path = self.project.root / accepted.FILE
        try:
            path.write_text(definitions.plain_yaml(accepted.document(entries)), encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
        return tuple(f"{entry.unit} {entry.address}".rstrip() for entry in new)

    def _accepted(self) -> tuple[Entry, ...]:
        import yaml

        from reconciler.core import accepted
        from reconciler.load import sources

        path = self.project.root / accepted.FILE
        if not path.exists():
            return ()
        try:
            document = yaml.safe_load(sources.text(path))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = Where(str(path), mark.line + 1, mark.column + 1) if mark is not None else Where(str(path))
            raise ConfigError("this is no YAML", where, getattr(error, "problem", None)) from None
        return accepted.read(document, str(path))

    def keep_record(self, plan: Plan, shown: str) -> str:
        """Write down that a plan was applied; gives where, empty where the project names no place.

        `shown` is the plan in JSON, masked. PlanError or AwsError where it cannot be written.
        """
        from reconciler.core import applied

        store = self._store()
        if store is None or not plan.units:
            return ""
        return store.write(_name(plan), applied.write(self.clock.now(), self._values(plan), shown))

    def _values(self, plan: Plan) -> dict[str, Json]:
        from reconciler.core import applied

        return applied.kept(plan, {address: value.data for address, value in self._files.known.items()})

    def _recorded(self, plan: Plan, store: Store) -> Applied | None:
        from reconciler.core import applied

        name = _name(plan)
        text = store.read(name)
        return applied.read(text, store.named(name)) if text is not None else None

    def _moved(self, plan: Plan, record: Applied | None) -> set[tuple[str, str]]:
        """Give the secrets of the record that are others now, by unit and place; looked up where one differs."""
        if record is None or not any(finding.sensitive for unit in plan.units for finding in unit.changes):
            return set()
        from reconciler.core import secrets

        found: set[tuple[str, str]] = set()
        for unit in record.plan.units:
            for index, secret in enumerate(unit.secrets):
                try:
                    addresses = [origin.address for origin in secret.sources]
                    secrets.fill(secrets.slot(index), unit.secrets, self._files.reveal(addresses))
                except StalePlan:
                    found.add((unit.address, secret.place))
                except (Refused, ReconcilerError):  # whether it moved cannot be told
                    continue
        return found

    def _store(self) -> Store | None:
        place = self.settings.record
        if not place:
            return None
        found = _S3.fullmatch(place)
        if found is None:
            return _Folder(self.settings.root / place)
        return _Bucket(self._connection.aws(self._files.region).client("s3"), found[1], found[2])


class Store(Protocol):
    """Where records are."""

    def named(self, name: str, /) -> str:
        """Give what people call a record."""
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
            beside = path.with_suffix(".new")
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


def _name(plan: Plan) -> str:
    """Name the record of a plan by what it is about: its service, or else its task definition."""
    unit = next((each for each in plan.units if each.kind != "task_definition"), plan.units[0])
    return re.sub(r"[^A-Za-z0-9_.-]", ".", f"{unit.account}.{unit.region}.{unit.kind}.{unit.name}") + ".json"
