"""Fixing drift: these differences end, all others stay as AWS has them, or it is refused."""

from __future__ import annotations

import random
from typing import Any

import pytest

from reconciler.core import canon, diffs, patches
from reconciler.core.documents import Resolved
from reconciler.core.drifts import Cause
from reconciler.core.kinds.rules import ABSENT
from reconciler.core.values import Path
from reconciler.engine import composing, ignoring
from reconciler.errors import PlanError
from tests.core import documents
from tests.core.test_properties import applied, live_of, pair
from tests.engine.worlds import (
    CLUSTER,
    PASSWORD,
    REVISION,
    SERVICE,
    UNIT,
    Recorded,
    World,
    service,
    task_definition,
)


def at(tree: Any, path: Path) -> Any:
    """Give what stands at a canonical place, ABSENT where nothing does."""
    for key in path:
        if isinstance(tree, dict) and key in tree:
            tree = tree[key]
        else:
            return ABSENT
    return tree


@pytest.mark.parametrize("kind_name", ["task_definition", "service"])
def test_what_is_fixed_is_as_the_files_say_and_all_else_as_it_is_live(kind_name: str) -> None:
    """Draw documents, and which of their differences to fix."""
    kind = documents.KINDS.named(kind_name)
    separate = whole = 0
    for number in range(120):
        dice = random.Random(number)
        wanted, body = pair(kind, dice)
        live = live_of(wanted, body)
        changes = diffs.diff(wanted, live).changes
        kept = [change for change in changes if dice.random() < 0.5]
        if not kept or len(kept) == len(changes):
            continue
        whole += 1
        desired = composing.compose(kind, Resolved("x", wanted.wire))
        fixing = ignoring.adopt(desired, body, [change.path for change in kept]).canon
        there = live_of(fixing, body)
        found = diffs.diff(fixing, there).changes
        fixed = {change.path: change.after for change in changes if change not in kept}
        if {change.path: change.after for change in found} != fixed:
            continue  # which is refused
        separate += 1
        after = applied(patches.build(found, fixing, there, body), body)
        left = canon.canon(kind, after, desired=False, like=wanted)
        for change in changes:
            expected = change.before if change in kept else change.after
            assert at(left.tree, change.path) == expected, (number, change)
        beside = [
            change.path
            for change in diffs.diff(wanted, left).changes
            if not any(each.path[: len(change.path)] == change.path for each in kept)
        ]
        assert beside == [], number
    assert separate > whole * 0.7 > 40


def variables(world: World) -> dict[str, str]:
    """Give the variables of the newest revision."""
    return {each["name"]: each["value"] for each in world.containers()[0]["environment"]}


ENVIRONMENT = 'containerDefinitions["app"].environment'


def test_what_somebody_changed_goes_back_and_what_is_yet_to_be_applied_stays(recorded: Recorded) -> None:
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5, enableECSManagedTags=True)
    recorded.write("task.json", task_definition("repo/web:2"))
    recorded.write("service.json", service() | {"healthCheckGracePeriodSeconds": 9, "desiredCount": 2})
    before = recorded.drift()
    recorded.gateway.calls.clear()
    plan = recorded.fix("live")
    assert recorded.methods == ["update_service"]
    assert [change.address for change in plan.unit(UNIT).changes] == ["desiredCount", "enableECSManagedTags"]
    assert plan.unit(REVISION).changes == ()
    assert plan.project.record == ""
    assert recorded.described()["desiredCount"] == 2
    left = recorded.drift()
    assert left == {place: drift for place, drift in before.items() if drift.cause is Cause.CONFIGURATION}
    assert len(left) == 2


def test_a_revision_is_the_live_one_with_what_is_fixed(recorded: Recorded) -> None:
    recorded.by_hand(LEVEL="debug")
    recorded.write("task.json", task_definition("repo/web:2"))
    assert {place: drift.cause for place, drift in recorded.drift().items()} == {
        f'{REVISION} {ENVIRONMENT}["LEVEL"]': Cause.LIVE,
        f'{REVISION} containerDefinitions["app"].image': Cause.CONFIGURATION,
    }
    recorded.fix("live")
    assert recorded.containers()[0]["image"] == "repo/web:1"
    assert variables(recorded) == {"VPC": "vpc-1"}
    (left,) = recorded.drift().values()
    assert left.cause is Cause.CONFIGURATION


def test_a_saved_fix_is_applied_as_any_plan(recorded: Recorded) -> None:
    recorded.by_hand(LEVEL="debug")
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5, enableECSManagedTags=True)
    recorded.write("task.json", task_definition("repo/web:2"))
    with recorded.opened() as reconciler:
        plan = reconciler.fix(reconciler.drift(), ["live", "medium"])
    recorded.apply(plan)  # reads it from its text, and checks it
    assert (recorded.containers()[0]["image"], variables(recorded)) == ("repo/web:1", {"VPC": "vpc-1"})
    assert recorded.described()["desiredCount"] == 2
    assert {drift.cause: drift.address for drift in recorded.drift().values()} == {
        Cause.CONFIGURATION: 'containerDefinitions["app"].image',
        Cause.LIVE: "enableECSManagedTags",
    }


def test_a_live_secret_that_stays_is_in_no_saved_plan(recorded: Recorded) -> None:
    """The file has a reference to another password now: what runs is kept, and stands nowhere."""
    body = task_definition()
    pairs = body["containerDefinitions"][0]["environment"]
    pairs.append({"name": "URL", "value": "pg://{{ tfstate `output.password` }}@db"})
    recorded.write("task.json", body)
    recorded.keep()
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    recorded.state(password="another-password")
    body["containerDefinitions"][0]["image"] = "repo/web:2"
    recorded.write("task.json", body)
    with recorded.opened() as reconciler:
        plan = reconciler.fix(reconciler.drift(), ["live"])
        text = plan.to_json()
    assert PASSWORD not in text
    assert "another-password" not in text


def test_by_severity_and_the_rest_keeps_its_cause(recorded: Recorded) -> None:
    recorded.by_hand(LEVEL="debug")
    recorded.gateway.edit(CLUSTER, SERVICE, enableECSManagedTags=True)
    recorded.fix("medium")
    (left,) = recorded.drift().values()
    assert (left.address, left.cause) == ("enableECSManagedTags", Cause.LIVE)


def test_all_of_it_is_an_apply_and_recorded(recorded: Recorded) -> None:
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    recorded.write("task.json", task_definition("repo/web:2"))
    assert recorded.fix().project.record == ".applied"
    assert recorded.drift() == {}


def test_what_is_accepted_stays(recorded: Recorded) -> None:
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    with recorded.opened() as reconciler:
        reconciler.accept(reconciler.drift(), "load test")
    recorded.by_hand(LEVEL="debug")
    assert recorded.fix().project.record == ""
    assert recorded.described()["desiredCount"] == 5
    assert variables(recorded) == {"VPC": "vpc-1"}


def test_a_service_that_is_gone_is_made_anew(recorded: Recorded) -> None:
    recorded.gateway.delete(CLUSTER, SERVICE)
    recorded.fix("live")
    assert recorded.described()["status"] == "ACTIVE"


def test_without_a_record_nobody_knows_what_to_fix(world: World) -> None:
    world.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    with world.opened() as reconciler:
        drifted = reconciler.drift()
        with pytest.raises(PlanError, match="the last apply is not recorded"):
            reconciler.fix(drifted)


def test_what_cannot_be_told_apart_is_refused(recorded: Recorded) -> None:
    """A tag of the service and one of the revision have the same pointer: both would be kept."""
    recorded.write("task.json", task_definition() | {"tags": [{"key": "env", "value": "new"}]})
    arn = str(recorded.described()["serviceArn"])
    recorded.gateway.tag(arn, [{"key": "env", "value": "other"}])
    recorded.gateway.calls.clear()
    with pytest.raises(PlanError, match=r"it would not change service\.main/web tags"):
        recorded.fix("live")
    assert recorded.methods == []


def test_what_moved_since_it_was_compared_is_refused(recorded: Recorded) -> None:
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    with recorded.opened() as reconciler:
        drifted = reconciler.drift()
        recorded.gateway.edit(CLUSTER, SERVICE, enableECSManagedTags=True)
        with pytest.raises(PlanError, match=r"it would change service\.main/web enableECSManagedTags, too"):
            reconciler.fix(drifted)
