"""The whole story: create, roll out, find changes made behind one's back, mend them."""

from __future__ import annotations

import pytest

from tests.cli.commands import CLUSTER, SERVICE, UNIT, Box, Cli, addresses, edit


def test_an_empty_cluster_gets_what_the_files_describe(cli: Cli, empty: Box) -> None:
    planned = cli("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert planned.err == ""
    assert "Plan: 2 to add, 0 to change, 0 to destroy." in planned.out
    assert empty.writes() == []

    applied = cli("apply", "--auto-approve")
    assert applied.code == 0
    assert "Plan: 2 to add" in applied.out
    assert "has reached a steady state" in applied.err
    assert "Applied after" in applied.err
    assert "test-httpd:1 runs" in applied.err
    assert empty.writes() == ["RegisterTaskDefinition", "CreateService"]

    again = cli("plan", "--detailed-exitcode")
    assert (again.code, again.err) == (0, "")
    assert again.out == "No changes. What runs is what the files describe.\n"


def test_a_new_image_is_planned_rolled_out_and_then_there(cli: Cli, box: Box) -> None:
    assert cli("plan", "--detailed-exitcode").code == 0

    planned = cli("plan", "--detailed-exitcode", IMAGE_TAG="2.4.62")
    assert (planned.code, planned.err) == (2, "")
    assert addresses(planned.out) == ['containerDefinitions["httpd-app"].image', "taskDefinition"]
    assert 'httpd:2.4.61" -> "public.ecr.aws/docker/library/httpd:2.4.62"  # env IMAGE_TAG' in planned.out

    applied = cli("apply", "--auto-approve", IMAGE_TAG="2.4.62")
    assert applied.code == 0
    assert "PRIMARY test-httpd:2" in applied.err
    assert "ACTIVE test-httpd:1" in applied.err
    assert "deployment completed" in applied.err
    assert "deployment completed" not in applied.out
    assert box.definition()["containerDefinitions"][0]["image"].endswith("httpd:2.4.62")

    again = cli("plan", "--detailed-exitcode", IMAGE_TAG="2.4.62")
    assert (again.code, again.err) == (0, "")


def _count(box: Box) -> None:
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=5)


def _tag(box: Box) -> None:
    arn = box.service()["serviceArn"]
    box.ecs.tag_resource(
        resourceArn=arn, tags=[{"key": "env", "value": "prod"}, {"key": "who", "value": "me"}]
    )


def _image(box: Box) -> None:
    taken = (
        "family",
        "networkMode",
        "requiresCompatibilities",
        "cpu",
        "memory",
        "executionRoleArn",
        "taskRoleArn",
    )
    definition = box.definition()
    container = definition["containerDefinitions"][0] | {"image": "httpd:other"}
    box.ecs.register_task_definition(
        **{name: definition[name] for name in taken}, containerDefinitions=[container]
    )
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition="test-httpd")


@pytest.mark.parametrize(
    ("change", "shown", "sent"),
    [
        (_count, ["desiredCount"], ["UpdateService"]),
        (_tag, ['tags["env"]', 'tags["who"]'], ["TagResource", "UntagResource"]),
        (
            _image,
            ['containerDefinitions["httpd-app"].image', "taskDefinition"],
            ["RegisterTaskDefinition", "UpdateService"],
        ),
    ],
    ids=["desiredCount", "tags", "image"],
)
def test_a_change_made_behind_our_back_is_shown_and_mended(
    cli: Cli, box: Box, change: object, shown: list[str], sent: list[str]
) -> None:
    assert callable(change)
    change(box)
    box.settle()
    before = len(box.writes())

    planned = cli("plan", "--detailed-exitcode")
    assert (planned.code, planned.err) == (2, "")
    assert addresses(planned.out) == shown

    assert cli("apply", "--auto-approve").code == 0
    assert sorted(box.writes()[before:]) == sent
    box.settle()
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_service_that_lost_its_definition_of_a_member_gets_the_default_back(cli: Cli, box: Box) -> None:
    edit("ecs-service-def.json", '"propagateTags": "SERVICE",', "")
    planned = cli("plan", "--detailed-exitcode")
    assert (planned.code, planned.err) == (2, "")
    assert addresses(planned.out) == ["propagateTags"]
    assert cli("apply", "--auto-approve").code == 0
    assert box.service().get("propagateTags", "NONE") == "NONE"
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_rollout_that_runs_already_is_shown_and_superseded(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    assert cli("apply", "--auto-approve", "--no-wait", IMAGE_TAG="2.4.62").code == 0
    planned = cli("plan", "--detailed-exitcode", IMAGE_TAG="2.4.63")
    assert planned.code == 2
    assert (
        "a rollout of test-httpd:2 is in progress (0 of 2 tasks running); applying now replaces it"
        in planned.out
    )
    box.serving.knobs(speed=100)
    applied = cli("apply", "--auto-approve", IMAGE_TAG="2.4.63")
    assert applied.code == 0
    assert "test-httpd:3 runs" in applied.err
    assert UNIT in applied.err
    assert cli("plan", "--detailed-exitcode", IMAGE_TAG="2.4.63").code == 0
