"""What users do to deployments that are under way: StopServiceDeployment and ContinueServiceDeployment; and alarms."""

from reconciler.sandbox import records, rollouts, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Service, World


@rules.documented("model: ServiceDeploymentNotFoundException")
@rules.guessed("the wording")
def _find(world: World, arn: str) -> tuple[Service, Body]:
    for service in world.services.values():
        for record in service.records:
            if record["serviceDeploymentArn"] == arn:
                return service, record
    raise Refusal("ServiceDeploymentNotFoundException", "Service deployment not found.")


@rules.documented(
    "developer guide, stopping service deployments: PENDING and IN_PROGRESS go to ROLLBACK_REQUESTED, what stops or "
    "rolls back already continues to; model: ConflictException"
)
@rules.guessed("ROLLBACK is the default; a deployment that has ended is the conflict, and its wording")
@rules.guessed("ABORT, of which only the enumeration knows, goes to STOP_REQUESTED")
def stop_service_deployment(world: World, request: Body) -> Body:
    """Stop a deployment that is under way, or have it rolled back."""
    service, record = _find(world, request["serviceDeploymentArn"])
    if record["status"] not in records.OPEN:
        message = f"The service deployment has already ended with the status {record['status']} and cannot be stopped."
        raise Refusal("ConflictException", message)
    if record["status"] in ("PENDING", "IN_PROGRESS"):
        kind = request.get("stopType") or "ROLLBACK"
        status = "ROLLBACK_REQUESTED" if kind == "ROLLBACK" else "STOP_REQUESTED"
        record |= {"status": status, "updatedAt": world.now}
        service.primary.asked = kind
        rollouts.wake(world, service)
    return {"serviceDeploymentArn": record["serviceDeploymentArn"]}


@rules.documented(
    "model, ContinueServiceDeployment: CONTINUE by default; developer guide: the hook must be a pause that awaits "
    "action, the deployment IN_PROGRESS"
)
@rules.guessed("the errors' codes and wording, and that a pause that was rolled back reads FAILED")
def continue_service_deployment(world: World, request: Body) -> Body:
    """Let a paused deployment go on, or have it rolled back."""
    service, record = _find(world, request["serviceDeploymentArn"])
    hook = next((each for each in service.primary.hooks if each.body["hookId"] == request["hookId"]), None)
    if hook is None or service.primary.record is not record:
        raise Refusal(
            "InvalidParameterException", "The service deployment has no lifecycle hook with this hookId."
        )
    if record["status"] != "IN_PROGRESS" or hook.body["status"] != "AWAITING_ACTION":
        raise Refusal("InvalidParameterException", "The lifecycle hook is not awaiting action.")
    hook.ending = request.get("action") or "CONTINUE"
    hook.body["status"] = "SUCCEEDED" if hook.ending == "CONTINUE" else "FAILED"
    rollouts.wake(world, service)
    return {"serviceDeploymentArn": record["serviceDeploymentArn"]}


@rules.documented("CloudWatch API reference, SetAlarmState: OK, ALARM, INSUFFICIENT_DATA")
def set_alarm_state(world: World, name: str, state: str) -> None:
    """Put an alarm into a state, and have the deployments that watch it looked at."""
    world.alarms[name] = state
    for service in world.services.values():
        if service.deployments:
            rollouts.wake(world, service)
