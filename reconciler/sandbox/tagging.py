"""Tags of clusters, services, tasks and so on: Tag, Untag and ListTagsForResource, and tags given on creation."""

from collections.abc import Sequence

from reconciler.sandbox import rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, World


@rules.documented(
    "model, Tag: at most 50 a resource, keys of 1 to 128 and values of up to 256 characters, no aws:"
)
@rules.guessed("the wording of the refusals")
def check(tags: Sequence[Body]) -> None:
    """Refuse tags that AWS would refuse."""
    keys = [tag.get("key", "") for tag in tags]
    if len(tags) > 50:
        raise Refusal("InvalidParameterException", "The number of tags exceeds the maximum of 50.")
    if len(set(keys)) != len(keys):
        raise Refusal(
            "InvalidParameterException",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
    for tag in tags:
        key, value = tag.get("key", ""), tag.get("value", "")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise Refusal(
                "InvalidParameterException", f"The tag {key!r} has a key or a value of an invalid length."
            )
        if key.lower().startswith("aws:"):
            raise Refusal("InvalidParameterException", f"Tag keys must not start with aws: ({key}).")


@rules.documented(
    "model, Tag: key and value are both optional members; a tag without a value has an empty one"
)
def attach(world: World, arn: str, tags: Sequence[Body]) -> None:
    """Make `tags` the tags of a new resource."""
    check(tags)
    world.tags[arn] = [{"key": tag.get("key", ""), "value": tag.get("value", "")} for tag in tags]


@rules.documented("model, TagResource: adds; a key that is there gets the new value; other tags stay")
def tag_resource(world: World, request: Body) -> Body:
    """Add tags to a resource."""
    held = _held(world, request["resourceArn"])
    check(request["tags"])
    given = [{"key": tag.get("key", ""), "value": tag.get("value", "")} for tag in request["tags"]]
    merged = {tag["key"]: tag for tag in [*held, *given]}
    # What AWS itself put there counts for nothing, and may stay.
    check([tag for tag in merged.values() if not tag["key"].startswith("aws:")])
    world.tags[request["resourceArn"]] = list(merged.values())
    return {}


@rules.documented("model, UntagResource: removes the keys; one that is not there is no error")
def untag_resource(world: World, request: Body) -> Body:
    """Remove tags of a resource by key."""
    held = _held(world, request["resourceArn"])
    check([{"key": key} for key in dict.fromkeys(request["tagKeys"])])
    world.tags[request["resourceArn"]] = [tag for tag in held if tag["key"] not in request["tagKeys"]]
    return {}


@rules.documented("model, ListTagsForResource")
def list_tags_for_resource(world: World, request: Body) -> Body:
    """Show the tags of a resource."""
    return {"tags": _held(world, request["resourceArn"])}


@rules.reported(
    "moto and terraform-provider-aws tests: InvalidParameterException for an ARN that names nothing"
)
def _held(world: World, arn: str) -> list[Body]:
    if arn not in world.tags:
        raise Refusal(
            "InvalidParameterException", "The specified resource could not be found. Check the resource ARN."
        )
    return world.tags[arn]
