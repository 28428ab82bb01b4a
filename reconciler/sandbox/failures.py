"""How a deployment fails: circuit breaker, alarms, lifecycle hooks, or a user who stops it; and what follows."""

from dataclasses import dataclass

from reconciler.sandbox import alarms, events, hooks, records, rules, strategies, thresholds
from reconciler.sandbox.worlds import Deployment, Service, World


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why: `label` opens the reasons on deployments, `told` is the event's, `cause` the record's; what then."""

    label: str
    told: str
    cause: str
    rollback: bool


def check(world: World, service: Service) -> bool:
    """Fail the deployment that is under way if there is a reason to, and roll back where that is asked for."""
    primary = service.primary
    if primary.rollout != "IN_PROGRESS":
        return False
    failure = (
        _stopped(primary)
        or _hooked(primary)
        or _broken(service, primary)
        or _alarmed(world, service, primary)
    )
    if failure is None:
        return False
    _fail(world, service, primary, failure)
    return True


@rules.documented("developer guide, stopping service deployments: a rollback needs no configuration")
@rules.guessed("the wording; that ABORT, which only the enumeration has, leaves everything as it stands")
def _stopped(primary: Deployment) -> _Failure | None:
    if not primary.asked:
        return None
    cause = "StopServiceDeployment was called by a user."
    return _Failure(
        "ECS deployment stop", "deployment stopped by a user.", cause, primary.asked == "ROLLBACK"
    )


@rules.reported(
    "hook logs: deployment failed: Service deployment rolled back because … lifecycle hook(s) failed. …"
)
def _hooked(primary: Deployment) -> _Failure | None:
    cause = hooks.failure(primary)
    if not cause:
        return None
    told = f"Service deployment rolled back because {cause}"
    return _Failure("ECS deployment lifecycle hook", told, cause, rollback=True)


@rules.documented(
    "model, DeploymentCircuitBreaker: fails the deployment; rollback to the last completed one if asked"
)
@rules.reported("transcripts: deployment failed: tasks failed to start.; ECS deployment circuit breaker: …")
@rules.reported("terraform-provider-aws: … rolled back because the circuit breaker threshold was exceeded.")
def _broken(service: Service, primary: Deployment) -> _Failure | None:
    breaker = service.body["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    threshold = thresholds.of(service)
    if not breaker.get("enable") or primary.failed < threshold:
        return None
    primary.record["deploymentCircuitBreaker"] = {
        "status": "TRIGGERED",
        "failureCount": primary.failed,
        "threshold": threshold,
    }
    cause = "the circuit breaker threshold was exceeded."
    return _Failure(
        "ECS deployment circuit breaker", "tasks failed to start.", cause, bool(breaker.get("rollback"))
    )


@rules.documented("developer guide, deployment alarms: ALARM fails the deployment; rolled back if configured")
@rules.guessed("the wording; a rollback does not watch alarms")
def _alarmed(world: World, service: Service, primary: Deployment) -> _Failure | None:
    configuration = service.body["deploymentConfiguration"]
    names = [] if primary.rolling_back else alarms.triggered(world, configuration, primary)
    if not names or not primary.record["sourceServiceRevisions"]:
        return None
    primary.record["alarms"] = {
        "status": "TRIGGERED",
        "alarmNames": list(alarms.watched(configuration)),
        "triggeredAlarmNames": names,
    }
    cause = f"CloudWatch alarm(s) {', '.join(names)} went into ALARM state."
    return _Failure(
        "ECS deployment alarm", "alarm detected.", cause, bool(configuration["alarms"]["rollback"])
    )


@rules.documented("model, ServiceDeployment.stoppedAt: also when it fails and nothing is to be rolled back")
@rules.reported(
    "terraform-provider-aws, troubleshooting notes: No rollback candidate was found to run the rollback."
)
@rules.guessed("a deployment that moves traffic keeps what it had moved when it is not rolled back")
def _fail(world: World, service: Service, primary: Deployment, failure: _Failure) -> None:
    primary.rollout, primary.updated, primary.desired = "FAILED", world.now, 0
    primary.reason = f"{failure.label}: {failure.told}"
    primary.asked = ""
    events.tell(world, service, f"(deployment {primary.id}) deployment failed: {failure.told}")
    record, good = primary.record, service.good
    if primary.rolling_back:
        records.finish(world, service, record, "ROLLBACK_FAILED", primary.reason)
    elif not failure.rollback:
        reason = f"Service deployment stopped because {failure.cause}"
        records.finish(world, service, record, "STOPPED", reason, stopped=True)
    elif good is None:
        reason = "No rollback candidate was found to run the rollback."
        records.finish(world, service, record, "ROLLBACK_FAILED", reason)
    else:
        _roll_back(world, service, good, failure)


@rules.reported("transcripts: rolling back to deployment ID., and the same id completes later")
@rules.documented("model, Rollback: reason, startedAt, the service revision deployed as part of the rollback")
@rules.guessed("the knob rollback_new_id: one other emulator mints a new id")
def _roll_back(world: World, service: Service, good: Deployment, failure: _Failure) -> None:
    failed = service.primary
    failed.status = "ACTIVE"
    service.deployments = [good, *(each for each in service.deployments if each is not good)]
    if world.knobs.rollback_new_id:
        good.id = f"ecs-svc/{world.digits(19)}"
        for task in service.tasks.values():
            if task.deployment is good:
                task.body["startedBy"] = good.id
    events.tell(world, service, f"rolling back to deployment {good.id}.")
    good.status, good.rollout, good.desired = "PRIMARY", "IN_PROGRESS", service.desired
    good.failed, good.updated, good.rolling_back = 0, world.now, True
    good.reason = f"{failure.label}: rolling back to deploymentId {good.id}."
    good.path, good.position, good.entered = strategies.way_back(world, failed), 0, None
    good.hooks, good.ready = [], None
    _restore(service, good)
    record = failed.record
    reason = f"Service deployment rolled back because {failure.cause}"
    record |= {"status": "ROLLBACK_IN_PROGRESS", "updatedAt": world.now, "statusReason": reason}
    record["rollback"] = {"reason": reason, "startedAt": world.now, "serviceRevisionArn": good.revision}
    good.record = record


@rules.documented("model, ServiceRevision: what a rollback goes back to; what it does not hold stays")
def _restore(service: Service, good: Deployment) -> None:
    revision = service.revisions[good.revision]
    for home, members in (
        (service.body, ("taskDefinition", "networkConfiguration", "loadBalancers", "serviceRegistries")),
        (service.body, ("launchType", "capacityProviderStrategy")),
        (
            service.unlisted,
            ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"),
        ),
    ):
        for member in members:
            home.pop(member, None)
            if member in revision:
                home[member] = revision[member]
