"""Services that CodeDeploy deploys, through the command against the sandbox: every way in, every ending."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import Project, Reconciler, sandbox
from reconciler.core.steps import CreateCodeDeployDeployment
from reconciler.engine import codedeploying
from reconciler.errors import PlanError
from tests.cli.commands import CLUSTER, REGION, SERVICE, Box, Cli, client_of, edit
from tests.cli.test_events import lines
from tests.cli.test_schema import validate

GROUPS = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup"
BALANCER = {"targetGroupArn": f"{GROUPS}/blue/0123456789abcdef", "containerName": "app", "containerPort": 80}
OPTIONS = ("--timeout", "40s")
PROJECT = f"""region: {REGION}
cluster: {CLUSTER}
service: {SERVICE}
service_definition: service.json
task_definition: task.json
"""


def definition(image: str) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": image,
        "memory": 64,
        "essential": True,
        "portMappings": [{"containerPort": 80}],
    }
    return {"family": "web", "containerDefinitions": [container]}


def service(**more: Any) -> dict[str, Any]:
    return {
        "deploymentController": {"type": "CODE_DEPLOY"},
        "desiredCount": 2,
        "launchType": "EC2",
        "loadBalancers": [BALANCER],
        **more,
    }


def seed(*, group: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    own = {
        "applicationName": "shop",
        "deploymentGroupName": "web",
        "service": f"{CLUSTER}/{SERVICE}",
        "target_groups": ["blue", "green"],
        **(group or {}),
    }
    return {
        "region": REGION,
        "clusters": [CLUSTER],
        "task_definitions": [definition("web:1")],
        "services": [service(cluster=CLUSTER, serviceName=SERVICE, taskDefinition="web:1")],
        "codedeploy": {"groups": [own]},
        "knobs": {"replacement_timeout": 60},
        **more,
    }


class Shop(Box):
    """The sandbox with a service that CodeDeploy deploys."""

    def deployments(self) -> list[dict[str, Any]]:
        """Give CodeDeploy's deployments, the oldest first."""
        found: list[dict[str, Any]] = self.serving.dump()[REGION]["codedeploy"]["deployments"]
        return found

    def created(self) -> int:
        """Count how often a deployment was asked for."""
        return self.writes().count("CreateDeployment")

    def runs(self) -> str:
        """Give the revision that has the traffic."""
        return str(self.service()["taskDefinition"]).rpartition("/")[2]


@pytest.fixture
def given() -> dict[str, Any]:
    """What the sandbox begins with: tests say otherwise by parametrising it."""
    return seed()


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]) -> Iterator[Shop]:
    """Serve it, with the project's files in the working folder; their image is a new one."""
    (project / "ecspresso.yml").write_text(PROJECT)
    write("web:2")
    Path("service.json").write_text(json.dumps(service()))
    with sandbox.serving(given, speed=400) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.endpoint_url)
        ecs = client_of(served.endpoint_url, "ecs")
        yield Shop(served, ecs)
        ecs.close()


def write(image: str) -> None:
    """Write the task definition's file."""
    Path("task.json").write_text(json.dumps(definition(image)))


def settle(**more: str) -> None:
    """Add lines to the project file."""
    with Path("ecspresso.yml").open("a") as file:
        file.writelines(f"{name}: {text}\n" for name, text in more.items())


def test_a_change_is_planned_and_deployed(cli: Cli, shop: Shop) -> None:
    Path("service.json").write_text(json.dumps(service(desiredCount=3, healthCheckGracePeriodSeconds=5)))
    plan = cli("plan")
    assert plan.code == 0, plan
    said = "a CodeDeploy deployment of application shop, group web, with configuration CodeDeployDefault.ECSAllAtOnce"
    assert said in plan.out
    assert "taskDefinition = " in plan.out
    ran = cli("apply", "--auto-approve", *OPTIONS)
    assert ran.code == 0, ran
    assert shop.writes() == ["RegisterTaskDefinition", "UpdateService", "CreateDeployment"]
    assert shop.runs() == "web:2"
    assert shop.service()["desiredCount"] == 3
    assert "ACTIVE web:2" in ran.err
    assert cli("plan", "--detailed-exitcode").code == 0
    again = cli("apply", "--auto-approve", *OPTIONS)
    assert (again.code, shop.created()) == (0, 1)
    assert "No changes." in again.out


FARGATE: dict[str, Any] = {
    "launchType": "FARGATE",
    "platformVersion": "1.3.0",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}},
}


def on_fargate(image: str) -> dict[str, Any]:
    (container,) = definition(image)["containerDefinitions"]
    ports = [{"containerPort": 80}, {"containerPort": 81}]
    return {
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [container | {"portMappings": ports}],
    }


@pytest.mark.parametrize(
    "given",
    [
        seed(
            task_definitions=[on_fargate("web:1")],
            services=[service(cluster=CLUSTER, serviceName=SERVICE, taskDefinition="web:1", **FARGATE)],
        )
    ],
    ids=["fargate"],
)
def test_what_a_deployment_changes_beside_the_revision(cli: Cli, shop: Shop) -> None:
    Path("task.json").write_text(json.dumps(on_fargate("web:1")))
    network = {"awsvpcConfiguration": {"subnets": ["subnet-b"], "assignPublicIp": "ENABLED"}}
    wanted = {"networkConfiguration": network, "platformVersion": "1.4.0"}
    served = [{**BALANCER, "containerPort": 81}]
    Path("service.json").write_text(json.dumps(service(**FARGATE | wanted) | {"loadBalancers": served}))
    plan = cli("plan")
    assert "~ loadBalancers" in plan.out
    ran = cli("apply", "--auto-approve", *OPTIONS)
    assert ran.code == 0, ran
    assert shop.writes() == ["CreateDeployment"]
    found = shop.service()
    assert found["platformVersion"] == "1.4.0"
    assert found["loadBalancers"][0]["containerPort"] == 81
    settings = found["networkConfiguration"]["awsvpcConfiguration"]
    assert settings == {"subnets": ["subnet-b"], "securityGroups": ["sg-a"], "assignPublicIp": "ENABLED"}
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_saved_plan_is_carried_out(cli: Cli, shop: Shop) -> None:
    settle(appspec="{Hooks: [{BeforeAllowTraffic: smoke-test}]}")
    assert cli("plan", "--out", "plan.json", "--rollback-events", "DEPLOYMENT_FAILURE").code == 0
    plan = validate(Path("plan.json").read_text())
    (step,) = plan["units"][1]["steps"]
    assert step["type"] == "CreateCodeDeployDeployment"
    assert step["body"] == {
        "applicationName": "shop",
        "deploymentGroupName": "web",
        "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
    }
    properties = step["appspec"]["Resources"][0]["TargetService"]["Properties"]
    assert properties["TaskDefinition"] == "(known after apply)"
    assert properties["LoadBalancerInfo"] == {"ContainerName": "app", "ContainerPort": 80}
    assert step["appspec"]["Hooks"] == [{"BeforeAllowTraffic": "smoke-test"}]
    ran = cli("apply", "plan.json", *OPTIONS)
    assert ran.code == 0, ran
    assert shop.runs() == "web:2"


def test_the_plan_knows_no_group_without_aws(cli: Cli, shop: Shop) -> None:
    Path("live.json").write_text(json.dumps({"services": [shop.service()]}, default=str))
    ran = cli("plan", "--live", "live.json")
    assert ran.code == 0, ran
    assert not [call for call in shop.serving.calls() if call.get("service") == "codedeploy"]


def test_a_forced_deployment_is_another_one_of_the_same(cli: Cli, shop: Shop) -> None:
    write("web:1")
    ran = cli("deploy", "--force-new-deployment", *OPTIONS)
    assert ran.code == 0, ran
    assert shop.writes() == ["CreateDeployment"]


def test_a_count_alone_is_an_update(cli: Cli, shop: Shop) -> None:
    ran = cli("deploy", "--tasks", "3", "--skip-task-definition", "--no-update-service", *OPTIONS)
    assert ran.code == 0, ran
    assert shop.writes() == ["UpdateService"]
    assert shop.service()["runningCount"] == 3


CANARY = seed(group={"deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes"})


@pytest.mark.parametrize("given", [CANARY], ids=["canary"])
def test_a_canary_is_waited_for_as_far_as_wanted(cli: Cli, shop: Shop) -> None:
    shop.serving.knobs(speed=60)
    ran = cli("apply", "--auto-approve", "--wait-until", "codedeploy:BeforeAllowTraffic", *OPTIONS)
    assert ran.code == 0, ran
    (info,) = shop.deployments()
    assert (info["status"], shop.runs()) == ("InProgress", "web:1")
    assert "a CodeDeploy deployment is in progress: d-" in cli("plan").out
    status = cli("status").out
    assert "ACTIVE web:2 desired:2" in status
    assert "Rollout: in progress" in status
    waited = cli("wait", "--wait-until", "codedeploy:AllowTraffic", *OPTIONS)
    assert waited.code == 0, waited
    assert "10 %" in waited.err
    assert shop.runs() == "web:2"


def test_functions_are_called(cli: Cli, shop: Shop) -> None:
    settle(appspec="{Hooks: [{AfterInstall: check}]}")
    ran = cli("apply", "--auto-approve", *OPTIONS)
    assert ran.code == 0, ran
    assert "calling functions at AfterInstall" in ran.out
    (info,) = shop.deployments()
    assert json.loads(info["revision"]["appSpecContent"]["content"])["Hooks"] == [{"AfterInstall": "check"}]


FAILING = {
    "hooks": {"check": {"status": "FAILED", "seconds": 1}},
}


@pytest.mark.parametrize("given", [seed(**FAILING)], ids=["failing"])
def test_a_function_that_fails_ends_it(cli: Cli, shop: Shop) -> None:
    settle(appspec="{Hooks: [{AfterInstall: check}]}")
    ran = cli("apply", "--auto-approve", *OPTIONS)
    assert ran.code == 3, ran
    assert "the function hooked to AfterInstall failed" in ran.err
    assert "Why: a function that the AppSpec calls failed or did not report in time: AfterInstall" in ran.err
    assert shop.runs() == "web:1"
    undone = cli("rollback", *OPTIONS)
    undone.one_error("there is nothing to undo: web:1 has the traffic")


@pytest.mark.parametrize("given", [seed(**FAILING)], ids=["failing"])
def test_a_deployment_is_rolled_back_on_the_events_that_are_named(cli: Cli, shop: Shop) -> None:
    settle(appspec="{Hooks: [{AfterAllowTraffic: check}]}")
    ran = cli("deploy", "--rollback-events", "DEPLOYMENT_FAILURE", *OPTIONS)
    assert ran.code == 4, ran
    assert "rolled back on DEPLOYMENT_FAILURE" in ran.out
    assert shop.runs() == "web:1"


def test_tasks_that_never_come_up_fail_it(cli: Cli, shop: Shop) -> None:
    write("web:crash")
    ran = cli("apply", "--auto-approve", *OPTIONS)
    assert ran.code == 3, ran
    assert "replacement task set" in ran.err
    assert "`app` exited with code 1" in ran.err
    assert shop.runs() == "web:1"


LINEAR = seed(group={"deploymentConfigName": "CodeDeployDefault.ECSLinear10PercentEvery3Minutes"})


@pytest.mark.parametrize("given", [LINEAR], ids=["linear"])
def test_a_second_apply_joins_the_same_and_refuses_another(cli: Cli, shop: Shop) -> None:
    shop.serving.knobs(speed=20)
    assert cli("apply", "--auto-approve", "--no-wait").code == 0
    joined = cli("apply", "--auto-approve", "--wait-until", "codedeploy:Install", *OPTIONS)
    assert joined.code == 0, joined
    assert "is there already, used again" in joined.err
    assert shop.created() == 1
    write("web:3")
    refused = cli("apply", "--auto-approve", *OPTIONS)
    assert refused.code == 1
    (info,) = shop.deployments()
    assert (
        f"CodeDeploy is deploying {CLUSTER}/{SERVICE} already: {info['deploymentId']} of web:2" in refused.err
    )
    assert "`reconciler wait`" in refused.err
    assert shop.created() == 1
    late = cli("wait", "--timeout", "1s")
    assert late.code == 5, late


@pytest.mark.parametrize("given", [LINEAR], ids=["linear"])
def test_a_deployment_that_runs_is_stopped_and_goes_back(cli: Cli, shop: Shop) -> None:
    shop.serving.knobs(speed=20)
    assert cli("apply", "--auto-approve", "--wait-until", "codedeploy:BeforeAllowTraffic", *OPTIONS).code == 0
    dry = cli("rollback", "--dry-run")
    assert "stop the CodeDeploy deployment d-" in dry.out
    assert "it goes back to web:1" in dry.out
    shop.serving.knobs(speed=400)
    ran = cli("rollback", *OPTIONS)
    assert ran.code == 0, ran
    assert [info["status"] for info in shop.deployments()] == ["Stopped", "Succeeded"]
    assert shop.runs() == "web:1"
    assert shop.ecs.describe_task_definition(taskDefinition="web:2")["taskDefinition"]["status"] == "INACTIVE"


def test_a_deployment_that_is_through_is_undone_by_another(cli: Cli, shop: Shop) -> None:
    assert cli("apply", "--auto-approve", *OPTIONS).code == 0
    ran = cli("rollback", "--rollback-events", "DEPLOYMENT_FAILURE", *OPTIONS)
    assert ran.code == 0, ran
    assert "have CodeDeploy (group shop/web) deploy web:1 in place of web:2" in ran.out
    assert shop.runs() == "web:1"
    assert shop.deployments()[-1]["autoRollbackConfiguration"]["events"] == ["DEPLOYMENT_FAILURE"]
    assert shop.ecs.describe_task_definition(taskDefinition="web:2")["taskDefinition"]["status"] == "INACTIVE"


def test_somebody_stops_it(cli: Cli, shop: Shop) -> None:
    shop.serving.knobs(speed=5)
    assert cli("apply", "--auto-approve", "--no-wait").code == 0
    codedeploy = client_of(shop.serving.endpoint_url, "codedeploy")
    (info,) = shop.deployments()
    shop.serving.knobs(speed=0)
    codedeploy.stop_deployment(deploymentId=info["deploymentId"], autoRollbackEnabled=True)
    shop.serving.knobs(speed=3)  # slow enough for `wait` to begin before it is over
    waited = cli("wait", *OPTIONS)
    assert waited.code == 4, waited
    assert "rolled back by CodeDeploy" in waited.err


def test_nothing_runs(cli: Cli, shop: Shop) -> None:
    ran = cli("wait", *OPTIONS)
    assert (ran.code, "No rollout is running; web:1 is stable." in ran.err) == (0, True), ran


READY = seed(
    group={
        "blueGreenDeploymentConfiguration": {
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": 5,
            },
            "deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 600},
        }
    }
)


@pytest.mark.parametrize("given", [READY], ids=["ready"])
def test_traffic_that_somebody_has_to_let_over(cli: Cli, shop: Shop) -> None:
    ran = cli("apply", "--auto-approve", *OPTIONS)
    assert ran.code == 7, ran
    assert "the tasks before are kept for 5 minutes" in ran.out
    assert shop.runs() == "web:1"
    went = cli("continue", *OPTIONS)
    assert went.code == 0, went
    assert shop.runs() == "web:2"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{application_name: shop, deployment_group_name: web}", ()),
        ("{application_name: shop}", ()),
        ("{deployment_group_name: web, deployment_config_name: CodeDeployDefault.ECSAllAtOnce}", ()),
        (
            "{application_name: shopp, deployment_group_name: web}",
            ("ecspresso.yml:6:", "there is no CodeDeploy application shopp", "did you mean shop?"),
        ),
        ("{application_name: shopp}", ("there is no CodeDeploy application shopp", "did you mean shop?")),
        (
            "{application_name: shop, deployment_group_name: wep}",
            ("the CodeDeploy application shop has no deployment group wep", "did you mean web?"),
        ),
        ("{deployment_group_name: wep}", ("no CodeDeploy deployment group deploys", "groups named wep")),
        (
            "{deployment_config_name: CodeDeployDefault.ECSAllAtOne}",
            ("no CodeDeploy deployment configuration", "did you mean CodeDeployDefault.ECSAllAtOnce"),
        ),
    ],
)
def test_names_in_the_project_file(cli: Cli, shop: Shop, settings: str, words: tuple[str, ...]) -> None:
    settle(codedeploy=settings)
    ran = cli("plan")
    if not words:
        assert (ran.code, "application shop, group web" in ran.out) == (0, True), ran
        assert cli("apply", "--auto-approve", *OPTIONS).code == 0
        return
    for word in words:
        assert word in ran.err, ran
    assert cli("apply", "--auto-approve").code == 1
    assert shop.writes() == []


@pytest.mark.parametrize("given", [seed() | {"codedeploy": {"applications": ["shop"]}}], ids=["without"])
def test_a_service_that_no_group_deploys(cli: Cli, shop: Shop) -> None:
    ran = cli("apply", "--auto-approve")
    assert ran.code == 1
    assert f"no CodeDeploy deployment group deploys {CLUSTER}/{SERVICE}" in ran.err
    assert shop.writes() == []


def throttled(times: int) -> dict[str, Any]:
    fault = {"operation": "ListDeploymentGroups", "code": "ThrottlingException", "times": times}
    return seed(faults=[fault])


@pytest.mark.parametrize("given", [throttled(2)], ids=["twice"])
def test_looking_for_the_group_waits_while_it_is_throttled(
    cli: Cli, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("reconciler.engine.grouping._FIRST_PAUSE", 0.05)
    ran = cli("plan")
    assert ran.code == 0, ran
    calls = [call["operation"] for call in shop.serving.calls()]
    assert calls.count("ListDeploymentGroups") == 3


def test_what_was_deployed_before_leads_to_the_group(cli: Cli, shop: Shop) -> None:
    assert cli("apply", "--auto-approve", *OPTIONS).code == 0
    before = len(shop.serving.calls())
    write("web:3")
    assert cli("plan").code == 0
    calls = [call["operation"] for call in shop.serving.calls()[before:]]
    assert "ListApplications" not in calls
    assert "BatchGetDeploymentGroups" in calls


def test_stages_of_ecs_are_no_events_of_codedeploy(cli: Cli, shop: Shop) -> None:
    for arguments in (("apply", "--auto-approve"), ("wait",)):
        ran = cli(*arguments, "--wait-until", "ecs:BAKE_TIME")
        assert ran.code == 1
        assert "ecs:BAKE_TIME cannot be waited for" in ran.err
    assert shop.writes() == []


def test_events_of_codedeploy_are_no_stages_of_ecs(cli: Cli, box: Box) -> None:
    for arguments in (("apply", "--auto-approve"), ("wait",)):
        ran = cli(*arguments, "--wait-until", "codedeploy:AllowTraffic", IMAGE_TAG="2.4.62")
        assert ran.code == 1, ran
        assert "codedeploy:AllowTraffic cannot be waited for" in ran.err
    assert box.writes() == []


def test_names_that_ecs_has_no_use_for(cli: Cli, box: Box) -> None:
    settle(codedeploy="{application_name: shop}")
    ran = cli("plan")
    assert (ran.code, "`codedeploy` and `appspec` have no effect" in ran.out) == (0, True), ran


def test_what_nothing_changes_is_refused(cli: Cli, shop: Shop) -> None:
    Path("service.json").write_text(json.dumps(service(enableExecuteCommand=True)))
    ran = cli("apply", "--auto-approve")
    assert ran.code == 1
    assert "cannot change enableExecuteCommand: the service's deployments belong to CODE_DEPLOY" in ran.err
    assert shop.writes() == []


EXTERNAL = service(cluster=CLUSTER, serviceName=SERVICE, deploymentController={"type": "EXTERNAL"})
ELSEWHERE = seed(services=[{k: v for k, v in EXTERNAL.items() if k not in ("launchType", "loadBalancers")}])


@pytest.mark.parametrize("given", [ELSEWHERE | {"codedeploy": {}}], ids=["external"])
def test_external_controllers_are_refused(cli: Cli, shop: Shop) -> None:
    body = service(deploymentController={"type": "EXTERNAL"})
    del body["loadBalancers"], body["launchType"]
    Path("service.json").write_text(json.dumps(body))
    ran = cli("apply", "--auto-approve")
    assert ran.code == 1
    assert "belong to EXTERNAL: a new revision cannot be deployed" in ran.err


def test_a_service_is_created(cli: Cli, shop: Shop) -> None:
    edit("ecspresso.yml", f"service: {SERVICE}", "service: fresh")
    ran = cli("apply", "--auto-approve", *OPTIONS)
    assert ran.code == 0, ran
    assert shop.writes() == ["RegisterTaskDefinition", "CreateService"]
    assert cli("wait", *OPTIONS).code == 0


def test_a_deployment_by_codedeploy_is_not_rehearsed(cli: Cli, shop: Shop) -> None:
    ran = cli("plan", "--simulate")
    assert ran.code == 1
    assert "cannot be rehearsed: CodeDeploy deploys it" in ran.err


@pytest.mark.parametrize("given", [CANARY], ids=["canary"])
def test_events_as_json_fit_their_schema(cli: Cli, shop: Shop) -> None:
    ran = cli("apply", "--auto-approve", "--log-format", "json", *OPTIONS)
    assert ran.code == 0, ran
    told = [line for line in lines(ran.err) if line.get("kind") == "RolloutProgress"]
    assert {line["stage"] for line in told} >= {"AllowTraffic", ""}


def test_a_rollout_that_takes_too_long_is_undone_where_that_is_wanted(cli: Cli, shop: Shop) -> None:
    write("web:crash")
    shop.serving.knobs(replacement_timeout=3600)
    ran = cli("apply", "--auto-approve", "--timeout", "1s", "--on-failure", "rollback")
    assert ran.code == 4, ran
    assert [info["status"] for info in shop.deployments()] == ["Stopped", "Succeeded"]


def faulty(operation: str, **members: Any) -> dict[str, Any]:
    return seed(faults=[{"operation": operation, "times": 1, **members}])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (faulty("CreateDeployment", reset="before"), 1),
        (faulty("CreateDeployment", reset="after"), 1),
        (faulty("CreateDeployment", code="InternalError", status=500), 1),
        (faulty("CreateDeployment", code="ThrottlingException"), 0),
        (faulty("BatchGetDeployments", reset="before"), 0),
        (faulty("GetDeploymentTarget", code="ThrottlingException"), 0),
        (faulty("GetDeploymentTarget", code="AccessDeniedException"), 0),
        (faulty("ListDeployments", code="InternalError", status=500), 0),
    ],
)
def test_a_fault_and_the_command_again(cli: Cli, shop: Shop, code: int) -> None:
    first = cli("apply", "--auto-approve", *OPTIONS)
    assert first.code == code, first
    again = cli("apply", "--auto-approve", *OPTIONS)
    if "make a new plan" in again.err:  # what began the first time was over between looking and looking again
        again = cli("apply", "--auto-approve", *OPTIONS)
    assert again.code == 0, again
    assert shop.runs() == "web:2"
    assert len(shop.deployments()) == 1
    assert len(shop.ecs.list_task_definitions(familyPrefix="web")["taskDefinitionArns"]) == 2


def test_what_was_over_by_the_time_of_the_step_is_not_begun_again(cli: Cli, shop: Shop) -> None:
    """Between the look at what a plan was made from and its step, another apply of the same may have ended."""
    with Reconciler.open(Project.load(Path("ecspresso.yml"))) as ours:
        task, deployed = ours.plan().units
        assert cli("apply", "--auto-approve", *OPTIONS).code == 0
        (step,) = deployed.steps
        assert isinstance(step, CreateCodeDeployDeployment)
        with pytest.raises(PlanError, match="meanwhile: it runs web:2 now"):
            codedeploying.begin(
                ours.gateway,
                ours.clock,
                step,
                step.body,
                step.appspec,
                until="deployed",
                timeout=1,
                ran=task.live,
            )
    assert shop.created() == 1


@pytest.mark.parametrize("given", [LINEAR], ids=["linear"])
def test_a_process_that_was_killed_while_it_watched(cli: Cli, shop: Shop) -> None:
    assert cli("apply", "--auto-approve", "--no-wait").code == 0
    again = cli("deploy", *OPTIONS)
    assert again.code == 0, again
    assert (shop.created(), shop.runs()) == (1, "web:2")


@pytest.mark.parametrize("given", [{"region": REGION, "clusters": [CLUSTER]}], ids=["empty"])
def test_a_service_of_an_external_controller_is_created_without_a_task_definition(
    cli: Cli, shop: Shop
) -> None:
    body = service(deploymentController={"type": "EXTERNAL"})
    del body["loadBalancers"], body["launchType"]
    Path("service.json").write_text(json.dumps(body))
    cli("apply", "--auto-approve").one_error("is created without a task definition", "--skip-task-definition")
    assert shop.writes() == []
    ran = cli("apply", "--auto-approve", "--skip-task-definition", *OPTIONS)
    assert ran.code == 0, ran
    assert shop.writes() == ["CreateService"]
    cli("continue").one_error("an external controller deploys")
    forced = cli("apply", "--auto-approve", "--skip-task-definition", "--force-new-deployment")
    assert (forced.code, "cannot be forced" in forced.err) == (1, True), forced
    assert shop.writes() == ["CreateService"]
