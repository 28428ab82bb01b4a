"""How AWS differs from a project's files, and who moved since the last apply; and the records that tell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from reconciler.api.plannings import Planning
from reconciler.core.values import Json
from reconciler.errors import (
    ConfigError,
    ReconcilerError,
    Refused,
    StalePlan,
    Where,
)

if TYPE_CHECKING:
    from reconciler.api.stores import Drifted, Store
    from reconciler.core import severities
    from reconciler.core.accepted import Entry
    from reconciler.core.applied import Applied
    from reconciler.core.plans import Plan
    from reconciler.core.stamps import Seen
    from reconciler.core.strays import Unmanaged
    from reconciler.engine.options import Options


class Drifting(Planning):
    """What an opened project says of drift."""

    def drift(self, options: Options | None = None) -> Drifted:
        """Compare the files, AWS and what was applied last. PlanError for a record that cannot be read."""
        from reconciler.api.stores import Drifted
        from reconciler.core import accepted, drifts, imprints, severities

        plan, absent = self._compared(options)
        store = self._store(plan)
        record = self._recorded(plan, store) if store is not None else None
        known = self._masked(record) if record is not None else None
        found = drifts.judge(plan, known, self._kinds(), self._values(plan), self._moved(plan, record))
        if record is None:
            found = imprints.judge(found, self._imprints(plan))
        found = tuple(each if each.address else replace(each, note=absent) for each in found)
        marked = accepted.mark(found, self._accepted(), self._today(), _homes(plan))
        places = self.fields(plan) if any(drift.counts for drift in marked) else {}
        return Drifted(
            plan, severities.rank(marked, self._weighed()), record, store is not None, places=places
        )

    def _compared(self, options: Options | None) -> tuple[Plan, str]:
        """Plan; give also what AWS says of a service that is not there. One that is going is not there, either."""
        from reconciler.api import absences
        from reconciler.engine.options import Options

        try:
            plan = self.plan(options)
        except ReconcilerError as error:
            return absences.plan(self, options or Options(), error)
        made = next((made for made in self._made if made.plan == plan), None)
        return plan, absences.said(made.observed) if made is not None else ""

    def fix(self, drifted: Drifted, wanted: Collection[str] = (), options: Options | None = None) -> Plan:
        """Plan to end the drift of some causes and severities, of all where none is wanted; the rest stays as it is.

        What was recorded stays true: an apply of the plan is recorded only where nothing else is left to apply.
        PlanError where nothing is recorded, and where these differences cannot be ended apart from the others.
        """
        from reconciler.core import fixes
        from reconciler.engine.options import Options

        fixed, kept = fixes.fixed(drifted.drifts, wanted), fixes.kept(drifted.drifts, wanted)
        fixes.insist((*fixed, *kept))
        places = tuple(drift.pointer for drift in kept if drift.pointer)
        plan = self.plan(replace(options or Options(), keep=places))
        fixes.insist_separate(plan, fixed)
        return self.unrecorded(plan) if kept else plan

    def who(self, drifted: Drifted) -> Drifted:
        """Look up in CloudTrail who made the differences that are `live`; once for all that are opened together.

        What cannot be known is among the notices.
        """
        from reconciler.api import callers
        from reconciler.engine.trailing import History

        def make() -> History:
            return History(self.gateway.trail)

        if self._shared is None:
            return callers.tell(drifted, make())
        # What one role may not read another one of the account may.
        place = (self.gateway.account(), self.gateway.region, *self._connection.credentials)
        return callers.tell(drifted, self._shared.share("trail", place, make))

    def _imprints(self, plan: Plan) -> dict[str, Seen]:
        """Give what the tags of live units tell of their last apply, by their addresses in a plan made here."""
        found = next((made.stamps for made in self._made if made.plan == plan), None)
        seen = {unit.address: found.seen(unit.kind) for unit in plan.units} if found is not None else {}
        return {address: each for address, each in seen.items() if each is not None}

    def _weighed(self) -> tuple[severities.Rule, ...]:
        """Give the rules of `severity` in the project file. ConfigError names the one that points nowhere."""
        from reconciler.api import desires
        from reconciler.core import drifts, severities
        from reconciler.engine import ignoring

        known = desires.kinds_of(self.settings, self._kinds())
        found: list[severities.Rule] = []
        for each in self.settings.severity:
            try:
                path = ignoring.place(severities.pointer(each.match), known) if each.match else ()
            except ValueError as error:
                hint = 'write one such as /desiredCount, or containerDefinitions["app"].image'
                raise ConfigError(f"severity: {error}", each.where, hint) from None
            cause = drifts.Cause(each.cause) if each.cause else None
            found.append(severities.Rule(path=path, cause=cause, severity=drifts.Severity(each.severity)))
        return tuple(found)

    def unmanaged(self) -> Unmanaged:
        """List the services of the project's cluster that its own file does not declare."""
        from reconciler.api import sites, surveys

        return surveys.Survey([(sites.site(self), True)], alone=True).read()

    def accept(
        self, drifted: Drifted, reason: str, until: str = "", wanted: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Accept the differences that count, up to a day or for good; gives the places of those that are new.

        With `wanted` causes and severities only those of these (`Drift.is_among`).

        They are written to `core.accepted.FILE` beside the project file. ConfigError where that cannot be done.
        """
        from reconciler.core import accepted
        from reconciler.render import definitions

        if until and accepted.day(until, "until") < self._today():
            raise ConfigError(f"{until} is over: nothing can be accepted up to that day")
        entries, new = accepted.added(
            self._accepted(), drifted.drifts, reason, until, _homes(drifted.plan), wanted
        )
        if not new:
            return ()
        path = self.project.root / accepted.FILE
        try:
            path.write_text(definitions.plain_yaml(accepted.document(entries)), encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
        return tuple(f"{entry.unit} {entry.address}".rstrip() for entry in new)

    def _today(self) -> date:
        return datetime.fromtimestamp(self.clock.now(), UTC).date()

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

        `shown` is the plan in JSON, masked. One about a part of what the files say replaces that part of what is
        recorded; where nothing is it would tell wrong causes. PlanError or AwsError where it cannot be written.
        """
        from reconciler.api import stores
        from reconciler.core import applied

        store = self._store(plan)
        if store is None or not plan.units:
            return ""
        text = applied.write(self.clock.now(), self._values(plan, hidden=True), shown)
        if not self._is_whole(plan):
            before = self._recorded(plan, store)
            if before is None:
                return ""
            record = applied.over(before, applied.read(text, store.named(stores.name(plan))))
            text = applied.write(record.at, record.values, record.plan.to_json())
        return store.write(stores.name(plan), text)

    def _is_whole(self, plan: Plan) -> bool:
        """Tell whether a plan is about all that the project's files say."""
        kinds = {unit.kind for unit in plan.units}
        left_out = self.settings.task_definition is not None and "task_definition" not in kinds
        alone = self.settings.service is not None and kinds == {"task_definition"}
        return not (left_out or alone or any(unit.partial for unit in plan.units))

    def _values(self, plan: Plan, *, hidden: bool = False) -> dict[str, Json]:
        """Give what the plan's inputs are; where one has the text of a secret, a mark: of all of them if `hidden`."""
        from reconciler.core import applied

        found = applied.kept(plan, {address: value.data for address, value in self._files.known.items()})
        masker = replace(self.masker, open=self.masker.open and not hidden)
        return {name: masker.value(value) for name, value in found.items()}

    def _masked(self, record: Applied) -> Applied:
        """Hide what was written down before anybody knew that it is a secret."""
        return replace(record, values={name: self.masker.value(each) for name, each in record.values.items()})

    def _recorded(self, plan: Plan, store: Store) -> Applied | None:
        from reconciler.api import stores
        from reconciler.core import applied

        name = stores.name(plan)
        text = store.read(name)
        return applied.read(text, store.named(name)) if text is not None else None

    def _moved(self, plan: Plan, record: Applied | None) -> set[tuple[str, int]]:
        """Give the secrets of the record that are others now, by unit and index; looked up where one differs."""
        if record is None or not any(finding.sensitive for unit in plan.units for finding in unit.changes):
            return set()
        from reconciler.core import secrets

        found: set[tuple[str, int]] = set()
        for unit in record.plan.units:
            for index, secret in enumerate(unit.secrets):
                try:
                    addresses = [origin.address for origin in secret.sources]
                    secrets.fill(secrets.slot(0), [secret], self._files.reveal(addresses))
                except StalePlan:
                    found.add((unit.address, index))
                except (Refused, ReconcilerError):  # whether it moved cannot be told
                    continue
        return found

    def _store(self, plan: Plan) -> Store | None:
        return self._opened(plan.project.record)

    def records(self) -> Store | None:
        """Open where applies are recorded; None where the project names no place. ConfigError, ResolveError."""
        return self._opened(self.settings.record or "")

    def _opened(self, place: str) -> Store | None:
        from reconciler.api import stores

        if not place:
            return None
        return stores.opened(
            place, self.project.root, lambda: self._connection.aws(self._files.region).client("s3")
        )


def _homes(plan: Plan) -> dict[str, tuple[str, str]]:
    return {unit.address: (unit.account, unit.region) for unit in plan.units}
