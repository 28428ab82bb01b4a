"""Express services: what ECS makes of the few things that are said of one. Load balancers and alarms are names only."""

from typing import Final

from reconciler.sandbox import rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import ACCOUNT, Body, Express, World

INVALID: Final = "InvalidParameterException"
CONTAINER: Final = "Main"
MANAGED: Final = ("primaryContainer", "executionRoleArn", "taskRoleArn", "cpu", "memory", "cpuArchitecture")
"""What the task definition is made of, unless the customer gives one."""


@rules.documented(
    "model, CreateExpressGatewayService: no task definition together with what would make one; healthCheckPath "
    "begins with a slash"
)
@rules.guessed("the wording; that the lower bound may not exceed the upper one")
def check(request: Body) -> None:
    """Refuse a request that contradicts itself."""
    given = [member for member in MANAGED if member in request]
    if "taskDefinitionArn" in request and given:
        message = f"You cannot specify taskDefinitionArn together with {', '.join(given)}."
        raise Refusal(INVALID, message)
    if not request.get("healthCheckPath", "/").startswith("/"):
        raise Refusal(INVALID, "The health check path must start with a forward slash.")
    target = request.get("scalingTarget", {})
    if target.get("minTaskCount", 1) > target.get("maxTaskCount", max(20, target.get("minTaskCount", 1))):
        raise Refusal(INVALID, "minTaskCount must not be greater than maxTaskCount.")


@rules.documented(
    "model: port 80, stream prefix ecs, AVERAGE_CPU at 60, X86_64; the default VPC's subnets and groups"
)
@rules.reported(
    "developer guide, resources of Express services, and terraform-provider-aws#47919: cpu 1024, memory 2048, health "
    "checks at /, 1 to 20 tasks (the model says 256, 512 and /ping)"
)
@rules.guessed("the name of the log group; ids of subnets and security groups")
def configuration(request: Body, held: Body, express: Express) -> Body:
    """Give a configuration as it is after a request: what is sent goes over what was, and that over the defaults."""
    port = {"containerPort": 80}
    logs = {
        "logGroup": f"/aws/ecs/{express.cluster}/{express.name}-{express.suffix}",
        "logStreamPrefix": "ecs",
    }
    target = {
        "minTaskCount": 1,
        "maxTaskCount": 20,
        "autoScalingMetric": "AVERAGE_CPU",
        "autoScalingTargetValue": 60,
    }
    network = {
        "subnets": [f"subnet-default{letter}" for letter in "abc"],
        "securityGroups": [f"sg-{express.suffix}"],
    }
    usual: Body = {"cpu": "1024", "memory": "2048", "cpuArchitecture": "X86_64", "healthCheckPath": "/"}
    filled = (
        usual | held | {name: value for name, value in request.items() if name in MANAGED or name in usual}
    )
    container = {**port, "awsLogsConfiguration": logs, **filled.get("primaryContainer", {})}
    filled |= {"primaryContainer": container}
    for member, default in (("scalingTarget", target), ("networkConfiguration", network)):
        filled[member] = default | held.get(member, {}) | _given(request.get(member, {}))
    return filled


@rules.documented(
    "developer guide, resources of Express services: awsvpc, LINUX, FARGATE; a container named Main"
)
@rules.guessed("the family and the name of the port")
def task_definition(express: Express, configured: Body) -> Body:
    """Give the registration of the task definition that a configuration asks for."""
    given = configured["primaryContainer"]
    port = given["containerPort"]
    options = {
        "awslogs-group": given["awsLogsConfiguration"]["logGroup"],
        "awslogs-stream-prefix": given["awsLogsConfiguration"]["logStreamPrefix"],
        "awslogs-region": express.region,
    }
    container: Body = {
        "name": CONTAINER,
        "image": given["image"],
        "portMappings": [{"containerPort": port, "name": f"{CONTAINER.lower()}-{port}-tcp"}],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
        **{member: given[member] for member in ("command", "environment", "secrets") if given.get(member)},
    }
    if given.get("repositoryCredentials"):
        container["repositoryCredentials"] = given["repositoryCredentials"]
    platform = {"operatingSystemFamily": "LINUX", "cpuArchitecture": configured["cpuArchitecture"]}
    roles = {
        member: configured[member] for member in ("executionRoleArn", "taskRoleArn") if configured.get(member)
    }
    return {
        "family": f"{express.cluster}-{express.name}",
        "containerDefinitions": [container],
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": platform,
        **{member: configured[member] for member in ("cpu", "memory")},
        **roles,
    }


@rules.documented(
    "developer guide, updating an Express service: a canary of 5 % for 3 minutes, 3 minutes of bake time, rolled back "
    "by an alarm"
)
@rules.guessed("names of target groups, listener rules and the alarm; public addresses")
def service(world: World, express: Express, configured: Body, definition: str, port: int) -> Body:
    """Give the CreateService request of an Express service."""
    prefix = f"arn:aws:elasticloadbalancing:{world.region}:{ACCOUNT}"
    group = f"ecs-express-{express.suffix}"
    rule = f"{prefix}:listener-rule/app/ecs-express/{express.suffix}/{express.suffix}/{express.suffix}"
    alarm = f"{express.cluster}/{express.name}/RollbackAlarm"
    advanced = {
        "alternateTargetGroupArn": f"{prefix}:targetgroup/{group}-2/{express.suffix}",
        "productionListenerRule": rule,
        "roleArn": express.role,
    }
    balancer = {
        "targetGroupArn": f"{prefix}:targetgroup/{group}-1/{express.suffix}",
        "containerName": CONTAINER,
        "containerPort": port,
        "advancedConfiguration": advanced,
    }
    world.alarms.setdefault(alarm, "OK")
    return {
        "cluster": express.cluster,
        "serviceName": express.name,
        "taskDefinition": definition,
        "desiredCount": configured["scalingTarget"]["minTaskCount"],
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
        "networkConfiguration": network(configured),
        "loadBalancers": [balancer],
        "deploymentConfiguration": {
            "strategy": "CANARY",
            "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 3},
            "bakeTimeInMinutes": 3,
            "alarms": {"alarmNames": [alarm], "enable": True, "rollback": True},
        },
    }


@rules.guessed("tasks have public addresses, as in the default VPC's subnets they need")
def network(configured: Body) -> Body:
    """Give the network configuration of the service."""
    return {"awsvpcConfiguration": configured["networkConfiguration"] | {"assignPublicIp": "ENABLED"}}


def _given(members: Body) -> Body:
    """Give what says something: an empty list leaves to ECS what would be in it."""
    return {name: value for name, value in members.items() if value not in ([], "")}
