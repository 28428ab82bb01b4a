"""Lifecycle hooks: functions that are taken to succeed (unless the seed says otherwise), and pauses.

Deployments wait at a stage until all its hooks have ended. No function is called.
"""

import math
from typing import Final

from reconciler.sandbox import rules
from reconciler.sandbox.worlds import Body, Deployment, Hook, World

_PENDING: Final = ("AWAITING_ACTION", "IN_PROGRESS")


@rules.documented("model, DeploymentLifecycleHookTimeoutConfiguration: 1440 minutes, then ROLLBACK")
@rules.documented(
    "model, DeploymentLifecycleHookDetail: targetArn for functions only; developer guide, pause hooks: "
    "hookId ecs-pause-…"
)
@rules.guessed(
    "the ids of functions' executions; that what has ended stays listed; how long a function takes (knob `hook`)"
)
def enter(world: World, deployment: Deployment, stage: str) -> None:
    """Begin the hooks of a stage."""
    if world.seeding:
        return
    for configured in deployment.record["deploymentConfiguration"].get("lifecycleHooks", []):
        if stage not in configured.get("lifecycleStages", []):
            continue
        pauses = configured.get("targetType") == "PAUSE"
        timeout = {"timeoutInMinutes": 1440, "action": "ROLLBACK"} | configured.get(
            "timeoutConfiguration", {}
        )
        body: Body = {
            "hookId": f"ecs-{'pause' if pauses else 'lambda'}-{world.hexadecimal()}",
            "targetType": "PAUSE" if pauses else "AWS_LAMBDA",
            **({} if pauses else {"targetArn": configured.get("hookTargetArn", "")}),
            "status": "AWAITING_ACTION" if pauses else "IN_PROGRESS",
            "expiresAt": world.now + timeout["timeoutInMinutes"] * 60,
            "timeoutAction": timeout["action"],
        }
        ending, lasts = ("", math.inf) if pauses else world.script.hook(world.knobs, body["targetArn"], stage)
        deployment.hooks.append(Hook(body, stage, world.now + lasts, ending))
        deployment.record.setdefault("lifecycleHookDetails", []).append(body)


@rules.documented(
    "developer guide, lifecycle hooks: all hooks of a stage must complete; TIMED_OUT at expiresAt"
)
def wait(world: World, deployment: Deployment) -> float:
    """End the hooks that are due; give in how many seconds the next one is, 0 if none is pending."""
    for hook in deployment.hooks:
        if hook.body["status"] in _PENDING and min(hook.ends, hook.body["expiresAt"]) <= world.now:
            hook.body["status"] = hook.ending if hook.ends <= hook.body["expiresAt"] else "TIMED_OUT"
    if failure(deployment):
        return 0
    pending = [hook for hook in deployment.hooks if hook.body["status"] in _PENDING]
    return min((min(hook.ends, hook.body["expiresAt"]) - world.now for hook in pending), default=0)


@rules.reported(
    "hook logs: Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed. Lifecycle hook target "
    "ARN returned FAILED status."
)
@rules.guessed("the wording for a hook that timed out or was rolled back by ContinueServiceDeployment")
def failure(deployment: Deployment) -> str:
    """Say why the deployment's hooks make it fail; empty if they do not."""
    for hook in deployment.hooks:
        status, expired = hook.body["status"], hook.body["timeoutAction"] == "ROLLBACK"
        said = {
            "FAILED": f"Lifecycle hook target {hook.body.get('targetArn', '')} returned FAILED status.",
            "TIMED_OUT": f"Lifecycle hook {hook.body['hookId']} timed out." if expired else "",
        }.get(status, "")
        if hook.ending == "ROLLBACK":
            said = f"Lifecycle hook {hook.body['hookId']} was rolled back by a user."
        if said:
            return f"{hook.stage} lifecycle hook(s) failed. {said}"
    return ""
