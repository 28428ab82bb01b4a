"""What `plan` and `diff` print: for people, as JSON, as patches, as a textual diff; against a saved description."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonpatch
import jsonpointer
import pytest

from tests.cli.commands import CLUSTER, SERVICE, Box, Cli, edit, process

_NO_AWS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_ENDPOINT_URL": None}


@pytest.mark.parametrize(
    ("arguments", "environ", "colored"),
    [
        ((), {}, False),
        (("--color",), {}, True),
        (("--color",), {"NO_COLOR": "1"}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"RECONCILER_COLOR": "1"}, True),
        (("--no-color",), {"RECONCILER_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_terminals_unless_asked_for(
    cli: Cli, box: Box, arguments: tuple[str, ...], environ: Mapping[str, str], colored: bool
) -> None:
    for form in ("human", "diff"):
        ran = cli("plan", "--format", form, *arguments, IMAGE_TAG="2.4.62", **environ)
        assert ran.code == 0
        assert ("\x1b[" in ran.out) is colored


def _described(box: Box, answer: Mapping[str, Any]) -> Any:
    """Give an answer as `aws … --output json` prints it: timestamps as text, no metadata."""
    body = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return json.loads(json.dumps(body, default=str))


def _definition(box: Box) -> Any:
    return _described(box, box.ecs.describe_task_definition(taskDefinition="test-httpd", include=["TAGS"]))


def _services(box: Box) -> Any:
    return _described(box, box.ecs.describe_services(cluster=CLUSTER, services=[SERVICE], include=["TAGS"]))


def _change_much() -> None:
    """Edit, add and remove members and list items of both definitions."""
    edit("ecs-task-def.json", '"essential": true,', '"essential": true, "user": "www", "cpu": 64,')
    edit(
        "ecs-task-def.json",
        '{ "name": "LOG_LEVEL", "value": "{{ env `LOG_LEVEL` `info` }}" },',
        '{ "name": "A", "value": "1" }, { "name": "B", "value": "" },',
    )
    edit("ecs-task-def.json", '"awslogs-create-group": "true",', '"mode": "non-blocking",')
    edit(
        "ecs-task-def.json",
        '"networkMode": "awsvpc",',
        '"networkMode": "awsvpc", "tags": [{"key": "t", "value": "v"}],',
    )
    edit("ecs-task-def.json", '"portMappings": [{ ', '"portMappings": [{ "containerPort": 81 }, { ')
    edit("ecs-service-def.json", '"desiredCount": 2', '"desiredCount": 3')
    edit("ecs-service-def.json", '"maximumPercent": 200', '"maximumPercent": 150')
    edit("ecs-service-def.json", '"enableECSManagedTags": true,', '"enableExecuteCommand": true,')
    edit("ecs-service-def.json", '"{{ tfstate `aws_subnet.private_a.id` }}",', "")
    edit("ecs-service-def.json", '"tags": [', '"tags": [{ "key": "team", "value": "web" }, ')


def test_patches_applied_by_the_library_leave_nothing_to_plan(cli: Cli, box: Box, tmp_path: Path) -> None:
    _change_much()
    ran = cli("plan", "--format", "patch", IMAGE_TAG="2.4.62")
    assert (ran.code, ran.err) == (0, "")
    resources = json.loads(ran.out)["resources"]
    assert [each["base"]["operation"] for each in resources] == ["DescribeTaskDefinition", "DescribeServices"]
    described = {"DescribeTaskDefinition": _definition(box), "DescribeServices": _services(box)}
    for resource in resources:
        base = resource["base"]
        document = jsonpointer.resolve_pointer(described[base["operation"]], base["pointer"])
        patched = jsonpatch.JsonPatch(resource["patch"]).apply(document)
        assert patched != document
        file = tmp_path / "live.json"
        file.write_text(json.dumps(patched))
        planned = cli("plan", "--live", file, "--detailed-exitcode", IMAGE_TAG="2.4.62", **_NO_AWS)
        assert (planned.code, planned.err) == (0, ""), planned


def test_a_patch_refuses_a_document_that_changed_meanwhile(cli: Cli, box: Box) -> None:
    ran = cli("plan", "--format", "patch", IMAGE_TAG="2.4.62")
    patch = json.loads(ran.out)["resources"][0]["patch"]
    described = _definition(box)
    described["taskDefinition"]["containerDefinitions"].insert(0, {"name": "other", "image": "x"})
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.JsonPatch(patch).apply(described)


def test_diff_is_the_peers_unified_diff(cli: Cli, box: Box) -> None:
    arn = box.definition()["taskDefinitionArn"]
    ran = cli("diff", IMAGE_TAG="2.4.62")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"--- {arn}\n+++ ecs-task-def.json\n@@ ")
    assert '-      "image": "public.ecr.aws/docker/library/httpd:2.4.61",\n' in ran.out
    assert '+      "image": "public.ecr.aws/docker/library/httpd:2.4.62",\n' in ran.out
    assert cli("plan", "--format", "diff", IMAGE_TAG="2.4.62").out == ran.out

    edit("ecs-service-def.json", '"desiredCount": 2', '"desiredCount": 3')
    both, only = cli("diff", IMAGE_TAG="2.4.62"), cli("diff", "--without-service", IMAGE_TAG="2.4.62")
    assert only.out == ran.out
    service = both.out.removeprefix(ran.out)
    assert service.startswith(f"--- {box.service()['serviceArn']}\n+++ ecs-service-def.json\n@@ ")
    assert '-  "desiredCount": 2,\n+  "desiredCount": 3,\n' in service


@pytest.mark.parametrize(
    ("tag", "arguments", "code"),
    [("2.4.61", (), 0), ("2.4.61", ("--exit-code",), 0), ("2.4.62", (), 0), ("2.4.62", ("--exit-code",), 2)],
)
def test_diff_has_an_exit_code_if_asked(
    cli: Cli, box: Box, tag: str, arguments: tuple[str, ...], code: int
) -> None:
    ran = cli("diff", *arguments, IMAGE_TAG=tag)
    assert (ran.code, bool(ran.out)) == (code, tag != "2.4.61")


def test_diff_with_a_command_of_ones_own(cli: Cli, box: Box) -> None:
    tool = Path("tool.py")
    tool.write_text(
        "import sys\nprint([open(p).read().count('httpd:2.4') for p in sys.argv[2:]], sys.argv[1])\nsys.exit(1)\n"
    )
    ran = process(
        "diff", "--external", f"{sys.executable} {tool} 'two words'", environ={"IMAGE_TAG": "2.4.62"}
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == "[1, 1] two words"
    cli("diff", "--external", "no-such-tool", IMAGE_TAG="2.4.62").one_error(
        "'no-such-tool' cannot be run", "--external"
    )


def test_both_documents_whole(cli: Cli, box: Box) -> None:
    ran = cli("diff", "--no-unified", "--without-service", IMAGE_TAG="2.4.62")
    live, _, desired = ran.out.partition("+++ ecs-task-def.json\n")
    assert json.loads(live.partition("\n")[2])["containerDefinitions"][0]["image"].endswith("2.4.61")
    assert json.loads(desired)["containerDefinitions"][0]["image"].endswith("2.4.62")


def _shapes(box: Box) -> dict[str, Any]:
    """Give every form in which a live document may be saved."""
    definition, services = _definition(box), _services(box)
    return {
        "describe-task-definition": definition,
        "a bare task definition": definition["taskDefinition"],
        "describe-services": services,
        "an answer of update-service": {"service": services["services"][0]},
        "a bare service": services["services"][0],
    }


@pytest.mark.parametrize(
    "shape",
    [
        "describe-task-definition",
        "a bare task definition",
        "describe-services",
        "an answer of update-service",
        "a bare service",
    ],
)
def test_a_saved_description_takes_aws_place(cli: Cli, box: Box, shape: str) -> None:
    Path("live.json").write_text(json.dumps(_shapes(box)[shape]))
    calls = len(box.serving.calls())
    same = cli("plan", "--live", "live.json", "--detailed-exitcode", **_NO_AWS)
    assert (same.code, same.err) == (0, "")
    edit("ecs-service-def.json", '"desiredCount": 2', '"desiredCount": 3')
    other = cli("plan", "--live", "live.json", "--detailed-exitcode", IMAGE_TAG="2.4.62", **_NO_AWS)
    assert (other.code, other.err) == (2, "")
    assert ("httpd:2.4.62" in other.out) is ("task" in shape)
    assert ("desiredCount = 2 -> 3" in other.out) is ("service" in shape)
    assert len(box.serving.calls()) == calls


def test_a_saved_description_comes_through_a_pipe(
    cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(_definition(box))))
    ran = cli("plan", "--live", "-", "--detailed-exitcode", IMAGE_TAG="2.4.62", **_NO_AWS)
    assert (ran.code, ran.err) == (2, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{\n  broken", ("live.json:2:3: ", "is no JSON", "--output json")),
        ("[]", ("live.json", "is an object", "describe-task-definition")),
        ("{}", ("live.json", "describes neither", "describe-services")),
        ('{"services": []}', ("live.json", "describes 0 services", "describe-services")),
        ('{"tasks": [{}]}', ("live.json", "describes neither")),
        (None, ("live.json", "no such file")),
    ],
)
def test_a_wrong_saved_description_is_told(cli: Cli, text: str | None, words: tuple[str, ...]) -> None:
    if text is not None:
        Path("live.json").write_text(text)
    cli("plan", "--live", "live.json", **_NO_AWS).one_error(*words)
