"""One UpdateService: which members it sends, whether it forces a deployment, and what the API refuses.

Members that are objects are replaced whole by the API, so the live object with the changes made to it is sent.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field

from reconciler.core import canon as canons
from reconciler.core import codedeployments, nodes, patches, pointers
from reconciler.core.canon import Canon
from reconciler.core.diffs import Action, Change
from reconciler.core.kinds import controllers
from reconciler.core.kinds.rules import ABSENT, Node
from reconciler.core.shapes import Shapes
from reconciler.core.values import Json, JsonObject, Path
from reconciler.errors import Refused, Where
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Draft:
    """The body of an update without cluster and service, empty if there is nothing to send; and what it causes.

    `replaces` names the members that no update changes: the service has to be deleted and created anew. `deployed` are
    members as they shall be that a deployment by CodeDeploy changes, and no update.
    """

    body: JsonObject
    effects: tuple[str, ...]
    refusals: tuple[Refused, ...] = ()
    replaces: tuple[str, ...] = ()
    deployed: JsonObject = field(default_factory=dict)


def build(
    changes: Sequence[Change],
    desired: Canon,
    live: Canon,
    body: JsonObject,
    shapes: Shapes,
    *,
    controller: str,
    moves: bool,
    force: bool,
    place: Callable[[Path], Where],
) -> Draft:
    """Draft the update. `moves` says that the service changes to another revision.

    `refusals` are what the API is known to refuse: the differences are there to be seen all the same.
    """
    changed = {str(change.path[0]) for change in changes} - {"tags"}
    back = _LAUNCH_TYPE in changed and _goes_back_to_launch_type(desired, live)
    members = sorted(changed - {_LAUNCH_TYPE} if back else changed)
    taken = shapes.input("UpdateService").members.keys() - {
        "cluster",
        "service",
    }  # they say which service it is
    replaces = tuple(name for name in members if name not in taken)
    members = [name for name in members if name in taken]
    to = codedeployments.controller(desired.wire)
    leaves = controller == "ECS" and to != "ECS"
    if leaves:  # as it would be: only what leaves ECS has members that an update changes no more
        controller = to
    refusals = tuple(
        _refusals(members, changes, desired, controller, leaves=leaves, moves=moves, force=force, place=place)
    )
    sent: dict[str, Json] = {}
    if members:
        own = [change for change in changes if change.path[0] in members]
        patch = patches.build(own, desired, live, body)
        patched = _without_derived(patches.apply(body, patch.operations), members, live, desired)
        sent = {
            name: member(name, [c for c in own if c.path[0] == name], patched, desired) for name in members
        }
    if back:
        sent[_STRATEGY] = []  # API model, UpdateService: an empty list leads back to the launch type
    rules = {name: desired.kind.node.members[name].rule for name in sent}
    deployed = {name: sent.pop(name) for name in rules if controllers.shifts(controller, name)}
    shifted = controllers.shifts(controller, "taskDefinition")  # then UpdateService takes no such flag
    if not shifted and (force or any(rule.forces for rule in rules.values())):
        sent["forceNewDeployment"] = True
    tagged = any(change.path[0] == "tags" for change in changes)
    if force and not moves and not changes:
        effects: tuple[str, ...] = ("a new deployment, forced",)
    elif moves or force or any(rule.deploys or rule.forces for rule in rules.values()):
        effects = ("a new deployment",)
    elif any(rule.deploys is None for rule in rules.values()):
        effects = ("perhaps a new deployment",)
    elif sent:
        effects = ("no new deployment",)
    else:
        effects = ("tags only, no new deployment",) if tagged else ()
    return Draft(sent, effects, refusals, replaces, deployed)


def _without_derived(body: JsonObject, members: Sequence[str], live: Canon, desired: Canon) -> Canon:
    """Give members of a patched body in canonical form, without what AWS will derive anew from what has changed."""
    patched = canons.canon(desired.kind, body, desired=False, like=desired, only=members)
    derived = desired.kind.derived
    left = False
    for path, seen in patched.seen.items():
        if path[-1] not in derived or path in desired.seen:
            continue
        node = nodes.at(desired.kind.node, path)
        if node is None or node.rule.derived is None:
            continue
        if node.rule.derived(seen.wire, path, live.tree, patched.tree):
            body, left = pointers.objects(_without(body, seen.raw)), True
    return canons.canon(desired.kind, body, desired=False, like=desired, only=members) if left else patched


def _without(document: Json, path: Path) -> Json:
    """Give a document without the member at a path."""
    if isinstance(document, dict):
        kept = {name: value for name, value in document.items() if name != path[0] or len(path) > 1}
        return kept | ({str(path[0]): _without(document[str(path[0])], path[1:])} if len(path) > 1 else {})
    items = document if isinstance(document, list | tuple) else ()
    return [_without(item, path[1:]) if index == path[0] else item for index, item in enumerate(items)]


def never_updated(shapes: Shapes) -> frozenset[str]:
    """Give the root members of a service that no update changes: where they differ it is replaced."""
    created, updated = (shapes.input(name).members.keys() for name in ("CreateService", "UpdateService"))
    return frozenset(created - updated - {"serviceName", "clientToken", "tags"})


_LAUNCH_TYPE, _STRATEGY = "launchType", "capacityProviderStrategy"


def _goes_back_to_launch_type(desired: Canon, live: Canon) -> bool:
    """Tell whether the service has a capacity provider strategy now, and a launch type in its place in the file."""
    return _STRATEGY in live.tree and _LAUNCH_TYPE not in live.tree and _STRATEGY not in desired.tree


def _refusals(
    members: Sequence[str],
    changes: Sequence[Change],
    desired: Canon,
    controller: str,
    *,
    leaves: bool,
    moves: bool,
    force: bool,
    place: Callable[[Path], Where],
) -> Iterator[Refused]:
    belong = f"the service's deployments {'would ' if leaves else ''}belong to {controller}"
    hint = _LEAVING_HINT if leaves else _CONTROLLER_HINT
    for name in members:
        change = next(change for change in changes if change.path[0] == name)
        seen = desired.seen.get(change.path)
        where = place(seen.raw if seen else ())
        if not (controllers.updates(controller, name) or controllers.shifts(controller, name)):
            yield Refused(
                f"UpdateService cannot change {change.address}: {belong}",
                where,
                hint,
            )
    elsewhere = not (controllers.deploys(controller) or controllers.shifts(controller, "taskDefinition"))
    if elsewhere and (moves or force):
        what = "a new revision cannot be deployed" if moves else "a new deployment cannot be forced"
        yield Refused(f"{belong}: {what} by UpdateService", place(()), hint)


_CONTROLLER_HINT = (
    "leave it to whoever deploys the service: out of the file, or under `ignore`; what external controllers do with "
    "task sets is not done here"
)
_LEAVING_HINT = "leave `deploymentController` out, or delete the service: only a new one can have another"


def member(name: str, changes: Sequence[Change], patched: Canon, desired: Canon) -> Json:
    """Give a member as an update sends it: whole, as it is live with the changes made, without what goes away."""
    node = desired.kind.node.members[name]
    removed = [change for change in changes if change.action is Action.REMOVE]
    if name not in patched.wire and (node.rule.remove is not ABSENT or not node.members):
        return _removal(node, desired.facts)
    value = copy.deepcopy(patched.wire.get(name, {}))
    for change in removed:
        _restore(node, change.path[1:], value, desired.facts)
    return _meaningful(node, value, desired.facts, (name,), frozenset(change.path for change in changes))


def _meaningful(node: Node, value: Json, facts: JsonObject, path: Path, changed: frozenset[Path]) -> Json:
    """Leave out what stays and means nothing in the document that is wanted, and may be refused there for that.

    A service that was LINEAR still has a linearConfiguration, which no other strategy takes.
    """
    if not node.members or not isinstance(value, dict):
        return value
    kept: dict[str, Json] = {}
    for name, member in value.items():
        inner, there = node.members.get(name), (*path, name)
        stays = inner is not None and not any(place[: len(there)] == there for place in changed)
        test = inner.rule.absent_if if inner is not None else None
        if not (stays and test is not None and test(member, value, facts)):
            kept[name] = member if inner is None else _meaningful(inner, member, facts, there, changed)
    return kept


def _removal(node: Node, facts: JsonObject) -> Json:
    """Give what to send so that a member goes away (omitted members stay as they are)."""
    if node.rule.remove is not ABSENT:
        return node.rule.remove
    usual = node.rule.usual(facts)
    if usual is not ABSENT:
        return usual
    return {} if node.members else [] if node.item is not None else ""


def _restore(node: Node, path: Path, value: Json, facts: JsonObject) -> None:
    """Write the default of a removed member into the object that is sent.

    Left out it would stay as it is, and where the API requires a member (DeploymentAlarms) be refused.
    """
    for step, key in enumerate(path):
        child = node.members.get(str(key))
        if child is None or not isinstance(value, dict):
            return  # inside a list the whole item is sent
        if step == len(path) - 1:
            usual = child.rule.usual(facts)
            if usual is not ABSENT:
                value[str(key)] = usual
            elif child.item is not None:
                value[str(key)] = []
            return
        node, value = child, value.setdefault(str(key), {})
