"""What CodeDeploy's operations have in common: names, and finding what a request names."""

import re
from collections.abc import Sequence
from typing import Any, Final

from reconciler.sandbox import pages, rules
from reconciler.sandbox.codedeploystates import Run
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, World

_BATCH: Final = 100


@rules.documented("codedeploy model, ApplicationName etc.: 1 to 100 characters; Invalid…NameException")
@rules.guessed("which characters, and the wording; the pattern is that of CodeDeploy's console")
def check_name(kind: str, name: str) -> None:
    """Refuse a name of an `Application`, `DeploymentGroup` or `DeploymentConfig` that cannot be one."""
    if not re.fullmatch(r"[A-Za-z0-9+=,.@_-]{1,100}", name):
        raise Refusal(f"Invalid{kind}NameException", f"Invalid {kind} name: {name}")


@rules.documented("codedeploy model, ApplicationDoesNotExistException")
@rules.reported("terraform-provider-aws: No application found for name: NAME")
def application(world: World, request: Body) -> Body:
    """Give the application that a request names."""
    name = request["applicationName"]
    check_name("Application", name)
    found = world.codedeploy.applications.get(name)
    if found is None:
        raise Refusal("ApplicationDoesNotExistException", f"No application found for name: {name}")
    return found


@rules.documented("codedeploy model, DeploymentGroupDoesNotExistException and …NameRequiredException")
@rules.reported("terraform-provider-aws: No Deployment Group found for name: NAME")
def group(world: World, request: Body) -> Body:
    """Give the deployment group that a request names by application and name."""
    name = request.get("deploymentGroupName")
    of = application(world, request)["applicationName"]
    if not name:
        raise Refusal("DeploymentGroupNameRequiredException", "Deployment Group name is missing")
    check_name("DeploymentGroup", name)
    found = world.codedeploy.groups.get((of, name))
    if found is None:
        raise Refusal("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
    return found


@rules.documented("codedeploy model, DeploymentDoesNotExistException, InvalidDeploymentIdException")
@rules.reported("recordings: ids are d- and nine capital letters or digits")
@rules.reported("aws-cli: The deployment ID could not be found")
def run(world: World, request: Body) -> Run:
    """Give the deployment that a request names."""
    identity = request.get("deploymentId")
    if not identity:
        raise Refusal("DeploymentIdRequiredException", "Deployment ID must be specified")
    if not re.fullmatch(r"d-[A-Z0-9]{9}", identity):
        raise Refusal("InvalidDeploymentIdException", f"Invalid deploymentId: {identity}")
    found = world.codedeploy.runs.get(identity)
    if found is None:
        raise Refusal("DeploymentDoesNotExistException", f"The deployment {identity} could not be found")
    return found


@rules.documented("codedeploy model, BatchLimitExceededException: at most 100 names or ids, as its text says")
@rules.guessed("the wording")
def check_batch(items: Sequence[object], most: int = _BATCH) -> None:
    """Refuse to look up more than `most` things at once."""
    if len(items) > most:
        raise Refusal("BatchLimitExceededException", f"The maximum number of items is {most}.")


@rules.documented("codedeploy model, List* operations: nextToken, and no size; InvalidNextTokenException")
@rules.guessed("100 a page")
def page(items: Sequence[Any], member: str, request: Body) -> Body:
    """Give one page of a listing."""
    try:
        return pages.cut(items, member, {"nextToken": request.get("nextToken")})
    except Refusal as refusal:
        raise Refusal("InvalidNextTokenException", refusal.message) from None
