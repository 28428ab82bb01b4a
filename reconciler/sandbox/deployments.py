"""The deployments of a service, and what List/DescribeServiceDeployments and DescribeServiceRevisions say of them.

`rollouts` and `strategies` say what becomes of them.
"""

from reconciler.sandbox import pages, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Deployment, Service, World

_COPIED = ("launchType", "capacityProviderStrategy", "networkConfiguration")
_SHOWN_ONLY_HERE = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
_OPEN = ("PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS")


@rules.documented(
    "model, Deployment: PRIMARY is the most recent; serviceConnectConfiguration etc. stand on deployments"
)
@rules.reported(
    "recordings: a deployment shows the concrete platform version 1.4.0 where the service shows LATEST"
)
def begin(world: World, service: Service) -> Deployment:
    """Make a new PRIMARY deployment of the service as it is configured now."""
    for each in service.deployments:
        each.status = "ACTIVE"
    if service.records and service.records[0]["status"] in _OPEN:
        finish(world, service.records[0], "STOPPED", "Superseded by a newer service deployment.")
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
    deployment.record = _record(world, service, deployment)
    service.deployments.insert(0, deployment)
    service.steady = False
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


@rules.documented("model, ServiceDeployment: source and target revisions, status, circuit breaker")
@rules.documented("model, Service.deployments and below: for services with the ECS controller only")
def _record(world: World, service: Service, deployment: Deployment) -> Body:
    arn = world.arn("service-deployment", f"{service.cluster}/{service.name}/{world.digits(19)}")
    sources = [{"arn": service.deployments[0].revision}] if service.deployments else []
    record = {
        "serviceDeploymentArn": arn,
        "serviceArn": service.body["serviceArn"],
        "clusterArn": service.body["clusterArn"],
        "createdAt": world.now,
        "startedAt": world.now,
        "updatedAt": world.now,
        "status": "IN_PROGRESS",
        "sourceServiceRevisions": sources,
        "targetServiceRevision": {"arn": deployment.revision, "requestedTaskCount": service.desired},
        "deploymentConfiguration": service.body.get("deploymentConfiguration", {}),
    }
    if service.rolls:
        service.records.insert(0, record)
    return record


@rules.documented("model, ServiceDeployment: finishedAt, statusReason")
def finish(world: World, record: Body, status: str, reason: str = "") -> None:
    """Bring a service deployment to its end."""
    record |= {"status": status, "finishedAt": world.now, "updatedAt": world.now}
    if reason:
        record["statusReason"] = reason


@rules.documented("model, ListServiceDeployments: newest first, filtered by status and creation time")
def list_service_deployments(world: World, request: Body) -> Body:
    """List the service deployments of a service in brief."""
    cluster = (request.get("cluster") or "default").rpartition("/")[2]
    service = world.services.get((cluster, request["service"].rpartition("/")[2]))
    if service is None:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    members = (
        "serviceDeploymentArn",
        "serviceArn",
        "clusterArn",
        "startedAt",
        "createdAt",
        "finishedAt",
        "status",
    )
    wanted = request.get("status") or []
    after, before = (request.get("createdAt", {}).get(name) for name in ("after", "before"))
    briefs = [
        {name: record[name] for name in (*members, "statusReason") if name in record}
        | {"targetServiceRevisionArn": record["targetServiceRevision"]["arn"]}
        for record in service.records
        if (not wanted or record["status"] in wanted)
        and (after is None or record["createdAt"] >= after)
        and (before is None or record["createdAt"] <= before)
    ]
    return pages.cut(briefs, "serviceDeployments", request)


@rules.documented("model, DescribeServiceDeployments: at most 20 ARNs; failures MISSING")
def describe_service_deployments(world: World, request: Body) -> Body:
    """Show service deployments by ARN."""
    found = {
        record["serviceDeploymentArn"]: record for each in world.services.values() for record in each.records
    }
    return _by_arn(request["serviceDeploymentArns"], found, "serviceDeployments")


@rules.documented("model, DescribeServiceRevisions: at most 20 ARNs; failures MISSING")
def describe_service_revisions(world: World, request: Body) -> Body:
    """Show service revisions by ARN."""
    found = {arn: revision for each in world.services.values() for arn, revision in each.revisions.items()}
    return _by_arn(request["serviceRevisionArns"], found, "serviceRevisions")


@rules.documented("model: at most 20 ARNs; API failure reasons: MISSING")
def _by_arn(arns: list[str], found: dict[str, Body], member: str) -> Body:
    if len(arns) > 20:
        raise Refusal("InvalidParameterException", f"{member} cannot be more than 20.")
    failures = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in found]
    return {member: [found[arn] for arn in arns if arn in found], "failures": failures}
