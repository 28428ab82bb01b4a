"""Drift with its cause: what the files want, what AWS shows, and what was applied last, held against each other.

Takes a plan (which has the first two) and a record of the last apply. Says of each difference who moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import Enum
from typing import Final

from reconciler.core import canon as canons
from reconciler.core import nodes, secrets
from reconciler.core.applied import Applied
from reconciler.core.kinds import Kinds
from reconciler.core.kinds.rules import ABSENT, Maybe
from reconciler.core.plans import Finding, Input, Plan, Unit, Verb
from reconciler.core.redaction import MASK
from reconciler.core.values import Address, Json
from reconciler.records import dataclass


class Cause(Enum):
    """Who moved since the last apply."""

    CONFIGURATION = "configuration"
    INFRASTRUCTURE = "infrastructure"
    LIVE = "live"
    UNMANAGED = "unmanaged"


class Severity(Enum):
    """How much a difference matters, the worst first (`core.severities` says of which)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A call that may have made a difference, as CloudTrail tells of it. `at` is in seconds since the epoch.

    `who` is an ARN, `client` the program that called, in short; `event` and `id` are CloudTrail's.
    """

    who: str
    at: float
    client: str
    event: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A value that the files refer to, and that is another one now. None where it is not known, or secret.

    `then` and `now` are the versions of its source, `counted` as a state's ``serial`` or a parameter's ``version``.
    """

    address: str
    before: Json = None
    after: Json = None
    then: str = ""
    now: str = ""
    counted: str = "version"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That people have accepted a difference (`core.accepted`): why, and up to which day; `expired` since then."""

    reason: str
    until: str
    expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A difference between the files and AWS.

    `cause` is None without a record. `also` says that both sides moved: AWS was changed, too. A whole resource that is
    not there has an empty `address`. `by` are the calls that may have made it, the newest
    first, where they were looked up; `pointer` is the address as a JSON pointer into the canonical form.
    """

    unit: str
    address: str
    pointer: str = ""
    before: Json = None
    after: Json = None
    has_before: bool = True
    has_after: bool = True
    cause: Cause | None = None
    also: Cause | None = None
    moved: tuple[Moved, ...] = ()
    note: str = ""
    accepted: Acceptance | None = None
    severity: Severity = Severity.MEDIUM
    by: tuple[Change, ...] = ()

    @property
    def gone(self) -> bool:
        """Tell whether it is a whole resource that was applied and is not in AWS any more."""
        return not self.address and not self.has_before and self.cause is Cause.LIVE

    @property
    def counts(self) -> bool:
        """Tell whether it is drift: what is not managed, and what is accepted, is told and does not count."""
        return self.cause is not Cause.UNMANAGED and (self.accepted is None or self.accepted.expired)

    def is_among(self, wanted: Collection[str]) -> bool:
        """Tell whether it counts and is of one of the causes, and of one of the severities, that are wanted.

        Where no cause, or no severity, is wanted, any is; a cause that is not known is any cause.
        """
        causes = {cause.value for cause in Cause}.intersection(wanted)
        severities = {severity.value for severity in Severity}.intersection(wanted)
        return (
            self.counts
            and (not causes or self.cause is None or self.cause.value in causes)
            and (not severities or self.severity.value in severities)
        )


def judge(
    plan: Plan,
    record: Applied | None,
    kinds: Kinds,
    values: Mapping[str, Json],
    changed_secrets: Collection[tuple[str, int]] = (),
) -> tuple[Drift, ...]:
    """Say how AWS differs from the files, and why.

    `values` are those of the plan's inputs that may be shown, by address; `changed_secrets` the secrets of the record,
    by unit and their index in it, that are others now.
    """
    judging = _Judging(plan, record, kinds, values, frozenset(changed_secrets))
    return tuple(drift for unit in plan.units for drift in judging.unit(unit))


CONSEQUENCES: Final = frozenset({"taskDefinition", "forceNewDeployment"})
"""What follows from other differences, or is known only once the plan is applied."""


@dataclass(frozen=True, slots=True)
class _Judging:
    plan: Plan
    record: Applied | None
    kinds: Kinds
    values: Mapping[str, Json]
    secrets: frozenset[tuple[str, int]]

    def unit(self, unit: Unit) -> Iterator[Drift]:
        base = self._base(unit)
        if unit.verb is Verb.CREATE:
            cause = None if self.record is None else Cause.CONFIGURATION if base is None else Cause.LIVE
            yield Drift(unit=unit.address, address="", has_before=False, cause=cause)
            return
        tree: Maybe = ABSENT
        if base is not None:
            kind = self.kinds.named(unit.kind)
            filled = secrets.put(base.desired, [MASK] * len(base.secrets))
            tree = canons.canon(kind, filled, desired=True).tree
        for finding in unit.changes:
            if finding.unknown and finding.address in CONSEQUENCES:
                continue
            yield self._drift(unit, finding, tree)
        for finding in unit.noted:
            if finding.has_before:
                yield _as(unit, finding, cause=Cause.UNMANAGED, note=finding.note)

    def _base(self, unit: Unit) -> Unit | None:
        if self.record is None:
            return None
        return next((each for each in self.record.plan.units if each.address == unit.address), None)

    def _drift(self, unit: Unit, finding: Finding, base: Maybe) -> Drift:
        if base is ABSENT:  # of another of its kind that is recorded the files have moved away
            kinds = {each.kind for each in self.record.plan.units} if self.record is not None else ()
            return _as(unit, finding, cause=Cause.CONFIGURATION if unit.kind in kinds else None)
        moved = tuple(self._moved(finding))
        then = self._at(unit, finding, base)
        if not finding.has_after and then is not ABSENT:
            moved += tuple(self._moved_away(finding))
        ours = Cause.INFRASTRUCTURE if moved else Cause.CONFIGURATION
        if finding.sensitive:
            return _as(unit, finding, cause=self._of_secret(unit, finding, moved), moved=moved)
        before = finding.before if finding.has_before else ABSENT
        after = finding.after if finding.has_after else ABSENT
        if then == after:
            return _as(unit, finding, cause=Cause.LIVE)
        also = None if then == before else Cause.LIVE
        return _as(unit, finding, cause=ours, also=also, moved=moved)

    def _of_secret(self, unit: Unit, finding: Finding, moved: tuple[Moved, ...]) -> Cause:
        """Say who moved where no value is told, by what the files say in its place: text and references."""
        if moved:
            return Cause.INFRASTRUCTURE
        base = self._base(unit)
        assert base is not None
        then = self._at(unit, finding, self._said(base))
        if then != self._at(unit, finding, self._said(unit)):
            return Cause.CONFIGURATION
        another = self._at(unit, finding, self._said(base, self.secrets))
        return Cause.INFRASTRUCTURE if then != another else Cause.LIVE

    def _said(self, unit: Unit, changed: Collection[tuple[str, int]] = ()) -> Json:
        """Give what files say of a unit: of secrets their references, with a mark of those that are changed."""
        said = [
            secrets.said(secret) + ("!" if (unit.address, index) in changed else "")
            for index, secret in enumerate(unit.secrets)
        ]
        return canons.canon(self.kinds.named(unit.kind), secrets.put(unit.desired, said), desired=True).tree

    def _at(self, unit: Unit, finding: Finding, tree: Json) -> Maybe:
        """Give what stands where a finding is, in the form in which findings have values."""
        node = self.kinds.named(unit.kind).node
        found = tree
        path: list[str | int] = []
        for key in _keys(finding.pointer):
            if isinstance(found, list | tuple) and key.isdigit() and int(key) < len(found):
                path.append(int(key))
                found = found[int(key)]
            elif isinstance(found, dict) and key in found:
                path.append(key)
                found = found[key]
            else:
                return ABSENT
        return nodes.listed(nodes.at(node, tuple(path)), found)

    def _moved(self, finding: Finding) -> Iterator[Moved]:
        """Give the values behind what the files want that are others than when it was applied."""
        for address in dict.fromkeys(reason.address for reason in finding.reasons):
            if (found := self._changed.get(address)) is not None:
                yield found

    def _moved_away(self, finding: Finding) -> Iterator[Moved]:
        """Give the values that are others now and that an item which is no longer wanted was called by.

        A subnet whose ID moved is one that comes and one that goes: nobody took the latter out of the files.
        """
        name = _item(finding.address)
        for found in self._changed.values():
            values = found.before if isinstance(found.before, list | tuple) else [found.before]
            if any(isinstance(value, str | int) and _names(str(value), name) for value in values):
                yield found

    @property
    def _changed(self) -> Mapping[Address, Moved]:
        """Give the values that are others than when it was applied, of references that were and are in the files."""
        assert self.record is not None
        then = {entry.address: entry for entry in self.record.plan.inputs}
        found: dict[Address, Moved] = {}
        for second in self.plan.inputs:
            first, name = then.get(second.address), str(second.address)
            if first is None or second.ambient or not _differ(first, second):
                continue
            found[second.address] = Moved(
                address=name,
                before=self.record.values.get(name),
                after=self.values.get(name),
                then=first.source.version if first.source is not None else "",
                now=second.source.version if second.source is not None else "",
                counted="serial" if second.source is not None and second.source.lineage else "version",
            )
        return found


_SURE: Final = 4
"""From how many characters on a value counts that is only a part of an item's name: a shorter one may be anywhere."""


def _item(address: str) -> str:
    """Give what an item of a list is called by in a place that ends with one, as in ``subnets["subnet-1"]``."""
    return address.rpartition("[")[2].removesuffix("]").strip('"') if address.endswith("]") else ""


def _names(value: str, name: str) -> bool:
    return value == name or (len(value) >= _SURE and value in name)


def _differ(then: Input, now: Input) -> bool:
    if then.digest and now.digest:
        return then.digest != now.digest
    # Of a secret only its version tells, where it has one of its own; a state's serial moves with anything.
    old, new = then.source, now.source
    own = old is not None and new is not None and not old.lineage and not new.lineage
    return own and old is not None and new is not None and old.version != new.version


def _as(
    unit: Unit,
    finding: Finding,
    *,
    cause: Cause | None,
    also: Cause | None = None,
    moved: tuple[Moved, ...] = (),
    note: str = "",
) -> Drift:
    return Drift(
        unit=unit.address,
        address=finding.address,
        pointer=finding.pointer,
        before=finding.before,
        after=finding.after,
        has_before=finding.has_before,
        has_after=finding.has_after,
        cause=cause,
        also=also,
        moved=moved,
        note=note,
    )


def _keys(pointer: str) -> Iterator[str]:
    return (key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])
