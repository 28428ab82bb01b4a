"""The deployment circuit breaker of rolling deployments, with rollback."""

from reconciler.sandbox import deployments, events, rules
from reconciler.sandbox.worlds import Deployment, Service, World


@rules.documented(
    "model, ThresholdConfiguration: COUNT, BOUNDED_PERCENT (3 to 200), UNBOUNDED_PERCENT; default 50 %"
)
@rules.guessed("a count of 0 is the first failure")
def threshold(service: Service) -> int:
    """Give how many failed tasks trip the breaker."""
    breaker = service.body["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    configured = breaker.get("thresholdConfiguration") or {"type": "BOUNDED_PERCENT", "value": 50}
    if configured["type"] == "COUNT":
        return max(1, int(configured["value"]))
    share = max(1, -(-service.desired * int(configured["value"]) // 100))
    return share if configured["type"] == "UNBOUNDED_PERCENT" else min(200, max(3, share))


@rules.documented(
    "model, DeploymentCircuitBreaker: fails the deployment; rollback to the last completed one if asked"
)
@rules.reported("transcripts: deployment failed: tasks failed to start.; ECS deployment circuit breaker: …")
def check(world: World, service: Service) -> None:
    """Fail the deployment that is under way if too many of its tasks failed; roll back if that is asked for."""
    primary = service.primary
    breaker = service.body["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    if not breaker.get("enable") or primary.rollout != "IN_PROGRESS" or primary.failed < threshold(service):
        return
    reason = "tasks failed to start."
    primary.rollout, primary.updated, primary.desired = "FAILED", world.now, 0
    primary.reason = f"ECS deployment circuit breaker: {reason}"
    events.tell(world, service, f"(deployment {primary.id}) deployment failed: {reason}")
    primary.record["deploymentCircuitBreaker"] = {
        "status": "TRIGGERED",
        "failureCount": primary.failed,
        "threshold": threshold(service),
    }
    good = next((each for each in service.deployments[1:] if each.rollout == "COMPLETED"), None)
    if not breaker.get("rollback") or good is None:
        status = "ROLLBACK_FAILED" if primary.rolling_back else "STOPPED"
        deployments.finish(world, primary.record, status, primary.reason)
    else:
        _roll_back(world, service, good)


@rules.reported("transcripts: rolling back to deployment ID., and the same id completes later")
@rules.guessed("the knob rollback_new_id: one other emulator mints a new id")
def _roll_back(world: World, service: Service, good: Deployment) -> None:
    failed = service.primary
    failed.status = "ACTIVE"
    service.deployments.remove(good)
    service.deployments.insert(0, good)
    service.body["taskDefinition"] = good.task_definition
    if world.knobs.rollback_new_id:
        good.id = f"ecs-svc/{world.digits(19)}"
        for task in service.tasks.values():
            if task.deployment is good:
                task.body["startedBy"] = good.id
    events.tell(world, service, f"rolling back to deployment {good.id}.")
    good.status, good.rollout, good.desired = "PRIMARY", "IN_PROGRESS", service.desired
    good.failed, good.updated, good.rolling_back = 0, world.now, True
    good.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {good.id}."
    failed.record |= {"status": "ROLLBACK_IN_PROGRESS", "updatedAt": world.now, "statusReason": failed.reason}
    failed.record["rollback"] = {
        "reason": failed.reason,
        "startedAt": world.now,
        "serviceRevisionArn": good.revision,
    }
    good.record = failed.record
