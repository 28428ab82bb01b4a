"""Plans of an opened project: made, compared, rehearsed, and checked before they are applied."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Unpack

from reconciler.api import hints
from reconciler.api.evaluations import Definitions
from reconciler.api.openings import Given, Opening
from reconciler.api.projects import Project
from reconciler.core.documents import Resolved
from reconciler.core.values import Json
from reconciler.engine import observing
from reconciler.engine.observing import Observed, Reads
from reconciler.engine.options import Options
from reconciler.engine.ports import Snapshot
from reconciler.errors import ConfigError, KnownLater, PlanError, Refused, Where

if TYPE_CHECKING:
    from reconciler.core.plans import Notice, Origins, Plan, Unit
    from reconciler.core.rehearsals import Rehearsed
    from reconciler.engine.composing import Desired
    from reconciler.engine.planning import Planned, Sides
    from reconciler.engine.stamping import Stamps


class _Made(NamedTuple):
    """A plan that was made here, with the secrets that it does not hold."""

    plan: Plan
    vault: Mapping[tuple[str, int], Json]
    sides: Mapping[str, Sides]
    observed: Observed
    stamps: Stamps


class Planning(Opening):
    """What an opened project says of plans."""

    def __init__(self, project: Project, **given: Unpack[Given]) -> None:
        """Keep what is given; see `open`."""
        super().__init__(project, **given)
        self._made: list[_Made] = []

    def forget(self) -> None:
        """Let go of the plans that were made, too: what stamps them knows the project."""
        super().forget()
        self._made.clear()

    def plan(
        self, options: Options | None = None, *, strict: bool = False, live: tuple[str, Json] | None = None
    ) -> Plan:
        """Make a plan. `live` compares with a saved description (its name and content) instead of AWS.

        `strict` turns warnings about unknown members into errors.
        """
        options = options or Options()
        recalls = live is None and self._gateway is None and self._hinted and options.service
        hint = hints.recall(self.project) if recalls else None
        early = self._early(hint) if hint is not None else None
        settings = self.settings
        options = replace(
            options,
            ignore_tags=settings.ignore_tags,
            codedeploy=settings.codedeploy,
        )
        if (
            settings.service_definition is None and settings.express_definition is None
        ):  # as with the peer: the service is another's, its revision is ours
            options = replace(options, update_service=False)
        observed: Observed | None = None
        reads: Reads | None = None
        if live is not None:
            observed = observing.read_saved(live[1], live[0])
        else:
            reads = self._reads(early, hint, settings.service if options.service else None)
            self.insist_account()  # while the reads go on
        try:
            files = self._asked(options, observed)
        except KnownLater as later:
            return self._deferred(options, observed, later)
        if reads is not None:
            family = family_in(files.task_definition)
            if self._alone:
                reads.expect(family)
            if options.scaling is not None:
                reads.expect_scaling()
            if options.service:
                self._leave_hint(hint, family)
        from reconciler.api import desires, observations
        from reconciler.aws.shapes import ECS
        from reconciler.core.plans import Notice, Plan
        from reconciler.engine import planning, stamping

        kinds = self._kinds()
        options = replace(options, ignore=(*desires.ignored(settings, kinds), *options.keep))
        more: tuple[Notice, ...] = ()
        task_definition = desires.task_definition(settings, files, kinds, strict=strict)
        service = express = None
        if observed is None or observed.express is not None:
            express = desires.express_service(settings, files, kinds, options, strict=strict)
        if observed is None or observed.service is not None:
            service = desires.service(settings, files, kinds, options, strict=strict)
        stamped = stamping.wanted(
            settings.stamp, (task_definition, service, express), self.masker, self._revision
        )
        task_definition, service, express = map(stamped.owned, (task_definition, service, express))
        if observed is None:
            assert reads is not None
            reads.recall = self._recalling(options, task_definition)
            observed, more = (
                observations.observe(reads, task_definition, service, options)
                if express is None
                else observations.observe_express(reads, express)
            )
        observed = (
            observations.moving(observed, self.gateway, self.clock, settings) if live is None else observed
        )
        if service is not None and files.service is None:
            found = desires.need_service(settings, observed)
            service = desires.service(settings, files, kinds, options, strict=strict, live=found)
        stamped = stamped.beside(observed)
        options = stamped.leaving(options)
        facts = planning.Facts(
            kinds,
            ECS,
            settings.cluster,
            settings.service or "",
            self._files.known,
            self.masker,
            options,
            group=self._group if live is None else None,
        )
        planned = planning.plan(task_definition, service, observed, facts, express)
        if reads is not None and reads.recalled and _does(planned):
            reads.forget()  # what does something is made from what AWS says now
            observed, more = observations.observe(reads, task_definition, service, options)
            observed = observations.moving(observed, self.gateway, self.clock, settings)
            stamped = stamped.beside(observed)
            options = stamped.leaving(options)
            planned = planning.plan(
                task_definition, service, observed, replace(facts, options=options), express
            )
        elif reads is not None and not reads.recalled:
            self._remember(options, task_definition, planned, observed)
        warned = tuple(
            notice
            for desired in (task_definition, service, express)
            if desired is not None
            for notice in desired.notices
        )
        stamped = replace(stamped, whole=not options.keep)
        units, told = stamping.mark(tuple(planned.units), stamped)
        warned = (*warned, *planned.notices, *more, *told)
        _insist(strict, (*self._files.notices, *warned))
        refusals = [Notice(what=r.what, where=r.where, hint=r.hint) for r in planned.refusals]
        plan = Plan(
            project=self.origins(options),
            units=units,
            inputs=self._files.inputs(files),
            notices=(*self._files.notices, *warned),
            made_at=self.clock.now(),
            refusals=tuple(refusals),
            errored=bool(refusals),
            applyable=live is None and not refusals,
            may_replace=options.may_replace,
        )
        self._made.append(_Made(plan, planned.vault, planned.sides, observed, stamped))
        return plan

    def _recalling(
        self, options: Options, task_definition: Desired | None
    ) -> Callable[[str], Snapshot | None] | None:
        """Give what recalls a revision; None where AWS has to be asked, since tags are declared, say."""
        if options.refresh or not self._remembers(options, task_definition):
            return None
        from reconciler.api import memories

        assert task_definition is not None
        wire = task_definition.canon.wire

        def recall(arn: str) -> Snapshot | None:
            endpoint = self._connection.aws(self._files.region).endpoint("ecs")
            return memories.Memory(endpoint, options.ignore_tags).recall(arn, wire)

        return recall

    def _remembers(self, options: Options, task_definition: Desired | None) -> bool:
        if task_definition is None or self._given or options.force_register or options.revision:
            return False
        if "tags" in task_definition.canon.tree or self.settings.stamp is not None:
            return False
        return bool(options.service and self.settings.service)

    def _remember(
        self, options: Options, task_definition: Desired | None, planned: Planned, observed: Observed
    ) -> None:
        """Remember the revision that runs, if it is as the files say and a later run would have to ask for it again."""
        runs = observed.running
        if not isinstance(runs, Snapshot) or (self._alone and runs is observed.newest):
            return
        unit = next((unit for unit in planned.units if unit.kind == "task_definition"), None)
        if unit is None or unit.changes or unit.steps or not self._remembers(options, task_definition):
            return
        from reconciler.api import memories

        endpoint = self._connection.aws(self._files.region).endpoint("ecs")
        memory = memories.Memory(endpoint, options.ignore_tags)
        memory.keep(observing.revision_arn(runs), runs.body, self.masker.secrets)

    def _revision(self) -> str:
        """Give the revision that the project's files are of; empty where nothing says it."""
        from reconciler.load import revisions

        settings = self.settings
        files = [self.project.document.path, *(settings.file(path) for path in settings.definitions)]
        files += [self.project.above.document.path] if self.project.above is not None else []
        return revisions.of(settings.root, files, self.project.options.environ, settings.record or "")

    def _asked(self, options: Options, observed: Observed | None) -> Definitions:
        """Evaluate the definitions that a plan with these options, or against this description, is about."""
        return self.definitions(
            task_definition=not options.skip_task_definition and not options.revision
            if observed is None
            else observed.running is not None,
            service=options.service and (options.update_service or not options.skip_task_definition)
            if observed is None
            else observed.service is not None or observed.express is not None,
        )

    def _deferred(self, options: Options, observed: Observed | None, later: KnownLater) -> Plan:
        """Make the plan of a project whose values Terraform has yet to make: it says which, and does nothing."""
        from reconciler.api import references
        from reconciler.core.plans import Plan

        settings = self.settings
        found = observed or Observed(self.gateway.account(), self.gateway.region)
        return Plan(
            project=self.origins(options),
            units=(references.deferred(settings, found, self.references(), later),),
            notices=self._files.notices,
            made_at=self.clock.now(),
            complete=False,
            applyable=False,
        )

    def _early(self, hint: hints.Hint) -> Reads:
        """Start the reads of the last plan: evaluating the files and importing what judges hides behind them."""
        way = self._ambient.other((hint.profile or None, hint.role or None))
        reads = Reads(way.gateway(hint.region or None), self._pool, hint.cluster, hint.service)
        reads.start()
        reads.expect(hint.family)
        return reads

    def _reads(self, early: Reads | None, hint: hints.Hint | None, service: str | None) -> Reads:
        """Give the reads of this plan: those started early, if they are the right ones."""
        settings = self.settings
        names = (self._files.region or "", settings.cluster, service or "")
        own = (settings.profile or "", settings.assume_role_arn or "")
        if early is not None and hint is not None and (hint[:3], hint[4:]) == (names, own):
            self._gateway = early.gateway
            return early
        reads = Reads(self.way, self._pool, settings.cluster, service or "")
        reads.start()
        return reads

    def _leave_hint(self, last: hints.Hint | None, family: str) -> None:
        settings = self.settings
        family = family or (last.family if last is not None else "")  # not asked for this time
        own = (settings.profile or "", settings.assume_role_arn or "")
        now = hints.Hint(self._files.region or "", settings.cluster, settings.service or "", family, *own)
        if now != last and self._hinted:
            hints.keep(self.project, now)

    def sides(self, plan: Plan) -> Mapping[str, Sides]:
        """Give both documents of each unit of a plan that was made here, masked, for a textual comparison.

        There is nothing to compare of one that is deferred.
        """
        if plan.deferred:
            return {}
        return next(made.sides for made in self._made if made.plan == plan)

    def places(self, plan: Plan) -> Mapping[str, Where]:
        """Give where the units of a plan that change are written, by address: the place of their first change.

        A unit has none where no file describes it, nor while the plan is deferred.
        """
        if plan.deferred:
            return {}
        from reconciler.api import places

        return places.places(plan, self._described(plan), self._kinds())

    def fields(self, plan: Plan) -> Mapping[tuple[str, str], Where]:
        """Give where each change of a plan is written, by the addresses of its unit and its own; see `places`."""
        if plan.deferred:
            return {}
        from reconciler.api import places

        return places.fields(plan, self._described(plan), self._kinds())

    def _described(self, plan: Plan) -> Mapping[str, Resolved | None]:
        """Give the files of what a plan is about, by the names of their kinds."""
        kinds = {unit.kind for unit in plan.units}
        files = self.definitions(
            task_definition="task_definition" in kinds, service=bool(kinds - {"task_definition"})
        )
        return files._asdict()

    def unrecorded(self, plan: Plan) -> Plan:
        """Give a plan that was made here as one that is not recorded when it is applied."""
        made = next(made for made in self._made if made.plan == plan)
        other = replace(plan, project=replace(plan.project, record=""))
        self._made.append(made._replace(plan=other))
        return other

    def rehearse(self, plan: Plan) -> tuple[Rehearsed, ...]:
        """Play the changes of a plan that was made here through a model of ECS. PlanError where it cannot."""
        if plan.deferred:
            raise _awaiting(plan.deferred[0])
        from reconciler.api.rehearsals import SandboxRehearsal
        from reconciler.engine import rehearsing

        made = next(made for made in self._made if made.plan == plan)
        return rehearsing.rehearse(plan, made.observed, self._kinds(), SandboxRehearsal())

    def origins(self, options: Options) -> Origins:
        """Give what a plan with these options belongs to."""
        from reconciler.core.plans import Opened, Origins

        return Origins(
            file=self.project.label.name,
            digest=self.project.digest,
            opened=tuple(
                Opened(
                    name=use.name,
                    config=dict(use.config),
                    func_prefix=use.func_prefix,
                    root=os.path.relpath(use.root, self.project.root) if use.root is not None else "",
                )
                for use in self.settings.plugins
            ),
            ignore_tags=options.ignore_tags,
            timeout=self.settings.timeout,
            region=self.settings.region or "",
            profile=self.settings.profile or "",
            assume_role_arn=self.settings.assume_role_arn or "",
            record=self.settings.record or "",
        )

    def moved(self, approved: Plan, plan: Plan) -> tuple[str, ...]:
        """Say what a plan that was made here does otherwise than one that was approved, a line each."""
        from reconciler.core import approvals

        return approvals.moved(approved, plan, self._vault(plan) or {})

    def _vault(self, plan: Plan) -> Mapping[tuple[str, int], Json] | None:
        return next((made.vault for made in self._made if made.plan == plan), None)


def _does(planned: Planned) -> bool:
    """Tell whether a plan is more than to leave things as they are."""
    return bool(planned.refusals) or any(unit.steps for unit in planned.units)


def insist_applyable(plan: Plan) -> None:
    """Raise where a plan cannot be applied: what the API is known to refuse, or what was not compared with AWS."""
    if plan.refusals:
        first = plan.refusals[0]
        raise Refused(first.what, first.where, first.hint)
    for unit in plan.replaces:
        if not plan.may_replace:
            members = ", ".join(finding.address for finding in unit.changes if finding.forces)
            raise Refused(
                f"{unit.address} must be replaced: no update changes {members}",
                hint="plan with --allow-replace to delete it and create it anew, or give it another name",
            )
    for unit in plan.deferred:
        raise _awaiting(unit)
    if not plan.applyable:
        raise PlanError("this plan cannot be applied: it was made against a saved description")


def _awaiting(unit: Unit) -> PlanError:
    names = ", ".join(str(awaited.address) for awaited in unit.awaits)
    return PlanError(
        f"{unit.address} is deferred: it waits for {names}",
        hint="apply the Terraform plan, then plan again without it",
    )


def family_in(resolved: Resolved | None) -> str:
    """Give the family that a task definition names, so that its newest revision can be read ahead of need."""
    data = resolved.data if resolved is not None else None
    if isinstance(data, dict) and isinstance(data.get("taskDefinition"), dict):
        data = data["taskDefinition"]
    family = data.get("family") if isinstance(data, dict) else None
    return family if isinstance(family, str) else ""


def _insist(strict: bool, notices: Sequence[Notice]) -> None:
    if strict and notices:
        raise ConfigError(notices[0].what, notices[0].where, notices[0].hint)
