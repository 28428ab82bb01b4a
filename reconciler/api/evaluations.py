"""The files of a project and what they refer to, evaluated: the part that knows resolvers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.api.connections import THREADS, Connection, Credentials, Shared
from reconciler.api.contexts import Context, Sharing
from reconciler.api.masking import sensitive
from reconciler.api.projects import Project
from reconciler.core.documents import Resolved
from reconciler.core.redaction import Masker
from reconciler.core.references import PluginUse
from reconciler.core.values import Address, Failure, Json, Value
from reconciler.errors import ConfigError, Where
from reconciler.load import evaluate, services, sources
from reconciler.load import project as projects
from reconciler.load.services import Services
from reconciler.resolve.registry import Instance, Instances, discover, open_instances
from reconciler.resolve.session import Lookup, Session

if TYPE_CHECKING:
    from reconciler.api.commons import Expected
    from reconciler.core.plans import Input, Notice


_KEYS: Final = {
    "task_definition": "task_definition",
    "service": "service_definition",
    "express_service": "express_definition",
}
"""The keys of the project file that name the definitions."""


class _Above(NamedTuple):
    """A file that shares its settings, taken apart: its outline, what it evaluates to, and what that took."""

    outline: Services
    services: Services
    uses: tuple[PluginUse, ...]
    known: Mapping[Address, Value | Failure]


class Definitions(NamedTuple):
    """The evaluated definition files of a project; None for one that it does not have."""

    task_definition: Resolved | None = None
    service: Resolved | None = None
    express_service: Resolved | None = None


class Evaluation:
    """A project under evaluation.

    `region` is the one given, else, once it is known, the one that the project names; `options` are the project's, with
    its states once these are known.
    """

    def __init__(
        self,
        project: Project,
        connection: Connection,
        region: str | None,
        *,
        show_sensitive: bool = False,
        progress: Callable[[str], None] | None = None,
        shared: Shared | None = None,
    ) -> None:
        """Keep what is given; nothing is evaluated yet."""
        self._shared = shared
        self.project = project
        self.region = region
        self.connection = connection
        self._above: _Above | None = None
        self._show = show_sensitive
        self._progress = progress
        self._settled: projects.Project | None = None
        self._ambient = connection
        self.options = project.options
        self._instances: Instances | None = None
        self._session: Session | None = None
        self._secrets: dict[tuple[Path, ...], tuple[Json, ...]] = {}

    @property
    def settings(self) -> projects.Project:
        """Give the evaluated project file. References in it are looked up in the ambient region."""
        if self._settled is None:
            settled = projects.settle(self._resolved())
            self._settled = projects.with_unused(settled, self.options)
            self.region = self.region or settled.region
            self.connection = self._ambient.other((settled.profile, settled.assume_role_arn))
        return self._settled

    def _resolved(self) -> Resolved:
        """Evaluate the project file, over what another one shares with it."""
        document, options, name = self.project.document, self.project.options, self.project.name
        above = self._above = self._read_above()
        if above is not None and name:
            outline = services.entry(above.outline, name)
        else:
            outline = projects.outlined(document, options)
            if above is not None:
                outline = services.over(outline, above.outline.shared)
        session = self._begin(outline)
        if above is not None and name:
            return services.entry(above.services, name)
        (resolved,) = evaluate.resolve(
            [document], self.instances.functions, session.lookup_many, self.options
        )
        return services.over(resolved, above.services.shared) if above is not None else resolved

    def _begin(self, outline: Resolved) -> Session:
        """Open the resolvers that an outline names, with the credentials that it says outright."""
        uses = projects.uses(outline)
        named = projects.said(outline, "profile"), projects.said(outline, "assume_role_arn")
        self.connection = self._ambient.other((named[0] or None, named[1] or None))
        self.options = projects.with_states(self.project.document, self.project.options, uses)
        return self._open(uses, (*self.connection.credentials, projects.said(outline, "region")))

    def _read_above(self) -> _Above | None:
        """Evaluate the file whose settings are shared: once, however many projects it shares them with."""
        above = self.project.above
        if above is None:
            return None

        def read() -> _Above:
            whole = Evaluation(
                above, self._ambient, self.region, show_sensitive=self._show, shared=self._shared
            )
            return whole._apart()

        return self._shared.share("services", above.document, read) if self._shared is not None else read()

    def _apart(self) -> _Above:
        """Evaluate a file with `services`, and take it apart. What it refers to is what its shared plugins look up."""
        document = self.project.document
        outline = projects.several(document, self.project.options)
        assert outline is not None, "nobody shares settings otherwise"
        states = [use.func_prefix for use in projects.uses(outline.shared) if use.name.lower() == "tfstate"]
        planned = {
            prefix: path
            for prefix, path in self.project.planned.items()  # others are of states that projects name
            if prefix in states or (not prefix and len(states) == 1)
        }
        self.project = replace(self.project, planned=planned)
        session = self._begin(outline.shared)
        (resolved,) = evaluate.resolve(
            [document], self.instances.functions, session.lookup_many, self.options
        )
        found = services.apart(resolved)
        if found is None:
            raise ConfigError("services is empty", resolved.where(()))
        return _Above(outline, found, projects.uses(outline.shared), session.known)

    @property
    def account(self) -> str | None:
        """Give the account that the project names; None where it names none, or is not evaluated."""
        return self._settled.account if self._settled is not None else None

    @property
    def session(self) -> Session:
        """Give the lookups of the run."""
        return self._evaluated()[0]

    @property
    def instances(self) -> Instances:
        """Give the opened resolvers."""
        if self._instances is None:
            return self._evaluated()[1]
        return self._instances

    @property
    def connected(self) -> Connection:
        """Give the way to AWS, by the credentials that the project file names: after `forget`, too."""
        if self._settled is None:
            _ = self.instances
        return self.connection

    def open_as(self, uses: Sequence[PluginUse], region: str | None, credentials: Credentials) -> None:
        """Open resolvers as a saved plan names them, in its region, without evaluating any file."""
        if self._session is None:
            self.connection = self._ambient.other(credentials)
            self.region = self.region or region
            self._open(uses)

    def _open(self, uses: Sequence[PluginUse], caller: object = None) -> Session:
        # Resolvers ask for their client at each lookup: from here on in the region that the project names.
        context = (Sharing if self._shared is not None else Context)(
            self.project.root,
            self.project.options.environ,
            lambda: self.connection.aws(self.region),
            self._shared,
            caller,
        )
        uses = _overlaid(uses, self.project.planned)
        # What is installed is found out once for all projects, which takes two milliseconds each time.
        available = self._shared.share("plugins", (), discover) if self._shared is not None else None
        self._instances = open_instances(
            uses, context, available, rooted=lambda root: context._replace(root=root)
        )
        self._session = Session(
            self._instances, max_workers=THREADS, progress=self._told, common=self._common
        )
        return self._session

    def forget(self) -> None:
        """Let the resolvers go, and what asks them: both know this evaluation."""
        self._instances = self._session = None

    def _common(self, instance: Instance) -> Session | None:
        """Give the lookups that answer for an instance in all projects of the run."""
        if self._shared is None:
            return None
        from reconciler.api import commons

        connection, region = self.connection, self.region
        context = Context(self.project.root, self.project.options.environ, lambda: connection.aws(region))
        return commons.lookups(self._shared, instance, connection, region, context)

    def expected(self) -> Expected:
        """Give what the definitions are known to need of resolvers that answer many projects by the batch."""
        from reconciler.api import commons

        settings = self.settings
        session, instances = self._evaluated()
        documents = [sources.read(settings.file(path)) for path in settings.definitions]
        return commons.expected(documents, instances, self.options, session.lookup_many, self._common)

    def _evaluated(self) -> tuple[Session, Instances]:
        """Give session and instances; whoever asks first has the project file evaluated."""
        if self._session is None:
            _ = self.settings
        assert self._session is not None
        assert self._instances is not None
        return self._session, self._instances

    def _told(self, lookup: Lookup) -> None:
        if self._progress is not None:
            self._progress(self.masker.text(f"read {lookup.address}"))

    def definitions(self, *, task_definition: bool = True, service: bool = True) -> Definitions:
        """Evaluate the definition files; that of an Express Mode service is one of a `service`.

        ConfigError or ResolveError where one has no value.
        """
        settings = self.settings
        session, instances = self._evaluated()
        wanted = [
            settings.file(path) if path is not None and asked else None
            for path, asked in (
                (settings.task_definition, task_definition),
                (settings.service_definition, service),
                (settings.express_definition, service),
            )
        ]
        documents = [sources.read(path) for path in wanted if path is not None]
        found = iter(
            evaluate.resolve(documents, instances.functions, session.lookup_many, self.options, session.known)
        )
        return Definitions(*(next(found) if path is not None else None for path in wanted))

    def instead(self, task_definition: Path) -> None:
        """Take another file for the task definition than the project names."""
        self._settled = replace(self.settings, task_definition=task_definition.absolute())

    def evaluated(self, path: Path) -> Resolved:
        """Evaluate another file, as a definition. ConfigError or ResolveError where it has no value."""
        session, instances = self._evaluated()
        functions = instances.functions
        (found,) = evaluate.resolve([sources.read(path)], functions, session.lookup_many, self.options)
        return found

    def file(self, target: str) -> Resolved:
        """Give an evaluated file: ``config``, ``task_definition``, ``service`` or ``express_service``.

        ConfigError without such a file.
        """
        if target == "config":
            return self.settings.resolved
        alone = target == "task_definition"
        files = self.definitions(task_definition=alone, service=not alone)
        resolved: Resolved | None = getattr(files, target)
        if resolved is None:
            key = _KEYS[target]
            raise ConfigError(f"the project names no {key}", self.settings.resolved.where(()))
        return resolved

    @property
    def known(self) -> Mapping[Address, Value]:
        """Give the values that were looked up so far."""
        shared = self._above.known if self._above is not None else {}
        answers = {**shared, **(self._session.known if self._session is not None else {})}
        return {address: answer for address, answer in answers.items() if isinstance(answer, Value)}

    @property
    def variables(self) -> frozenset[Address]:
        """Give what a project file has asked the environment for; before definitions are evaluated, which ask, too."""
        _ = self.settings
        return frozenset(each for each in self.known if each.resolver == "env")

    @property
    def named_at(self) -> tuple[Where, ...]:
        """Give where the file that shares its settings names the project, or may: its entry, or all globs."""
        if self._above is None:
            return ()
        held = self._above.services
        return (
            (held.entries[self.project.name].where(()),)
            if self.project.name
            else tuple(at for _, at in held.globs)
        )

    @property
    def masker(self) -> Masker:
        """Give what hides the secrets that were looked up so far, and the values of sensitive variables."""
        return Masker.of([*sensitive(self.known.values()), *self._variables()], show=self._show)

    def _variables(self) -> tuple[Json, ...]:
        """Give the values of sensitive variables of the project file, and of definitions once these are known."""
        named = self._settled
        files = named.definitions if named is not None else ()
        if files not in self._secrets:
            paths = [named.file(path) for path in files] if named is not None else []
            documents = [self.project.document]
            with suppress(ConfigError):  # a file that cannot be read has no variables
                documents += [sources.read(path) for path in paths if path.suffix == ".hcl"]
            above = self.project.above
            seen = [(document, self.project.options) for document in documents]
            seen += [(above.document, above.options)] if above is not None else []
            found: list[Json] = []
            for document, options in seen:
                if document.format in ("hcl", "hcl-project"):
                    from reconciler.load import hcls  # few projects are written in it

                    found += hcls.secrets(document, options)
            self._secrets[files] = tuple(found)
        return self._secrets[files]

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Give what the project file's author should know."""
        from reconciler.core.plans import Notice

        return tuple(Notice(what=c.what, where=c.where, hint=c.hint) for c in self.settings.warnings)

    def lookup(self, addresses: Iterable[Address]) -> Mapping[Address, Value | Failure]:
        """Look addresses up; each is asked for once in a run."""
        return self.session.lookup_many(addresses)

    def reveal(self, addresses: Iterable[Address]) -> Mapping[Address, Value]:
        """Look addresses up that have to have a value. Raises the ResolveError of the first that has none."""
        found: dict[Address, Value] = {}
        for address, answer in self.lookup(addresses).items():
            if isinstance(answer, Failure):
                raise answer.error
            found[address] = answer
        return found

    def inputs(self, files: Definitions) -> tuple[Input, ...]:
        """Give the values that a plan uses, by address: what a saved plan is checked against."""
        from reconciler.core.plans import Input

        documents = (self.settings.resolved, *files)
        addresses = {
            origin.address
            for resolved in documents
            if resolved is not None
            for origins in resolved.origins.values()
            for origin in origins
        }
        known = self.known
        # What a plugin looked up for the shared settings that the project has another one for is not looked up again.
        addresses -= self._replaced()
        return tuple(
            Input(
                address=address,
                source=known[address].source,
                digest=_digest(known[address]),
                ambient=self.instances.get(address.resolver).plugin.ambient,
            )
            for address in sorted(addresses & set(known))
        )

    def _replaced(self) -> set[Address]:
        """Give what was looked up for shared settings by plugins that the project names itself, set up otherwise."""
        if self._above is None or self._session is None:
            return set()
        uses = self._above.uses
        return {
            address
            for address in self._above.known.keys() - self._session.known.keys()
            if (use := self.instances.get(address.resolver).use) not in uses and use.where is not None
        }


def _digest(value: Value) -> str:
    """Give what tells a value from another one; nothing where it is secret, or has yet to become another one."""
    from reconciler.engine import concealing

    return "" if value.sensitive_paths or value.unknown_paths else concealing.digest(value.data)


def _overlaid(uses: Sequence[PluginUse], planned: Mapping[str, Path]) -> list[PluginUse]:
    """Lay what Terraform plans over the states, by the prefix of their functions. ConfigError where none fits."""
    laid = list(uses)
    states = {use.func_prefix: index for index, use in enumerate(uses) if use.name.lower() == "tfstate"}
    for prefix, path in planned.items():
        only = next(iter(states.values())) if not prefix and len(states) == 1 else None
        index = states.get(prefix, only)
        if index is None:
            forms = " or ".join(
                f"--tf-plan {name}=FILE" if name else "--tf-plan FILE" for name in sorted(states)
            )
            hint = f"write {forms}" if states else "name the plugin tfstate in the project file"
            raise ConfigError(f"{path.name} is the plan of no state of this project", hint=hint)
        laid[index] = replace(laid[index], config={**laid[index].config, "plan": str(path)})
    return laid
