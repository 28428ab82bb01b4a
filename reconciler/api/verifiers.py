"""Whether what a project refers to is there and fits: its files are evaluated, its tree of checks is made and asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.api import examining
from reconciler.api.examining import Examiner, File
from reconciler.core import canon as canons
from reconciler.core import expresses, pointers
from reconciler.core.plans import Notice
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import trees
from reconciler.core.verification.checks import Check, State, Verdict
from reconciler.core.verification.hooks import GROUP
from reconciler.core.verification.results import Verification
from reconciler.core.verification.scenes import EXPRESS, PROJECT, SERVICE, TASK_DEFINITION, Scene
from reconciler.engine import compatibility, observing, verifying
from reconciler.engine.composing import Desired
from reconciler.engine.ports import Absent, Snapshot
from reconciler.engine.verifying import Clients, Outside, Registry, Spot, Told
from reconciler.errors import AwsCredentials, AwsError, AwsUnreachable, ReconcilerError, Refused
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.core.kinds import Kinds
    from reconciler.core.redaction import Masker
    from reconciler.engine.grouping import Group
    from reconciler.engine.ports import Gateway
    from reconciler.load.project import Project as Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """An opened project, as far as verifying needs it."""

    settings: Settings
    examiner: Examiner
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
        files = self.examiner.files()
        live, unread = self._live(describing)
        if unread is not None:
            said = f"how it is now is not known: {unread.what}"
            files[EXPRESS if EXPRESS in files else SERVICE].verdicts.append(
                Verdict(State.SKIPPED, said, unread.hint or "")
            )
        scene = self._scene(files, live, _account(account))
        scene = replace(scene, get_secrets=get_secrets, put_logs=put_logs)
        if (service := files[SERVICE].desired) is not None:
            files[SERVICE].verdicts += examining.judged(service, *self._joint(service, live, scene))

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

    def _scene(self, files: Mapping[str, File], live: Snapshot | None, account: str) -> Scene:
        settings = self.settings
        task, service, express = files[TASK_DEFINITION], files[SERVICE], files.get(EXPRESS)
        body: JsonObject = live.body if live is not None else {}
        if express is not None:  # ECS makes the rest of it, a task definition of the user's own excepted
            task.wire = self._running(express.wire.get("taskDefinitionArn"), express)
        else:
            if settings.service_definition is None and live is not None:  # another's: its revision is ours
                service.wire = canons.canon(self.kinds.service, body, desired=False).wire
            if settings.task_definition is None:
                runs = service.wire.get("taskDefinition") or body.get("taskDefinition")
                task.wire = self._running(runs, service)
        return Scene(
            account=account,
            region=self.gateway.region,
            cluster=settings.cluster,
            task=task.wire,
            service=service.wire,
            express=express.wire if express is not None else {},
            live=body,
            task_document=TASK_DEFINITION if settings.task_definition is not None else "",
            stamp=self.stamp,
            hooks=tuple(
                (event, str(name)) for hook in settings.codedeploy.hooks for event, name in hook.items()
            ),
        )

    def _running(self, reference: object, file: File) -> JsonObject:
        """Give the revision that a service of a project without a task definition runs; why not is said."""
        if not isinstance(reference, str) or not reference:
            return {}
        try:
            found = self.gateway.describe_task_definition(reference)
        except AwsError as error:
            what = f"the task definition that it runs is not known: {error.what}"
            file.verdicts.append(Verdict(State.SKIPPED, what, error.hint or ""))
            return {}
        if not isinstance(found, Snapshot):
            what = f"there is no task definition {reference}"
            file.verdicts.append(Verdict(State.FAILED, what, "register it, or correct its name"))
            return {}
        inner = found.body.get("taskDefinition")
        return inner if isinstance(inner, dict) else {}

    def _trees(self, scene: Scene, files: Mapping[str, File], live: Snapshot | None) -> Sequence[Check]:
        settings = self.settings
        task, service, express = files[TASK_DEFINITION], files[SERVICE], files.get(EXPRESS)
        found: list[Check] = []
        if task.errors:
            found.append(examining.broken(f"task definition {settings.task_definition}", task.errors))
        elif scene.task:
            found.append(trees.task_definition(scene, task.verdicts))
        name = settings.service or ""
        if express is not None and express.errors:
            found.append(examining.broken(f"Express Mode service {name}", express.errors))
        elif express is not None:
            found.append(trees.express(scene, name, [*express.verdicts, *_other(live)]))
        elif service.errors:
            found.append(examining.broken(f"service {name}", service.errors))
        elif scene.service or (settings.service and live is not None):
            found.append(trees.service(scene, name, service.verdicts))
        if any(file.errors for kind, file in files.items() if kind != TASK_DEFINITION) or (
            not scene.service
            and express is None
            and (settings.service or "cluster" in pointers.objects(settings.resolved.data))
        ):
            found += trees.alone(scene)
        return found

    def _place(self, files: Mapping[str, File], document: str, path: Path) -> Spot:
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


def _other(live: Snapshot | None) -> Sequence[Verdict]:
    """Refuse a service of that name that is there and no Express Mode service: nothing makes it one."""
    if live is None or expresses.managed(live.body):
        return ()
    what = "the service is there, and not in Express Mode"
    return (
        Verdict(State.FAILED, what, "describe it with service_definition, or give the new one another name"),
    )
