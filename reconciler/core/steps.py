"""What a plan does, step by step: a closed union, so that a new step that nobody carries out fails the type check.

Bodies are inputs of the API operation. A secret in a body is a `slot` (see `secrets`); the revision that an earlier
step registers is asked for with `revision_of`.
"""

from __future__ import annotations

from typing import TypeAlias

from reconciler.core.values import JsonObject
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTaskDefinition:
    """Register a revision, unless the newest ACTIVE one is exactly equal already."""

    family: str
    body: JsonObject
    insist: bool = False
    """Register even if an equal revision exists (`--force-register`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTags:
    """Set tags of the service or task definition with this ARN."""

    arn: str
    tags: tuple[JsonObject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTags:
    """Remove tags by key."""

    arn: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateService:
    """Create the service. `revision_of` is the address of the unit whose revision it runs, empty if in the body."""

    cluster: str
    service: str
    body: JsonObject
    revision_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateService:
    """Update the service, with the members that change and no others, in one call."""

    cluster: str
    service: str
    body: JsonObject
    revision_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCodeDeployDeployment:
    """Have CodeDeploy deploy the service, unless it is doing just that.

    `body` is an input of CreateDeployment without its revision, which is made of `appspec`. The revision that an
    earlier step registers, in the unit `revision_of`, is put into that in the place of a word for people.
    """

    cluster: str
    service: str
    body: JsonObject
    appspec: JsonObject
    revision_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetScaling:
    """Change the service's scalable target (RegisterScalableTarget); the rest of it stays."""

    cluster: str
    service: str
    body: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteService:
    """Delete the service with its tasks, and wait until it is INACTIVE: only then its name is free again."""

    cluster: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateExpressService:
    """Create the Express Mode service (input of CreateExpressGatewayService)."""

    cluster: str
    service: str
    body: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateExpressService:
    """Update the Express Mode service, with the members that change and no others (UpdateExpressGatewayService)."""

    cluster: str
    service: str
    body: JsonObject


Step: TypeAlias = (
    RegisterTaskDefinition
    | SetTags
    | RemoveTags
    | CreateService
    | UpdateService
    | CreateCodeDeployDeployment
    | SetScaling
    | DeleteService
    | CreateExpressService
    | UpdateExpressService
)


def describe(step: Step) -> str:
    """Say in a few words what a step does."""
    match step:
        case RegisterTaskDefinition():
            return f"register a revision of {step.family}"
        case SetTags():
            return f"set tags {', '.join(str(tag['key']) for tag in step.tags)}"
        case RemoveTags():
            return f"remove tags {', '.join(step.keys)}"
        case CreateService():
            return f"create the service {step.cluster}/{step.service}"
        case UpdateService():
            return f"update the service {step.cluster}/{step.service}"
        case CreateCodeDeployDeployment():
            group = f"{step.body.get('applicationName')}/{step.body.get('deploymentGroupName')}"
            return f"have CodeDeploy deploy the service {step.cluster}/{step.service} (group {group})"
        case SetScaling():
            return f"change the autoscaling of {step.cluster}/{step.service}"
        case DeleteService():
            return f"delete the service {step.cluster}/{step.service} and wait until its tasks have stopped"
        case CreateExpressService():
            return f"create the Express Mode service {step.cluster}/{step.service}"
        case UpdateExpressService():
            return f"update the Express Mode service {step.cluster}/{step.service}"
