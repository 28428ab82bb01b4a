"""What a sandbox begins with: a JSON or YAML file, checked and read into a `Seed`.

Every member is optional:

    region            the only region that holds what follows; without it every region does
    clusters          names, or bodies of CreateCluster
    task_definitions  bodies of RegisterTaskDefinition, in order: revisions count up from 1 in each family
    services          bodies of CreateService; the services have been there for a while and are at rest.
                      Two more members: `live` is laid over the stored service as it is (for what older API
                      versions left behind), and a cluster that is named but not listed is created.
    express_services  bodies of CreateExpressGatewayService
    scalable_targets  bodies of RegisterScalableTarget; ServiceNamespace and ScalableDimension may be left out
    codedeploy        applications and deployment groups, as in `codedeployseeds`
    parameters        SSM: name → text, or {type, value, version}; `type` String (default), SecureString or
                      StringList, whose value may be a list; `version` counts from 1
    objects           S3: bucket → key → text, or {file: path relative to the seed}
    secrets           Secrets Manager: name → text
    log_groups        names in CloudWatch Logs; with them, a container whose group is not there does not start
    repositories, log_groups, networks, target_groups, listener_rules, stacks, calls
                      as in `surroundings`
    instances         container instances: cluster → how many
    capacity_providers
                      bodies of CreateCapacityProvider
    faults, limits    as in `faults`
    knobs             as in `knobs`
    outcomes, hooks, alarms, meanwhile
                      as in `scripts`; they hold from when the services are at rest

Anything else, or a value that the simulated service refuses, is a `SandboxError` with file and place.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reconciler.sandbox import scripts, surroundings
from reconciler.sandbox.errors import Refusal, SandboxError
from reconciler.sandbox.knobs import Knobs
from reconciler.sandbox.outcomes import Strategy
from reconciler.sandbox.surroundings import Surroundings
from reconciler.sandbox.worlds import Body, World

_AGE: Final = 3600.0
"""For how long what is seeded has been there, in simulated seconds."""

_TYPES: Final = ("String", "SecureString", "StringList")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One SSM parameter; a StringList's value is its items joined by commas."""

    name: str
    type: str
    value: str
    version: int


@dataclass(frozen=True, slots=True)
class Seed:
    """A checked seed; `origin` is how errors name it."""

    origin: str = "seed"
    region: str | None = None
    clusters: tuple[Body, ...] = ()
    task_definitions: tuple[Body, ...] = ()
    services: tuple[Body, ...] = ()
    express_services: tuple[Body, ...] = ()
    scalable_targets: tuple[Body, ...] = ()
    instances: Mapping[str, int] = field(default_factory=dict)
    capacity_providers: tuple[Body, ...] = ()
    codedeploy: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    objects: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    faults: tuple[object, ...] = ()
    limits: Mapping[str, Any] | str = field(default_factory=dict)
    knobs: Mapping[str, Any] = field(default_factory=dict)
    script: Mapping[str, Any] = field(default_factory=dict)

    def concerns(self, region: str) -> bool:
        """Tell whether a region holds the seed."""
        return self.region in (None, region)

    def parameters_of(self, region: str) -> Mapping[str, Parameter]:
        """Give the parameters of a region."""
        return self.parameters if self.concerns(region) else {}

    def secrets_of(self, region: str) -> Mapping[str, str]:
        """Give the secrets of a region."""
        return self.secrets if self.concerns(region) else {}


def load(path: Path) -> Seed:
    """Read a seed file; YAML unless its name ends in `.json`. Errors are `SandboxError`s that name the place."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SandboxError(f"cannot be read: {error}", str(path)) from None
    return read(_parse(text, path), str(path), path.parent)


def _parse(text: str, path: Path) -> object:
    if path.suffix == ".json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise SandboxError(f"is not JSON: {error}", str(path)) from None
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise SandboxError(f"is not YAML: {error.problem}", place) from None


def read(content: object, origin: str = "seed", folder: Path | None = None) -> Seed:
    """Read a seed from plain data. `folder` is what paths of objects are relative to."""
    reader = _Reader(origin, folder or Path())
    given = reader.mapping(content if content is not None else {}, "")
    unknown = sorted(set(given) - _MEMBERS)
    if unknown:
        raise SandboxError(f"has no member {unknown[0]!r}; there are {', '.join(sorted(_MEMBERS))}", origin)
    seed = Seed(
        origin=origin,
        region=reader.text(given["region"], "region") if given.get("region") is not None else None,
        clusters=tuple(
            {"clusterName": each} if isinstance(each, str) else reader.mapping(each, f"clusters[{number}]")
            for number, each in enumerate(reader.items(given, "clusters"))
        ),
        task_definitions=reader.bodies(given, "task_definitions"),
        services=reader.bodies(given, "services"),
        express_services=reader.bodies(given, "express_services"),
        scalable_targets=reader.bodies(given, "scalable_targets"),
        instances={
            name: int(number(each, f"{origin}: instances.{name}"))
            for name, each in reader.mapping(given.get("instances") or {}, "instances").items()
        },
        capacity_providers=reader.bodies(given, "capacity_providers"),
        codedeploy=reader.mapping(given.get("codedeploy") or {}, "codedeploy"),
        parameters=reader.parameters(given.get("parameters") or {}),
        objects=reader.objects(given.get("objects") or {}),
        secrets={
            name: reader.text(text, f"secrets.{name}")
            for name, text in reader.mapping(given.get("secrets") or {}, "secrets").items()
        },
        surroundings=reader.surroundings(given),
        faults=tuple(reader.items(given, "faults")),
        limits=given["limits"]
        if isinstance(given.get("limits"), str)
        else reader.mapping(given.get("limits") or {}, "limits"),
        knobs=reader.mapping(given.get("knobs") or {}, "knobs"),
        script={member: given[member] for member in _SCRIPTED if member in given},
    )
    _rehearse(seed)
    return seed


_SCRIPTED: Final = ("outcomes", "hooks", "alarms", "meanwhile")
_MEMBERS: Final = frozenset(
    (
        *_SCRIPTED,
        *surroundings.MEMBERS,
        *("region", "clusters", "task_definitions", "services", "scalable_targets", "parameters"),
        *("instances", "capacity_providers", "express_services"),
        *("codedeploy", "objects", "secrets", "faults", "limits", "knobs"),
    )
)


@dataclass(frozen=True, slots=True)
class _Reader:
    origin: str
    folder: Path

    def wrong(self, what: str, place: str) -> SandboxError:
        return SandboxError(what, f"{self.origin}: {place}" if place else self.origin)

    def mapping(self, value: object, place: str) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise self.wrong("must be an object with text as keys", place)
        return dict(value)

    def items(self, given: Mapping[str, Any], member: str) -> list[Any]:
        value = given.get(member)
        if value is not None and not isinstance(value, list):
            raise self.wrong("must be a list", member)
        return value or []

    def bodies(self, given: Mapping[str, Any], member: str) -> tuple[Body, ...]:
        items = enumerate(self.items(given, member))
        return tuple(self.mapping(each, f"{member}[{number}]") for number, each in items)

    def text(self, value: object, place: str) -> str:
        if not isinstance(value, str):
            raise self.wrong("must be text", place)
        return value

    def surroundings(self, given: Mapping[str, Any]) -> Surroundings:
        try:
            return surroundings.read(given)
        except SandboxError as error:
            raise self.wrong(error.what, error.where) from None

    def parameters(self, value: object) -> dict[str, Parameter]:
        given = self.mapping(value, "parameters")
        return {name: self._parameter(name, each) for name, each in given.items()}

    def _parameter(self, name: str, value: object) -> Parameter:
        place = f"parameters.{name}"
        given = {"value": value} if isinstance(value, str) else self.mapping(value, place)
        if set(given) - {"type", "value", "version"} or "value" not in given:
            raise self.wrong("must be text, or have `value` and optionally `type` and `version`", place)
        kind, version, content = given.get("type", "String"), given.get("version", 1), given["value"]
        if kind not in _TYPES:
            raise self.wrong(f"must be one of {', '.join(_TYPES)}", f"{place}.type")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise self.wrong("must be a whole number from 1 on", f"{place}.version")
        if kind == "StringList" and isinstance(content, list):
            content = ",".join(self.text(each, f"{place}.value") for each in content)
        return Parameter(name, kind, self.text(content, f"{place}.value"), version)

    def objects(self, value: object) -> dict[str, dict[str, bytes]]:
        return {
            bucket: {
                key: self._object(each, f"objects.{bucket}.{key}")
                for key, each in self.mapping(content, f"objects.{bucket}").items()
            }
            for bucket, content in self.mapping(value, "objects").items()
        }

    def _object(self, value: object, place: str) -> bytes:
        if isinstance(value, str):
            return value.encode()
        given = self.mapping(value, place)
        if set(given) != {"file"}:
            raise self.wrong("must be text or {file: path}", place)
        path = self.folder / self.text(given["file"], f"{place}.file")
        try:
            return path.read_bytes()
        except OSError as error:
            raise self.wrong(f"cannot be read: {error}", f"{place}.file") from None


def _rehearse(seed: Seed) -> None:
    """Load the seed into sandbox state once, so that what the simulated services refuse is known at the start."""
    from reconciler.sandbox.faults import Faults, Limits
    from reconciler.sandbox.outcomes import by_tag

    try:
        knobs = Knobs()
        knobs.turn(seed.knobs)
        Faults(0).replace(seed.faults)
        Limits().replace(seed.limits)
        scripts.read(seed.script)
    except SandboxError as error:
        raise SandboxError(error.what, f"{seed.origin}: {error.where}") from None
    held = (seed.clusters, seed.task_definitions, seed.services, seed.scalable_targets, seed.codedeploy)
    if any(held) or seed.capacity_providers or seed.express_services:
        begin(seed, seed.region or "us-east-1", _AGE, knobs, 0, by_tag)


def begin(seed: Seed, region: str, now: float, knobs: Knobs, number: int, outcomes: Strategy) -> World:
    """Make a region that holds the seed at rest; what the simulated service refuses is a `SandboxError`."""
    from reconciler.sandbox import instances, plays

    world = World(region, now - _AGE, knobs, number, outcomes)
    world.seeding = True
    if seed.concerns(region):
        seed.surroundings.surround(world)
        for index, body in enumerate(seed.capacity_providers):
            _do(seed, world, "CreateCapacityProvider", body, f"capacity_providers[{index}]")
        for cluster, count in seed.instances.items():
            instances.provide(world, cluster, count)
        for body in seed.clusters:
            _do(seed, world, "CreateCluster", body, f"clusters.{body.get('clusterName', 'default')}")
        for index, body in enumerate(seed.task_definitions):
            _do(seed, world, "RegisterTaskDefinition", body, f"task_definitions[{index}]")
        for index, body in enumerate(seed.services):
            _begin_service(seed, world, body, f"services[{index}]")
        for index, body in enumerate(seed.express_services):
            _do(seed, world, "CreateExpressGatewayService", body, f"express_services[{index}]")
        for index, body in enumerate(seed.scalable_targets):
            _begin_target(seed, world, body, f"scalable_targets[{index}]")
        if seed.codedeploy:
            _begin_codedeploy(seed, world)
    world.agenda.run_until(now)
    world.seeding = False
    plays.begin(world, scripts.read(seed.script))
    return world


def _begin_service(seed: Seed, world: World, body: Body, place: str) -> None:
    request = {name: value for name, value in body.items() if name != "live"}
    cluster = str(request.get("cluster") or "default").rpartition("/")[2]
    if cluster not in world.clusters:
        _do(seed, world, "CreateCluster", {"clusterName": cluster}, f"{place}.cluster")
    created = _do(seed, world, "CreateService", request, place)
    live = body.get("live", {})
    if not isinstance(live, dict):
        raise SandboxError("must be an object", f"{seed.origin}: {place}.live")
    world.services[cluster, created["service"]["serviceName"]].body.update(live)


def _begin_target(seed: Seed, world: World, body: Body, place: str) -> None:
    from reconciler.sandbox import scalabletargets

    if body.get("ServiceNamespace", "ecs") != "ecs":
        raise SandboxError("must be ecs", f"{seed.origin}: {place}.ServiceNamespace")
    _do(seed, world, "RegisterScalableTarget", scalabletargets.NAMESPACE | body, place)


def _begin_codedeploy(seed: Seed, world: World) -> None:
    from reconciler.sandbox import codedeployseeds

    def do(operation: str, body: Body, place: str) -> Body:
        return _do(seed, world, operation, body, place)

    codedeployseeds.begin(world, seed.codedeploy, seed.origin, do)


def _do(seed: Seed, world: World, operation: str, request: Body, place: str) -> Body:
    from reconciler.sandbox import codedeploys, operations, scalabletargets, shapes

    homes: dict[str, Mapping[str, Callable[[World, Body], Body]]] = {
        each.SERVICE: each.OPERATIONS for each in (scalabletargets, codedeploys)
    }
    service = next((name for name, known in homes.items() if operation in known), "ecs")
    unknown = sorted(set(request) - shapes.inputs(operation, service))
    if unknown:
        raise SandboxError(f"{operation} has no member {unknown[0]!r}", f"{seed.origin}: {place}")
    carry_out = homes.get(service, operations.OPERATIONS)[operation]
    try:
        return carry_out(world, shapes.accept(operation, request, service))
    except Refusal as refusal:
        raise SandboxError(f"{operation} refused it: {refusal}", f"{seed.origin}: {place}") from None


def number(value: object, place: str) -> float:
    """Give a number that is not negative; anything else is a `SandboxError` at `place`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SandboxError("must be a number that is not negative", place)
    return float(value)
