"""Many projects in one process: one way to AWS, what they share read once, and no failure hiding another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar, cast

from reconciler.api import commons
from reconciler.api.commons import Expected
from reconciler.api.connections import Connection, Limits, Shared
from reconciler.api.projects import Project
from reconciler.api.reconcilers import Reconciler
from reconciler.core.plans import Plan
from reconciler.engine.options import Options
from reconciler.engine.ports import Absent, Clock, Gateway, Snapshot
from reconciler.errors import ReconcilerError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api.applying import Applied, Listener, Manner, Planned
    from reconciler.api.ordering import Order
    from reconciler.aws.sessions import Aws
    from reconciler.load.sources import Options as Surroundings

AT_ONCE: Final = 8
"""How many projects are planned at a time, unless said otherwise."""

Told = Callable[[int, int], object]
"""Hears how many projects are done, and of how many."""


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """What came of doing something about a project: the result, or why there is none.

    `reconciler` is kept where something is wrong, since it knows what must not be told of that: of many projects that
    went well only the results stay.
    """

    path: Path
    reconciler: Reconciler | None
    result: Result | None = None
    error: ReconcilerError | None = None


Opened: TypeAlias = Done[None]


class Fleet:
    """Projects that are opened together. Use it as a context manager."""

    def __init__(
        self,
        paths: Sequence[Path],
        load: Callable[[Path], Project],
        *,
        profile: str | None = None,
        region: str | None = None,
        assume_role_arn: str | None = None,
        show_sensitive: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """Keep what is given; nothing is read yet. `load` reads a project file; `clock` replaces time."""
        self._paths = tuple(paths)
        self._load = load
        self._profile = profile
        self._region = region
        self._role = assume_role_arn
        self._show = show_sensitive
        self._clock = clock
        self._shared = Shared()
        self._connections: list[_Connection] = []
        self._limits: Limits = {}

    def __enter__(self) -> Fleet:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the connections go."""
        for connection in self._connections:
            connection.let_go()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Give the projects that it is about."""
        return self._paths

    def plan(
        self,
        options: Options | None = None,
        *,
        strict: bool = False,
        at_once: int = AT_ONCE,
        told: Told | None = None,
    ) -> tuple[Done[Plan], ...]:
        """Plan every project; see `each`."""
        return self.each(lambda each: each.plan(options, strict=strict), at_once=at_once, told=told)

    def each(
        self,
        act: Callable[[Reconciler], Result],
        *,
        at_once: int = AT_ONCE,
        told: Told | None = None,
        paths: Sequence[Path] | None = None,
        described: bool = True,
    ) -> tuple[Done[Result], ...]:
        """Do something about every project, its service described already; give the results in the order of the paths.

        What is wrong with one is in its result, and is not raised. With `paths` it is about these projects instead;
        unless they are to be `described` first AWS is not asked for anything.
        """
        opened = [self._open(path) for path in (self._paths if paths is None else paths)]
        with _pool(at_once) as pool:
            settled = list(pool.map(_settled, opened))
            aheads = self._aheads(settled) if described else []
            reads: list[Future[object]] = [pool.submit(read) for ahead in aheads for read in ahead.reads()]
            if described:
                gathered = list(pool.map(_expected, settled))
                reads += [pool.submit(job) for job in commons.jobs(gathered)]
            for read in reads:
                read.result()
            doing = {pool.submit(_done, each, act): place for place, each in enumerate(settled)}
            opened.clear()
            settled.clear()
            found: dict[int, Done[Result]] = {}
            for done in as_completed(doing):
                found[doing[done]] = done.result()
                if told is not None:
                    told(len(found), len(doing))
        for ahead in aheads:
            ahead.forget()
        return tuple(found[place] for place in range(len(found)))

    def prepare(
        self,
        manner: Manner | None = None,
        *,
        at_once: int = AT_ONCE,
        told: Told | None = None,
    ) -> tuple[Planned, ...]:
        """Plan every project to `apply` that. What is wrong with one is told in its result, and is not raised.

        Where all is as it should be already a record of that is written, if the project wants one.
        """
        from reconciler.api import applying

        how = applying.Manner() if manner is None else manner
        done = self.each(lambda each: applying.prepared(each, how), at_once=at_once, told=told)
        return tuple(map(applying.of, done))

    def order(self, planned: Sequence[Planned], surroundings: Surroundings | None = None) -> Order:
        """Say which of the projects waits for which others, as their `depends_on` say.

        `surroundings` is what the evaluation of project files sees, the process' environment where not given.
        ConfigError for a dependency that is not there, or a circle.
        """
        from reconciler.api import ordering, projects

        return ordering.of(planned, projects.surroundings() if surroundings is None else surroundings)

    def apply(
        self,
        planned: Sequence[Planned],
        manner: Manner | None = None,
        *,
        order: Order | None = None,
        at_once: int = AT_ONCE,
        listener: Listener | None = None,
    ) -> Applied:
        """Carry out what `prepare` gave, each when what it depends on is through, in threads; give what became of all.

        Each project is planned anew in its turn, and refused there if that is another plan than was given. What goes
        wrong with one is in its fate, and not raised. Where one cannot be applied nothing is, but with `keep_going`.
        `order` is that of `Fleet.order`, found out where it is not given. In the main thread SIGINT and SIGTERM let go
        of all, and at the second one what runs is not waited for. ConfigError of `order`; PlanError where two projects
        declare a service that is to change; both before anything is sent.
        """
        from reconciler.api import applying, ordering
        from reconciler.api.turns import Halt

        how = applying.Manner() if manner is None else manner
        needs = self.order(planned) if order is None else order
        ordering.insist_on_one_each(planned)
        if not how.keep_going and (applied := applying.nothing(planned)) is not None:
            return applied
        found = {each.label: each for each in planned}
        hears = applying.Listener() if listener is None else listener
        return applying.Run(self, found, needs, how, hears, Halt(self._clock)).carry_out(at_once)

    def again(self, path: Path, *, clock: Clock | None = None) -> Reconciler:
        """Open one of the projects again, on another `clock` if one is given.

        ReconcilerError where its file cannot be read.
        """
        opened = self._open(path, clock)
        if opened.reconciler is None:
            assert opened.error is not None
            raise opened.error
        return opened.reconciler

    def renew(self) -> None:
        """Let what is opened from now on read anew what others have read already."""
        self._shared = Shared()

    def _open(self, path: Path, clock: Clock | None = None) -> Opened:
        try:
            project = self._load(path)
        except ReconcilerError as error:
            return Done(path, None, None, error)
        connection = self._connection(project.options.environ)
        reconciler = Reconciler.open(
            project,
            region=self._region,
            connection=connection,
            shared=self._shared,
            show_sensitive=self._show,
            clock=self._clock if clock is None else clock,
        )
        return Done(path, reconciler)

    def _connection(self, environ: Mapping[str, str]) -> _Connection:
        """Give the way to AWS of everybody with this environment: files of --envfile are laid over it."""
        for connection in self._connections:
            if connection.environ == environ:
                return connection
        made = _Connection(environ, profile=self._profile, assume_role_arn=self._role, limits=self._limits)
        self._connections.append(made)
        return made

    def _aheads(self, settled: Iterable[Opened]) -> list[_Ahead]:
        """Tell each way to ECS which services will be asked for; give those ways."""
        found: dict[int, _Ahead] = {}
        for each in settled:
            if each.reconciler is None or each.error is not None:
                continue
            settings = each.reconciler.settings
            try:
                ahead = cast("_Ahead", each.reconciler.way)
            except ReconcilerError:  # told when the project is planned
                continue
            if settings.service:
                ahead.expect(settings.cluster, settings.service)
            found[id(ahead)] = ahead
        return list(found.values())


@contextmanager
def _pool(at_once: int) -> Iterator[ThreadPoolExecutor]:
    """Give threads, which at Ctrl-C end what they have begun, and begin nothing more."""
    with ThreadPoolExecutor(at_once, "fleet") as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _settled(opened: Opened) -> Opened:
    """Evaluate the project file."""
    if opened.reconciler is not None:
        try:
            _ = opened.reconciler.settings
        except ReconcilerError as error:
            return Done(opened.path, opened.reconciler, None, error)
    return opened


def _expected(opened: Opened) -> Expected:
    """Give what a project needs that others may need, too; what is wrong with it is told when it is planned."""
    if opened.reconciler is not None and opened.error is None:
        with suppress(ReconcilerError):
            return opened.reconciler.expected()
    return {}


def _done(opened: Opened, act: Callable[[Reconciler], Result]) -> Done[Result]:
    if opened.reconciler is None or opened.error is not None:
        return Done(opened.path, opened.reconciler, None, opened.error)
    try:
        with opened.reconciler:
            result = act(opened.reconciler)
        opened.reconciler.forget()
        return Done(opened.path, None, result)
    except ReconcilerError as error:
        return Done(opened.path, opened.reconciler, None, error)


class _Connection(Connection):
    """A way to AWS that several projects share: none of them closes it."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        profile: str | None,
        assume_role_arn: str | None,
        limits: Limits,
    ) -> None:
        super().__init__(environ, profile=profile, assume_role_arn=assume_role_arn, limits=limits)
        self.environ = environ
        self._lock = Lock()
        self._gateways: dict[str, _Ahead] = {}

    def aws(self, region: str | None) -> Aws:
        """Give the session of a region, made once whoever asks."""
        with self._lock:
            return super().aws(region)

    def gateway(self, region: str | None) -> Gateway:
        """Give the way to ECS in a region, one for all."""
        made = super().gateway(region)
        with self._lock:
            ahead = self._gateways.setdefault(made.region, _Ahead(made))
        return cast("Gateway", ahead)

    def _beside(self, profile: str | None, role: str | None) -> _Connection:
        return _Connection(self.environ, profile=profile, assume_role_arn=role, limits=self._limits)

    def close(self) -> None:
        """Do nothing: others may still use it."""

    def let_go(self) -> None:
        """Close every connection."""
        super().close()
        for other in self._others.values():
            if isinstance(other, _Connection):
                other.let_go()


def _lean(answer: Snapshot | Absent) -> Snapshot | Absent:
    """Give a description without its events: of a thousand services they take a hundred megabytes, and no plan asks."""
    if not isinstance(answer, Snapshot):
        return answer
    return Snapshot({name: value for name, value in answer.body.items() if name != "events"})


class _Ahead:
    """A gateway that has read services before they are asked for, ten a call. Each answer is given once."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lock = Lock()
        self._expected: dict[str, set[str]] = defaultdict(set)
        self._answers: dict[tuple[str, str], Snapshot | Absent] = {}

    def __getattr__(self, name: str) -> Any:
        """Do everything else as the gateway does."""
        return getattr(self._gateway, name)

    def expect(self, cluster: str, service: str) -> None:
        """Note a service that will be asked for."""
        self._expected[cluster].add(service)

    def reads(self) -> list[Callable[[], None]]:
        """Give what reads the services that are expected, of a cluster each."""
        expected, self._expected = self._expected, defaultdict(set)
        return [partial(self._read, cluster, sorted(names)) for cluster, names in expected.items()]

    def _read(self, cluster: str, names: Sequence[str]) -> None:
        """Read services. A cluster that cannot be read is asked for again by whoever needs it, and says why."""
        with suppress(ReconcilerError):
            found = self._gateway.describe_services(cluster, names)
            with self._lock:
                self._answers |= {(cluster, name): _lean(answer) for name, answer in found.items()}

    def forget(self) -> None:
        """Drop what nobody asked for: by the time that somebody does it is old."""
        with self._lock:
            self._answers.clear()

    def describe_services(self, cluster: str, names: Sequence[str], /) -> Mapping[str, Snapshot | Absent]:
        """Give what was read; ask for the rest."""
        with self._lock:
            known = {
                name: self._answers.pop((cluster, name)) for name in names if (cluster, name) in self._answers
            }
        left = [name for name in names if name not in known]
        return {**known, **self._gateway.describe_services(cluster, left)} if left else known
