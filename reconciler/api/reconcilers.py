"""A project with AWS: plan, apply, wait. What judges and shows is imported where it is used: by then the first
reads are under way, and waiting for them costs more than importing (docs/architecture.md, "Speed").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias, TypedDict, TypeVar, Unpack

from reconciler.api import hints
from reconciler.api.connections import THREADS, Connection
from reconciler.api.evaluations import Definitions, Evaluation, masked
from reconciler.api.projects import Project
from reconciler.core.documents import Resolved
from reconciler.core.redaction import Masker
from reconciler.core.references import PluginUse
from reconciler.core.values import Json, JsonObject
from reconciler.engine import observing
from reconciler.engine.observing import Observed, Reads
from reconciler.engine.options import Options
from reconciler.engine.ports import Clock, Gateway, Snapshot
from reconciler.errors import ConfigError, KnownLater, PlanError, Refused, StalePlan

if TYPE_CHECKING:
    from reconciler.api.references import Explained, Listed
    from reconciler.core.canon import Canon
    from reconciler.core.causes import Diagnosis
    from reconciler.core.events import Event
    from reconciler.core.kinds import Kinds
    from reconciler.core.outcomes import Outcome
    from reconciler.core.plans import Notice, Origins, Plan, Unit
    from reconciler.core.rehearsals import Rehearsed
    from reconciler.engine.applying import Manner
    from reconciler.engine.grouping import Group
    from reconciler.engine.planning import Sides
    from reconciler.engine.undoing import Undoing, Wish
    from reconciler.load.project import Project as Settings

_T = TypeVar("_T")
Emit: TypeAlias = "Callable[[Event], object]"


class SystemClock:
    """The clock on the wall."""

    def now(self) -> float:
        """Give the time in seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        time.sleep(seconds)


class _Made(NamedTuple):
    """A plan that was made here, with the secrets that it does not hold."""

    plan: Plan
    vault: Mapping[tuple[str, int], Json]
    sides: Mapping[str, Sides]
    observed: Observed


class Given(TypedDict, total=False):
    """How to open a project: a profile, a region in place of the project's, a role to assume first.

    `gateway` and `clock` replace AWS and time; `progress` is told each lookup.
    """

    profile: str | None
    region: str | None
    assume_role_arn: str | None
    gateway: Gateway | None
    clock: Clock | None
    show_sensitive: bool
    progress: Callable[[str], None] | None


class Reconciler:
    """A project with its resolvers and AWS. Use it as a context manager; it is not shared by threads."""

    def __init__(self, project: Project, **given: Unpack[Given]) -> None:
        """Keep what is given; see `open`."""
        self.project = project
        self.clock: Clock = given.get("clock") or SystemClock()
        self._region = given.get("region")
        self._gateway = given.get("gateway")
        self._uses_aws = self._gateway is None
        self._connection = Connection(
            project.options.environ,
            profile=given.get("profile"),
            assume_role_arn=given.get("assume_role_arn"),
        )
        self._files = Evaluation(
            project,
            self._connection,
            self._region,
            show_sensitive=given.get("show_sensitive", False),
            progress=given.get("progress"),
        )
        self._pool = ThreadPoolExecutor(THREADS, "reconciler")
        self._tables: Kinds | None = None
        self._made: list[_Made] = []

    @classmethod
    def open(cls, project: Project, **given: Unpack[Given]) -> Self:
        """Open a project. Reads nothing and calls nothing yet."""
        return cls(project, **given)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the threads and connections go."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._connection.close()

    @property
    def settings(self) -> Settings:
        """Give the evaluated project file. References in it are looked up in the ambient region."""
        return self._files.settings

    @property
    def masker(self) -> Masker:
        """Give what hides the secrets that were looked up so far."""
        return self._files.masker

    @property
    def gateway(self) -> Gateway:
        """Give the way to ECS, in the region given, else the project's, else the ambient one."""
        if self._gateway is None:
            _ = self._files.instances  # the project file may name the region
            self._gateway = self._connection.gateway(self._files.region)
        return self._gateway

    def definitions(self, *, task_definition: bool = True, service: bool = True) -> Definitions:
        """Evaluate the definition files. ConfigError or ResolveError where one has no value."""
        return self._files.definitions(task_definition=task_definition, service=service)

    def rendered(self, target: str, *, canonical: bool = False) -> Json:
        """Give an evaluated file, masked: ``config``, ``task_definition`` or ``service``.

        `canonical` gives the form that is compared. ConfigError where the project has no such file.
        """
        from reconciler.core import findings
        from reconciler.engine import composing

        resolved = self._files.file(target)
        if canonical and target != "config":
            desired = composing.compose(self._kinds().named(target), resolved)
            return findings.mask(
                desired.canon.tree, (), findings.Provenance(resolved, desired.canon), self.masker
            )
        return masked(resolved.data, (), resolved, self.masker)

    def references(self) -> Listed:
        """List every reference of the project, those in branches that are not taken too, wrong ones among them."""
        return self._files.listed()

    def evaluate(self, expression: str, name: str = "expression") -> Json:
        """Evaluate an expression of HCL in the project's scope: the state, variables, locals, functions. Masked.

        `name` is what messages call its place. HclError, HclErrors, ResolveError, KnownLater.
        """
        from reconciler.core.documents import Resolved

        found = self._files.expression(expression, name)
        data: Json = found.data  # type: ignore[assignment]
        return masked(data, (), Resolved(name, data, sensitive=frozenset(found.sensitive_paths)), self.masker)

    def completions(self, prefix: str) -> tuple[str, ...]:
        """Give the functions and addresses of the state that begin with a text."""
        return self._files.completions(prefix)

    def explain(self, wanted: str) -> tuple[Explained, ...]:
        """Say where values of the definitions come from: `wanted` is a value's place, or a reference that made some.

        The place is as plans name it (``containerDefinitions["app"].image``) or a JSON pointer into the canonical
        form. ConfigError, with what is near, where nothing fits.
        """
        from reconciler.api import references
        from reconciler.engine import composing
        from reconciler.load.calls import near

        files = self.definitions()
        kinds = self._kinds()
        settings = self.settings
        named: list[tuple[str, Resolved, Canon]] = []
        for kind, resolved in (
            (kinds.task_definition, files.task_definition),
            (kinds.service, files.service),
        ):
            if resolved is not None:
                canon = composing.compose(kind, resolved).canon
                name = canon.wire.get("family", "") if kind is kinds.task_definition else settings.service
                named.append((f"{kind.name} {name}".rstrip(), resolved, canon))
        found = references.explain(wanted, named, self.masker, lambda: self.references().references)
        if not found:
            raise ConfigError(
                f"nothing in the definitions is called {wanted}, and no reference of theirs is",
                None,
                near(wanted, references.names(named)) or "list the references with `reconciler references`",
            )
        return found

    def plan(
        self, options: Options | None = None, *, strict: bool = False, live: tuple[str, Json] | None = None
    ) -> Plan:
        """Make a plan. `live` compares with a saved description (its name and content) instead of AWS.

        `strict` turns warnings about unknown members into errors.
        """
        hint = hints.recall(self.project) if live is None and self._gateway is None else None
        early = self._early(hint) if hint is not None else None
        settings = self.settings
        options = replace(
            options or Options(),
            ignore_tags=settings.ignore_tags,
            codedeploy=settings.codedeploy,
        )
        if (
            settings.service_definition is None
        ):  # as with the peer: the service is another's, its revision is ours
            options = replace(options, update_service=False)
        observed: Observed | None = None
        reads: Reads | None = None
        if live is not None:
            observed = observing.read_saved(live[1], live[0])
        else:
            reads = self._reads(early, hint)
        try:
            files = self._asked(options, observed)
        except KnownLater as later:
            return self._deferred(options, observed, later)
        if reads is not None:
            family = _family_in(files.task_definition)
            reads.expect(family)
            if options.scaling is not None:
                reads.expect_scaling()
            self._leave_hint(hint, family)
        from reconciler.api import desires, observations
        from reconciler.aws.shapes import ECS
        from reconciler.core.plans import Notice, Plan
        from reconciler.engine import planning

        kinds = self._kinds()
        options = replace(options, ignore=desires.ignored(settings, kinds))
        more: tuple[Notice, ...] = ()
        task_definition = desires.task_definition(settings, files, kinds, strict=strict)
        service = None
        if observed is None or observed.service is not None:
            service = desires.service(settings, files, kinds, options, strict=strict)
        if observed is None:
            assert reads is not None
            observed, more = observations.observe(reads, task_definition, service, options)
        observed = self._shifting(observed) if live is None else observed
        if service is not None and files.service is None:
            desires.need_service(settings, observed)
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
        planned = planning.plan(task_definition, service, observed, facts)
        warned = tuple(
            notice
            for desired in (task_definition, service)
            if desired is not None
            for notice in desired.notices
        )
        warned = (*warned, *planned.notices, *more)
        _insist(strict, (*self._files.notices, *warned))
        refusals = [Notice(what=r.what, where=r.where, hint=r.hint) for r in planned.refusals]
        plan = Plan(
            project=self._origins(options),
            units=tuple(planned.units),
            inputs=self._files.inputs(files),
            notices=(*self._files.notices, *warned),
            made_at=self.clock.now(),
            refusals=tuple(refusals),
            errored=bool(refusals),
            applyable=live is None and not refusals,
            may_replace=options.may_replace,
        )
        self._made.append(_Made(plan, planned.vault, planned.sides, observed))
        return plan

    def _shifting(self, observed: Observed) -> Observed:
        """Add what CodeDeploy does with the service now."""
        from reconciler.core import codedeployments

        found = observed.service
        if not isinstance(found, Snapshot) or codedeployments.controller(found.body) != "CODE_DEPLOY":
            return observed
        from reconciler.engine import shifting

        return replace(observed, shifting=shifting.under_way(self.gateway.codedeploy, found.body))

    def _group(self, live: JsonObject) -> Group:
        """Find the group of CodeDeploy's that deploys the service. Refused where there is none."""
        from reconciler.engine import grouping

        settings = self.settings
        return grouping.find(
            self.gateway.codedeploy,
            self.clock,
            settings.codedeploy,
            settings.cluster,
            settings.service or "",
            live,
        )

    def _asked(self, options: Options, observed: Observed | None) -> Definitions:
        """Evaluate the definitions that a plan with these options, or against this description, is about."""
        return self.definitions(
            task_definition=not options.skip_task_definition and not options.revision
            if observed is None
            else observed.running is not None,
            service=observed is None or observed.service is not None,
        )

    def _deferred(self, options: Options, observed: Observed | None, later: KnownLater) -> Plan:
        """Make the plan of a project whose values Terraform has yet to make: it says which, and does nothing."""
        from reconciler.api import references
        from reconciler.core.plans import Plan

        settings = self.settings
        found = observed or Observed(self.gateway.account(), self.gateway.region)
        return Plan(
            project=self._origins(options),
            units=(references.deferred(settings, found, self.references(), later),),
            notices=self._files.notices,
            made_at=self.clock.now(),
            complete=False,
            applyable=False,
        )

    def _early(self, hint: hints.Hint) -> Reads:
        """Start the reads of the last plan: evaluating the files and importing what judges hides behind them."""
        reads = Reads(self._connection.gateway(hint.region or None), self._pool, hint.cluster, hint.service)
        reads.start()
        reads.expect(hint.family)
        return reads

    def _reads(self, early: Reads | None, hint: hints.Hint | None) -> Reads:
        """Give the reads of this plan: those started early, if they are the right ones."""
        settings = self.settings
        names = (self._files.region or "", settings.cluster, settings.service or "")
        if early is not None and hint is not None and hint[:3] == names:
            self._gateway = early.gateway
            return early
        reads = Reads(self.gateway, self._pool, settings.cluster, settings.service or "")
        reads.start()
        return reads

    def _leave_hint(self, last: hints.Hint | None, family: str) -> None:
        settings = self.settings
        family = family or (last.family if last is not None else "")  # not asked for this time
        now = hints.Hint(self._files.region or "", settings.cluster, settings.service or "", family)
        if now != last and self._uses_aws:
            hints.keep(self.project, now)

    def sides(self, plan: Plan) -> Mapping[str, Sides]:
        """Give both documents of each unit of a plan that was made here, masked, for a textual comparison.

        There is nothing to compare of one that is deferred.
        """
        if plan.deferred:
            return {}
        return next(made.sides for made in self._made if made.plan == plan)

    def rehearse(self, plan: Plan) -> tuple[Rehearsed, ...]:
        """Play the changes of a plan that was made here through a model of ECS. PlanError where it cannot."""
        if plan.deferred:
            raise _awaiting(plan.deferred[0])
        from reconciler.api.rehearsals import SandboxRehearsal
        from reconciler.engine import rehearsing

        made = next(made for made in self._made if made.plan == plan)
        return rehearsing.rehearse(plan, made.observed, self._kinds(), SandboxRehearsal())

    def _kinds(self) -> Kinds:
        from reconciler.aws.shapes import ECS
        from reconciler.core import kinds

        if self._tables is None:
            self._tables = kinds.build(ECS)
        return self._tables

    def _origins(self, options: Options) -> Origins:
        from reconciler.core.plans import Opened, Origins

        return Origins(
            file=self.project.document.path.name,
            digest=self.project.digest,
            opened=tuple(
                Opened(name=use.name, config=dict(use.config), func_prefix=use.func_prefix)
                for use in self.settings.plugins
            ),
            ignore_tags=options.ignore_tags,
            timeout=self.settings.timeout,
            region=self.settings.region or "",
        )

    def check(self, plan: Plan) -> None:
        """Check that a saved plan still holds. StalePlan names everything that moved."""
        from reconciler.api import observations
        from reconciler.engine import applying, checking

        insist_applyable(plan)
        self._open_plan(plan)
        clusters = {unit.cluster for unit in plan.units}
        services = [unit for unit in plan.units if unit.kind == "service"]
        families = [unit for unit in plan.units if unit.kind == "task_definition"]
        name = services[0].name.split("/", 1)[1] if services else ""
        reads = Reads(self.gateway, self._pool, next(iter(clusters), ""), name)
        reads.start()
        answers = self._files.lookup([entry.address for entry in plan.inputs if not entry.ambient])
        observed = reads.observe(families[0].name if families else "")
        if services:
            observed = observations.again(observed, self.gateway, services[0], self._kinds().service)
        now = checking.Now(observed.account, observed.region, self.project.digest, observed, answers)
        checking.check(
            plan,
            now,
            self._kinds(),
            lambda body, unit: applying.filled(body, unit, self._files.reveal, self._vault(plan)),
        )

    def _open_plan(self, plan: Plan) -> None:
        """Open the resolvers that a plan used, without evaluating any file. StalePlan where it belongs elsewhere."""
        moved = []
        if plan.project.digest != self.project.digest:
            moved.append(f"the project file {plan.project.file} is another one, or has changed")
        regions = {unit.region for unit in plan.units}
        here = self._region_here(plan)
        if here and regions and {here} != regions:
            moved.append(f"the region is {here}, the plan is for {', '.join(sorted(regions))}")
        if moved:
            raise StalePlan(
                "the plan is not for what is asked for here; nothing was changed",
                hint="make a new plan",
                moved=tuple(moved),
            )
        uses = [PluginUse(o.name, o.config, o.func_prefix) for o in plan.project.opened]
        self._files.open_as(uses, next(iter(regions), None))

    def _region_here(self, plan: Plan) -> str:
        """Give the region that a plan made here and now would be for, empty where nothing but the plan says it."""
        if self._gateway is not None:
            return self._gateway.region
        if self._region or plan.project.region:
            return self._region or ""
        with suppress(ConfigError):  # no region is set: the plan's own is the only one
            return self._connection.aws(None).region
        return ""

    def _vault(self, plan: Plan) -> Mapping[tuple[str, int], Json] | None:
        return next((made.vault for made in self._made if made.plan == plan), None)

    def apply(
        self,
        plan: Plan,
        *,
        emit: Emit | None = None,
        wait: bool = True,
        until: str = "deployed",
        timeout: float | None = None,
    ) -> Outcome:
        """Carry out a plan, telling `emit` each event. `timeout` in seconds, the project's where not given.

        StalePlan, ApplyError, Interrupted, NotConverged as `engine.applying.apply`.
        """
        from reconciler.engine import applying

        self.check(plan)
        bodies = applying.reveal(plan, self._files.reveal, self._vault(plan))
        limit = timeout if timeout is not None else plan.project.timeout
        saved = self._vault(plan) is None
        manner = applying.Manner(wait=wait, until=until, timeout=limit, saved=saved)
        return _drain(applying.apply(plan, self.gateway, self.clock, self._kinds(), bodies, manner), emit)

    def wait(
        self, *, emit: Emit | None = None, until: str = "deployed", timeout: float | None = None
    ) -> Outcome:
        """Watch the rollout that is running now until it ends; without one, give an outcome that is `idle` at once."""
        from reconciler.core.outcomes import Ending, Outcome
        from reconciler.engine import attaching, shifting, watching

        settings = self.settings
        service = self._named_service()
        started = self.clock.now()
        current = watching.current(self.gateway, settings.cluster, service)
        target = shifting.resumed(
            self.gateway,
            self.clock,
            settings.codedeploy,
            current,
            cluster=settings.cluster,
            service=service,
            until=until,
            timeout=settings.timeout if timeout is None else timeout,
        )
        if target is None:
            revision = str(current.body.get("taskDefinition", ""))
            return Outcome(
                ending=Ending.SUCCEEDED, reason="the service is stable", revision=revision, idle=True
            )
        with attaching.attached():
            watched = _drain(shifting.follow(self.gateway, self.clock, target), emit)
        shown = watched.service.body if watched.service else {}
        return Outcome(
            ending=watched.ending,
            reason=watched.reason,
            revision=str(shown.get("taskDefinition", "")),
            seconds=self.clock.now() - started,
            deployment="" if watched.ending is Ending.SUCCEEDED else target.deployment,
        )

    def undoing(self, wish: Wish | None = None) -> Undoing:
        """Say how `rollback` would go back, without sending anything. PlanError where there is nothing to go back to.

        `engine.undoing.describe` puts it into words.
        """
        from reconciler.engine import undoing

        wish = replace(wish or undoing.Wish(), codedeploy=self.settings.codedeploy)
        named = (self.settings.cluster, self._named_service())
        facts = undoing.read(self.gateway, *named, wish, self._group)
        return undoing.decide(facts, wish)

    def rollback(
        self,
        undoing: Undoing | None = None,
        *,
        emit: Emit | None = None,
        wait: bool = True,
        until: str = "deployed",
        timeout: float | None = None,
    ) -> Outcome:
        """Go back, as `undoing` says; to what completed before, where not given. The outcome of having gone back is a
        success. PlanError, ApplyError, Interrupted.
        """
        from reconciler.engine import reverting

        way = undoing if undoing is not None else self.undoing()
        manner = self._manner(wait=wait, until=until, timeout=timeout)
        return _drain(reverting.undo(self.gateway, self.clock, way, manner), emit)

    def resume(
        self,
        hook: str = "",
        *,
        rollback: bool = False,
        emit: Emit | None = None,
        wait: bool = True,
        until: str = "deployed",
        timeout: float | None = None,
    ) -> Outcome:
        """Let the rollout go on that a PAUSE hook holds (the one with this id, where several do), or have it go back.

        PlanError where none is paused; ApplyError, Interrupted.
        """
        from reconciler.engine import reverting

        paused = reverting.paused(self.gateway, self.settings.cluster, self._named_service(), hook)
        manner = self._manner(wait=wait, until=until, timeout=timeout)
        answering = reverting.answer(self.gateway, self.clock, paused, manner, rollback=rollback)
        return _drain(answering, emit)

    def _manner(self, *, wait: bool, until: str, timeout: float | None) -> Manner:
        from reconciler.engine.applying import Manner

        limit = self.settings.timeout if timeout is None else timeout
        return Manner(wait=wait, until=until, timeout=limit)

    def _named_service(self) -> str:
        settings = self.settings
        if not settings.service:
            raise ConfigError(
                "the project names no service", settings.resolved.where(()), "add `service: NAME`"
            )
        return settings.service

    def diagnose(self, deployment: str = "") -> Diagnosis:
        """Say why the service's rollout fails: that of a deployment (``ecs-svc/…``), else the one that failed last or
        runs now. What cannot be read is told in `unread`; of AWS's errors none is raised.
        """
        from reconciler.engine import diagnosing

        return diagnosing.diagnose(
            self.gateway,
            self.settings.cluster,
            self._named_service(),
            deployment=deployment,
            masker=self.masker,
        )

    def status(self, *, emit: Emit | None = None) -> JsonObject:
        """Describe the service as AWS shows it. ReconcilerError where it is not there.

        With `emit` a rollout that is under way is looked at too, and told as watching it would tell it first.
        """
        from reconciler.engine import shifting, watching

        cluster, service = self.settings.cluster, self._named_service()
        current = watching.current(self.gateway, cluster, service)
        if emit is not None:
            for event in shifting.look(self.gateway, self.clock, current, cluster, service):
                emit(event)
        return current.body


def _drain(events: Generator[Event, None, _T], emit: Emit | None) -> _T:
    """Run a generator of events to its end and give its result."""
    while True:
        try:
            event = next(events)
        except StopIteration as stop:
            result: _T = stop.value
            return result
        if emit is not None:
            try:
                emit(event)
            except KeyboardInterrupt as error:
                events.throw(error)


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


def _family_in(resolved: Resolved | None) -> str:
    """Give the family that a task definition names, so that its newest revision can be read ahead of need."""
    data = resolved.data if resolved is not None else None
    if isinstance(data, dict) and isinstance(data.get("taskDefinition"), dict):
        data = data["taskDefinition"]
    family = data.get("family") if isinstance(data, dict) else None
    return family if isinstance(family, str) else ""


def _insist(strict: bool, notices: Sequence[Notice]) -> None:
    if strict and notices:
        raise ConfigError(notices[0].what, notices[0].where, notices[0].hint)
