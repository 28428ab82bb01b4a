"""What is said of a file before anything is compared."""

from __future__ import annotations

import pytest

from reconciler.core import canon, diffs
from reconciler.core.documents import Resolved
from reconciler.core.redaction import MASK
from reconciler.core.values import Address, JsonObject, Origin, Path
from reconciler.engine import composing
from reconciler.errors import ConfigError
from tests.core.documents import KINDS

MISTYPED = Resolved("service.json", {"launchType": "FARGTE"})


def test_a_word_that_the_api_model_does_not_know_is_a_warning() -> None:
    (notice,) = composing.compose(KINDS.service, MISTYPED).notices
    assert notice.what == "the API model knows no `launchType` `FARGTE`"
    assert notice.hint == "the nearest is `FARGATE`"


def test_a_strict_plan_refuses_it() -> None:
    with pytest.raises(ConfigError, match="knows no `launchType` `FARGTE`"):
        composing.compose(KINDS.service, MISTYPED, strict=True)


def test_a_word_in_another_case_is_an_error_and_is_not_corrected() -> None:
    with pytest.raises(ConfigError, match="`fargate` is no `launchType`: case matters") as caught:
        composing.compose(KINDS.service, Resolved("service.json", {"launchType": "fargate"}))
    assert caught.value.hint == "write FARGATE"


def test_a_secret_that_is_no_such_word_is_not_quoted() -> None:
    data = {"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "hunter-2"}}}
    path = ("networkConfiguration", "awsvpcConfiguration", "assignPublicIp")
    (notice,) = composing.compose(KINDS.service, Resolved("s", data, sensitive=frozenset({path}))).notices
    assert notice.what == f"the API model knows no `assignPublicIp` `{MASK}`"


def test_what_a_template_prints_for_a_member_that_is_not_there_is_warned_of() -> None:
    data: JsonObject = {
        "family": "web-<no value>",
        "tags": [{"key": "a", "value": "<no value>"}],
        "volumes": [],
    }
    made: dict[Path, frozenset[Origin]] = {
        ("family",): frozenset({Origin(Address("git", "tag"))}),
        ("volumes",): frozenset(),
    }
    (notice,) = composing.compose(KINDS.task_definition, Resolved("t", data, origins=made)).notices
    assert "a template asked for a member that is not there" in notice.what
    with pytest.raises(ConfigError, match="family: `<no value>` stands here"):
        composing.compose(KINDS.task_definition, Resolved("t", data, origins=made), strict=True)


def tagged(*keys: str) -> dict[str, list[dict[str, str]]]:
    """Give a document that has tags, all of one value."""
    return {"tags": [{"key": key, "value": "x"} for key in keys]}


CONSOLE = "ecs:taskDefinition:createdFrom"


@pytest.mark.parametrize(
    ("file", "live", "changes"),
    [
        ((), ("aws:cloudformation:stack-name", "AWS:x"), []),
        ((), (CONSOLE,), []),
        ((CONSOLE,), (), ["add"]),
        ((CONSOLE,), (CONSOLE,), []),
        ((CONSOLE, "a"), (CONSOLE, "ecs:taskDefinition:stackId", "b"), ["add", "remove"]),
    ],
    ids=["AWS's own", "the console's", "declared", "declared and there", "beside others"],
)
def test_whose_a_tag_is(file: tuple[str, ...], live: tuple[str, ...], changes: list[str]) -> None:
    kind = KINDS.task_definition
    desired = composing.without_tags(composing.compose(kind, Resolved("task.json", tagged(*file))), ())
    there = composing.ignoring(
        canon.canon(kind, tagged(*live), desired=False, like=desired.canon), (), desired.canon
    )
    assert [change.action.value for change in diffs.diff(desired.canon, there).changes] == changes
    assert desired.notices == ()
    assert [tag["key"] for tag in desired.canon.wire.get("tags", [])] == list(file)  # type: ignore[union-attr, index, call-overload]


@pytest.mark.parametrize("key", ["aws:cloudformation:stack-name", "Aws:x"])
def test_a_reserved_tag_is_not_sent_and_that_is_said(key: str) -> None:
    composed = composing.compose(KINDS.service, Resolved("service.json", tagged("a", key)))
    desired = composing.without_tags(composed, ())
    assert desired.canon.wire == tagged("a")
    (notice,) = desired.notices
    assert notice.what == f"the tag `{key}` is AWS's own and is not sent"
    assert composing.without_tags(composed, (key,)).notices == ()


def test_a_reserved_tag_that_is_a_secret_is_not_quoted() -> None:
    resolved = Resolved("s", tagged("aws:hunter-2"), sensitive=frozenset({("tags", 0, "key")}))
    (notice,) = composing.without_tags(composing.compose(KINDS.service, resolved), ()).notices
    assert notice.what == f"the tag `{MASK}` is AWS's own and is not sent"
