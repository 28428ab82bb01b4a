"""What AWS says when tasks do not come up, what it means, and what to try: a row each, the more particular ones first.

Sources: ECS developer guide, "Stopped tasks error codes" (stopped), "CannotPullContainer task errors" (pull),
"Troubleshooting TaskFailedToStart errors" (start), "Service event messages" (events), "Service unhealthy event
messages" (unhealthy); the AWS knowledge center at repost.aws (named by its page); the API models of ECS and elbv2;
"reported" are texts that users show in public issues and write-ups.
"""

from __future__ import annotations

from typing import Final

from reconciler.core.causes import Kind
from reconciler.core.symptoms import containers, deployments, health, places, resources
from reconciler.core.symptoms.symptoms import Of, Symptom

__all__ = ["ROUTINE", "TABLE", "Of", "Symptom"]

ROUTINE: Final = (
    r"Scaling activity initiated by|deployment ecs-svc/\d+\) deployment completed|has reached a steady state"
    r"|has (?:started|stopped) \d+|stopped \d+ pending|(?:de)?registered \d+ targets|has begun draining|rolling back to"
    r"|deployment failed: tasks failed to start|Task stopped by deployment"
)
"""What is said of any rollout, or of a failed one without a reason."""

_VAGUE: Final[tuple[Symptom, ...]] = (
    Symptom(
        Kind.HEALTH,
        r"^initial in \(target-group ",
        "the load balancer has not called {container} on port {port} healthy yet",
        "wait longer (--timeout), or lower the target group's interval and threshold; a slow start needs "
        "healthCheckGracePeriodSeconds",
        "elbv2 model, TargetHealthStateEnum: initial",
        vague=True,
    ),
    Symptom(
        Kind.HEALTH,
        r"healthStatus UNKNOWN of",
        "the health check of {container} has not come to an answer yet",
        "wait longer (--timeout); its interval, retries and startPeriod say how long that may take",
        "model, Container.healthStatus: UNKNOWN while the check is being evaluated",
        vague=True,
    ),
    Symptom(
        Kind.START,
        r"lastStatus (?P<status>PROVISIONING|PENDING|ACTIVATING)",
        "the new tasks do not run yet: {status}",
        "wait longer (--timeout): until then network interfaces are attached and images pulled, large ones slowly",
        "developer guide, task lifecycle states",
        vague=True,
    ),
    Symptom(
        Kind.EXIT,
        r"Essential container in task exited",
        "a container without which the task cannot be has ended",
        "what its containers wrote last says more",
        "stopped: Essential container in task exited",
    ),
    Symptom(
        Kind.CAPACITY,
        r"(?:unable to place|could not launch \d+) (?:a )?tasks?",
        "ECS finds no place for the tasks",
        "the service event says what is missing",
        "events",
        vague=True,
    ),
    Symptom(
        Kind.OTHER,
        r"unable to consistently start tasks successfully",
        "ECS starts tasks ever more slowly, because they keep failing",
        "after the cause is removed, --force-new-deployment starts them at once",
        "events; developer guide, service throttle logic",
        vague=True,
    ),
)

TABLE: Final[tuple[Symptom, ...]] = (
    *resources.TABLE,
    *containers.TABLE,
    *places.TABLE,
    *health.TABLE,
    *deployments.TABLE,
    *deployments.VAGUE,
    *_VAGUE,
)
"""Every row, the more particular ones before those that would take their texts too."""
