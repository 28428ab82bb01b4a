"""A plan: a value that says what differs, what would be done about it, and what it was made from.

Plans hold no secrets. `Plan.from_json(plan.to_json()) == plan`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

from reconciler.core.diffs import Action
from reconciler.core.patches import Operation
from reconciler.core.secrets import Secret
from reconciler.core.steps import Step
from reconciler.core.values import Address, Json, JsonObject, Source
from reconciler.errors import Where
from reconciler.records import dataclass

FORMAT: Final = 1


class Verb(Enum):
    """What becomes of a resource."""

    NONE = "no-op"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DEFER = "defer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a piece of the desired document has its value: its place below the change, and the reference."""

    pointer: str
    address: Address
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A change as a plan shows it; before and after are masked where they are sensitive.

    `before` and `after` are None where `has_before` and `has_after` say that there is no value.
    `unknown` marks an `after` that is known only once the plan is applied, `forces` a change that no update can make:
    the resource has to be replaced. `note` says why a difference is left alone, where it is.
    """

    address: str
    pointer: str
    action: Action
    before: Json = None
    after: Json = None
    has_before: bool = True
    has_after: bool = True
    sensitive: bool = False
    unknown: bool = False
    forces: bool = False
    note: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that the reader should know although it changes nothing."""

    what: str
    where: Where | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A reference whose value is known only after Terraform has applied its plan, and the place that uses it."""

    address: Address
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One resource of a plan.

    `name` is ``cluster/service`` or the family; `live` the ARN of what was compared with, empty if nothing was.
    `effects` say what AWS will do (``a new revision``). `ignored` are the pointers (see `ignore:` in the project file)
    where the live value counts as the desired one. `awaits` is why a deferred unit is deferred: nothing of it is
    compared. `desired` is the wire-shaped body with slots for secrets
    (of a `partial` one nothing else is compared),
    `managed` the part of the live document that the plan depends on, masked, and `fingerprint` its salted digest,
    unmasked. `base` and `patch` are the same changes as RFC 6902 on the described body; `base` names the operation
    and the JSON pointer in its answer, None where nothing is live.
    """

    address: str
    kind: str
    name: str
    account: str
    region: str
    cluster: str
    verb: Verb
    live: str = ""
    depends_on: tuple[str, ...] = ()
    changes: tuple[Finding, ...] = ()
    noted: tuple[Finding, ...] = ()
    effects: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    awaits: tuple[Awaited, ...] = ()
    rollout: str = ""
    steps: tuple[Step, ...] = ()
    desired: JsonObject
    partial: bool = False
    secrets: tuple[Secret, ...] = ()
    managed: Json = None
    salt: str = ""
    fingerprint: str = ""
    base: JsonObject | None = None
    patch: tuple[Operation, ...] = ()
    unguarded: int = 0
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A value that the plan used. `ambient` ones come from the environment and are not read again."""

    address: Address
    source: Source | None
    digest: str
    ambient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A resolver instance that the plan used, as the project file configures it.

    `root` is the folder where its paths begin, from the project's own, where it is another one.
    """

    name: str
    config: JsonObject
    func_prefix: str = ""
    root: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """The project that a plan belongs to: its file, a digest of that file's text, what it opens and ignores.

    `timeout` is how long a rollout may take, in seconds, 0 for no limit; `region` the one that the file names, empty
    where it leaves the region to the caller; `record` where it wants applies recorded, empty where it does not;
    `profile` and `assume_role_arn` whose credentials it names.
    """

    file: str
    digest: str
    opened: tuple[Opened, ...] = ()
    ignore_tags: tuple[str, ...] = ()
    timeout: float = 0.0
    region: str = ""
    record: str = ""
    profile: str = ""
    assume_role_arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `plan` prints and `apply` carries out.

    `refusals` are what the API is known to refuse. `errored` (there are some), `complete` and `applyable` are separate
    facts: a plan against a saved description is complete and cannot be applied. `may_replace` says that whoever made
    the plan allows it to replace resources. `made_at` is in seconds since the epoch.
    """

    project: Origins
    units: tuple[Unit, ...]
    inputs: tuple[Input, ...] = ()
    notices: tuple[Notice, ...] = ()
    refusals: tuple[Notice, ...] = ()
    made_at: float = 0.0
    errored: bool = False
    complete: bool = True
    applyable: bool = True
    may_replace: bool = False
    format: int = FORMAT

    @property
    def replaces(self) -> tuple[Unit, ...]:
        """Give the units that have to be deleted and created anew."""
        return tuple(unit for unit in self.units if unit.verb is Verb.REPLACE)

    @property
    def changes(self) -> bool:
        """Tell whether there is anything to do."""
        return any(unit.verb not in (Verb.NONE, Verb.DEFER) for unit in self.units)

    @property
    def deferred(self) -> tuple[Unit, ...]:
        """Give the units that wait for values which Terraform has yet to make."""
        return tuple(unit for unit in self.units if unit.verb is Verb.DEFER)

    def steps(self) -> Iterator[tuple[Unit, Step]]:
        """Give every step with its unit, in the order in which they are carried out."""
        for unit in self.units:
            for step in unit.steps:
                yield unit, step

    def unit(self, address: str) -> Unit:
        """Give a unit by its address. KeyError where there is none."""
        for unit in self.units:
            if unit.address == address:
                return unit
        raise KeyError(address)

    def to_json(self) -> str:
        """Write the plan (docs/schemas/plan.schema.json)."""
        from reconciler.core import planfiles

        return planfiles.write(self)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan. PlanError where the text is none, is damaged, or has a version that is not known here."""
        from reconciler.core import planfiles

        return planfiles.read(text)
