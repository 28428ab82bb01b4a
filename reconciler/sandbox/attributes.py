"""What a task definition asks of a host: `requiresAttributes` and `compatibilities`, which the service derives."""

from collections.abc import Callable, Iterator
from typing import Final

from reconciler.sandbox import definitiondefaults, rules
from reconciler.sandbox.worlds import Body

_DOCKER = "com.amazonaws.ecs.capability.docker-remote-api."
_Predicate = Callable[[Body], bool]

_TASK: Final[tuple[tuple[_Predicate, tuple[str, ...]], ...]] = (
    (lambda task: definitiondefaults.network_mode(task) == "awsvpc", ("ecs.capability.task-eni",)),
    (lambda task: "taskRoleArn" in task, ("com.amazonaws.ecs.capability.task-iam-role",)),
    (lambda task: "pidMode" in task or "ipcMode" in task, ("ecs.capability.pid-ipc-namespace-sharing",)),
    (
        lambda task: any("efsVolumeConfiguration" in volume for volume in task["volumes"]),
        ("ecs.capability.efs", f"{_DOCKER}1.25"),
    ),
)
_CONTAINER: Final[tuple[tuple[_Predicate, tuple[str, ...]], ...]] = (
    (lambda each: ".dkr.ecr." in each["image"], ("com.amazonaws.ecs.capability.ecr-auth", f"{_DOCKER}1.19")),
    (lambda each: bool(each.get("privileged")), ("com.amazonaws.ecs.capability.privileged-container",)),
    (lambda each: "healthCheck" in each, ("ecs.capability.container-health-check", f"{_DOCKER}1.24")),
    (lambda each: bool(each.get("dependsOn")), ("ecs.capability.container-ordering",)),
    (lambda each: bool(each.get("environmentFiles")), ("ecs.capability.env-files.s3",)),
)


@rules.reported("recordings of registered task definitions: the names and what brings them about")
@rules.guessed("completeness: rarer features bring further attributes that are not derived here")
def required(task: Body) -> list[Body]:
    """Give `requiresAttributes` of a stored task definition, sorted by name."""
    names = {f"{_DOCKER}1.18"}
    for applies, brought in _TASK:
        if applies(task):
            names.update(brought)
    for container in task["containerDefinitions"]:
        names.update(_of_container(container, has_execution_role="executionRoleArn" in task))
    return [{"name": name} for name in sorted(names)]


@rules.reported(
    "recordings: execution-role variants appear with an execution role, one attribute a log driver"
)
def _of_container(container: Body, *, has_execution_role: bool) -> Iterator[str]:
    for applies, brought in _CONTAINER:
        if applies(container):
            yield from brought
    if has_execution_role and ".dkr.ecr." in container["image"]:
        yield "ecs.capability.execution-role-ecr-pull"
    driver = container.get("logConfiguration", {}).get("logDriver")
    if driver == "awsfirelens":
        yield "ecs.capability.logging-driver.awsfirelens"
    elif driver:
        yield f"com.amazonaws.ecs.capability.logging-driver.{driver}"
        yield f"{_DOCKER}1.19"
    if driver == "awslogs" and has_execution_role:
        yield "ecs.capability.execution-role-awslogs"
    for secret in container.get("secrets", []):
        source = "asm" if ":secretsmanager:" in secret["valueFrom"] else "ssm"
        yield f"ecs.capability.secrets.{source}.environment-variables"


@rules.reported(
    "recordings: EC2 always; FARGATE with awsvpc; MANAGED_INSTANCES since 2026; EXTERNAL without awsvpc"
)
@rules.guessed("when MANAGED_INSTANCES is listed: with awsvpc or host")
def compatibilities(task: Body, fits_fargate: bool) -> list[str]:
    """Give the launch types that the definition passed the validation of."""
    awsvpc = definitiondefaults.network_mode(task) == "awsvpc"
    return [
        *(["EXTERNAL"] if not awsvpc else []),
        "EC2",
        *(["FARGATE"] if fits_fargate else []),
        *(["MANAGED_INSTANCES"] if awsvpc or definitiondefaults.network_mode(task) == "host" else []),
    ]
