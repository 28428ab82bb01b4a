"""What is news, held against what was told last."""

from __future__ import annotations

import pytest

from reconciler.core import alerts
from reconciler.core.alerts import Alert, Known, Sort, Topic
from reconciler.core.values import Json

KEY = b"key"


def drift(field: str, live: Json = 1, *, project: str = "a.yml", cause: str = "live") -> Alert:
    topic = Topic(
        sort=Sort.DRIFT, project=project, unit="service.c/a", address=field, cause=cause, severity="low"
    )
    return Alert(topic=topic, live=live, wanted=0, has_live=True, has_wanted=True)


def failed(project: str, message: str = "no") -> Alert:
    return Alert(topic=Topic(sort=Sort.FAILED, project=project), message=message)


STRAY = Alert(topic=Topic(sort=Sort.UNMANAGED, unit="service.c/x", address="1 eu-west-1"))


def told(*found: Alert) -> tuple[Known, ...]:
    """Give the memory of having told this."""
    return alerts.compare(found, (), KEY).memory


Told = tuple[list[str], list[str], list[str], int]
CASES: list[tuple[str, list[Alert], list[Alert], dict[str, object], Told]] = [
    ("a first run without anything", [], [], {}, ([], [], [], 0)),
    ("a first run", [], [drift("x"), failed("b.yml")], {}, (["x", "b.yml"], [], [], 0)),
    ("the same again", [drift("x"), STRAY], [drift("x"), STRAY], {}, ([], [], [], 2)),
    ("one more", [drift("x")], [drift("x"), drift("y")], {}, (["y"], [], [], 1)),
    ("one less", [drift("x"), drift("y")], [drift("y")], {}, ([], [], ["x"], 1)),
    ("another value", [drift("x")], [drift("x", 2)], {}, ([], ["x"], [], 0)),
    ("another cause", [drift("x")], [drift("x", cause="configuration")], {}, ([], ["x"], [], 0)),
    ("1 is not true", [drift("x", 1)], [drift("x", True)], {}, ([], ["x"], [], 0)),  # noqa: FBT003
    ("another message", [failed("a.yml", "here")], [failed("a.yml", "there")], {}, ([], [], [], 1)),
    (
        "of a project without an answer nothing is over",
        [drift("x"), drift("x", project="b.yml")], [failed("a.yml")], {"unanswered": ["a.yml"]},
        (["a.yml"], [], ["x"], 1),
    ),
    ("and it comes back as it was", [drift("x"), failed("a.yml")], [drift("x")], {}, ([], [], ["a.yml"], 1)),
    (
        "a run that ended early ends nothing",
        [drift("x"), failed("b.yml"), STRAY], [failed(".")], {"everything": False}, (["."], [], [], 3),
    ),
    ("nobody looked for others", [drift("x"), STRAY], [drift("x")], {"surveyed": False}, ([], [], [], 2)),
    ("somebody did", [drift("x"), STRAY], [drift("x")], {}, ([], [], ["1 eu-west-1"], 1)),
]  # fmt: skip


def called(topic: Topic) -> str:
    return topic.address or topic.project


@pytest.mark.parametrize(
    ("then", "now", "how", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_is_news(then: list[Alert], now: list[Alert], how: dict[str, object], expected: Told) -> None:
    known = alerts.read(alerts.write(told(*then)))
    news = alerts.compare(now, known, KEY, **how)  # type: ignore[arg-type]
    new, changed = ([called(alert.topic) for alert in each] for each in (news.new, news.changed))
    assert (new, changed, [called(topic) for topic in news.over], news.still) == expected
    assert news.any == bool(new or changed or news.over)
    again = alerts.compare(now, news.memory, KEY, **how)  # type: ignore[arg-type]
    assert not again.any
    assert (again.memory, again.id) == (news.memory, news.id)


def test_a_memory_says_no_value_and_none_can_be_guessed() -> None:
    text = alerts.write(told(drift("x", "hunter2")))
    assert "hunter2" not in text
    (known,) = alerts.read(text)
    assert (
        known.digest
        == alerts.digest(drift("x", "hunter2"), KEY)
        != alerts.digest(drift("x", "hunter2"), b"other")
    )


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 2, "told": []}', '{"format": 1, "told": [{}]}']
)
def test_what_is_no_memory(text: str) -> None:
    with pytest.raises(ValueError):
        alerts.read(text)
