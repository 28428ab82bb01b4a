"""A project opened: its settings, resolvers and definitions, and its way to AWS. The library is built on it.

What judges and shows is imported where it is used: by then the first reads are under way, and waiting for them costs
more than importing (docs/architecture.md, "Speed").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias, TypedDict, TypeVar, Unpack

from reconciler.api.connections import THREADS, Connection, Shared
from reconciler.api.evaluations import Definitions, Evaluation
from reconciler.api.masking import masked
from reconciler.api.projects import Project
from reconciler.core.redaction import MASK, Masker
from reconciler.core.values import Address, Json, JsonObject
from reconciler.engine.ports import Clock, Gateway
from reconciler.errors import ConfigError, KnownLater, Where

if TYPE_CHECKING:
    from reconciler.api.commons import Expected
    from reconciler.api.references import Explained, Listed
    from reconciler.core.canon import Canon
    from reconciler.core.documents import Resolved
    from reconciler.core.events import Event
    from reconciler.core.kinds import Kinds
    from reconciler.engine.grouping import Group
    from reconciler.load.project import Project as Settings
    from reconciler.plugin import Resolver

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


class Given(TypedDict, total=False):
    """How to open a project: a profile, a region in place of the project's, a role to assume first.

    `gateway` and `clock` replace AWS and time; `progress` is told each lookup. `connection` and `shared` are those of
    several projects that are opened together (`api.fleets`).
    """

    profile: str | None
    region: str | None
    assume_role_arn: str | None
    gateway: Gateway | None
    clock: Clock | None
    show_sensitive: bool
    progress: Callable[[str], None] | None
    connection: Connection | None
    shared: Shared | None


class Opening:
    """A project with its resolvers and AWS, closed at the end of the block."""

    def __init__(self, project: Project, **given: Unpack[Given]) -> None:
        """Keep what is given; see `open`."""
        self.project = project
        self.clock: Clock = given.get("clock") or SystemClock()
        self._region = given.get("region")
        self._gateway = given.get("gateway")
        self._vetted = False
        # Hints are for one project at a time: of many the services are known before they are asked for.
        self._given = self._gateway is not None
        self._alone = given.get("connection") is None
        self._hinted = self._alone and not self._given
        self._ambient = given.get("connection") or Connection(
            project.options.environ,
            profile=given.get("profile"),
            assume_role_arn=given.get("assume_role_arn"),
        )
        self._shared = given.get("shared")
        self._files = Evaluation(
            project,
            self._ambient,
            self._region,
            show_sensitive=given.get("show_sensitive", False),
            progress=given.get("progress"),
            shared=self._shared,
        )
        self._pool = ThreadPoolExecutor(THREADS, "reconciler")

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
        self._ambient.close()

    def forget(self) -> None:
        """Let go of what only a collector of garbage would find, which short runs do without; use it no more then."""
        self._files.forget()

    @property
    def _connection(self) -> Connection:
        """Give the way to AWS, by the credentials that the project names."""
        return self._files.connected

    @property
    def settings(self) -> Settings:
        """Give the evaluated project file. References in it are looked up in the ambient region."""
        return self._files.settings

    @property
    def variables(self) -> frozenset[Address]:
        """Give what the project file alone has asked the environment for."""
        return self._files.variables

    @property
    def named_at(self) -> tuple[Where, ...]:
        """Give where the file that shares its settings names the project, or may."""
        return self._files.named_at

    @property
    def ruled(self) -> tuple[str | None, str | None, str | None]:
        """Give the region, the profile and the role that count before those of the project file."""
        return (self._region, *self._ambient.credentials)

    @property
    def masker(self) -> Masker:
        """Give what hides the secrets that were looked up so far."""
        return self._files.masker

    @property
    def gateway(self) -> Gateway:
        """Give the way to ECS in the project's account, if it names one. ConfigError where it is another."""
        self.insist_account()
        return self.way

    def insist_account(self) -> None:
        """Raise ConfigError where the credentials are those of another account than the project names.

        Only a project whose file was evaluated does: a saved plan is held against the account that it was made in.
        """
        if self._vetted or (named := self._files.account) is None:
            return
        account = self.way.account()
        if account != named:
            settings = self.settings
            said = [f"profile {settings.profile}"] if settings.profile else []
            said += [f"role {settings.assume_role_arn}"] if settings.assume_role_arn else []
            by = f" ({', '.join(said)})" if said else ""
            raise ConfigError(
                f"the project is for the AWS account {named}, and the credentials{by} are of {account}",
                settings.resolved.where(("account",)),
                "name the account's profile or assume_role_arn, or use other credentials",
            )
        self._vetted = True

    @property
    def way(self) -> Gateway:
        """Give the way to ECS, in the region given, else the project's, else the ambient one; of whatever account."""
        if self._gateway is None:
            _ = self._files.instances  # the project file may name the region
            self._gateway = self._connection.gateway(self._files.region)
        return self._gateway

    def expected(self) -> Expected:
        """Give what the definitions are known to need that many projects look up together."""
        return self._files.expected()

    def resolver(self, name: str) -> Resolver:
        """Give an opened resolver. ConfigError where the project has none of that name."""
        return self._files.instances.resolver(name)

    def definitions(self, *, task_definition: bool = True, service: bool = True) -> Definitions:
        """Evaluate the definition files. ConfigError or ResolveError where one has no value."""
        return self._files.definitions(task_definition=task_definition, service=service)

    def rendered(self, target: str, *, canonical: bool = False) -> Json:
        """Give an evaluated file, masked: ``config``, ``task_definition``, ``service`` or ``express_service``.

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
        from reconciler.api import references

        return references.listed(self._files)

    def evaluate(self, expression: str, name: str = "expression", later: str | None = None) -> Json:
        """Evaluate an expression of HCL in the project's scope: the state, variables, locals, functions. Masked.

        `name` is what messages call its place, and `later` stands for what is known only after Terraform has applied
        its plan. HclError, HclErrors, ResolveError; KnownLater without `later`.
        """
        from reconciler.api import expressions
        from reconciler.core.documents import Resolved

        found = expressions.evaluated(self._files, expression, name, later)
        data: Json = found.data  # type: ignore[assignment]
        if () in found.sensitive_paths and not self.masker.open:  # of which not even names are shown
            return MASK
        return masked(data, (), Resolved(name, data, sensitive=frozenset(found.sensitive_paths)), self.masker)

    def completions(self, prefix: str) -> tuple[str, ...]:
        """Give the functions, addresses of the state, variables and locals that begin with a text. HclError."""
        from reconciler.api import expressions
        from reconciler.load.hcls import consoles

        own = (name for name in consoles.names(self.project.options) if name.startswith(prefix))
        return tuple(sorted((*own, *expressions.completions(self._files, prefix))))

    def explain(self, wanted: str) -> tuple[Explained, ...]:
        """Say where values of the definitions come from: `wanted` is a value's place, or a reference that made some.

        The place is as plans name it (``containerDefinitions["app"].image``) or a JSON pointer into the canonical
        form, or into the file as `rendered` gives it. ConfigError, with what is near, where nothing fits. Of files that
        wait for Terraform the references alone are told; KnownLater where something else in them may be meant.
        """
        from reconciler.api import references
        from reconciler.engine import composing
        from reconciler.load.calls import near

        kinds = self._kinds()
        settings = self.settings
        named: list[tuple[str, Resolved, Canon]] = []
        later: list[KnownLater] = []
        express = settings.express_definition is not None
        for kind in (kinds.task_definition, kinds.express_service if express else kinds.service):
            alone = kind is kinds.task_definition
            try:
                files = self.definitions(task_definition=alone, service=not alone)
            except KnownLater as error:
                later.append(error)
                continue
            resolved = files.task_definition if alone else files.service or files.express_service
            if resolved is not None:
                canon = composing.compose(kind, resolved).canon
                name = canon.wire.get("family", "") if kind is kinds.task_definition else settings.service
                named.append((f"{kind.name} {name}".rstrip(), resolved, canon))
        project = settings.resolved
        found = references.explain(wanted, named, self.masker, project, lambda: self.references().references)
        if later:
            listed, paths = self.references().references, {each.where.path for each in later if each.where}
            found = (*found, *references.waiting(wanted, listed, paths, self.masker))
        if later and not found:
            raise later[0]
        if not found:
            raise ConfigError(
                f"nothing in the project is called {wanted}, and no reference of its files is",
                None,
                near(wanted, references.names(named, project))
                or "list the references with `reconciler references`",
            )
        return found

    def _kinds(self) -> Kinds:
        return tables()

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

    def named_service(self) -> str:
        """Give the service's name. ConfigError where the project file names none."""
        settings = self.settings
        if not settings.service:
            raise ConfigError(
                "the project names no service", settings.resolved.where(()), "add `service: NAME`"
            )
        return settings.service


@cache
def tables() -> Kinds:
    """Lay the tables over the installed model, once a process."""
    from reconciler.aws.shapes import ECS
    from reconciler.core import kinds

    return kinds.build(ECS)


def drain(events: Generator[Event, None, _T], emit: Emit | None) -> _T:
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
