"""Real files show no difference to what AWS, or the sandbox in its place, describes of them, and are not refused.

What cannot be registered or created is named with its reason, and has to be refused for that reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.api import Reconciler
from reconciler.core import exports
from reconciler.errors import ConfigError
from reconciler.testing import FakeClock
from tests.corpus import files, projects, rounds
from tests.corpus.files import File
from tests.corpus.simulated import Simulated

REFUSED = {
    "aws-samples__aws-containers-task-definitions__wildfly__wildfly_fargate.json": (
        "Fargate requires task definition to have execution role ARN to support log driver awslogs"
    ),
    "aws__amazon-ecs-agent__container-ordering-windows__task-definition.json": (
        "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"
    ),
    "ijin__ecs-parallel__ecs-service-def.json": "deploymentConfiguration.alarms.alarmNames, which CreateService",
    "ijin__ecs-parallel__ecspresso.yml": "deploymentConfiguration.alarms.alarmNames, which CreateService",
}
"""Files that AWS itself refuses to make something new of (as ecspresso would be, too), and how."""

NOT_EVALUATED = {
    "stuartshay__AzureDevOpsKats__ecspresso__shared_config__service-def.jsonnet": "Could not lex",
    "stuartshay__AzureDevOpsKats__ecspresso__ecspresso.yml": "there is no such file",
}
"""Files that a build step of their repository completes: Jsonnet with template actions in it; no task-def.json."""

NOT_RECONCILED = {"task_set_describe"}
"""Kinds of descriptions of what is no service and no task definition."""

HERE = pytest.mark.skipif(
    not files.index(), reason=f"the real files are not beside this repository ({files.REAL.name}/)"
)


def each(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("file", files.of(*kinds), ids=lambda file: file.name)


def plans_nothing(found: rounds.Round, folder: Path) -> None:
    """Check a round, and what `init` would write after it."""
    if found.name in REFUSED:
        assert REFUSED[found.name] in found.refused
        assert found.foreseen or "which CreateService" in found.refused
        return
    assert found.refused == ""
    assert found.foreseen == ()
    assert found.differences == ()
    assert found.sides
    for side in found.sides:
        written = exports.definition(side.kind, side.live)
        assert rounds.compare(side.kind, written, side.live, folder) == ()


@HERE
@each(*rounds.TASK_DEFINITIONS)
def test_a_registered_task_definition_plans_nothing(file: File, tmp_path: Path) -> None:
    plans_nothing(rounds.register(file, tmp_path), tmp_path)


@HERE
@each(*rounds.SERVICES)
def test_a_created_service_plans_nothing(file: File, tmp_path: Path) -> None:
    if file.name in NOT_EVALUATED:
        with pytest.raises(ConfigError, match=NOT_EVALUATED[file.name]):
            rounds.create(file, tmp_path)
        return
    plans_nothing(rounds.create(file, tmp_path), tmp_path)


@HERE
@each(*rounds.DESCRIBED)
def test_a_description_is_the_file_that_is_written_from_it(file: File, tmp_path: Path) -> None:
    side = rounds.side_of(file)
    assert side.document
    assert rounds.refusals(side) == ()
    assert rounds.compare(side.kind, side.document, files.document(file), tmp_path) == ()


@HERE
@each("ecspresso_config")
def test_a_project_renders_and_plans_nothing_once_deployed(file: File, tmp_path: Path) -> None:
    laid = projects.lay(file, tmp_path)
    with Reconciler.open(laid.load(), gateway=Simulated(), clock=FakeClock()) as reconciler:
        assert isinstance(reconciler.rendered("config"), dict)
        if file.name in NOT_EVALUATED:
            with pytest.raises(ConfigError, match=NOT_EVALUATED[file.name]):
                reconciler.definitions()
            return
        for target in ("task_definition", "service"):
            for canonical in (False, True):
                rendered = reconciler.rendered(target, canonical=canonical)
                assert isinstance(rendered, dict)
                assert rendered
    plans_nothing(rounds.run(file.name, laid), tmp_path)


@HERE
def test_every_file_is_used_or_named() -> None:
    used = {*rounds.TASK_DEFINITIONS, *rounds.SERVICES, *rounds.DESCRIBED, "ecspresso_config"}
    assert {file.kind for file in files.index()} - used == NOT_RECONCILED
    assert {*REFUSED, *NOT_EVALUATED} <= {file.name for file in files.index()}
