"""The tags that say whose a thing is, and from what it was applied: written along, and no difference by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from reconciler.core import stamps
from reconciler.core.plans import Verb
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Snapshot
from reconciler.errors import ConfigError
from tests.engine.test_expressing import PROJECT as EXPRESS
from tests.engine.test_expressing import Express
from tests.engine.worlds import (
    CLUSTER,
    PASSWORD,
    PROJECT,
    REVISION,
    SERVICE,
    UNIT,
    World,
    service,
    task_definition,
)

STAMP = "stamp: {owner: shop, digest: true, revision: true}\n"
OWNER, DIGEST, FROM = stamps.OWNER, stamps.DIGEST, stamps.REVISION


@pytest.fixture
def stamped(empty: World) -> World:
    """Give a project that runs, stamped from revision `one`."""
    empty.environ["RECONCILER_REVISION"] = "one"
    empty.write("reconciler.yml", PROJECT + STAMP)
    empty.deployed()
    return empty


def service_tags(world: World) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in world.tags()}


def task_tags(world: World) -> dict[str, str]:
    found = world.gateway.describe_task_definition("web")
    assert isinstance(found, Snapshot)
    return {tag["key"]: tag["value"] for tag in cast("list[Any]", found.body["tags"])}


def causes(world: World) -> dict[str, tuple[str | None, str]]:
    with world.opened() as reconciler:
        drifted = reconciler.drift()
    return {
        f"{drift.unit} {drift.address}": (drift.cause.value if drift.cause else None, drift.note)
        for drift in drifted.drifts
    }


def test_what_is_made_is_stamped_and_stays_without_a_difference(stamped: World) -> None:
    tags = service_tags(stamped)
    assert (tags[OWNER], tags[FROM], tags["env"]) == ("shop", "one", "dev")
    assert task_tags(stamped).keys() == {OWNER, DIGEST, FROM}
    assert tags[DIGEST] != task_tags(stamped)[DIGEST]
    stamped.environ["RECONCILER_REVISION"] = "two"
    assert not stamped.plan().changes, "another revision alone changes nothing"
    assert causes(stamped) == {}


def test_along_with_a_change_its_unit_is_stamped_anew_and_no_other(stamped: World) -> None:
    before = task_tags(stamped), service_tags(stamped)
    stamped.environ["RECONCILER_REVISION"] = "two"
    stamped.write("service.json", service() | {"desiredCount": 3})
    plan = stamped.plan()
    assert plan.unit(REVISION).verb is Verb.NONE
    assert plan.unit(UNIT).effects[-1] == "stamped with revision two"
    assert [change.address for change in plan.unit(UNIT).changes] == ["desiredCount"]
    stamped.apply(plan)
    after = service_tags(stamped)
    assert (task_tags(stamped), after[FROM], after[OWNER]) == (before[0], "two", "shop")
    assert after[DIGEST] != before[1][DIGEST]
    assert not stamped.plan().changes


def test_another_owner_is_a_change_of_its_own(world: World) -> None:
    world.write("reconciler.yml", PROJECT + "stamp: {owner: shop}\n")
    plan = world.plan()
    assert [change.address for unit in plan.units for change in unit.changes] == [
        "tags",
        'tags["reconciler:owner"]',
    ]
    world.apply(plan)
    assert service_tags(world) == {"env": "dev", OWNER: "shop"}
    assert world.methods == ["tag", "tag"]
    world.write("reconciler.yml", PROJECT + "stamp: {owner: other}\n")
    world.apply()
    assert (service_tags(world)[OWNER], task_tags(world)) == ("other", {OWNER: "other"})


def test_a_project_that_stamps_no_more_leaves_the_tags_until_they_would_lie(stamped: World) -> None:
    stamped.write("reconciler.yml", PROJECT)
    assert not stamped.plan().changes
    stamped.write("service.json", service() | {"desiredCount": 3})
    stamped.apply()
    assert service_tags(stamped) == {"env": "dev", OWNER: "shop"}
    assert DIGEST in task_tags(stamped), "the revision is what it was"


def test_an_apply_that_was_cut_short_registers_no_second_revision(stamped: World) -> None:
    stamped.write("task.json", task_definition("repo/web:2"))
    stamped.environ["RECONCILER_REVISION"] = "two"
    first = stamped.plan()
    stamped.apply(first)
    stamped.environ["RECONCILER_REVISION"] = "three"
    stamped.gateway.edit(CLUSTER, SERVICE, taskDefinition=stamped.arn(1))
    stamped.apply()
    assert stamped.methods.count("register_task_definition") == 1
    assert stamped.described()["taskDefinition"] == stamped.arn(2)
    assert task_tags(stamped)[FROM] == "two"


def test_without_a_record_the_digest_tells_who_moved(stamped: World) -> None:
    stamped.gateway.edit(CLUSTER, SERVICE, desiredCount=7)
    same = "when it was applied from revision one, the files said the same"
    assert causes(stamped) == {f"{UNIT} desiredCount": ("live", same)}
    stamped.write("service.json", service() | {"enableECSManagedTags": True})
    other = "when it was applied from revision one, the files said something else"
    assert set(causes(stamped).values()) == {(None, other)}
    assert len(causes(stamped)) == 2
    stamped.write("service.json", service())
    stamped.write("reconciler.yml", PROJECT)
    assert causes(stamped) == {f"{UNIT} desiredCount": (None, "")}, "nobody asked for tags"
    stamped.write("reconciler.yml", PROJECT + STAMP.replace("shop", "other"))
    assert set(causes(stamped).values()) == {(None, other)}


def test_no_secret_is_in_the_digest_and_of_none_it_tells(empty: World) -> None:
    definition = task_definition()
    container = definition["containerDefinitions"][0]
    container["environment"] += [
        {"name": "DSN", "value": "{{ tfstate `output.password` }}"},
        {"name": "API_TOKEN", "value": "literal-in-the-file"},
    ]
    empty.write("reconciler.yml", PROJECT + STAMP)
    empty.write("task.json", definition)
    empty.deployed()
    first = task_tags(empty)[DIGEST]
    empty.state(password="another-correct-horse")
    with empty.opened(show_sensitive=True) as reconciler:
        plan = reconciler.plan()
        reconciler.apply(plan)
    assert task_tags(empty)[DIGEST] == first, "shown or not, a secret is a mark"
    empty.state(password=PASSWORD)
    (told,) = causes(empty).values()
    assert told == (None, "when it was applied, the files said the same, but for secrets")


@pytest.mark.parametrize("where", ["file", "ignore"])
def test_the_file_wins_where_it_names_the_tags_itself(empty: World, where: str) -> None:
    text = PROJECT + STAMP
    if where == "file":
        mine = [{"key": OWNER, "value": "mine"}, {"key": FROM, "value": "7"}]
        empty.write("service.json", service() | {"tags": mine})
    else:
        text += f"ignore: {{tags: ['{OWNER}', '{FROM}']}}\n"
    empty.environ["RECONCILER_REVISION"] = "one"
    empty.write("reconciler.yml", text)
    plan = empty.plan()
    assert sum("is the files' own, or left to others" in notice.what for notice in plan.notices) >= 2
    empty.apply(plan)
    expected = {OWNER: "mine", FROM: "7"} if where == "file" else {"env": "dev"}
    assert {key: text for key, text in service_tags(empty).items() if key != DIGEST} == expected
    assert task_tags(empty).keys() == {DIGEST}
    assert not empty.plan().changes


def test_a_restricted_plan_stamps_nothing_that_it_does_not_look_at(stamped: World) -> None:
    stamped.environ["RECONCILER_REVISION"] = "two"
    stamped.write("task.json", task_definition("repo/web:2"))
    stamped.apply(stamped.plan(update_service=False))
    assert (task_tags(stamped)[FROM], service_tags(stamped)[FROM]) == ("two", "one")


def test_what_is_fixed_in_part_is_not_stamped(stamped: World) -> None:
    before = service_tags(stamped)
    stamped.environ["RECONCILER_REVISION"] = "two"
    stamped.write("service.json", service() | {"desiredCount": 3, "enableECSManagedTags": True})
    stamped.apply(stamped.plan(keep=("/desiredCount",)))
    assert service_tags(stamped) == before


def test_a_service_in_express_mode_is_stamped_too(tmp_path: Path) -> None:
    express = Express(tmp_path)
    express.environ["RECONCILER_REVISION"] = "one"
    express.write("reconciler.yml", EXPRESS + STAMP)
    express.deployed()
    tags = service_tags(express)
    assert (tags[OWNER], tags[FROM], tags["team"]) == ("shop", "one", "web")
    express.environ["RECONCILER_REVISION"] = "two"
    assert not express.plan().changes
    express.define(image="web:2")
    express.apply()
    after = service_tags(express)
    assert (after[FROM], after[DIGEST] != tags[DIGEST]) == ("two", True)
    assert not express.plan().changes


def test_no_revision_is_said_and_not_stamped(empty: World) -> None:
    empty.write("reconciler.yml", PROJECT + STAMP)
    plan = empty.plan()
    assert [notice.what for notice in plan.notices if "no revision is known" in notice.what] != []
    empty.apply(plan)
    assert FROM not in service_tags(empty)


def test_a_resource_takes_fifty_tags(empty: World) -> None:
    tags = [{"key": f"k{number}", "value": ""} for number in range(48)]
    empty.write("service.json", service() | {"tags": tags})
    empty.write("reconciler.yml", PROJECT + STAMP)
    with pytest.raises(ConfigError, match="takes 50 tags, and with `stamp` "):
        empty.plan()


@pytest.mark.parametrize(
    ("text", "fits", "value"),
    [
        ("shop/production", True, "shop/production"),
        ("Größe 1 _.:/=+-@", True, "Größe 1 _.:/=+-@"),
        ("a#b,c", False, "a-b-c"),
        ("x" * 257, False, "x" * 256),
        ("", True, ""),
        ("a\nb", False, "a-b"),
    ],
)
def test_what_the_value_of_a_tag_may_be(text: str, fits: bool, value: str) -> None:
    assert (stamps.fits(text), stamps.value(text)) == (fits, value)
    assert stamps.fits(stamps.value(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stamp: {}", "stamp asks for no tag"),
        ("stamp: {digest: 'yes'}", "digest is true or false, not a text"),
        ("stamp: {owner: 'a#b'}", "owner is the value of a tag: at most 256"),
        ("stamp: shop", "stamp is an object, not a text"),
        ("stamp: {owner: '{{ tfstate `output.password` }}'}", "a secret is in it"),
    ],
)
def test_what_is_no_stamp(empty: World, text: str, words: str) -> None:
    empty.write("reconciler.yml", f"{PROJECT}{text}\n")
    with pytest.raises(ConfigError, match=words) as caught:
        empty.plan()
    assert caught.value.where is not None
    assert caught.value.where.line == 9


def test_what_is_written_along_does_not_count_in_a_digest() -> None:
    tree: JsonObject = {"family": "web", "tags": {DIGEST: "a", FROM: "1", "env": "dev"}}
    assert stamps.digest(tree) == stamps.digest({"tags": {"env": "dev"}, "family": "web"})
    assert stamps.digest(tree) != stamps.digest({"family": "web"})
    assert stamps.digest(tree, "shop") == stamps.digest(
        {"family": "web", "tags": {OWNER: "shop", "env": "dev"}}
    )
    assert len({stamps.digest(tree, owner) for owner in ("", "shop", "other")}) == 3
    assert stamps.fits(stamps.digest(tree))
