"""Health checks, alarms, and what others did to tasks."""

from __future__ import annotations

from typing import Final

from reconciler.core.causes import Kind
from reconciler.core.symptoms.symptoms import Symptom

TABLE: Final[tuple[Symptom, ...]] = (
    # Health checks
    Symptom(
        Kind.HEALTH,
        r"TARGET GROUP IS NOT FOUND",
        "the service's target group is not there any more",
        "create the service anew with a target group that exists",
        "events",
    ),
    Symptom(
        Kind.HEALTH,
        r"with these codes: \[(?P<codes>[\d, ]+)\]",
        "the load balancer's health check of {container} on port {port} got {codes}",
        "have its path answered (without logging in or redirecting), or correct the target group's path and matcher",
        "elbv2 model, Target.ResponseCodeMismatch; reported: Health checks failed with these codes: [503]",
    ),
    Symptom(
        Kind.HEALTH,
        r"Target\.ResponseCodeMismatch",
        "the load balancer's health check of {container} on port {port} got a code that it does not expect",
        "have its path answered (without logging in or redirecting), or correct the target group's path and matcher",
        "elbv2 model, Target.ResponseCodeMismatch",
    ),
    Symptom(
        Kind.HEALTH,
        r"Target\.Timeout|Request timed out",
        "the load balancer's health check of {container} on port {port} timed out",
        "let the load balancer's security group into the task's on that port; listen on 0.0.0.0, not localhost; give a "
        "slow start healthCheckGracePeriodSeconds",
        "elbv2 model, Target.Timeout; reported: due to (reason Request timed out)",
    ),
    Symptom(
        Kind.HEALTH,
        r"Target\.NotInUse|Availability Zone that is not enabled",
        "no load balancer uses target group {group}, or none has a subnet in the task's zone",
        "add a listener rule that forwards to it, and the zone's subnet to the load balancer",
        "elbv2 model, Target.NotInUse",
    ),
    Symptom(
        Kind.HEALTH,
        r"Target\.FailedHealthChecks|\(reason Health checks failed\)",
        "the load balancer gets no proper answer from {container} on port {port}",
        "check that it listens on that port, on 0.0.0.0, and speaks the health check's protocol (HTTP or HTTPS)",
        "elbv2 model, Target.FailedHealthChecks; reported: due to (reason Health checks failed)",
    ),
    Symptom(
        Kind.INFRASTRUCTURE,
        r"Elb\.InternalError|reason .*internal error",
        "the load balancer failed at checking the targets of {group}",
        "wait; ask AWS if it lasts",
        "elbv2 model, Elb.InternalError",
    ),
    Symptom(
        Kind.HEALTH,
        r"(?P<state>Target\.(?:InvalidState|IpUnusable|NotRegistered)|TARGET IS NOT FOUND)",
        "a target of {group} cannot be used: {state}",
        "check that nobody else registers and deregisters targets there, and that one load balancer uses it",
        "elbv2 model; events: TARGET IS NOT FOUND",
    ),
    Symptom(
        Kind.HEALTH,
        r"failed ELB health checks|is unhealthy in \(",
        "the load balancer's health checks of {container} on port {port} failed",
        "check path, port and matcher of the target group, and the security groups; a slow start needs "
        "healthCheckGracePeriodSeconds",
        "unhealthy; stopped: Task failed ELB health checks in (target-group …)",
    ),
    Symptom(
        Kind.HEALTH,
        r"failed container health checks",
        "the health check of {container} failed",
        "run its command in the image: is the tool there (curl often is not), does it exit with 0? Raise startPeriod "
        "for a slow start",
        "unhealthy: (task …) failed container health checks.",
    ),
    # Alarms and others' doings
    Symptom(
        Kind.ALARM,
        r"deployment failed: alarm detected|alarms? (?P<alarm>\S+)? ?(?:went|is|in) (?:off|in )?ALARM",
        "a CloudWatch alarm of deploymentConfiguration.alarms went off",
        "look at the alarm's metric since the rollout began",
        "developer guide, deployment alarms; model, DeploymentConfiguration.alarms",
    ),
    Symptom(
        Kind.INFRASTRUCTURE,
        r"SpotInterruption|Spot Task was interrupted",
        "AWS took spot capacity back",
        "give FARGATE a share or a base in the capacity provider strategy",
        "developer guide, Fargate Spot: Your Spot Task was interrupted.",
    ),
    Symptom(
        Kind.INFRASTRUCTURE,
        r"InfrastructureHealth|TerminationNotice|Host EC2 .*(?:stopped|terminated)|deregistration forced",
        "the machine under the task went away",
        "ECS starts another task; if it lasts, look at the instances' own events",
        "stopped: Host EC2 (instance …) stopped/terminated; model, TaskStopCode",
    ),
    Symptom(
        Kind.OTHER,
        r"UserInitiated|stopped by user",
        "somebody stopped the task",
        "CloudTrail has who called StopTask",
        "model, TaskStopCode UserInitiated",
    ),
)
