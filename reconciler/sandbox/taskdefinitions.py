"""Task definitions: registered, described, listed, deregistered, deleted."""

from reconciler.sandbox import attributes, definitiondefaults, definitionrules, pages, rules, tagging
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import CALLER, Body, World


@rules.documented(
    "model: family, family:revision, or the full ARN; a family alone means its latest ACTIVE revision"
)
@rules.reported("transcripts: Unable to describe task definition.")
def find(world: World, reference: str) -> Body:
    """Give the revision that a request names."""
    family, _, revision = reference.rpartition("/")[2].partition(":")
    revisions = world.families.get(family, {})
    if not revision:
        active = [number for number, each in revisions.items() if each["status"] == "ACTIVE"]
        number = max(active, default=0)
    else:
        number = int(revision) if revision.isdigit() else 0
    if number not in revisions or (
        reference.startswith("arn:") and revisions[number]["taskDefinitionArn"] != reference
    ):
        raise Refusal("ClientException", "Unable to describe task definition.")
    return revisions[number]


@rules.reported("transcripts: TaskDefinition is inactive, TaskDefinition not found.")
def find_active(world: World, reference: str) -> Body:
    """Give the revision that a service or task shall be started from."""
    try:
        definition = find(world, reference)
    except Refusal:
        raise Refusal("ClientException", "TaskDefinition not found.") from None
    if definition["status"] != "ACTIVE":
        raise Refusal("ClientException", "TaskDefinition is inactive")
    return definition


@rules.documented(
    "model, RegisterTaskDefinition and TaskDefinition: revision, status, registeredAt and registeredBy"
)
def register_task_definition(world: World, request: Body) -> Body:
    """Store a new revision of a family."""
    stored = definitiondefaults.task_definition(request)
    definitionrules.check(stored)
    tagging.check(request.get("tags", []))
    if world.knobs.shuffle:
        definitiondefaults.shuffle(stored, world.random)
    revisions = world.families.setdefault(stored["family"], {})
    revision = max(revisions, default=0) + 1
    arn = world.arn("task-definition", f"{stored['family']}:{revision}")
    revisions[revision] = stored | {
        "taskDefinitionArn": arn,
        "revision": revision,
        "status": "ACTIVE",
        "requiresAttributes": attributes.required(stored),
        "compatibilities": attributes.compatibilities(stored, definitionrules.fits_fargate(stored)),
        "registeredAt": world.now,
        "registeredBy": CALLER,
    }
    tagging.attach(world, arn, request.get("tags", []))
    return {"taskDefinition": revisions[revision], "tags": world.tags[arn]}


@rules.documented("model, DescribeTaskDefinition: INACTIVE revisions are shown too; tags beside, if included")
def describe_task_definition(world: World, request: Body) -> Body:
    """Show one revision."""
    definition = find(world, request["taskDefinition"])
    tags = world.tags[definition["taskDefinitionArn"]]
    return {"taskDefinition": definition} | ({"tags": tags} if "TAGS" in request.get("include", []) else {})


@rules.documented(
    "model, ListTaskDefinitions: whole family, status ACTIVE, by family and revision, ASC, 100 a page"
)
def list_task_definitions(world: World, request: Body) -> Body:
    """List the ARNs of revisions."""
    wanted, status = request.get("familyPrefix"), request.get("status", "ACTIVE")
    arns = [
        definition["taskDefinitionArn"]
        for family in sorted(world.families)
        if wanted in (None, family)
        for _, definition in sorted(world.families[family].items())
        if definition["status"] == status
    ]
    return pages.cut(arns[::-1] if request.get("sort") == "DESC" else arns, "taskDefinitionArns", request)


@rules.documented(
    "model, ListTaskDefinitionFamilies: familyPrefix is a prefix; ACTIVE means having an ACTIVE revision"
)
def list_task_definition_families(world: World, request: Body) -> Body:
    """List families."""
    prefix, status = request.get("familyPrefix", ""), request.get("status", "ACTIVE")
    families = []
    for family, revisions in sorted(world.families.items()):
        active = any(each["status"] == "ACTIVE" for each in revisions.values())
        if family.startswith(prefix) and (status == "ALL" or active == (status == "ACTIVE")):
            families.append(family)
    return pages.cut(families, "families", request)


@rules.documented(
    "model, DeregisterTaskDefinition: needs family:revision or ARN; running tasks and services go on"
)
@rules.guessed("deregistering an INACTIVE revision again is no error and keeps the date")
def deregister_task_definition(world: World, request: Body) -> Body:
    """Make a revision INACTIVE."""
    if ":" not in request["taskDefinition"].rpartition("/")[2]:
        raise Refusal("ClientException", "Invalid revision number. Number: null")
    definition = find(world, request["taskDefinition"])
    if definition["status"] == "ACTIVE":
        definition |= {"status": "INACTIVE", "deregisteredAt": world.now}
    return {"taskDefinition": definition}


@rules.documented(
    "model, DeleteTaskDefinitions: at most 10; INACTIVE only; DELETE_IN_PROGRESS while something uses it"
)
@rules.guessed("the failure's reason for an ACTIVE revision, and that a deleted one stays described")
def delete_task_definitions(world: World, request: Body) -> Body:
    """Delete INACTIVE revisions."""
    if len(request["taskDefinitions"]) > 10:
        raise Refusal("InvalidParameterException", "taskDefinitions can have at most 10 items.")
    shown, failures = [], []
    for reference in request["taskDefinitions"]:
        try:
            definition = find(world, reference)
        except Refusal as refusal:
            failures.append({"arn": reference, "reason": refusal.message})
            continue
        if definition["status"] == "ACTIVE":
            reason = (
                "The specified task definition is still in ACTIVE status. "
                "Please deregister the target and try again."
            )
            failures.append({"arn": definition["taskDefinitionArn"], "reason": reason})
            continue
        definition |= {"status": "DELETE_IN_PROGRESS", "deleteRequestedAt": world.now}
        shown.append(definition)
    return {"taskDefinitions": shown, "failures": failures}
