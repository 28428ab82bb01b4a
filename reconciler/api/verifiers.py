"""Whether what a project refers to is there and fits: its files are evaluated, its tree of checks is made and asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import field, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Final

from reconciler.api import desires
from reconciler.core import canon as canons
from reconciler.core import pointers
from reconciler.core.plans import Notice
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import trees
from reconciler.core.verification.checks import Check, State, Verdict, settled
from reconciler.core.verification.hooks import GROUP
from reconciler.core.verification.results import Verification
from reconciler.core.verification.scenes import PROJECT, SERVICE, TASK_DEFINITION, Scene
from reconciler.engine import compatibility, composing, observing, verifying
from reconciler.engine.composing import Desired
from reconciler.engine.options import Options
from reconciler.engine.ports import Absent, Snapshot
from reconciler.engine.verifying import Clients, Outside, Registry, Spot, Told
from reconciler.errors import (
    AwsCredentials,
    AwsError,
    AwsUnreachable,
    ConfigError,
    HclErrors,
    KnownLater,
    ReconcilerError,
    Refused,
)
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api.evaluations import Definitions
    from reconciler.api.references import Listed
    from reconciler.core.documents import Resolved
    from reconciler.core.kinds import Kind, Kinds
    from reconciler.core.redaction import Masker
    from reconciler.engine.grouping import Group
    from reconciler.engine.ports import Gateway
    from reconciler.load.project import Project as Settings

_EVERYTHING: Final = Options()


@dataclass(slots=True)
class _File:
    """A definition of the project: what it asks for, or why that is not known; verdicts on it by itself."""

    desired: Desired | None = None
    wire: JsonObject = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    errors: tuple[ReconcilerError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """An opened project, as far as verifying needs it."""

    settings: Settings
    definitions: Callable[..., Definitions]
    references: Callable[[], Listed]
    kinds: Kinds
    gateway: Gateway
    pool: Executor
    masker: Callable[[], Masker]
    group: Callable[[JsonObject], Group]
    stamp: float

    def verify(
        self,
        clients: Clients,
        registry: Registry,
        *,
        get_secrets: bool,
        put_logs: bool,
        cache: bool,
        told: Told | None,
    ) -> Verification:
        """Make the tree of checks and have it asked; see `Verifying.verify`."""
        account = self.pool.submit(self.gateway.account)
        describing = self.pool.submit(self._described) if self.settings.service else None
        files = self._files()
        live, unread = self._live(describing)
        if unread is not None:
            said = f"how it is now is not known: {unread.what}"
            files[SERVICE].verdicts.append(Verdict(State.SKIPPED, said, unread.hint or ""))
        scene = self._scene(files, live, _account(account))
        scene = replace(scene, get_secrets=get_secrets, put_logs=put_logs)
        if (service := files[SERVICE].desired) is not None:
            files[SERVICE].verdicts += _judged(service, *self._joint(service, live, scene))

        def group() -> JsonObject:
            if live is None:
                raise unread or ReconcilerError(
                    "the service is not there yet, and ECS creates it without CodeDeploy"
                )
            return self.group(live.body).body

        checked = verifying.run(
            self._trees(scene, files, live),
            Outside(clients, registry, {GROUP.name: group}),
            self.pool,
            lambda document, path: self._place(files, document, path),
            masker=self.masker(),
            share=cache,
            told=told,
        )
        return Verification(region=scene.region, account=scene.account, checked=checked)

    def _files(self) -> dict[str, _File]:
        """Evaluate the definitions: both at once, or, where one has no value, each by itself."""
        kinds = self.kinds
        try:
            both = self.definitions()
        except ReconcilerError:
            return {
                TASK_DEFINITION: self._file(
                    kinds.task_definition,
                    lambda: self.definitions(service=False),
                    self.settings.task_definition,
                ),
                SERVICE: self._file(
                    kinds.service,
                    lambda: self.definitions(task_definition=False),
                    self.settings.service_definition,
                ),
            }
        return {
            TASK_DEFINITION: self._file(kinds.task_definition, lambda: both),
            SERVICE: self._file(kinds.service, lambda: both),
        }

    def _file(self, kind: Kind, evaluate: Callable[[], Definitions], name: FilePath | None = None) -> _File:
        """Evaluate and compose a definition; all that is wrong with it is kept."""
        resolved: Resolved | None = None
        try:
            files = evaluate()
            resolved = files.task_definition if kind.name == TASK_DEFINITION else files.service
            if resolved is None:
                return _File()
            desired = self._task(files) if kind.name == TASK_DEFINITION else self._service(files)
        except HclErrors as error:
            return _File(errors=error.errors)
        except ConfigError as error:
            return _File(errors=(resolved is not None and composing.errors(kind, resolved)) or (error,))
        except ReconcilerError as error:
            return _File(errors=self._references(name, error))
        found = _File(desired, desired.canon.wire, _judged(desired, (), desired.notices))
        if kind.name == TASK_DEFINITION:
            found.verdicts += _judged(desired, *compatibility.of_task_definition(desired))
        return found

    def _references(self, name: FilePath | None, error: ReconcilerError) -> tuple[ReconcilerError, ...]:
        """Give everything that is wrong with the references of a file, of which `error` is the first."""
        try:
            listed = self.references()
        except ReconcilerError:
            return (error,)
        path = str(self.settings.root / name) if name is not None else ""
        found: dict[str, ReconcilerError] = {}
        for reference in listed.references:
            if (wrong := reference.wrong) is not None and reference.where.path == path:
                found[f"{reference.where} {wrong.what}"] = replace(wrong, where=reference.where)
        return tuple(found.values()) or (error,)

    def _task(self, files: Definitions) -> Desired:
        desired = desires.task_definition(self.settings, files, self.kinds, strict=False)
        assert desired is not None
        return desired

    def _service(self, files: Definitions) -> Desired:
        settings = self.settings
        named = settings if settings.service else replace(settings, service="(unnamed)")
        desired = desires.service(named, files, self.kinds, _EVERYTHING, strict=False)
        assert desired is not None
        return desired

    def _joint(
        self, service: Desired, live: Snapshot | None, scene: Scene
    ) -> tuple[tuple[Refused, ...], tuple[Notice, ...]]:
        """Give what of the service does not go together, or with the task definition."""
        kind = service.canon.kind
        there = canons.canon(kind, live.body, desired=False, like=service.canon) if live is not None else None
        return compatibility.of_service(service, there, scene.task, changed=kind.node.members, moves=True)

    def _described(self) -> Snapshot | Absent:
        return observing.describe(self.gateway, self.settings.cluster, self.settings.service or "")

    def _live(self, describing: Future[Snapshot | Absent] | None) -> tuple[Snapshot | None, AwsError | None]:
        """Give the service as it is, None where it is not there; and why it cannot be read, where it cannot."""
        try:
            found = describing.result() if describing is not None else None
        except (AwsCredentials, AwsUnreachable):
            raise
        except AwsError as error:
            # The check of the cluster says that it is not there.
            return None, None if error.code == "ClusterNotFoundException" else error
        there = isinstance(found, Snapshot) and found.body.get("status") != "INACTIVE"
        return found if isinstance(found, Snapshot) and there else None, None

    def _scene(self, files: dict[str, _File], live: Snapshot | None, account: str) -> Scene:
        settings = self.settings
        task, service = files[TASK_DEFINITION], files[SERVICE]
        body: JsonObject = live.body if live is not None else {}
        if settings.service_definition is None and live is not None:  # another's: its revision is ours
            service.wire = canons.canon(self.kinds.service, body, desired=False).wire
        if settings.task_definition is None:
            task.wire = self._running(
                service.wire.get("taskDefinition") or body.get("taskDefinition"), service
            )
        return Scene(
            account=account,
            region=self.gateway.region,
            cluster=settings.cluster,
            task=task.wire,
            service=service.wire,
            live=body,
            task_document=TASK_DEFINITION if settings.task_definition is not None else "",
            stamp=self.stamp,
            hooks=tuple(
                (event, str(name)) for hook in settings.codedeploy.hooks for event, name in hook.items()
            ),
        )

    def _running(self, reference: object, service: _File) -> JsonObject:
        """Give the revision that a service of a project without a task definition runs; why not is said."""
        if not isinstance(reference, str) or not reference:
            return {}
        try:
            found = self.gateway.describe_task_definition(reference)
        except AwsError as error:
            what = f"the task definition that it runs is not known: {error.what}"
            service.verdicts.append(Verdict(State.SKIPPED, what, error.hint or ""))
            return {}
        if not isinstance(found, Snapshot):
            what = f"there is no task definition {reference}"
            service.verdicts.append(Verdict(State.FAILED, what, "register it, or correct its name"))
            return {}
        inner = found.body.get("taskDefinition")
        return inner if isinstance(inner, dict) else {}

    def _trees(self, scene: Scene, files: dict[str, _File], live: Snapshot | None) -> Sequence[Check]:
        settings = self.settings
        task, service = files[TASK_DEFINITION], files[SERVICE]
        found: list[Check] = []
        if task.errors:
            found.append(_broken(f"task definition {settings.task_definition}", task.errors))
        elif scene.task:
            found.append(trees.task_definition(scene, task.verdicts))
        name = settings.service or ""
        if service.errors:
            found.append(_broken(f"service {name}", service.errors))
            found += trees.alone(scene)
        elif scene.service or (settings.service and live is not None):
            found.append(trees.service(scene, name, service.verdicts))
        elif settings.service or "cluster" in pointers.objects(settings.resolved.data):
            found += trees.alone(scene)
        return found

    def _place(self, files: dict[str, _File], document: str, path: Path) -> Spot:
        if document == PROJECT:
            resolved = self.settings.resolved
            raw = _held(resolved.data, path)
        else:
            desired = files[document].desired if document in files else None
            if desired is None:
                return Spot()
            resolved, raw = desired.resolved, compatibility.raw(desired.canon, path)
        origins = sorted(str(origin.address) for origin in resolved.origins_of(raw))
        return Spot(resolved.where(raw), pointers.text(raw), tuple(origins))


def _account(asking: Future[str]) -> str:
    """Give the account; empty where STS does not tell it. Raises what would hold for every other call too."""
    try:
        return asking.result()
    except (AwsCredentials, AwsUnreachable):
        raise
    except AwsError:
        return ""


def _held(data: Json, path: Path) -> Path:
    """Give a path, or the nearest one around it where something stands."""
    try:
        pointers.get(data, path)
    except KeyError:
        return _held(data, path[:-1])
    return path


def _judged(desired: Desired, refused: Sequence[Refused], noticed: Sequence[Notice]) -> list[Verdict]:
    """Give what was found in a definition by itself as verdicts."""
    pointers_at = {where: path for path, where in desired.resolved.places.items()}

    def verdict(severity: State, said: Refused | Notice) -> Verdict:
        path = pointers_at.get(said.where) if said.where is not None else None
        pointer = pointers.text(path) if path else ""
        return Verdict(severity, said.what, said.hint or "", where=said.where, pointer=pointer)

    return [
        *(verdict(State.FAILED, each) for each in refused),
        *(verdict(State.WARNED, each) for each in noticed),
    ]


def _broken(subject: str, errors: Sequence[ReconcilerError]) -> Check:
    """Make the check of a definition that has no value."""
    verdicts = [
        Verdict(
            State.SKIPPED if isinstance(error, KnownLater) else State.FAILED,
            error.what,
            error.hint or " ".join(line.strip() for line in error.details()),
            where=error.where,
        )
        for error in errors
    ]
    return Check(subject=subject, judge=settled(verdicts))
