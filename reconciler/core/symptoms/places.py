"""Where tasks are to run: quotas, capacity, the room that a rollout has."""

from __future__ import annotations

from typing import Final

from reconciler.core.causes import Kind
from reconciler.core.symptoms.symptoms import Symptom

TABLE: Final[tuple[Symptom, ...]] = (
    # Quotas
    Symptom(
        Kind.QUOTA,
        r"limit on the number of (?P<thing>tasks|vCPUs) you can run concurrently",
        "the account's quota of {thing} that run at once is used up",
        "ask for more in Service Quotas (AWS Fargate), or run fewer or smaller tasks: at maximumPercent 200 a rollout "
        "needs twice as many for a while",
        "events: You've reached the limit on the number of …",
    ),
    Symptom(
        Kind.QUOTA,
        r"requested (?P<thing>CPU|MEMORY) configuration is above your limit",
        "the account may not run tasks of this size ({thing})",
        "ask for more in Service Quotas (AWS Fargate), or make the task smaller",
        "events",
    ),
    Symptom(
        Kind.QUOTA,
        r"provisioning capacity limit was exceeded",
        "the cluster has as many tasks in PROVISIONING as it may (500)",
        "wait, or start fewer tasks at once",
        "events",
    ),
    Symptom(
        Kind.QUOTA,
        r"operations are being throttled|Rate exceeded",
        "AWS throttles what ECS does for the service",
        "wait; ask for a higher API rate if it lasts",
        "events",
    ),
    # Places
    Symptom(
        Kind.CAPACITY,
        r"Capacity is unavailable at this time",
        "there is no capacity for the task in these zones now",
        "wait, add subnets in other zones, or mix FARGATE and FARGATE_SPOT in a capacity provider strategy",
        "events; repost.aws ecs-fargate-runtask-capacity",
    ),
    Symptom(
        Kind.CAPACITY,
        r"No Container Instances were found in your (?P<place>cluster|capacity provider)",
        "the {place} has no container instances",
        "add instances (are they ACTIVE, in this cluster, their agents connected?), or use FARGATE",
        "events",
    ),
    Symptom(
        Kind.CAPACITY,
        r"insufficient (?P<thing>CPU units|memory)|RESOURCE:(?P<lacking>CPU|MEMORY|GPU)",
        "no container instance has enough left ({thing}{lacking})",
        "add instances or larger ones, or make the task smaller; maximumPercent 100 stops old tasks first",
        "events: has insufficient CPU units available; RESOURCE:… (RunTask failures)",
    ),
    Symptom(
        Kind.CAPACITY,
        r"already using a port required|RESOURCE:PORTS|Too many ports",
        "no container instance has the host port free",
        "set hostPort to 0 for a dynamic one, use awsvpc, or add instances",
        "events: The closest matching container-instance is already using a port required by your task",
    ),
    Symptom(
        Kind.CAPACITY,
        r"error .?AGENT|Amazon ECS Agent to start|agent that's currently disconnected",
        "the agent of the container instance is not connected",
        "restart it on the instance (`sudo systemctl restart ecs`), and look at /var/log/ecs/ecs-agent.log",
        "events; start: AGENT",
    ),
    Symptom(
        Kind.CAPACITY,
        r"missing an attribute|missing required attribute|placement constraints?",
        "no container instance has what the task or its placement constraints ask for",
        "compare requiresAttributes and placementConstraints with the instances' attributes, and their subnets",
        "events: Container instance missing required attribute",
    ),
    Symptom(
        Kind.CAPACITY,
        r"no container instance met all of its requirements",
        "no container instance can take the task",
        "compare its CPU, memory, ports, attributes and subnets with what the instances have left",
        "events",
    ),
    Symptom(
        Kind.CONFIGURATION,
        r"not compatible with the selected compute strategy",
        "the task definition is not for where the service runs it",
        "set requiresCompatibilities, and the service's launchType or capacityProviderStrategy, to fit each other",
        "start",
    ),
    Symptom(
        Kind.CONFIGURATION,
        r"because of the service deployment configuration",
        "minimumHealthyPercent and maximumPercent leave the rollout no room: no task may be stopped and none started",
        "raise maximumPercent or lower minimumHealthyPercent, so that at least one task may be",
        "events",
    ),
    Symptom(
        Kind.CONFIGURATION,
        r"unable to place a task.*Reason: Internal error",
        "a subnet may lie in a zone that FARGATE does not support",
        "compare the subnets' zones with those that FARGATE supports in the region",
        "events: Reason: Internal error",
    ),
)
