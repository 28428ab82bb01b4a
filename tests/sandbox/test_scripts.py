"""What a seed scripts: the fates of tasks and what they write, functions, alarms, and what others do meanwhile."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox import seeds
from reconciler.sandbox.errors import Refusal, SandboxError
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import described, messages, service, task_definition
from tests.sandbox.test_deployments import GREEN, record
from tests.sandbox.test_seeds import client

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
OTHER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/2"
OPTIONS = {"awslogs-group": "/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "a"}
LOGGED = {"logDriver": "awslogs", "options": OPTIONS}
UNRETRIEVED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve "
)


def logging(image: str, **members: Any) -> dict[str, Any]:
    definition = task_definition(image)
    definition["executionRoleArn"] = "arn:aws:iam::123456789012:role/x"
    definition["containerDefinitions"][0] |= {"logConfiguration": LOGGED} | members
    return definition


@contextmanager
def scripted(second: dict[str, Any] | None = None, **script: Any) -> Iterator[tuple[Serving, Any]]:
    """Serve the service `web` at rest with two revisions; start nothing yet."""
    created = script.pop("service", {})
    seed = {
        "task_definitions": [logging("repo/web:1"), second or logging("repo/web:2")],
        "services": [service(**created)],
        **script,
    }
    with sandbox.serving(seed) as served:
        ecs = client(served.endpoint_url)
        assert described(ecs)["runningCount"] == described(ecs)["desiredCount"]
        yield served, ecs


def update(ecs: Any, **members: Any) -> None:
    ecs.update_service(cluster="main", service="web", taskDefinition="web:2", **members)


def stopped(ecs: Any) -> list[dict[str, Any]]:
    arns = ecs.list_tasks(cluster="main", desiredStatus="STOPPED", family="web")["taskArns"]
    tasks = ecs.describe_tasks(cluster="main", tasks=arns)["tasks"] if arns else []
    return [each for each in tasks if each["taskDefinitionArn"].endswith("web:2")]


MEMORY = "OutOfMemoryError: Container killed due to memory usage"
SECRET = {
    "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:t"}]
}
PARAMETER = {"secrets": [{"name": "TOKEN", "valueFrom": "/web/token"}]}


@pytest.mark.parametrize(
    ("fate", "container", "code", "reason", "exit_code", "of_container"),
    [
        ({"outcome": "crash"}, {}, "EssentialContainerExited", "Essential container in task exited", 1, None),
        (
            {"outcome": "crash", "exit_code": 137, "reason": MEMORY, "after": 4},
            {},
            "EssentialContainerExited",
            "Essential container in task exited",
            137,
            MEMORY,
        ),
        (
            {"outcome": "nopull", "reason": "CannotPullContainerError: denied"},
            {},
            "TaskFailedToStart",
            "CannotPullContainerError: denied",
            None,
            "CannotPullContainerError: denied",
        ),
        (
            {"outcome": "sick"},
            {},
            "ServiceSchedulerInitiated",
            "Task failed container health checks",
            143,
            None,
        ),
        (
            {"outcome": "nosecret"},
            SECRET,
            "TaskFailedToStart",
            f"{UNRETRIEVED}secret from asm: ",
            None,
            None,
        ),
        (
            {"outcome": "nosecret"},
            PARAMETER,
            "TaskFailedToStart",
            f"{UNRETRIEVED}secrets from ssm: ",
            None,
            None,
        ),
        (
            {"outcome": "spot", "after": 1},
            {},
            "SpotInterruption",
            "Your Spot Task was interrupted.",
            143,
            None,
        ),
    ],
)
def test_how_tasks_end(
    fate: dict[str, Any],
    container: dict[str, Any],
    code: str,
    reason: str,
    exit_code: int | None,
    of_container: str | None,
) -> None:
    with scripted(logging("repo/web:2", **container), outcomes=[{"image": "*:2", **fate}]) as (server, ecs):
        update(ecs)
        server.advance(60)
        task = stopped(ecs)[0]
        (shown,) = task["containers"]
        assert (task["stopCode"], shown.get("exitCode"), shown.get("reason")) == (
            code,
            exit_code,
            of_container,
        )
        assert task["stoppedReason"].startswith(reason)


def test_no_place() -> None:
    with scripted(outcomes=[{"image": "*:2", "outcome": "noplace", "times": 3}]) as (server, ecs):
        update(ecs)
        server.advance(5)
        assert described(ecs)["deployments"][0]["failedTasks"] > 0
        assert any(
            "was unable to place a task. Reason: Capacity is unavailable" in text for text in messages(ecs)
        )
        server.advance(120)
        assert described(ecs)["deployments"][0]["rolloutState"] == "COMPLETED"
        assert stopped(ecs) == []


def test_a_slow_task_is_waited_for_and_a_flapping_one_is_replaced() -> None:
    with scripted(outcomes=[{"outcome": "slow", "after": 90}]) as (server, ecs):
        update(ecs)
        server.advance(90)
        assert described(ecs)["deployments"][0]["rolloutState"] == "IN_PROGRESS"
        server.advance(60)
        assert described(ecs)["deployments"][0]["rolloutState"] == "COMPLETED"
    with scripted(outcomes=[{"outcome": "flap", "after": 20, "exit_code": 3}]) as (server, ecs):
        update(ecs)
        server.advance(30)
        assert described(ecs)["deployments"][0]["rolloutState"] == "COMPLETED"
        server.advance(60)
        assert {each["containers"][0]["exitCode"] for each in stopped(ecs)} == {3}
        assert described(ecs)["deployments"][0]["rolloutState"] == "COMPLETED"


def test_times_counts_tasks() -> None:
    fates = [{"outcome": "crash", "times": 1}, {"outcome": "nopull", "times": 1, "container": "a*"}]
    with scripted(outcomes=fates) as (server, ecs):
        update(ecs)
        server.advance(120)
        codes = sorted(each["stopCode"] for each in stopped(ecs))
        assert codes == ["EssentialContainerExited", "TaskFailedToStart"]
        assert described(ecs)["deployments"][0]["rolloutState"] == "COMPLETED"


def test_what_containers_write_can_be_read() -> None:
    lines = [f"line {number}" for number in range(5)]
    with scripted(outcomes=[{"outcome": "crash", "logs": lines, "times": 1}]) as (server, ecs):
        update(ecs)
        server.advance(60)
        (task,) = stopped(ecs)
        logs = client(server.endpoint_url, "logs")
        stream = f"a/app/{task['taskArn'].rpartition('/')[2]}"
        asked = {"logGroupName": "/web", "logStreamName": stream}
        first = logs.get_log_events(**asked, startFromHead=True, limit=3)
        assert [each["message"] for each in first["events"]] == lines[:3]
        rest = logs.get_log_events(**asked, nextToken=first["nextForwardToken"], limit=3)
        assert [each["message"] for each in rest["events"]] == lines[3:]
        last = logs.get_log_events(**asked, nextToken=rest["nextForwardToken"])
        assert (last["events"], last["nextForwardToken"]) == ([], rest["nextForwardToken"])
        newest = logs.get_log_events(**asked, limit=2)
        assert [each["message"] for each in newest["events"]] == lines[3:]
        back = logs.get_log_events(**asked, limit=2, nextToken=newest["nextBackwardToken"])
        assert [each["message"] for each in back["events"]] == lines[1:3]
        found = logs.filter_log_events(
            logGroupName="/web", logStreamNamePrefix="a/", filterPattern='"line 4"'
        )
        assert [(each["message"], each["logStreamName"]) for each in found["events"]] == [("line 4", stream)]
        shown = logs.describe_log_streams(logGroupName="/web", logStreamNamePrefix="a/app/")["logStreams"]
        assert {each["logStreamName"] for each in shown if "lastEventTimestamp" in each} == {stream}
        assert len(shown) > 1
        with pytest.raises(logs.exceptions.ResourceNotFoundException):
            logs.get_log_events(logGroupName="/web", logStreamName="other")
        assert task["startedAt"].timestamp() * 1000 == first["events"][0]["timestamp"]


def health(server: Serving, group: str = GROUP) -> Counter[tuple[str, str | None]]:
    balancing = client(server.endpoint_url, "elbv2")
    shown = balancing.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return Counter((each["TargetHealth"]["State"], each["TargetHealth"].get("Reason")) for each in shown)


BALANCER: dict[str, Any] = {"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}


def test_the_health_of_targets() -> None:
    fates = [{"outcome": "sick", "times": 1}]
    with scripted(service={"loadBalancers": [BALANCER]}, outcomes=fates) as (server, ecs):
        healthy = ("healthy", None)
        assert health(server) == {healthy: 2}
        update(ecs)
        server.advance(14)
        assert health(server) == {healthy: 2, ("initial", "Elb.InitialHealthChecking"): 2}
        server.advance(6)
        assert health(server)["unhealthy", "Target.Timeout"] == 1
        server.advance(10)
        assert health(server)["draining", "Target.DeregistrationInProgress"] > 0
        server.advance(60)
        assert health(server) == {healthy: 2}
        balancing = client(server.endpoint_url, "elbv2")
        address = balancing.describe_target_health(TargetGroupArn=GROUP)["TargetHealthDescriptions"][0][
            "Target"
        ]
        arns = ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
        tasks = ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]
        interfaces = [each["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for each in tasks]
        assert (address["Id"] in interfaces, address["Port"]) == (True, 80)
        asked = [{"Id": address["Id"]}, {"Id": "10.9.9.9", "Port": 80}]
        answer = balancing.describe_target_health(TargetGroupArn=GROUP, Targets=asked)
        states = [each["TargetHealth"]["State"] for each in answer["TargetHealthDescriptions"]]
        assert states == ["healthy", "unused"]


def test_blue_and_green_stand_in_target_groups_by_turns() -> None:
    rule = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/web/1/2/3"
    advanced = {"alternateTargetGroupArn": OTHER, "productionListenerRule": rule, "roleArn": "r"}
    balancers = [{**BALANCER, "advancedConfiguration": advanced}]
    with scripted(service={"loadBalancers": balancers, "deploymentConfiguration": GREEN}) as (server, ecs):
        for here, there in ((GROUP, OTHER), (OTHER, GROUP)):
            assert (health(server, here).total(), health(server, there).total()) == (2, 0)
            update(ecs, forceNewDeployment=True)
            server.advance(60)
            assert (health(server, here).total(), health(server, there).total()) == (2, 2)
            server.advance(600)


def test_tasks_are_shared_out_over_capacity_providers() -> None:
    strategy = [
        {"capacityProvider": "FARGATE", "base": 2, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    created = service(count=10) | {"capacityProviderStrategy": strategy}
    del created["launchType"]
    seed = {"task_definitions": [task_definition()], "services": [created]}
    with sandbox.serving(seed) as server:
        ecs = client(server.endpoint_url)
        arns = ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
        tasks = ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]
        counted = Counter(each["capacityProviderName"] for each in tasks)
        assert counted == {"FARGATE": 4, "FARGATE_SPOT": 6}


def test_a_daemon_finds_as_many_instances_as_the_knob_says() -> None:
    container = {"name": "app", "image": "web:1", "memory": 64}
    body = {"cluster": "main", "serviceName": "web", "taskDefinition": "d", "schedulingStrategy": "DAEMON"}
    seed = {
        "task_definitions": [{"family": "d", "containerDefinitions": [container]}],
        "services": [body | {"launchType": "EC2"}],
        "knobs": {"instances": 3},
    }
    with sandbox.serving(seed) as server:
        shown = described(client(server.endpoint_url))
        assert (shown["desiredCount"], shown["runningCount"]) == (3, 3)


ALARMS: dict[str, Any] = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True}}


@pytest.mark.parametrize(
    ("alarm", "status"),
    [
        ({"after": 20}, "ROLLBACK_SUCCESSFUL"),
        ({"after": 20, "task_definition": "web:2"}, "ROLLBACK_SUCCESSFUL"),
        ({"after": 20, "task_definition": "web:1"}, "SUCCESSFUL"),
        ({"after": 20, "state": "INSUFFICIENT_DATA"}, "SUCCESSFUL"),
        ("ALARM", "SUCCESSFUL"),
    ],
)
def test_alarms_go_off_by_script(alarm: object, status: str) -> None:
    with scripted(service={"deploymentConfiguration": ALARMS}, alarms={"errors": alarm}) as (server, ecs):
        update(ecs)
        server.advance(120)
        assert record(ecs)["status"] == status


def test_set_alarm_state_of_an_alarm_that_the_seed_has() -> None:
    with scripted(service={"deploymentConfiguration": ALARMS}, alarms={"errors": "OK"}) as (server, ecs):
        update(ecs)
        server.advance(5)
        watch = client(server.endpoint_url, "cloudwatch")
        watch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="testing")
        server.advance(2)
        assert record(ecs)["status"] == "ROLLBACK_IN_PROGRESS"


@pytest.mark.parametrize(
    ("script", "at", "stage", "status"),
    [
        ({"status": "SUCCEEDED", "seconds": 30}, 40, "POST_SCALE_UP", "SUCCESSFUL"),
        ({"status": "IN_PROGRESS"}, 600, "POST_SCALE_UP", "ROLLBACK_SUCCESSFUL"),
        ({"status": "FAILED", "stage": "PRE_SCALE_UP"}, 40, "BAKE_TIME", "SUCCESSFUL"),
    ],
)
def test_functions_end_by_script(script: dict[str, Any], at: int, stage: str, status: str) -> None:
    timeout = {"timeoutInMinutes": 30, "action": "ROLLBACK"}
    hook = {"hookTargetArn": "arn:aws:lambda:::check", "roleArn": "r", "lifecycleStages": ["POST_SCALE_UP"]}
    configuration = GREEN | {"lifecycleHooks": [hook | {"timeoutConfiguration": timeout}]}
    with scripted(service={"deploymentConfiguration": configuration}, hooks={"*:check": script}) as (
        server,
        ecs,
    ):
        update(ecs)
        server.advance(at)
        assert record(ecs)["lifecycleStage"] == stage
        server.advance(3000)
        assert record(ecs)["status"] == status


def test_somebody_deploys_meanwhile() -> None:
    other = {"service": "web", "cluster": "main", "after": 5, "update": {"taskDefinition": "web:1"}}
    with scripted(meanwhile=[other]) as (server, ecs):
        update(ecs)
        server.advance(60)
        assert (record(ecs)["status"], record(ecs, 1)["status"]) == ("SUCCESSFUL", "STOPPED")
        assert described(ecs)["taskDefinition"].endswith("web:1")
        update(ecs)
        server.advance(60)
        assert described(ecs)["taskDefinition"].endswith("web:2")
    refused = other | {"update": {"taskDefinition": "web:9"}}
    with scripted(meanwhile=[refused]) as (server, ecs):
        update(ecs)
        server.advance(60)
        assert server.dump()["eu-west-1"]["refused"] == ["ClientException: TaskDefinition not found."]


def test_a_description_may_lag_behind_an_update() -> None:
    with scripted(knobs={"stale_after_update": 10}) as (server, ecs):
        before = described(ecs)
        update(ecs)
        server.advance(9)
        assert described(ecs) == before
        server.advance(1)
        assert described(ecs)["taskDefinition"].endswith("web:2")


def boto(server: Serving) -> Any:
    """Make a client of ECS that does not try again."""
    connect: Any = boto3.client
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "eu-west-1"}
    once = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    return connect("ecs", endpoint_url=server.endpoint_url, config=once, **keys)


def exhaust(server: Serving, operation: str) -> None:
    for _ in range(1000):
        server.sandbox.limits.take(operation, "123456789012", "eu-west-1")


def test_the_documented_limits() -> None:
    with sandbox.serving({"clusters": ["main"], "limits": "documented"}) as server:
        ecs = boto(server)
        ecs.create_cluster(clusterName="main")
        with pytest.raises(Refusal, match="Rate exceeded"):
            exhaust(server, "UpdateCluster")
        with pytest.raises(ClientError, match="Rate exceeded"):  # they share a bucket
            ecs.create_cluster(clusterName="main")
        ecs.list_task_definitions()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ({"outcomes": [{"outcome": "boom"}]}, "outcomes[0].outcome: must be one of runs, crash"),
        ({"outcomes": [{"exit": 1}]}, "outcomes[0]: has no member 'exit'"),
        ({"outcomes": [{"exit_code": 256}]}, "outcomes[0].exit_code: must be a whole number from 0 to 255"),
        ({"outcomes": [{"logs": "x"}]}, "outcomes[0].logs: must be a list of lines"),
        ({"outcomes": [{"after": -1}]}, "outcomes[0].after: must be a number of seconds"),
        ({"outcomes": [{"times": 0}]}, "outcomes[0].times: must be a whole number from 1 on"),
        ({"hooks": ["x"]}, "hooks: must be an object"),
        ({"hooks": {"*": {"status": "MAYBE"}}}, "hooks.*.status: must be one of SUCCEEDED"),
        ({"alarms": {"errors": "LOUD"}}, "alarms.errors: must be one of OK"),
        ({"meanwhile": [{"after": 1}]}, "meanwhile[0].service: must name a service"),
        ({"limits": "some"}, "limits: must be an object, or the word documented"),
    ],
)
def test_a_bad_script_is_explained(script: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxError) as raised:
        seeds.read(script)
    assert message in str(raised.value)


def test_what_filters_cannot_be_simulated_is_said() -> None:
    with scripted(outcomes=[{"outcome": "crash", "logs": ["x"], "times": 1}]) as (server, ecs):
        update(ecs)
        server.advance(60)
        with pytest.raises(ClientError, match="NotSimulatedBySandbox"):
            client(server.endpoint_url, "logs").filter_log_events(
                logGroupName="/web", filterPattern="{ $.a = 1 }"
            )
