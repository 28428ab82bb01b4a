"""The deployments of a service and its revisions.

`rollouts` and `strategies` say what becomes of them, `records` what the API calls service deployments.
"""

from reconciler.sandbox import pages, records, rules, strategies
from reconciler.sandbox.worlds import Body, Deployment, Service, World

_COPIED = ("launchType", "capacityProviderStrategy", "networkConfiguration")
_SHOWN_ONLY_HERE = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")


@rules.documented(
    "model, Deployment: PRIMARY is the most recent; serviceConnectConfiguration etc. stand on deployments"
)
@rules.reported(
    "recordings: a deployment shows the concrete platform version 1.4.0 where the service shows LATEST"
)
def begin(world: World, service: Service) -> Deployment:
    """Make a new PRIMARY deployment of the service as it is configured now."""
    source = service.deployments[0] if service.deployments else None
    for each in service.deployments:
        each.status = "ACTIVE"
    records.supersede(world, service)
    settings = {member: service.body[member] for member in _COPIED if service.body.get(member)}
    settings |= {
        member: service.unlisted[member] for member in _SHOWN_ONLY_HERE if member in service.unlisted
    }
    if "platformVersion" in service.body:
        version = service.body["platformVersion"]
        settings |= {"platformVersion": "1.4.0" if version == "LATEST" else version}
        settings["platformFamily"] = service.body["platformFamily"]
    identity = world.digits(19)
    deployment = Deployment(
        id=f"ecs-svc/{identity}",
        status="PRIMARY",
        task_definition=service.body["taskDefinition"],
        desired=service.desired,
        created=world.now,
        updated=world.now,
        settings=settings,
        revision=_revise(world, service, settings),
        record={},
    )
    deployment.reason = f"ECS deployment {deployment.id} in progress."
    deployment.record = records.begin(world, service, deployment.revision)
    deployment.path = strategies.path(world, service)
    if deployment.path:
        deployment.production = deployment.test = 0.0
        deployment.alternate = source is not None and not source.alternate
    elif source is not None:
        deployment.alternate = source.alternate
    deployment.ignored = frozenset(name for name, state in world.alarms.items() if state == "ALARM")
    service.deployments.insert(0, deployment)
    service.steady = False
    world.begun(service, deployment)
    return deployment


@rules.documented("model, Deployment")
def shown(service: Service, deployment: Deployment) -> Body:
    """Give a deployment as DescribeServices shows it."""
    tasks = [task for task in service.tasks.values() if task.deployment is deployment]
    states = [task.status for task in tasks]
    return {
        "id": deployment.id,
        "status": deployment.status,
        "taskDefinition": deployment.task_definition,
        "desiredCount": deployment.desired,
        "pendingCount": sum(state in ("PROVISIONING", "PENDING", "ACTIVATING") for state in states),
        "runningCount": states.count("RUNNING"),
        "failedTasks": deployment.failed,
        "createdAt": deployment.created,
        "updatedAt": deployment.updated,
        "rolloutState": deployment.rollout,
        "rolloutStateReason": deployment.reason,
        **deployment.settings,
    }


@rules.documented("model, ServiceRevision: an immutable snapshot of the configuration a deployment uses")
def _revise(world: World, service: Service, settings: Body) -> str:
    arn = world.arn("service-revision", f"{service.cluster}/{service.name}/{world.digits(19)}")
    family, _, number = service.body["taskDefinition"].rpartition("/")[2].partition(":")
    containers = world.families[family][int(number)]["containerDefinitions"]
    service.revisions[arn] = {
        "serviceRevisionArn": arn,
        "serviceArn": service.body["serviceArn"],
        "clusterArn": service.body["clusterArn"],
        "taskDefinition": service.body["taskDefinition"],
        "loadBalancers": service.body["loadBalancers"],
        "serviceRegistries": service.body["serviceRegistries"],
        "containerImages": [{"containerName": each["name"], "image": each["image"]} for each in containers],
        "guardDutyEnabled": False,
        "createdAt": world.now,
        **settings,
        **{
            member: service.unlisted[member]
            for member in ("gatewayConnectors", "monitoring")
            if member in service.unlisted
        },
    }
    return arn


@rules.documented("model, DescribeServiceRevisions: at most 20 ARNs; failures MISSING")
def describe_service_revisions(world: World, request: Body) -> Body:
    """Show service revisions by ARN."""
    found = {arn: revision for each in world.services.values() for arn, revision in each.revisions.items()}
    return pages.by_arn(request["serviceRevisionArns"], found, "serviceRevisions")
