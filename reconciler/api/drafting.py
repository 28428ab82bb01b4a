"""Writing down what runs already: project and definition files for a service or a task definition, for `init`.

Reads AWS and, where one is named, a Terraform state. Gives texts; writes no file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Unpack

from reconciler.api.openings import Given, Opening, tables
from reconciler.api.projects import Project
from reconciler.aws.shapes import ECS
from reconciler.core import addressing, exports, expresses, pointers, revisions
from reconciler.core.addressing import Addressed, Draft, Named
from reconciler.core.kinds import express_services
from reconciler.core.kinds.spellings import short_name
from reconciler.core.redaction import secret_name
from reconciler.core.shapes import Shapes
from reconciler.core.values import Address, Json, JsonObject
from reconciler.engine import observing
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.errors import AwsDenied, AwsError, ConfigError, PlanError, ResolveError
from reconciler.load import sources
from reconciler.load.hcls import pairs
from reconciler.plugin import Enumerable
from reconciler.records import dataclass
from reconciler.render import definitions

_NO_STATE: Final = Named({}, {})
_URL: Final = re.compile(r"[a-z0-9]+://")
_TIMEOUT: Final = "10m0s"
_STATE: Final = "tfstate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to write down, and where.

    `service` in `cluster`, or else `task_definition` (``family`` or ``family:revision``). `path` is the project file;
    the definitions' paths are relative to its folder. The format of each file follows from its name
    (`render.definitions.SUFFIXES`). `ordered` sorts lists whose order means nothing. `state` is a Terraform state
    (a path, a URL, or a folder of Terraform's) whose addresses take the place of the IDs that it knows. `express` says
    whether a service in Express Mode is written down as one: None where it is one, True insists on that.
    """

    cluster: str = "default"
    service: str = ""
    task_definition: str = ""
    path: Path = Path("reconciler.yml")
    service_definition_path: Path = Path("ecs-service-def.json")
    task_definition_path: Path = Path("ecs-task-def.json")
    express_definition_path: Path = Path("ecs-express-def.json")
    ordered: bool = True
    state: str = ""
    express: bool | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A place of a file, as JSON pointer, and what stands there: an address of the state, or a concrete ID."""

    file: Path
    pointer: str
    text: str


@dataclass(frozen=True, slots=True)
class Drafted:
    """The files, which addresses of the state they use, the IDs that stayed concrete, and what else to know."""

    files: tuple[tuple[Path, str], ...]
    references: tuple[Use, ...]
    concrete: tuple[Use, ...]
    notes: tuple[str, ...]


def draft(wanted: Wanted, environ: Mapping[str, str] | None = None, **given: Unpack[Given]) -> Drafted:
    """Write down what runs. PlanError where it is not there, ConfigError for a format that is none."""
    for path in (
        wanted.path,
        wanted.service_definition_path,
        wanted.task_definition_path,
        wanted.express_definition_path,
    ):
        _form(path)
    settings = _settings(wanted)
    text = definitions.text(settings, "json")
    document = sources.Document(wanted.path, text, "yaml")  # which JSON is, too
    options = sources.Options(dict(os.environ if environ is None else environ))
    with Opening.open(Project(document, options), **given) as opening:
        return _Drafting(wanted, opening).drafted(settings)


class _Drafting:
    def __init__(self, wanted: Wanted, opening: Opening) -> None:
        self._wanted = wanted
        self._opening = opening
        self._gateway: Gateway = opening.gateway
        self._kinds = tables()
        self._notes: list[str] = []

    def drafted(self, settings: dict[str, Draft]) -> Drafted:
        wanted = self._wanted
        service = self._service() if wanted.service else None
        express = self._express(service) if service is not None else None
        revision = self._revision(service) if express is None else None
        known = addressing.index(self._held()) if wanted.state else _NO_STATE
        found: list[tuple[Path, Addressed]] = []
        if express is not None:
            body = self._of_express(express)
            found.append((wanted.express_definition_path, addressing.address(body, known)))
            settings["express_definition"] = str(wanted.express_definition_path)
        elif service is not None:
            body = exports.definition(self._kinds.service, self._described(service), ordered=wanted.ordered)
            found.append((wanted.service_definition_path, addressing.address(self._counted(body), known)))
            settings["service_definition"] = str(wanted.service_definition_path)
        if revision is not None:
            body = exports.definition(self._kinds.task_definition, revision.body, ordered=wanted.ordered)
            self._warn_of_secrets(body)
            found.append((wanted.task_definition_path, addressing.address(body, known)))
            settings["task_definition"] = str(wanted.task_definition_path)
        named = {"cluster": wanted.cluster} if service is not None else {}
        cluster = addressing.address(named, known)
        assert isinstance(cluster.document, dict)
        settings = {"region": self._gateway.region, **settings, **cluster.document}
        for late in ("timeout", "plugins"):
            if late in settings:
                settings[late] = settings.pop(late)
        project = Addressed(settings, cluster.references, {})
        return Drafted(
            (
                _written(wanted.path, project),
                *(_written(wanted.path.parent / path, part) for path, part in found),
            ),
            tuple(_uses((*found, (wanted.path, project)), lambda part: part.references)),
            tuple(_uses(found, lambda part: part.concrete)),
            tuple(self._notes),
        )

    def _service(self) -> Snapshot:
        wanted = self._wanted
        found = observing.describe(self._gateway, wanted.cluster, wanted.service)
        if not isinstance(found, Snapshot) or found.body.get("status") == "INACTIVE":
            raise PlanError(
                f"there is no service {wanted.service} in cluster {wanted.cluster}",
                hint=f"list them with `aws ecs list-services --cluster {wanted.cluster}`",
            )
        return found

    def _express(self, service: Snapshot) -> Snapshot | None:
        """Give what the service is in Express Mode; None where it is none, or is not to be written down as one."""
        wanted = self._wanted
        if wanted.express is False:
            return None
        found = observing.express(self._gateway, service)
        if isinstance(found, Snapshot):
            return found
        if wanted.express:
            raise PlanError(
                f"the service {wanted.service} in cluster {wanted.cluster} is not in Express Mode",
                hint="leave --express out",
            )
        return None

    def _of_express(self, express: Snapshot) -> JsonObject:
        """Write an Express Mode service down, without what ECS made for it.

        A task definition of the user's own takes the place of what it says. ECS's own has the family CLUSTER-SERVICE
        (ecspresso, pull request 905).
        """
        wanted, kind = self._wanted, self._kinds.express_service
        self._warn_of_secrets({"containerDefinitions": [expresses.container(express.body)]})
        body: dict[str, Json] = dict(exports.definition(kind, express.body, ordered=wanted.ordered))
        own = revisions.family_of(str(body.get("taskDefinitionArn", "")))
        if own == f"{short_name(wanted.cluster)}-{wanted.service}":
            del body["taskDefinitionArn"]
        else:
            body = {name: value for name, value in body.items() if name not in express_services.MANAGED}
        try:
            made = observing.made(self._gateway, express)
        except AwsDenied as error:
            self._notes.append(
                f"what ECS made for the service cannot be known, and is written down: {error.what}"
            )
            return body
        return _without_made(body, observing.made_groups(made), observing.made_log_groups(made))

    def _revision(self, service: Snapshot | None) -> Snapshot | None:
        named = service.body.get("taskDefinition") if service is not None else self._wanted.task_definition
        if not isinstance(named, str) or not named:  # the task sets of a service may have one each
            self._notes.append("the service has no task definition of its own: its controller gives it one")
            return None
        found = self._gateway.describe_task_definition(named)
        if not isinstance(found, Snapshot):
            raise PlanError(
                f"there is no task definition {short_name(named)}",
                hint="list them with `aws ecs list-task-definitions`",
            )
        return found

    def _described(self, service: Snapshot) -> JsonObject:
        """Give the service with what only its revisions show."""
        kind = self._kinds.service
        try:
            return {**service.body, **observing.revised(self._gateway, service, kind.revised)}
        except AwsDenied as error:
            self._notes.append(
                f"whether the service has {' and '.join(sorted(kind.revised))} cannot be known: {error.what}"
            )
            return service.body

    def _counted(self, body: JsonObject) -> JsonObject:
        """Leave out the number of tasks where an autoscaler sets it."""
        if "desiredCount" not in body:
            return body
        try:
            target = self._gateway.describe_scaling(self._wanted.cluster, self._wanted.service)
        except AwsError as error:
            self._notes.append(f"whether an autoscaler sets desiredCount cannot be known: {error.what}")
            return body
        if not isinstance(target, Snapshot):
            return body
        self._notes.append("desiredCount is left out: an autoscaler sets it")
        return {name: value for name, value in body.items() if name != "desiredCount"}

    def _warn_of_secrets(self, body: JsonObject) -> None:
        containers = body.get("containerDefinitions")
        for container in containers if isinstance(containers, list) else ():
            variables = container.get("environment") if isinstance(container, dict) else None
            for variable in variables if isinstance(variables, list) else ():
                if isinstance(variable, dict) and secret_name(str(variable.get("name"))):
                    self._notes.append(
                        f"the value of {variable['name']} (container {container['name']}) is written in clear, as it "
                        "is in the task definition: a secret belongs into `secrets`"
                    )

    def _held(self) -> Iterator[tuple[str, Json]]:
        """Give what the state holds, without what is sensitive."""
        resolver = self._opening.resolver(_STATE)
        assert isinstance(resolver, Enumerable)
        for address in resolver.addresses(""):
            with suppress(ResolveError):  # an output of a module that cannot be told; the rest can
                found = resolver.lookup(Address(_STATE, address))
                if () not in found.sensitive_paths and not found.unknown:
                    yield address, found.data


def _without_made(body: JsonObject, groups: Collection[str], logs: Collection[str]) -> JsonObject:
    """Leave out the security groups and the log group that ECS made."""
    kept: dict[str, Json] = dict(body)
    network, container = body.get("networkConfiguration"), body.get("primaryContainer")
    if isinstance(network, dict):
        named = network.get("securityGroups")
        mine = [group for group in named if group not in groups] if isinstance(named, list) else []
        rest = {name: value for name, value in network.items() if name != "securityGroups"}
        kept["networkConfiguration"] = rest | ({"securityGroups": mine} if mine else {})
    if isinstance(container, dict):
        log = container.get("awsLogsConfiguration")
        if isinstance(log, dict) and log.get("logGroup") in logs:
            kept["primaryContainer"] = {
                name: value for name, value in container.items() if name != "awsLogsConfiguration"
            }
    return kept


def _settings(wanted: Wanted) -> dict[str, Draft]:
    """Give the project file's members, but for the definitions."""
    settings: dict[str, Draft] = {}
    if wanted.service:
        settings |= {"cluster": wanted.cluster, "service": wanted.service}
    settings["timeout"] = _TIMEOUT
    if wanted.state:
        plugin: dict[str, Draft] = {"name": _STATE}
        plugin["config"] = _location(wanted)
        plugins: list[Draft] = [plugin]
        settings["plugins"] = plugins
    return settings


def _location(wanted: Wanted) -> dict[str, Draft]:
    """Say where the state is, as seen from the project's folder."""
    if _URL.match(wanted.state):
        return {"url": wanted.state}
    path = Path(wanted.state)
    if not path.exists():
        raise ConfigError(
            f"there is no {wanted.state}", hint="name a state, a folder of Terraform's, or a URL"
        )
    name = str(path) if path.is_absolute() else os.path.relpath(path, wanted.path.parent)
    return {"dir" if path.is_dir() else "path": name}


def _form(path: Path) -> str:
    found = next((form for form, suffix in definitions.SUFFIXES.items() if path.suffix == suffix), None)
    if path.suffix == ".yaml":
        return "yaml"
    if found is None:
        raise ConfigError(
            f"{path}: the extension {path.suffix or '(none)'} names no format that is known here",
            hint=f"use one of {' '.join(definitions.SUFFIXES.values())}",
        )
    return found


def _written(path: Path, part: Addressed) -> tuple[Path, str]:
    named = {name: (pair.key, pair.value) for name, pair in pairs.of(_shapes).items()}
    return path, definitions.text(part.document, _form(path), named)


def _shapes() -> Shapes:
    return ECS


def _uses(
    found: Iterable[tuple[Path, Addressed]], of: Callable[[Addressed], Mapping[tuple[str | int, ...], str]]
) -> Iterator[Use]:
    for file, part in found:
        for path, text in of(part).items():
            yield Use(file, pointers.text(path), text)
