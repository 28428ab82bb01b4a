"""Projects in Express Mode: what a plan holds, what is sent, what is refused, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.api import drafting
from reconciler.core import expresses
from reconciler.core.outcomes import Ending
from reconciler.core.plans import Plan, Verb
from reconciler.core.steps import (
    CreateExpressService,
    RemoveTags,
    SetTags,
    UpdateExpressService,
    UpdateService,
)
from reconciler.engine.ports import Snapshot
from reconciler.errors import AwsDenied, ConfigError, NotConverged, PlanError, Refused, StalePlan
from tests.engine.worlds import PASSWORD, World, service, task_definition

EXPRESS = "express_service.main/web"
ROLE = "arn:aws:iam::123456789012:role/"
PROJECT = """
cluster: main
service: web
express_definition: express.json
plugins:
  - name: tfstate
    config: {path: terraform.tfstate}
"""


def definition(**more: Any) -> dict[str, Any]:
    """Give a definition as the project's file holds it, with the container's members in it."""
    inside = ("image", "environment", "secrets", "command", "containerPort")
    container = {"image": "web:1", "environment": [{"name": "VPC", "value": "{{ tfstate `output.vpc_id` }}"}]}
    return {
        "infrastructureRoleArn": f"{ROLE}infrastructure",
        "executionRoleArn": f"{ROLE}execution",
        "primaryContainer": container | {name: more[name] for name in inside if name in more},
        "tags": [{"key": "team", "value": "web"}],
        **{name: value for name, value in more.items() if name not in inside},
    }


class Express(World):
    """A project in Express Mode."""

    def __init__(self, root: Path) -> None:
        """Lay the project out; nothing is there yet."""
        super().__init__(root)
        self.write("reconciler.yml", PROJECT)
        self.define()

    def define(self, **more: Any) -> None:
        """Write the definition."""
        self.write("express.json", definition(**more))

    @property
    def live(self) -> dict[str, Any]:
        """Give the configuration that runs."""
        found = self.gateway.express.describe(str(self.described()["serviceArn"]))
        assert isinstance(found, Snapshot)
        return dict(expresses.configuration(found.body))

    def manage(self, made: dict[str, Any]) -> None:
        """Let service revisions show what ECS made."""
        reading = self.gateway.describe_service_revisions
        self.gateway.describe_service_revisions = lambda arns: tuple(  # type: ignore[method-assign]
            {**each, "ecsManagedResources": made} for each in reading(arns)
        )

    def sent(self) -> list[Any]:
        """Give what Express Mode's calls were told."""
        called = ("express.create", "express.update")
        return [call.arguments[0] for call in self.gateway.calls if call.method in called]


@pytest.fixture
def absent(tmp_path: Path) -> Express:
    return Express(tmp_path)


@pytest.fixture
def express(absent: Express) -> Express:
    absent.deployed()
    return absent


def addresses(plan: Plan) -> list[str]:
    return [f"{finding.action.value} {finding.address}" for finding in plan.unit(EXPRESS).changes]


def test_what_is_not_there_is_created_with_the_names_of_the_project(absent: Express) -> None:
    plan = absent.plan()
    (unit,) = plan.units
    assert (unit.address, unit.kind, unit.verb, unit.base) == (EXPRESS, "express_service", Verb.CREATE, None)
    outcome, _ = absent.apply(plan)
    assert (outcome.ending, outcome.revision.rpartition("/")[2]) == (Ending.SUCCEEDED, "main-web:1")
    (sent,) = absent.sent()
    assert (sent["cluster"], sent["serviceName"]) == ("main", "web")
    assert sent["primaryContainer"]["environment"] == [{"name": "VPC", "value": "vpc-1"}]
    assert not absent.plan().changes


@pytest.mark.parametrize(
    ("more", "changes", "sent", "effect"),
    [
        (
            {"image": "web:2"},
            ["replace primaryContainer.image"],
            {
                "primaryContainer": {
                    "image": "web:2",
                    "containerPort": 80,
                    "environment": [{"name": "VPC", "value": "vpc-1"}],
                    "awsLogsConfiguration": {"logGroup": "/aws/ecs/made", "logStreamPrefix": "ecs"},
                }
            },
            "a new deployment",
        ),
        (
            {"environment": []},
            ["remove primaryContainer.environment"],
            {
                "primaryContainer": {
                    "image": "web:1",
                    "containerPort": 80,
                    "environment": [],
                    "awsLogsConfiguration": {"logGroup": "/aws/ecs/made", "logStreamPrefix": "ecs"},
                }
            },
            "a new deployment",
        ),
        (
            {"scalingTarget": {"MaxTaskCount": 3}},
            ["replace scalingTarget.maxTaskCount"],
            {
                "scalingTarget": {
                    "minTaskCount": 1,
                    "maxTaskCount": 3,
                    "autoScalingMetric": "AVERAGE_CPU",
                    "autoScalingTargetValue": 60,
                }
            },
            "perhaps a new deployment",
        ),
        (
            {"cpu": "512", "memory": "1 GB"},
            ["replace cpu", "replace memory"],
            {"cpu": "512", "memory": "1024"},
            "a new deployment",
        ),
    ],
    ids=["image", "no variables", "scaling", "size"],
)
def test_an_update_holds_what_changes_whole_and_nothing_else(
    express: Express, more: dict[str, Any], changes: list[str], sent: dict[str, Any], effect: str
) -> None:
    express.define(**more)
    plan = express.plan()
    assert (addresses(plan), plan.unit(EXPRESS).effects) == (changes, (effect,))
    outcome, _ = express.apply(plan)
    assert outcome.ending is Ending.SUCCEEDED
    assert express.sent() == [{"serviceArn": plan.unit(EXPRESS).live} | sent]
    assert not express.plan().changes


def test_what_disappears_from_the_file_has_its_default_again(express: Express) -> None:
    express.define(
        cpu="512", memory="1024", healthCheckPath="/up", command=["serve"], cpuArchitecture="ARM64"
    )
    express.apply()
    express.define()
    express.apply()
    live = express.live
    assert (live["cpu"], live["memory"], live["healthCheckPath"]) == ("1024", "2048", "/")
    assert (live["cpuArchitecture"], live["primaryContainer"]["command"]) == ("X86_64", [])


def test_tags_need_no_update(express: Express) -> None:
    express.define(tags=[{"key": "env", "value": "dev"}])
    plan = express.plan()
    assert [type(step) for _, step in plan.steps()] == [RemoveTags, SetTags]
    assert plan.unit(EXPRESS).effects == ("tags only, no new deployment",)
    express.apply(plan)
    assert express.tags() == [{"key": "env", "value": "dev"}]


def test_a_security_group_that_ecs_added_stays_and_another_goes(express: Express) -> None:
    mine, added, others = "sg-1", "sg-made", "sg-2"
    groups = [mine, added, others]
    arn = str(express.described()["serviceArn"])
    express.gateway.express.update({"serviceArn": arn, "networkConfiguration": {"securityGroups": groups}})
    group = f"arn:aws:ec2:eu-west-1:123456789012:security-group/{added}"
    express.manage({"serviceSecurityGroups": [{"arn": group}]})
    express.define(networkConfiguration={"securityGroups": [mine]})
    plan = express.plan()
    assert addresses(plan) == [f'remove networkConfiguration.securityGroups["{others}"]']
    express.gateway.calls.clear()
    express.apply(plan)
    assert express.sent()[0]["networkConfiguration"]["securityGroups"] == [mine, added]
    assert not express.plan().changes


def test_groups_that_cannot_be_told_apart_are_said(express: Express) -> None:
    express.define(networkConfiguration={"securityGroups": ["sg-1"]})
    denied = AwsDenied("not allowed", operation="DescribeServiceRevisions", code="AccessDeniedException")
    express.gateway.fail("describe_service_revisions", denied)
    (notice,) = express.plan().notices
    assert "which security groups ECS made" in notice.what


def test_a_forced_deployment_is_one_of_the_service_beneath(express: Express) -> None:
    for options in ({"force_new_deployment": True}, {"force_new_deployment": True, "update_service": False}):
        plan = express.plan(**options)
        assert [type(step) for _, step in plan.steps()] == [UpdateService]
        assert plan.unit(EXPRESS).effects == ("a new deployment, forced",)
    express.define(image="web:2")
    plan = express.plan(force_new_deployment=True)
    assert [type(step) for _, step in plan.steps()] == [UpdateExpressService]
    assert [
        type(step) for _, step in express.plan(force_new_deployment=True, update_service=False).steps()
    ] == [UpdateService]


def test_what_is_ignored_is_the_live_value(express: Express) -> None:
    express.write(
        "reconciler.yml", PROJECT + "ignore: {fields: [/PrimaryContainer/Image, /cpu], tags: [team]}\n"
    )
    express.define(image="web:9", cpu="256", memory="512", tags=[])
    assert addresses(express.plan()) == ["replace memory"]
    express.write("reconciler.yml", PROJECT + "ignore: [/desiredCount]\n")
    with pytest.raises(ConfigError, match="ECS knows no member `desiredCount`"):
        express.plan()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"desired_count": 3}, "scales itself"),
        ({"revision": "latest"}, "no other revision is deployed"),
        ({"update_service": False}, "nothing to deploy"),
    ],
)
def test_what_express_mode_has_no_way_to_do_is_refused(
    express: Express, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        express.plan(**options)


def test_a_member_that_no_update_changes_is_refused_and_shown(express: Express) -> None:
    express.define(infrastructureRoleArn=f"{ROLE}other", image="web:2")
    plan = express.plan()
    assert addresses(plan) == ["replace infrastructureRoleArn", "replace primaryContainer.image"]
    (refusal,) = plan.refusals
    assert refusal.what == "UpdateExpressGatewayService cannot change infrastructureRoleArn"
    assert not plan.applyable


def test_what_lacks_a_role_is_refused(absent: Express) -> None:
    absent.write("express.json", {"primaryContainer": {"command": ["serve"]}})
    with pytest.raises(
        PlanError, match=r"lacks infrastructureRoleArn, primaryContainer\.image, which Create"
    ):
        absent.plan()


def test_a_service_that_is_none_of_express_mode_stays_what_it_is(absent: Express) -> None:
    absent.gateway.register_task_definition(task_definition())
    absent.gateway.create_service(
        {"cluster": "main", "serviceName": "web", "taskDefinition": "web", **service()}
    )
    with pytest.raises(PlanError, match="is there, and not in Express Mode"):
        absent.plan()


def test_a_service_that_is_still_being_made_is_not_planned_for(express: Express) -> None:
    body: Any = express.gateway.express.describe(str(express.described()["serviceArn"]))
    with express.opened() as reconciler, pytest.raises(PlanError, match="ECS is still making it"):
        reconciler.plan(live=("saved.json", {**body.body, "activeConfigurations": []}))


def test_a_service_that_is_being_deleted_is_waited_for_and_then_created_anew(express: Express) -> None:
    express.gateway.express.delete(str(express.described()["serviceArn"]))
    with pytest.raises(PlanError, match="is DRAINING"):
        express.plan()
    express.clock.advance(3600)
    assert [type(step) for _, step in express.plan().steps()] == [CreateExpressService]


def _edit(world: Express) -> None:
    arn = str(world.described()["serviceArn"])
    world.gateway.express.update({"serviceArn": arn, "cpu": "256"})
    world.clock.advance(3600)


def _scale(world: Express) -> None:
    arn = str(world.described()["serviceArn"])
    world.gateway.express.update({"serviceArn": arn, "scalingTarget": {"maxTaskCount": 7}})


def _end(world: Express) -> None:
    world.gateway.express.delete(str(world.described()["serviceArn"]))
    world.clock.advance(3600)


@pytest.mark.parametrize(
    ("act", "moved"),
    [(_edit, f"{EXPRESS} cpu was added"), (_end, f"{EXPRESS} is gone"), (_scale, "")],
    ids=["a managed member", "the service", "what AWS and others may set"],
)
def test_a_saved_plan_holds_as_long_as_what_it_manages_stays(
    express: Express, act: Callable[[Express], None], moved: str
) -> None:
    express.define(image="web:2")
    plan = express.plan()
    act(express)
    if not moved:
        assert express.apply(plan)[0].ending is Ending.SUCCEEDED
        return
    with pytest.raises(StalePlan) as caught:
        express.apply(plan)
    assert caught.value.moved == (moved,)


def test_a_plan_to_create_does_not_fit_a_service_that_came_meanwhile(absent: Express) -> None:
    plan = absent.plan()
    absent.deployed()
    with pytest.raises(StalePlan) as caught:
        absent.apply(plan)
    assert caught.value.moved == (f"{EXPRESS} exists now",)


def test_a_secret_is_a_slot_in_the_plan_and_sent_as_it_is(express: Express) -> None:
    express.define(environment=[{"name": "TOKEN", "value": "{{ tfstate `output.password` }}"}])
    plan = express.plan()
    assert PASSWORD not in plan.to_json()
    express.apply(plan)
    assert express.sent()[0]["primaryContainer"]["environment"] == [{"name": "TOKEN", "value": PASSWORD}]


def test_a_rollout_that_fails_is_told_and_nothing_is_compared(express: Express) -> None:
    express.gateway.fails = lambda revision: "bad" in str(revision)
    express.define(image="web:bad")
    outcome, _ = express.apply()
    assert outcome.ending is Ending.ROLLED_BACK
    assert addresses(express.plan()) == ["replace primaryContainer.image"]


def test_what_aws_shows_otherwise_than_it_was_sent_is_said(express: Express) -> None:
    express.define(healthCheckPath="/up")
    plan = express.plan()
    held: dict[str, Any] = express.gateway._services["main", "web"]
    held["fake:express"]["configurations"] = _Stubborn(held["fake:express"]["configurations"])
    with pytest.raises(NotConverged) as caught:
        express.apply(plan)
    assert caught.value.residual == (f"{EXPRESS} healthCheckPath",)


class _Stubborn(dict[str, Any]):
    """Configurations that keep the health check path that they have."""

    def __setitem__(self, revision: str, configuration: Any) -> None:
        super().__setitem__(revision, configuration | {"healthCheckPath": "/"})


def test_what_ecs_makes_of_it_is_not_rehearsed(express: Express) -> None:
    express.define(image="web:2")
    with express.opened() as reconciler:
        plan = reconciler.plan()
        with pytest.raises(PlanError, match="cannot be rehearsed: what it runs is ECS's to make"):
            reconciler.rehearse(plan)


@pytest.mark.parametrize(
    ("denied", "written"),
    [
        (False, {"networkConfiguration": {"subnets": ["subnet-1", "subnet-2"]}}),
        (
            True,
            {"networkConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-made"]}},
        ),
    ],
)
def test_what_ecs_made_is_not_written_down_where_it_is_known(
    express: Express, denied: bool, written: dict[str, Any]
) -> None:
    managed = {
        "serviceSecurityGroups": [{"arn": "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-made"}],
        "logGroups": [{"logGroupName": "/aws/ecs/made"}],
    }
    express.manage(managed)
    if denied:
        error = AwsDenied("not allowed", operation="DescribeServiceRevisions", code="AccessDeniedException")
        express.gateway.fail("describe_service_revisions", error)
    wanted = drafting.Wanted(cluster="main", service="web")
    drafted = drafting.draft(wanted, {}, gateway=express.gateway)
    (_, project), (_, text) = drafted.files
    definition = json.loads(text)
    assert "express_definition: ecs-express-def.json" in project
    assert {"networkConfiguration": definition["networkConfiguration"]} == written
    assert ("awsLogsConfiguration" in definition["primaryContainer"]) is denied
    assert any("cannot be known, and is written down" in note for note in drafted.notes) is denied


def test_a_task_definition_of_ones_own_is_written_down_in_place_of_what_it_says(absent: Express) -> None:
    absent.gateway.register_task_definition(task_definition())
    absent.write("express.json", {"infrastructureRoleArn": f"{ROLE}infra", "taskDefinitionArn": "web:1"})
    absent.apply()
    drafted = drafting.draft(drafting.Wanted(cluster="main", service="web"), {}, gateway=absent.gateway)
    definition = json.loads(drafted.files[1][1])
    assert definition["taskDefinitionArn"].endswith("web:1")
    assert not {"primaryContainer", "cpu", "memory"} & definition.keys()


def test_only_a_service_in_express_mode_is_written_down_as_one(absent: Express) -> None:
    absent.gateway.register_task_definition(task_definition())
    absent.gateway.create_service(
        {"cluster": "main", "serviceName": "web", "taskDefinition": "web", **service()}
    )
    wanted = drafting.Wanted(cluster="main", service="web", express=True)
    with pytest.raises(PlanError, match="is not in Express Mode"):
        drafting.draft(wanted, {}, gateway=absent.gateway)


def test_a_saved_description_is_compared_with(express: Express) -> None:
    arn = str(express.described()["serviceArn"])
    body: Any = express.gateway.express.describe(arn)
    express.define(image="web:2")
    with express.opened() as reconciler:
        plan = reconciler.plan(live=("saved.json", {"service": dict(body.body)}))
    assert addresses(plan) == ["replace primaryContainer.image"]
    assert not plan.applyable


def test_other_definitions_of_the_project_are_not_used(express: Express) -> None:
    express.write("reconciler.yml", PROJECT + "task_definition: task.json\n")
    plan = express.plan()
    assert [unit.address for unit in plan.units] == [EXPRESS]
    assert [notice.what for notice in plan.notices] == [
        "task_definition is not used: express_definition describes the whole service"
    ]


def test_what_a_task_definition_of_ones_own_says_is_not_said_twice(absent: Express) -> None:
    absent.gateway.register_task_definition(task_definition())
    absent.write(
        "express.json",
        {"infrastructureRoleArn": f"{ROLE}infrastructure", "taskDefinitionArn": "web:1", "cpu": "512"},
    )
    (notice,) = absent.plan().notices
    assert notice.what == "taskDefinitionArn says cpu: AWS takes no request that has both"
