"""Which projects may begin, held against the simplest account of it there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import schedules
from reconciler.core.schedules import Cause, Course, End, Schedule, Why

NAMES = "abcdefg"
AFTER_A = Cause(Why.NEEDS, "a")
Needs = Mapping[str, tuple[str, ...]]


@st.composite
def needs(draw: st.DrawFn) -> Needs:
    """Draw projects that depend on others without a circle, named in any order."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    found = {
        name: tuple(draw(st.lists(st.sampled_from(names[:place]), max_size=3, unique=True))) if place else ()
        for place, name in enumerate(names)
    }
    return {name: found[name] for name in draw(st.permutations(names))}


def ends(needs: Needs, bad: frozenset[str]) -> Mapping[str, End | None]:
    """Say how each would end if all went on that can: None where it depends on one that did not go well."""

    @cache
    def end(name: str) -> End | None:
        if any(end(each) is not End.THROUGH for each in needs[name]):
            return None
        return End.FAILED if name in bad else End.THROUGH

    return {name: end(name) for name in needs}


@given(
    needs(),
    st.frozensets(st.sampled_from(NAMES)),
    st.integers(1, 3),
    st.booleans(),
    st.integers(0, 12),
    st.data(),
)
def test_a_course(
    needs: Needs, bad: frozenset[str], at_once: int, keep_going: bool, interrupted: int, data: st.DataObject
) -> None:
    course = Course(Schedule(needs=needs, at_once=at_once, keep_going=keep_going))
    failures: list[str] = []
    for moment in range(100):
        if moment == interrupted:
            course = course.interrupt()
        for name in course.ready():
            assert not course.interrupted
            assert keep_going or not failures
            assert all(course.ended[each] is End.THROUGH for each in needs[name])
            course = course.begin(name)
        assert len(course.running) <= at_once
        if not course.running:
            break
        name = data.draw(st.sampled_from(course.running))
        end = End.FAILED if name in bad else End.LET_GO if course.interrupted else End.THROUGH
        failures += [name] if end is End.FAILED else []
        course = course.end(name, end)
    left = course.left()
    assert not course.running
    assert sorted([*course.ended, *left]) == sorted(needs), "each has one end, or one cause for having none"
    for name, cause in left.items():
        match cause.why:
            case Why.NEEDS:
                assert cause.of in failures
                assert cause.of in schedules.behind(needs, name)
            case Why.STOPPED:
                assert not keep_going
                assert cause.of == failures[0]
            case Why.INTERRUPTED:
                assert course.interrupted
                assert not cause.of
    if not course.interrupted and (keep_going or not failures):
        found = ends(needs, bad)
        assert {name: course.ended.get(name) for name in needs} == found


@pytest.mark.parametrize(
    ("ended", "keep_going", "left"),
    [
        ({"a": End.FAILED}, False, {"b": AFTER_A, "c": AFTER_A, "d": Cause(Why.STOPPED, "a")}),
        ({"a": End.FAILED}, True, {"b": AFTER_A, "c": AFTER_A}),
        ({"d": End.FAILED, "a": End.FAILED}, False, {"b": AFTER_A, "c": AFTER_A}),
        ({"b": End.FAILED, "a": End.THROUGH}, True, {"c": Cause(Why.NEEDS, "b")}),
        ({"a": End.THROUGH}, True, {}),
    ],
)  # fmt: skip
def test_what_never_begins(ended: Mapping[str, End], keep_going: bool, left: Mapping[str, Cause]) -> None:
    schedule = Schedule(
        needs={"a": (), "b": ("a",), "c": ("b", "a"), "d": ()}, at_once=2, keep_going=keep_going
    )
    assert Course(schedule, ended=ended).left() == left


def test_whatever_is_first_begins_first() -> None:
    course = Course(Schedule(needs={"c": (), "b": ("a",), "a": (), "d": ()}, at_once=2))
    assert course.ready() == ("c", "a")
    assert course.begin("c").begin("a").ready() == ()
    assert course.begin("c").begin("a").end("a", End.THROUGH).ready() == ("b",)


@pytest.mark.parametrize(
    ("needs", "circle"),
    [
        ({"a": ("b",), "b": ("c",), "c": ()}, ()),
        ({"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}, ()),
        ({"a": ("a",)}, ("a", "a")),
        ({"z": ("a",), "a": ("c", "b"), "b": ("a",), "c": ()}, ("a", "b", "a")),
        ({"a": ("b",), "b": ("c",), "c": ("a",)}, ("a", "b", "c", "a")),
    ],
)
def test_circles(needs: Mapping[str, Sequence[str]], circle: tuple[str, ...]) -> None:
    assert schedules.circle(needs) == circle
