"""RunTask: tasks that no service starts, as they are asked for and as they are refused."""

import copy
import re
from collections.abc import Sequence
from typing import Final

from reconciler.sandbox import (
    clusters,
    definitiondefaults,
    instances,
    lifecycles,
    overrides,
    providers,
    quotas,
    rules,
    servicedefaults,
    servicerules,
    tagging,
    taskbodies,
    taskdefinitions,
    volumes,
)
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.outcomes import Outcome
from reconciler.sandbox.taskbodies import Order
from reconciler.sandbox.worlds import Body, Deployment, Service, Task, World

_INVALID: Final = "InvalidParameterException"
_MOST: Final = 10
_NO_CAPACITY: Final = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone"
)


@rules.documented(
    "model, RunTask: 1 to 10 tasks; group is family:FAMILY; a clientToken with the same parameters gives the same "
    "tasks, with others ConflictException"
)
@rules.guessed("that tokens never expire here")
def run_task(world: World, request: Body) -> Body:
    """Start tasks that belong to no service."""
    cluster = clusters.find(world, request.get("cluster"))
    token = cluster["clusterName"], str(request.get("clientToken") or "")
    if token[1] and token in world.tokens:
        return _again(world, request, *world.tokens[token])
    definition = taskdefinitions.find_active(world, request["taskDefinition"])
    launch = _launch(request, cluster)
    effective = _effective(request, definition, launch)
    started, failures = _place(world, request, cluster, definition, effective, launch)
    if token[1]:
        world.tokens[token] = request, [each.id for each in started]
    return {"tasks": _shown(world, started), "failures": failures}


@rules.documented("model, ConflictException.resourceIds: the tasks that the token is associated with")
@rules.guessed("the wording")
def _again(world: World, request: Body, first: Body, identities: Sequence[str]) -> Body:
    tasks = [world.tasks[each] for each in identities if each in world.tasks]
    if request != first:
        message = "The client token was used before with other parameters."
        arns = [each.body["taskArn"] for each in tasks]
        raise Refusal("ConflictException", message, members={"resourceIds": arns})
    return {"tasks": _shown(world, tasks), "failures": []}


@rules.documented("model, RunTask.launchType and capacityProviderStrategy: the cluster's strategy, else EC2")
@rules.documented("model, RunTask.platformVersion: LATEST, on Fargate only")
@rules.reported(
    "transcripts: Specifying both a launch type and capacity provider strategy is not supported. …"
)
def _launch(request: Body, cluster: Body) -> Body:
    if request.get("launchType") and request.get("capacityProviderStrategy"):
        message = (
            "Specifying both a launch type and capacity provider strategy is not supported. "
            "Remove one and try again."
        )
        raise Refusal(_INVALID, message)
    given = {
        member: servicedefaults.setting(member, request[member], cluster)
        for member in ("launchType", "capacityProviderStrategy", "networkConfiguration", "platformVersion")
        if request.get(member)
    }
    launch: Body = given | servicedefaults.launch(given, cluster)
    servicerules.check_strategy(launch.get("capacityProviderStrategy", []))
    if launch.get("platformVersion") == "LATEST":
        launch["platformVersion"] = "1.4.0"
    if not servicedefaults.on_fargate(launch) and "platformVersion" in launch:
        raise Refusal(_INVALID, "The platform version must be null when specifying an EC2 launch type.")
    return launch


@rules.documented("model, RunTask: count, startedBy, propagateTags without SERVICE, placement with EC2 only")
@rules.documented(
    "model, RunTask.enableExecuteCommand: needs a task role, of the definition or as an override"
)
@rules.documented("model, RunTask.networkConfiguration: required with awsvpc, not supported without")
@rules.reported(
    "transcripts: Task definition does not support launch_type FARGATE.; Network Configuration must …"
)
@rules.guessed("the wording of the others")
def _effective(request: Body, definition: Body, launch: Body) -> Body:
    """Give the task definition with the overrides, if nothing of the request is to be refused."""
    if not 1 <= request.get("count", 1) <= _MOST:
        raise Refusal(_INVALID, f"Count must be between 1 and {_MOST}.")
    if not re.fullmatch(r"[A-Za-z0-9_/-]{0,128}", request.get("startedBy", "")):
        raise Refusal(_INVALID, "startedBy contains invalid characters or is longer than 128.")
    if request.get("propagateTags") == "SERVICE":
        raise Refusal(_INVALID, "SERVICE is not a valid value for propagateTags when running a task.")
    tagging.check(request.get("tags", []))
    fargate = servicedefaults.on_fargate(launch)
    kind = "FARGATE" if fargate else launch.get("launchType", "EC2")
    if kind not in definition["compatibilities"]:
        raise Refusal(_INVALID, f"Task definition does not support launch_type {kind}.")
    for member, what in (("placementConstraints", "constraints"), ("placementStrategy", "strategies")):
        if fargate and request.get(member):
            raise Refusal(_INVALID, f"Placement {what} are not supported with FARGATE launch type.")
    _check_network(definition, launch)
    given = request.get("overrides", {})
    overrides.check(definition, given)
    effective = overrides.apply(definition, given, fargate=fargate)
    if request.get("enableExecuteCommand") and not effective.get("taskRoleArn"):
        message = (
            "The task couldn't be started because a valid taskRoleArn is not being used. Specify a valid task role in "
            "your task definition and try again."
        )
        raise Refusal(_INVALID, message)
    volumes.check(definition, request.get("volumeConfigurations", []))
    return effective


@rules.reported("amazon-ecs-deploy-task-definition#802 and #616: the two messages; fargatecli#73: subnets …")
def _check_network(definition: Body, launch: Body) -> None:
    network = launch.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if definitiondefaults.network_mode(definition) != "awsvpc":
        if network:
            message = "Network Configuration is not valid for the given networkMode of this task definition."
            raise Refusal(_INVALID, message)
        return
    if not network:
        message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        raise Refusal(_INVALID, message)
    if not network.get("subnets"):
        raise Refusal(_INVALID, "subnets can not be empty.")
    if network["assignPublicIp"] == "ENABLED" and launch.get("launchType") == "EC2":
        raise Refusal(_INVALID, "Assign public IP is not supported for this launch type.")


@rules.documented("developer guide, API failure reasons: RESOURCE:* names the instance that lacks it")
@rules.reported("re:Post, RunTask for Fargate: Capacity is unavailable at this time. …")
@rules.guessed(
    "one failure for each task that finds no place; RESOURCE:MEMORY unless a script says otherwise"
)
def _place(
    world: World, request: Body, cluster: Body, definition: Body, effective: Body, launch: Body
) -> tuple[list[Task], list[Body]]:
    count = request.get("count", 1)
    service, deployment = _nobody(world, request, cluster, definition, launch, count)
    started, failures = [], []
    for _ in range(count):
        fates = lifecycles.cast(world, effective)
        _, fate = lifecycles.decided(effective, fates)
        provider = providers.choose(service, deployment)
        obstacle = ""
        if "platformVersion" in launch:
            obstacle = quotas.obstacle(world, effective, spot=provider == "FARGATE_SPOT")
        if obstacle or (fate.outcome is Outcome.HAS_NO_PLACE and "platformVersion" in launch):
            failures.append({"reason": obstacle or fate.reason or _NO_CAPACITY})
            continue
        if fate.outcome is Outcome.HAS_NO_PLACE:
            arn = instances.place(world, cluster["clusterName"])
            failures.append({"arn": arn, "reason": fate.reason or "RESOURCE:MEMORY"})
            continue
        order = Order(
            service=service,
            deployment=deployment,
            definition=effective,
            group=request.get("group") or f"family:{definition['family']}",
            execute_command=request.get("enableExecuteCommand", False),
            provider=provider,
            overrides=copy.deepcopy(request.get("overrides", {})),
            volumes=tuple(request.get("volumeConfigurations", ())),
            tags=tuple(_tags(world, request, cluster, definition)),
        )
        task = taskbodies.create(world, order)
        lifecycles.grow(world, task, effective, fates)
        started.append(task)
    return started, failures


def _nobody(
    world: World, request: Body, cluster: Body, definition: Body, launch: Body, count: int
) -> tuple[Service, Deployment]:
    """Give the service and the deployment that these tasks have in place of real ones."""
    body = {"clusterArn": cluster["clusterArn"], "loadBalancers": []}
    deployment = Deployment(
        id=request.get("startedBy", ""),
        status="PRIMARY",
        task_definition=definition["taskDefinitionArn"],
        desired=count,
        created=world.now,
        updated=world.now,
        settings=launch,
        revision="",
        record={},
    )
    return Service(cluster["clusterName"], "", body), deployment


@rules.documented("model, RunTask.propagateTags, tags and enableECSManagedTags: aws:ecs:clusterName")
@rules.guessed("a tag that is given goes before a propagated one of the same key")
def _tags(world: World, request: Body, cluster: Body, definition: Body) -> list[Body]:
    tags: dict[str, Body] = {}
    if request.get("propagateTags") == "TASK_DEFINITION":
        tags = {each["key"]: each for each in world.tags.get(definition["taskDefinitionArn"], [])}
    given = [{"key": each.get("key", ""), "value": each.get("value", "")} for each in request.get("tags", [])]
    tags |= {each["key"]: each for each in given}
    if request.get("enableECSManagedTags"):
        tags["aws:ecs:clusterName"] = {"key": "aws:ecs:clusterName", "value": cluster["clusterName"]}
    return list(tags.values())


def _shown(world: World, tasks: Sequence[Task]) -> list[Body]:
    return [each.body | {"tags": world.tags[each.body["taskArn"]]} for each in tasks]
