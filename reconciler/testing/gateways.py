"""An ECS in memory: as much of it as plans and applies are judged by. The sandbox simulates the rest."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from reconciler.core import codedeployments
from reconciler.core.kinds import controllers
from reconciler.core.revisions import family_of
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Absent, Snapshot
from reconciler.errors import AwsNotFound, AwsRefused
from reconciler.testing import codedeploys, definitions, expresses, rollouts, tasks, trails
from reconciler.testing.definitions import Body
from reconciler.testing.stores import Store, error, revision_arn


class FakeGateway(Store):
    """`engine.ports.Gateway` over dictionaries.

    A rollout takes `rollout_seconds` of `clock`, then completes, or fails if `fails` says so of its task
    definition. `records` are what CloudTrail tells of, the oldest first. `calls` lists what was called; `fail` makes
    calls fail, before or after they took effect.
    """

    @property
    def region(self) -> str:
        """Give the region."""
        return self._region

    @property
    def express(self) -> expresses.FakeExpress:
        """Give the way to Express Mode services."""
        hands = expresses.Hands(self._called, self._find, revision_arn, self._tag_list, self.clock.now)
        return expresses.FakeExpress(self, hands)

    @property
    def trail(self) -> trails.FakeTrail:
        """Give the way to CloudTrail."""
        return trails.FakeTrail(self.records, self._called)

    def account(self) -> str:
        """Give the account."""
        with self._called("account"):
            return self._account

    def describe_services(self, cluster: str, names: Sequence[str], /) -> Mapping[str, Snapshot | Absent]:
        """Describe services as they stand at this moment of the clock."""
        with self._called("describe_services", cluster, tuple(names)):
            return {name: self._described(self._find(cluster, name)) for name in names}

    def list_services(self, cluster: str, /) -> tuple[str, ...]:
        """Give the names of the services that are not being deleted."""
        with self._called("list_services", cluster):
            home = self._cluster(cluster)
            found = ((name, self._find(cluster, name)) for there, name in self._services if there == home)
            return tuple(name for name, body in found if body is not None and body["status"] == "ACTIVE")

    def describe_task_definition(self, reference: str, /) -> Snapshot | Absent:
        """Describe a revision; a bare family means its newest ACTIVE one."""
        with self._called("describe_task_definition", reference):
            found = self._revision(reference)
            return Absent() if found is None else self._definition(found)

    def list_revisions(self, family: str, /, *, limit: int) -> tuple[str, ...]:
        """Give the ARNs of the ACTIVE revisions, newest first."""
        with self._called("list_revisions", family, limit):
            return tuple(revision["taskDefinitionArn"] for revision in self._active(family))[:limit]

    def register_task_definition(self, body: JsonObject, /) -> Snapshot:
        """Register a revision."""
        with self._called("register_task_definition", copy.deepcopy(body)):
            sent = cast(Body, body)
            revisions = self._families[sent["family"]]
            number = len(revisions) + 1
            stored = definitions.task_definition(sent) | {
                "taskDefinitionArn": self._arn(f"task-definition/{sent['family']}:{number}"),
                "revision": number,
                "status": "ACTIVE",
                "registeredAt": self.clock.now(),
                "registeredBy": f"arn:aws:iam::{self._account}:user/fake",
            }
            revisions.append(stored)
            self._set_tags(stored["taskDefinitionArn"], sent.get("tags", ()))
            return self._definition(stored)

    def deregister_task_definition(self, arn: str, /) -> None:
        """Make a revision INACTIVE."""
        with self._called("deregister_task_definition", arn):
            found = self._revision(arn) if ":" in arn.rpartition("/")[2] else None
            if found is None:
                code, message = "ClientException", "The specified task definition does not exist."
                raise error(AwsNotFound, "DeregisterTaskDefinition", code, message)
            found["status"] = "INACTIVE"

    def delete_task_definitions(self, arns: Sequence[str], /) -> None:
        """Delete revisions: what is left of them is shown as DELETE_IN_PROGRESS."""
        with self._called("delete_task_definitions", tuple(arns)):
            for arn in arns:
                found = self._revision(arn)
                if found is None or found["status"] == "ACTIVE":
                    self._refuse(
                        "DeleteTaskDefinitions", "ClientException", f"{arn} is still in ACTIVE status."
                    )
                else:
                    found["status"] = "DELETE_IN_PROGRESS"

    def create_service(self, body: JsonObject, /) -> Snapshot:
        """Create a service and start its first deployment."""
        with self._called("create_service", copy.deepcopy(body)):
            sent = cast(Body, body)
            cluster, name = self._cluster(sent.get("cluster", "default")), sent["serviceName"]
            if self._services.get((cluster, name), {}).get("status") == "ACTIVE":
                self._refuse(
                    "CreateService", "InvalidParameterException", "Creation of service was not idempotent."
                )
            service = definitions.service(sent) | {
                "serviceArn": self._arn(f"service/{cluster}/{name}"),
                "clusterArn": self._arn(f"cluster/{cluster}"),
                "taskDefinition": self._existing("CreateService", sent["taskDefinition"]),
                "status": "ACTIVE",
                "createdAt": self.clock.now(),
                "deployments": [],
                "events": [],
            }
            self._services[cluster, name] = service
            self._set_tags(service["serviceArn"], sent.get("tags", ()))
            if codedeployments.controller(service) == "CODE_DEPLOY":
                codedeploys.begin(service, self.clock.now())
            else:
                rollouts.begin(service, sent, self.clock.now())
            return self._snapshot(service)

    def update_service(self, body: JsonObject, /) -> Snapshot:
        """Update a service, and start a deployment where the change calls for one."""
        with self._called("update_service", copy.deepcopy(body)):
            sent = cast(Body, body)
            service = self._updatable(sent)
            self._settle(service)
            changes = definitions.members(sent)
            if codedeployments.controller(service) == "CODE_DEPLOY" and not service["deployments"]:
                return self._scaled(service, sent, changes)
            if "taskDefinition" in sent:
                changes["taskDefinition"] = self._existing("UpdateService", sent["taskDefinition"])
            if "deploymentConfiguration" in sent:
                before = service["deploymentConfiguration"]
                changes["deploymentConfiguration"] = definitions.deployment_configuration(before, sent)
            shown = service["deployments"][0] | service
            wanted = sent | changes
            starts = sent.get("forceNewDeployment", False) or any(
                shown.get(key) != wanted[key] for key in rollouts.STARTS & sent.keys()
            )
            service |= changes
            definitions.relaunch(service, sent)
            if starts:
                rollouts.begin(service, sent, self.clock.now())
            else:
                rollouts.scale(service)
            return self._snapshot(service)

    def _scaled(self, service: Body, sent: Body, changes: Body) -> Snapshot:
        """Update a service that CodeDeploy deploys (API model, UpdateService: what may be changed of it)."""
        for name in sorted(sent.keys() - {"cluster", "service"}):
            if not controllers.updates("CODE_DEPLOY", name):
                message = f"Unable to update {name} on services with a CODE_DEPLOY deployment controller."
                self._refuse("UpdateService", "InvalidParameterException", message)
        if "deploymentConfiguration" in sent:
            before = service["deploymentConfiguration"]
            changes["deploymentConfiguration"] = definitions.deployment_configuration(before, sent)
        service |= changes
        codedeploys.scale(service)
        return self._snapshot(service)

    def delete_service(self, cluster: str, service: str, /, *, force: bool = True) -> Snapshot:
        """Delete a service: its tasks stop within `rollout_seconds`."""
        with self._called("delete_service", cluster, service, force):
            found = self._known("DeleteService", cluster, service)
            if not force and found["desiredCount"]:
                message = "The service cannot be stopped while it is scaled above 0."
                self._refuse("DeleteService", "InvalidParameterException", message)
            found.update(status="DRAINING", desiredCount=0, deletedAt=self.clock.now())
            return self._snapshot(found)

    def describe_service_revisions(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe service revisions: each deployment has one, as the service was when it began."""
        with self._called("describe_service_revisions", tuple(arns)):
            kept: dict[str, Body] = {}
            for service in self._services.values():
                kept |= service.get("revisions", {})
                newest = revision_arn(service)
                kept[newest] = kept.get(newest, {}) | definitions.revision(service)
            return tuple(
                {"createdAt": self.clock.now()} | copy.deepcopy(kept[arn]) | {"serviceRevisionArn": arn}
                for arn in arns
                if arn in kept
            )

    def list_service_deployments(
        self, cluster: str, service: str, /, *, since: float, statuses: Sequence[str] = ()
    ) -> tuple[JsonObject, ...]:
        """Give the newest service deployments since a time, in brief, the newest first."""
        with self._called("list_service_deployments", cluster, service, since, tuple(statuses)):
            found = self._known("ListServiceDeployments", cluster, service)
            self._settle(found)
            records = [
                record
                for record in found.get("records", ())
                if record["createdAt"] >= since and (not statuses or record["status"] in statuses)
            ]
            return tuple(
                {name: record[name] for name in _BRIEF if name in record}
                | {"targetServiceRevisionArn": record["targetServiceRevision"]["arn"]}
                for record in records[:100]
            )

    def describe_service_deployments(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe service deployments."""
        with self._called("describe_service_deployments", tuple(arns)):
            return tuple(copy.deepcopy(record) for arn in arns for _, record in self._recorded(arn))

    def stop_service_deployment(self, arn: str, /, *, rollback: bool) -> None:
        """Stop a service deployment that is under way."""
        with self._called("stop_service_deployment", arn, rollback):
            for service, record in self._recorded(arn):
                if record["status"] != "IN_PROGRESS":
                    self._refuse("StopServiceDeployment", "ConflictException", "It is not in progress.")
                rollouts.stop(service, record, self.clock.now(), rollback=rollback)

    def continue_service_deployment(self, arn: str, hook: str, /, *, rollback: bool) -> None:
        """Answer a PAUSE hook: nothing here ever pauses."""
        with self._called("continue_service_deployment", arn, hook, rollback):
            self._refuse("ContinueServiceDeployment", "InvalidParameterException", "Nothing waits.")

    def _recorded(self, arn: str) -> Iterator[tuple[Body, Body]]:
        for service in self._services.values():
            self._settle(service)
            for record in service.get("records", ()):
                if record["serviceDeploymentArn"] == arn:
                    yield service, record

    def tag(self, arn: str, tags: Sequence[JsonObject], /) -> None:
        """Set tags."""
        with self._called("tag", arn, tuple(tags)):
            self._set_tags(arn, tags)

    def untag(self, arn: str, keys: Sequence[str], /) -> None:
        """Remove tags."""
        with self._called("untag", arn, tuple(keys)):
            for key in keys:
                self._tags.get(arn, {}).pop(key, None)

    def describe_scaling(self, cluster: str, service: str, /) -> Snapshot | Absent:
        """Describe a service's scalable target."""
        with self._called("describe_scaling", cluster, service):
            found = self._targets.get(f"service/{self._cluster(cluster)}/{service}")
            return Absent() if found is None else Snapshot(copy.deepcopy(found))

    def register_scaling(self, body: JsonObject, /) -> None:
        """Change a scalable target, or make one."""
        with self._called("register_scaling", copy.deepcopy(body)):
            resource = str(body["ResourceId"])
            _, cluster, service = resource.split("/")
            self._known("RegisterScalableTarget", cluster, service)
            self._targets[resource] = self._targets.get(resource, {}) | copy.deepcopy(cast(Body, body))

    def list_tasks(self, cluster: str, service: str, /, *, status: str) -> tuple[str, ...]:
        """Give the ARNs of the tasks that run, or of those that failed to start."""
        with self._called("list_tasks", cluster, service, status):
            found = self._tasks(self._known("ListTasks", cluster, service))
            return tuple(task["taskArn"] for task in found if task["desiredStatus"] == status)

    def list_family_tasks(self, cluster: str, family: str, /, *, status: str) -> tuple[str, ...]:
        """Give the ARNs of the tasks of all services that run a family."""
        with self._called("list_family_tasks", cluster, family, status):
            inside = [
                service for (home, _), service in self._services.items() if home == self._cluster(cluster)
            ]
            return tuple(
                task["taskArn"]
                for service in inside
                for task in self._tasks(service)
                if family_of(task["taskDefinitionArn"]) == family and task["desiredStatus"] == status
            )

    def describe_tasks(self, cluster: str, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe tasks."""
        with self._called("describe_tasks", cluster, tuple(arns)):
            inside = [
                service for (home, _), service in self._services.items() if home == self._cluster(cluster)
            ]
            found = {task["taskArn"]: task for service in inside for task in self._tasks(service)}
            return tuple(found[arn] for arn in arns if arn in found)

    def log_lines(self, group: str, stream: str, /, *, limit: int, region: str = "") -> tuple[str, ...]:
        """Give the last lines that `write` put there."""
        with self._called("log_lines", group, stream, limit, region):
            if (group, stream) not in self._logs:
                code, message = "ResourceNotFoundException", "The specified log stream does not exist."
                raise error(AwsNotFound, "GetLogEvents", code, message, "logs")
            return tuple(self._logs[group, stream][-limit:])

    def target_health(self, target_group: str, /) -> tuple[JsonObject, ...]:
        """Give the tasks that run behind a target group, healthy unless `ail` says otherwise."""
        with self._called("target_health", target_group):
            behind = [
                (task, balancer)
                for service in self._services.values()
                for balancer in service.get("loadBalancers", ())
                if balancer.get("targetGroupArn") == target_group
                for task in [{}, *self._tasks(service)]
            ]
            if not behind:
                code, message = "TargetGroupNotFound", f"Target groups '{target_group}' not found"
                raise error(AwsRefused, "DescribeTargetHealth", code, message, "elbv2")
            return tuple(
                {
                    "Target": {"Id": tasks.address(task), "Port": balancer["containerPort"]},
                    "TargetHealth": copy.deepcopy(self._health.get(target_group, {"State": "healthy"})),
                }
                for task, balancer in behind
                if task.get("lastStatus") == "RUNNING"
            )


_BRIEF = (
    *("serviceDeploymentArn", "serviceArn", "clusterArn"),
    *("createdAt", "startedAt", "finishedAt", "status", "statusReason"),
)
"""Members of ServiceDeploymentBrief that a record has too."""
