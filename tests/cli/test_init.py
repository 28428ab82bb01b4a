"""Files for what runs already: they say the same again, in every format."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.commands import ARTICLE, CLUSTER, REGION, SERVICE, Box, Cli, Typed

WHICH = ("--service", SERVICE, "--cluster", CLUSTER)


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    """Be in the region: no project file says it yet."""
    monkeypatch.setenv("AWS_REGION", REGION)


def test_every_format_describes_what_runs(
    cli: Cli, box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for form, suffix in (("json", "json"), ("yaml", "yml"), ("jsonnet", "jsonnet"), ("hcl", "hcl")):
        folder = tmp_path / form
        folder.mkdir()
        monkeypatch.chdir(folder)
        shutil.copy(ARTICLE / "terraform.tfstate", folder)
        ran = cli("init", *WHICH, "--tfstate", "terraform.tfstate", "--format", form)
        assert ran.code == 0, ran
        assert "No changes: a plan of these files is empty." in ran.out
        assert "  aws_subnet.private_a.id\n" in ran.out
        assert "stayed concrete" not in ran.out
        assert {path.name for path in folder.iterdir()} == {
            "terraform.tfstate",
            f"ecs-service-def.{suffix}",
            f"ecs-task-def.{suffix}",
            f"reconciler.{'yml' if form == 'json' else suffix}",
        }
        assert "subnet-" not in (folder / f"ecs-service-def.{suffix}").read_text()
        assert cli("plan", "--detailed-exitcode").code == 0
    assert box.writes() == []


def test_nothing_is_written_over_unasked(cli: Cli, box: Box) -> None:
    Path("reconciler.yml").write_text("mine\n")
    ran = cli("init", *WHICH)
    ran.one_error(
        "there is no terminal to ask on; nothing was changed", "reconciler.yml, ecs-service-def.json, ecs-"
    )
    assert Path("reconciler.yml").read_text() == "mine\n"
    ran = cli("init", *WHICH, "--force-overwrite", "--no-sort")
    assert ran.code == 0, ran
    assert (
        "stayed concrete:\n  ecs-service-def.json /loadBalancers/0/targetGroupArn  arn:aws:elastic" in ran.out
    )


def test_a_task_definition_alone(cli: Cli, box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")
    ran = cli("init", "--task-definition", "test-httpd:1", "--task-definition-path", "defs/task.yaml")
    assert ran.code == 0, ran
    assert Path("defs/task.yaml").read_text().startswith("family: test-httpd\n")
    assert Path("reconciler.yml").read_text() == (
        "region: ap-northeast-1\ntask_definition: defs/task.yaml\ntimeout: 10m0s\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name a --service, or a --task-definition"),
        ((*WHICH, "--task-definition", "x"), "--service and --task-definition exclude each other"),
        (("--service", "nope", "--cluster", CLUSTER), f"there is no service nope in cluster {CLUSTER}"),
        (("--task-definition", "nope:3"), "there is no task definition nope:3"),
        ((*WHICH, "--tfstate", "nowhere"), "there is no nowhere"),
        ((*WHICH, "--config", "p.toml"), "p.toml: the extension .toml names no format"),
        ((*WHICH, "--jsonnet", "--format", "hcl"), "--jsonnet and --format name two formats"),
    ],
)
def test_what_cannot_be_written_down(cli: Cli, box: Box, arguments: tuple[str, ...], words: str) -> None:
    before = sorted(Path().iterdir())
    cli("init", *arguments).one_error(words)
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_person_is_asked(cli: Cli, box: Box, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Typed(f"{answer}\n"))
    ran = cli("init", *WHICH, "--config", "ecspresso.yml")
    assert "Overwrite ecspresso.yml, ecs-service-def.json, ecs-task-def.json? (y/N) " in ran.err
    assert ran.code == (answer == "n")
    assert ("{{" not in Path("ecs-service-def.json").read_text()) is (answer == "y")
