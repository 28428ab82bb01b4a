"""The library, and the composition root: the one place where files, resolvers, AWS and the engine meet.

::

    from reconciler import Project, Reconciler

    with Reconciler.open(Project.load("reconciler.yml")) as r:
        plan = r.plan()
        if plan.changes:
            outcome = r.apply(plan, emit=print)
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias, TypeVar

from reconciler.core.documents import Resolved
from reconciler.core.redaction import Masker
from reconciler.core.references import Function, PluginUse
from reconciler.core.values import Address, Failure, Json, JsonObject, Value
from reconciler.engine import observing
from reconciler.engine.observing import Observed, Reads
from reconciler.engine.options import Options
from reconciler.engine.ports import Clock, Gateway, Snapshot
from reconciler.errors import ConfigError, PlanError, StalePlan
from reconciler.load import envfiles, evaluate, sources
from reconciler.load import project as projects
from reconciler.resolve.registry import Instances, open_instances
from reconciler.resolve.session import Lookup, Session

# What judges and shows is imported where it is used: by then the first reads are under way, and waiting for them
# costs more than importing (docs/architecture.md, "Speed").
if TYPE_CHECKING:
    from reconciler.aws.clients import Client
    from reconciler.aws.sessions import Aws
    from reconciler.core.events import Event
    from reconciler.core.kinds import Kinds
    from reconciler.core.outcomes import Outcome
    from reconciler.core.plans import Input, Notice, Origins, Plan
    from reconciler.core.shapes import Shapes
    from reconciler.engine.composing import Desired
    from reconciler.engine.planning import Sides

_THREADS = 16
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


@dataclass(frozen=True, slots=True)
class Project:
    """A project file that was read and not evaluated yet, with what its evaluation sees of the run."""

    document: sources.Document
    options: sources.Options

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        *,
        folder: Path = Path(),
        envfiles: Iterable[str | Path] = (),
        ext_str: Mapping[str, str] | None = None,
        ext_code: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Read a project file, or the one that is found in `folder`. ConfigError where there is none."""
        found = projects.find(str(path) if path is not None else None, folder)
        given = dict(os.environ if environ is None else environ)
        given |= _env_files(envfiles)
        return cls(projects.read(found), sources.Options(given, ext_str or {}, ext_code or {}))

    @property
    def root(self) -> Path:
        """Give the folder of the project file."""
        return self.document.path.parent

    @property
    def digest(self) -> str:
        """Give a digest of the file's text, by which a saved plan knows its project."""
        return hashlib.sha256(self.document.text.encode()).hexdigest()


def _family_in(resolved: Resolved | None) -> str:
    """Give the family that a task definition names, so that its newest revision can be read ahead of need."""
    data = resolved.data if resolved is not None else None
    if isinstance(data, dict) and isinstance(data.get("taskDefinition"), dict):
        data = data["taskDefinition"]
    family = data.get("family") if isinstance(data, dict) else None
    return family if isinstance(family, str) else ""


def _env_files(paths: Iterable[str | Path]) -> dict[str, str]:
    return envfiles.read([Path(path) for path in paths])


class _Context(NamedTuple):
    """What resolvers see of the run."""

    root: Path
    environ: Mapping[str, str]
    open_aws: Callable[[], Aws]

    def client(self, service: str, /) -> Client:
        return self.open_aws().client(service)


class Definitions(NamedTuple):
    """The evaluated definition files of a project; None for one that it does not have."""

    task_definition: Resolved | None = None
    service: Resolved | None = None


class _Made(NamedTuple):
    """A plan that was made here, with the secrets that it does not hold."""

    plan: Plan
    vault: Mapping[tuple[str, int], Json]
    sides: Mapping[str, Sides]


class Reconciler:
    """A project with its resolvers and AWS. Use it as a context manager; it is not shared by threads."""

    def __init__(
        self,
        project: Project,
        *,
        profile: str | None = None,
        region: str | None = None,
        assume_role_arn: str | None = None,
        gateway: Gateway | None = None,
        clock: Clock | None = None,
        show_sensitive: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        """Keep what is given; see `open`."""
        self.project = project
        self.profile = profile
        self.region = region
        self.assume_role_arn = assume_role_arn
        self.show_sensitive = show_sensitive
        self.clock: Clock = clock or SystemClock()
        self.progress = progress
        self._gateway = gateway
        self._pool = ThreadPoolExecutor(_THREADS, "reconciler")
        self._aws: dict[str, Aws] = {}
        self._settled: projects.Project | None = None
        self._named_region: str | None = None
        self._instances: Instances | None = None
        self._session: Session | None = None
        self._tables: Kinds | None = None
        self._made: list[_Made] = []

    @classmethod
    def open(
        cls,
        project: Project,
        *,
        profile: str | None = None,
        region: str | None = None,
        assume_role_arn: str | None = None,
        gateway: Gateway | None = None,
        clock: Clock | None = None,
        show_sensitive: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Self:
        """Open a project. Reads nothing and calls nothing yet. `gateway` and `clock` replace AWS and time."""
        return cls(
            project,
            profile=profile,
            region=region,
            assume_role_arn=assume_role_arn,
            gateway=gateway,
            clock=clock,
            show_sensitive=show_sensitive,
            progress=progress,
        )

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the threads and connections go."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for aws in self._aws.values():
            aws.close()

    # -- evaluation ----------------------------------------------------------------------------------------

    @property
    def settings(self) -> projects.Project:
        """Give the evaluated project file. References in it are looked up in the ambient region."""
        if self._settled is None:
            document, options = self.project.document, self.project.options
            session = self._open(projects.outline(document, options))
            (resolved,) = evaluate.resolve([document], self._functions, session.lookup_many, options)
            self._settled = projects.settle(resolved)
            self._named_region = self._settled.region
        return self._settled

    def _open(self, uses: Sequence[PluginUse]) -> Session:
        # Resolvers ask for their client at each lookup: from here on in the region that the project names.
        environ = self.project.options.environ
        context = _Context(
            self.project.root, environ, lambda: self._open_aws(self.region or self._named_region)
        )
        self._instances = open_instances(uses, context)
        self._session = Session(self._instances, max_workers=_THREADS, progress=self._told)
        return self._session

    @property
    def _functions(self) -> Mapping[str, Function]:
        assert self._instances is not None
        return self._instances.functions

    def _told(self, lookup: Lookup) -> None:
        if self.progress is not None:
            self.progress(f"read {lookup.address}")

    def _open_aws(self, region: str | None) -> Aws:
        from reconciler.aws.sessions import open_aws

        key = region or ""
        if key not in self._aws:
            self._aws[key] = open_aws(
                profile=self.profile,
                region=region,
                assume_role_arn=self.assume_role_arn,
                environ=self.project.options.environ,
                threads=_THREADS,
            )
        return self._aws[key]

    @property
    def gateway(self) -> Gateway:
        """Give the way to ECS, in the region given, else the project's, else the ambient one."""
        if self._gateway is None:
            from reconciler.aws.gateway import EcsGateway

            if self._session is None:  # whoever asks first has the project file evaluated
                self._named_region = self.settings.region
            aws = self._open_aws(self.region or self._named_region)
            # Evaluating files would only compete with making the clients; once calls are under way it costs nothing.
            aws.connect("ecs", "sts")
            self._gateway = EcsGateway(aws)
        return self._gateway

    def definitions(self, *, task_definition: bool = True, service: bool = True) -> Definitions:
        """Evaluate the definition files. ConfigError or ResolveError where one has no value."""
        settings = self.settings
        assert self._session is not None
        wanted = [
            settings.root / path if path is not None and asked else None
            for path, asked in (
                (settings.task_definition, task_definition),
                (settings.service_definition, service),
            )
        ]
        documents = [sources.read(path) for path in wanted if path is not None]
        found = iter(
            evaluate.resolve(documents, self._functions, self._session.lookup_many, self.project.options)
        )
        first = next(found) if wanted[0] is not None else None
        return Definitions(first, next(found) if wanted[1] is not None else None)

    def rendered(self, target: str, *, canonical: bool = False) -> Json:
        """Give an evaluated file, masked: ``config``, ``task_definition`` or ``service``.

        `canonical` gives the form that is compared. ConfigError where the project has no such file.
        """
        from reconciler.core import findings
        from reconciler.engine import composing

        if target == "config":
            resolved: Resolved | None = self.settings.resolved
        else:
            files = self.definitions(task_definition=target != "service", service=target == "service")
            resolved = files.service if target == "service" else files.task_definition
        if resolved is None:
            key = "service_definition" if target == "service" else "task_definition"
            raise ConfigError(f"the project names no {key}", self.settings.resolved.where(()))
        if canonical and target != "config":
            desired = composing.compose(self._kinds().named(target), resolved)
            return findings.mask(
                desired.canon.tree, (), findings.Provenance(resolved, desired.canon), self.masker
            )
        return _masked(resolved.data, (), resolved, self.masker)

    @property
    def known(self) -> Mapping[Address, Value]:
        """Give the values that were looked up so far."""
        answers = self._session.known if self._session is not None else {}
        return {address: answer for address, answer in answers.items() if isinstance(answer, Value)}

    @property
    def masker(self) -> Masker:
        """Give what hides the secrets that were looked up so far."""
        return Masker.of(_sensitive(self.known.values()), show=self.show_sensitive)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Give what the project file's author should know."""
        from reconciler.core.plans import Notice

        return tuple(Notice(what=c.what, where=c.where, hint=c.hint) for c in self.settings.warnings)

    # -- plan ----------------------------------------------------------------------------------------------

    def plan(
        self, options: Options | None = None, *, strict: bool = False, live: tuple[str, Json] | None = None
    ) -> Plan:
        """Make a plan. `live` compares with a saved description (its name and content) instead of AWS.

        `strict` turns warnings about unknown members into errors.
        """
        settings = self.settings
        options = replace(options or Options(), ignore_tags=settings.ignore_tags)
        observed: Observed | None = None
        reads: Reads | None = None
        if live is not None:
            observed = observing.read_saved(live[1], live[0])
        else:
            reads = Reads(self.gateway, self._pool, settings.cluster, settings.service or "")
            reads.start()
        files = self.definitions(
            task_definition=not options.skip_task_definition and not options.revision
            if observed is None
            else observed.running is not None,
            service=observed is None or observed.service is not None,
        )
        if reads is not None:
            reads.expect(_family_in(files.task_definition))
        from reconciler.core.plans import Plan
        from reconciler.engine import planning

        kinds = self._kinds()
        task_definition = self._task_definition(files, kinds, strict=strict)
        service = None
        if observed is None or observed.service is not None:
            service = self._service(files, kinds, options, strict=strict)
        if observed is None:
            assert reads is not None
            observed = self._observe(reads, task_definition, options)
        facts = planning.Facts(
            kinds, self._shapes(), settings.cluster, settings.service or "", self.known, self.masker, options
        )
        planned = planning.plan(task_definition, service, observed, facts)
        warned = tuple(
            notice
            for desired in (task_definition, service)
            if desired is not None
            for notice in desired.notices
        )
        _insist(strict, self.notices)
        plan = Plan(
            project=self._origins(options),
            units=tuple(planned.units),
            inputs=self._inputs(files),
            notices=(*self.notices, *warned),
            made_at=self.clock.now(),
            applyable=live is None,
        )
        self._made.append(_Made(plan, planned.vault, planned.sides))
        return plan

    def _observe(self, reads: Reads, task_definition: Desired | None, options: Options) -> Observed:
        family = ""
        if task_definition is not None:
            family = str(task_definition.canon.wire.get("family", ""))
        elif options.revision:
            family = str(self._family(reads))
            if options.revision != "latest":
                family = f"{family}:{options.revision}"
        observed = reads.observe(family)
        if options.revision and not isinstance(observed.newest, Snapshot):
            raise PlanError(
                f"there is no revision {family}", hint="list them with `aws ecs list-task-definitions`"
            )
        return observed

    def _family(self, reads: Reads) -> str:
        """Give the family whose revision is asked for: the one that the service runs."""
        from reconciler.engine import watching

        current = watching.current(reads.gateway, reads.cluster, reads.name)
        return str(current.body.get("taskDefinition", "")).rsplit("/", 1)[-1].rsplit(":", 1)[0]

    def _task_definition(self, files: Definitions, kinds: Kinds, *, strict: bool) -> Desired | None:
        from reconciler.engine import composing

        if files.task_definition is None:
            return None
        desired = composing.compose(kinds.task_definition, files.task_definition, strict=strict)
        return composing.without_tags(desired, self.settings.ignore_tags)

    def _service(self, files: Definitions, kinds: Kinds, options: Options, *, strict: bool) -> Desired | None:
        from reconciler.engine import composing

        settings = self.settings
        if not settings.service or (not options.update_service and not self._changes_revision(options)):
            return None
        if files.service is None:
            where = settings.resolved.where(("service",))
            raise ConfigError("`service` is named and `service_definition` is not", where, "name its file")
        # Cluster and service are the project file's to name, and the revision is the plan's own.
        without = ["cluster", "clusterArn", "serviceName", "serviceArn"]
        if settings.task_definition is not None:
            without.append("taskDefinition")
        instead = {} if options.desired_count is None else {"desiredCount": options.desired_count}
        desired = composing.compose(
            kinds.service, files.service, without=without, instead=instead, strict=strict
        )
        if not options.update_service:
            desired = composing.only(desired, instead)
        return composing.without_tags(desired, settings.ignore_tags)

    @staticmethod
    def _changes_revision(options: Options) -> bool:
        """Tell whether a service has to be updated although its own definition is not to be."""
        return (
            not options.skip_task_definition
            or bool(options.revision)
            or options.force_new_deployment
            or (options.desired_count is not None)
        )

    def sides(self, plan: Plan) -> Mapping[str, Sides]:
        """Give both documents of each unit of a plan that was made here, masked, for a textual comparison."""
        return next(made.sides for made in self._made if made.plan == plan)

    def _kinds(self) -> Kinds:
        from reconciler.core import kinds

        if self._tables is None:
            self._tables = kinds.build(self._shapes())
        return self._tables

    @staticmethod
    def _shapes() -> Shapes:
        from reconciler.aws.shapes import ECS

        return ECS

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
        )

    def _inputs(self, files: Definitions) -> tuple[Input, ...]:
        from reconciler.core.plans import Input
        from reconciler.engine import checking

        documents = (self.settings.resolved, files.task_definition, files.service)
        addresses = {
            origin.address
            for resolved in documents
            if resolved is not None
            for origins in resolved.origins.values()
            for origin in origins
        }
        known = self.known
        assert self._instances is not None
        return tuple(
            Input(
                address=address,
                source=known[address].source,
                digest="" if known[address].sensitive_paths else checking.digest(known[address].data),
                ambient=self._instances.get(address.resolver).plugin.ambient,
            )
            for address in sorted(addresses & set(known))
        )

    # -- apply ---------------------------------------------------------------------------------------------

    def check(self, plan: Plan) -> None:
        """Check that a saved plan still holds. StalePlan names everything that moved."""
        from reconciler.engine import applying, checking

        if not plan.applyable:
            raise PlanError("this plan cannot be applied: it was made against a saved description")
        session = self._open_plan(plan)
        clusters = {unit.cluster for unit in plan.units}
        services = [unit for unit in plan.units if unit.kind == "service"]
        families = [unit for unit in plan.units if unit.kind == "task_definition"]
        name = services[0].name.split("/", 1)[1] if services else ""
        reads = Reads(self.gateway, self._pool, next(iter(clusters), ""), name)
        reads.start()
        answers = session.lookup_many([entry.address for entry in plan.inputs if not entry.ambient])
        observed = reads.observe(families[0].name if families else "")
        now = checking.Now(observed.account, observed.region, self.project.digest, observed, answers)
        checking.check(
            plan,
            now,
            self._kinds(),
            lambda body, unit: applying.filled(body, unit, self._revealed, self._vault(plan)),
        )

    def _open_plan(self, plan: Plan) -> Session:
        """Open the resolvers that a plan used, without evaluating any file."""
        if plan.project.digest != self.project.digest:
            raise StalePlan(
                "the plan does not belong to this project; nothing was changed",
                hint="make a new plan",
                moved=(f"the project file {plan.project.file} is another one, or has changed",),
            )
        if self._session is None or self._settled is None:
            regions = {unit.region for unit in plan.units}
            ambient = self._open_aws(self.region).region if self.region else ""
            if ambient and regions and {ambient} != regions:
                moved = f"the region is {ambient}, the plan is for {', '.join(sorted(regions))}"
                raise StalePlan("the plan is for another region; nothing was changed", moved=(moved,))
            self._named_region = next(iter(regions), None)
            uses = [PluginUse(o.name, o.config, o.func_prefix) for o in plan.project.opened]
            self._open(uses)
        assert self._session is not None
        return self._session

    def _vault(self, plan: Plan) -> Mapping[tuple[str, int], Json] | None:
        return next((made.vault for made in self._made if made.plan == plan), None)

    def _revealed(self, addresses: Sequence[Address]) -> Mapping[Address, Value]:
        assert self._session is not None
        answers = self._session.lookup_many(addresses)
        for answer in answers.values():
            if isinstance(answer, Failure):
                raise answer.error
        return {address: answer for address, answer in answers.items() if isinstance(answer, Value)}

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

        if self._vault(plan) is None:
            self.check(plan)
        bodies = applying.reveal(plan, self._revealed, self._vault(plan))
        limit = timeout if timeout is not None else plan.project.timeout
        manner = applying.Manner(wait=wait, until=until, timeout=limit)
        return _drain(applying.apply(plan, self.gateway, self.clock, self._kinds(), bodies, manner), emit)

    def wait(
        self, *, emit: Emit | None = None, until: str = "deployed", timeout: float | None = None
    ) -> Outcome:
        """Watch the rollout that is running now until it ends."""
        from reconciler.core.outcomes import Outcome
        from reconciler.engine import watching

        settings = self.settings
        service = self._named_service()
        started = self.clock.now()
        current = watching.current(self.gateway, settings.cluster, service)
        target = watching.pick_up(
            current, settings.cluster, service, until, settings.timeout if timeout is None else timeout
        )
        watched = _drain(watching.watch(self.gateway, self.clock, target), emit)
        return Outcome(ending=watched.ending, reason=watched.reason, seconds=self.clock.now() - started)

    def _named_service(self) -> str:
        settings = self.settings
        if not settings.service:
            raise ConfigError(
                "the project names no service", settings.resolved.where(()), "add `service: NAME`"
            )
        return settings.service

    def status(self) -> JsonObject:
        """Describe the service as AWS shows it. ReconcilerError where it is not there."""
        from reconciler.engine import watching

        settings = self.settings
        return watching.current(self.gateway, settings.cluster, self._named_service()).body


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


def _masked(value: Json, path: tuple[str | int, ...], resolved: Resolved, masker: Masker) -> Json:
    """Mask what is sensitive in an evaluated file."""
    if isinstance(value, dict):
        return {name: _masked(member, (*path, name), resolved, masker) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(member, (*path, index), resolved, masker) for index, member in enumerate(value)]
    return masker.value(value, sensitive=resolved.is_sensitive(path))


def _insist(strict: bool, notices: Sequence[Notice]) -> None:
    if strict and notices:
        raise ConfigError(notices[0].what, notices[0].where, notices[0].hint)


def _sensitive(values: Iterable[Value]) -> list[Json]:
    found: list[Json] = []
    for value in values:
        for path in value.sensitive_paths:
            data: Json = value.data
            for key in path:
                if isinstance(data, dict):
                    data = data.get(str(key))
                elif isinstance(data, list | tuple) and isinstance(key, int) and key < len(data):
                    data = data[key]
                else:
                    data = None
            found.append(data)
    return found


__all__ = ["Definitions", "Options", "Project", "Reconciler", "SystemClock"]
