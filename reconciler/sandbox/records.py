"""Service deployments: the history that List/DescribeServiceDeployments show, one record a deployment.

A record lives on through the rollback of what it records. While it is open the counts, shares of traffic and
monitors that it shows are those of the moment; its end freezes them.
"""

from typing import Final

from reconciler.sandbox import alarms, pages, rules, thresholds
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Deployment, Service, World

OPEN: Final = (*("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"),)
_STARTING: Final = ("PROVISIONING", "PENDING", "ACTIVATING")


@rules.documented("developer guide, service deployments: created as PENDING, which has not started yet")
@rules.documented("model, Service.deployments and below: for services with the ECS controller only")
def begin(world: World, service: Service, revision: str) -> Body:
    """Make the record of a deployment to `revision`, from what runs now."""
    arn = world.arn("service-deployment", f"{service.cluster}/{service.name}/{world.digits(19)}")
    record: Body = {
        "serviceDeploymentArn": arn,
        "serviceArn": service.body["serviceArn"],
        "clusterArn": service.body["clusterArn"],
        "createdAt": world.now,
        "updatedAt": world.now,
        "status": "PENDING",
        "sourceServiceRevisions": [{"arn": each.revision} for each in service.deployments],
        "targetServiceRevision": {"arn": revision},
        "deploymentConfiguration": service.body.get("deploymentConfiguration", {}),
    }
    if service.rolls:
        service.records.insert(0, record)
    return record


@rules.documented("developer guide, service deployments: STOP_REQUESTED goes before STOPPED")
@rules.guessed("a new deployment ends the one under way; the wording")
def supersede(world: World, service: Service) -> None:
    """Ask the deployment that is under way, if any, to stop in favour of a newer one."""
    if service.records and service.records[0]["status"] in OPEN:
        reason = "Superseded by a newer service deployment."
        service.records[0] |= {"status": "STOP_REQUESTED", "updatedAt": world.now, "statusReason": reason}


@rules.documented("developer guide, service deployments: PENDING to IN_PROGRESS, STOP_REQUESTED to STOPPED")
@rules.guessed("each takes until the scheduler's next look")
def progress(world: World, service: Service) -> None:
    """Start what is pending, and end what was superseded."""
    for record in service.records[1:]:
        if record["status"] == "STOP_REQUESTED":
            finish(world, service, record, "STOPPED", stopped=True)
    record = service.primary.record
    if record["status"] == "PENDING":
        record |= {"status": "IN_PROGRESS", "startedAt": world.now, "updatedAt": world.now}


@rules.documented("model, ServiceDeployment: finishedAt, statusReason; stoppedAt if it was stopped or failed")
@rules.documented("developer guide, service deployments: the running tasks are those of when it completed")
def finish(
    world: World, service: Service, record: Body, status: str, reason: str = "", *, stopped: bool = False
) -> None:
    """Bring a service deployment to its end."""
    record |= shown(service, record)
    record |= {"status": status, "finishedAt": world.now, "updatedAt": world.now}
    if stopped:
        record["stoppedAt"] = world.now
    if reason:
        record["statusReason"] = reason
    for member in ("deploymentCircuitBreaker", "alarms"):
        if record[member]["status"] == "MONITORING":
            record[member] = record[member] | {"status": "MONITORING_COMPLETE"}


@rules.documented(
    "model, ServiceDeployment, ServiceRevisionSummary, ServiceDeploymentCircuitBreaker and -Alarms"
)
def shown(service: Service, record: Body) -> Body:
    """Give a service deployment as DescribeServiceDeployments shows it."""
    if record["status"] not in OPEN:
        return record
    target = record["targetServiceRevision"]["arn"]
    deployments = {each.revision: each for each in reversed(service.deployments)}
    shifting = record["deploymentConfiguration"].get("strategy", "ROLLING") != "ROLLING"
    view: Body = {
        "targetServiceRevision": _summary(service, target, deployments.get(target), shifting=shifting),
        "sourceServiceRevisions": [
            _summary(service, each["arn"], deployments.get(each["arn"]), shifting=shifting)
            for each in record["sourceServiceRevisions"]
        ],
    }
    view["deploymentCircuitBreaker"] = _breaker(service, record, deployments.get(target))
    view["alarms"] = _alarms(record)
    return record | view


@rules.documented("model, ServiceRevisionSummary: weights are percentages; they are for traffic that shifts")
def _summary(service: Service, revision: str, deployment: Deployment | None, *, shifting: bool) -> Body:
    states = [task.status for task in service.tasks.values() if task.deployment.revision == revision]
    summary: Body = {
        "arn": revision,
        "requestedTaskCount": deployment.desired if deployment else 0,
        "runningTaskCount": states.count("RUNNING"),
        "pendingTaskCount": sum(state in _STARTING for state in states),
    }
    if shifting:
        summary["requestedProductionTrafficWeight"] = (deployment and deployment.production) or 0.0
        summary["requestedTestTrafficWeight"] = (deployment and deployment.test) or 0.0
    return summary


@rules.documented(
    "model, ServiceDeploymentRollbackMonitorsStatus: DISABLED, MONITORING, TRIGGERED, …_COMPLETE"
)
def _breaker(service: Service, record: Body, deployment: Deployment | None) -> Body:
    held: Body = record.get("deploymentCircuitBreaker", {})
    if held.get("status") == "TRIGGERED":
        return held
    enabled = record["deploymentConfiguration"].get("deploymentCircuitBreaker", {}).get("enable")
    return {
        "status": "MONITORING" if enabled else "DISABLED",
        "failureCount": deployment.failed if deployment else held.get("failureCount", 0),
        "threshold": thresholds.of(service),
    }


@rules.documented("model, ServiceDeploymentAlarms: alarmNames, and triggeredAlarmNames once there are any")
def _alarms(record: Body) -> Body:
    held: Body = record.get("alarms", {})
    if held.get("status") == "TRIGGERED":
        return held
    configured = alarms.watched(record["deploymentConfiguration"])
    return {"status": "MONITORING", "alarmNames": list(configured)} if configured else {"status": "DISABLED"}


@rules.documented("model, ListServiceDeployments: newest first, filtered by status and creation time")
def list_service_deployments(world: World, request: Body) -> Body:
    """List the service deployments of a service in brief."""
    cluster = (request.get("cluster") or "default").rpartition("/")[2]
    service = world.services.get((cluster, request["service"].rpartition("/")[2]))
    if service is None:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    members = (
        *("serviceDeploymentArn", "serviceArn", "clusterArn", "startedAt", "createdAt", "finishedAt"),
        *("status", "statusReason"),
    )
    wanted = request.get("status") or []
    after, before = (request.get("createdAt", {}).get(name) for name in ("after", "before"))
    briefs = [
        {name: record[name] for name in members if name in record}
        | {"targetServiceRevisionArn": record["targetServiceRevision"]["arn"]}
        for record in service.records
        if (not wanted or record["status"] in wanted)
        and (after is None or record["createdAt"] >= after)
        and (before is None or record["createdAt"] <= before)
    ]
    return pages.cut(briefs, "serviceDeployments", request, default=20)


@rules.documented("model, DescribeServiceDeployments: at most 20 ARNs; failures MISSING")
def describe_service_deployments(world: World, request: Body) -> Body:
    """Show service deployments by ARN."""
    found = {
        record["serviceDeploymentArn"]: shown(each, record)
        for each in world.services.values()
        for record in each.records
    }
    return pages.by_arn(request["serviceDeploymentArns"], found, "serviceDeployments")
