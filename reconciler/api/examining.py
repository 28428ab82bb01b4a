"""The definitions of a project as verifying wants them: evaluated, composed, and with everything that is wrong kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.api import desires
from reconciler.aws.shapes import ECS
from reconciler.core import pointers, shapes
from reconciler.core.plans import Notice
from reconciler.core.values import JsonObject
from reconciler.core.verification.checks import Check, State, Verdict, settled
from reconciler.core.verification.scenes import EXPRESS, SERVICE, TASK_DEFINITION
from reconciler.engine import compatibility, composing
from reconciler.engine.composing import Desired
from reconciler.engine.options import Options
from reconciler.errors import ConfigError, HclErrors, KnownLater, PlanError, ReconcilerError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api.evaluations import Definitions
    from reconciler.api.references import Listed
    from reconciler.core.documents import Resolved
    from reconciler.core.kinds import Kind, Kinds
    from reconciler.load.project import Project as Settings

_EVERYTHING: Final = Options()
_REGISTERED: Final[Mapping[str, str]] = {
    TASK_DEFINITION: "RegisterTaskDefinition",
    EXPRESS: "CreateExpressGatewayService",
}
"""The operations whose required members a file has to have; the project file names a service itself."""


@dataclass(slots=True)
class File:
    """A definition of the project: what it asks for, or why that is not known; verdicts on it by itself."""

    desired: Desired | None = None
    wire: JsonObject = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    errors: tuple[ReconcilerError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Evaluates the definitions of a project, and raises nothing of what is wrong with them."""

    settings: Settings
    definitions: Callable[..., Definitions]
    references: Callable[[], Listed]
    kinds: Kinds

    def files(self) -> dict[str, File]:
        """Evaluate the definitions, by their kinds: all at once, or, where one has no value, each by itself."""
        settings, kinds = self.settings, self.kinds
        named = [
            (kinds.task_definition, settings.task_definition),
            (kinds.service, settings.service_definition),
        ]
        if settings.express_definition is not None:
            named.append((kinds.express_service, settings.express_definition))
        try:
            every = self.definitions()
        except ReconcilerError:
            return {
                kind.name: self._file(kind, path, partial(self._evaluated, kind.name)) for kind, path in named
            }
        return {kind.name: self._file(kind, path, lambda: every) for kind, path in named}

    def _evaluated(self, kind: str) -> Definitions:
        return self.definitions(task_definition=kind == TASK_DEFINITION, service=kind != TASK_DEFINITION)

    def _file(self, kind: Kind, path: Path | None, evaluate: Callable[[], Definitions]) -> File:
        """Evaluate and compose a definition; all that is wrong with it is kept."""
        if path is None:
            return File()
        resolved: Resolved | None = None
        try:
            files = evaluate()
            resolved = _of(files, kind)
            desired = self._desired(kind, files)
        except HclErrors as error:
            return File(errors=error.errors)
        except ConfigError as error:
            return File(errors=(resolved is not None and composing.errors(kind, resolved)) or (error,))
        except ReconcilerError as error:
            return File(errors=self._references(path, error))
        found = File(desired, desired.canon.wire, judged(desired, (), desired.notices))
        if kind.name == TASK_DEFINITION:
            found.verdicts += judged(desired, *compatibility.of_task_definition(desired))
        if operation := _REGISTERED.get(kind.name):
            found.verdicts += _lacking(desired, operation)
        return found

    def _desired(self, kind: Kind, files: Definitions) -> Desired:
        settings = self.settings
        named = settings if settings.service else replace(settings, service="(unnamed)")
        match kind.name:
            case "task_definition":
                found = desires.task_definition(settings, files, self.kinds, strict=False)
            case "express_service":
                found = desires.express_service(settings, files, self.kinds, _EVERYTHING, strict=False)
            case _:
                found = desires.service(named, files, self.kinds, _EVERYTHING, strict=False)
        assert found is not None
        return found

    def _references(self, path: Path, error: ReconcilerError) -> tuple[ReconcilerError, ...]:
        """Give everything that is wrong with the references of a file, of which `error` is the first."""
        try:
            listed = self.references()
        except ReconcilerError:
            return (error,)
        file = str(self.settings.file(path))
        found: dict[str, ReconcilerError] = {}
        for reference in listed.references:
            if (wrong := reference.wrong) is not None and reference.where.path == file:
                found[f"{reference.where} {wrong.what}"] = replace(wrong, where=reference.where)
        return tuple(found.values()) or (error,)


def judged(desired: Desired, refused: Sequence[PlanError], noticed: Sequence[Notice]) -> list[Verdict]:
    """Give what was found in a definition by itself as verdicts."""
    paths = {where: path for path, where in desired.resolved.places.items()}

    def verdict(severity: State, said: PlanError | Notice) -> Verdict:
        path = paths.get(said.where) if said.where is not None else None
        pointer = pointers.text(path) if path else ""
        return Verdict(severity, said.what, said.hint or "", where=said.where, pointer=pointer)

    return [
        *(verdict(State.FAILED, each) for each in refused),
        *(verdict(State.WARNED, each) for each in noticed),
    ]


def broken(subject: str, errors: Sequence[ReconcilerError]) -> Check:
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


def _of(files: Definitions, kind: Kind) -> Resolved | None:
    by_kind = {TASK_DEFINITION: files.task_definition, SERVICE: files.service, EXPRESS: files.express_service}
    return by_kind[kind.name]


def _lacking(desired: Desired, operation: str) -> list[Verdict]:
    """Say which members are not there that the API requires, wherever they stand."""
    lacking = shapes.missing(ECS.input(operation), desired.canon.wire)
    if not lacking:
        return []
    what = f"it lacks {', '.join(lacking)}, which {operation} requires"
    return [Verdict(State.FAILED, what, "add what is lacking", where=desired.resolved.where(()))]
