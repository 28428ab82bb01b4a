"""Plans as comments and annotations: whatever is in a plan, the one stays whole and the other one line each."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diffs import Action
from reconciler.core.plans import Awaited, Finding, Notice, Origins, Plan, Reason, Unit, Verb
from reconciler.core.values import Address, Json
from reconciler.errors import ConfigError, HclErrors, Where
from reconciler.render import human, markdown
from reconciler.render.annotations import command, commands
from reconciler.render.fleets import Member
from reconciler.render.reports import planpages
from reconciler.render.texts import safe
from tests.render.reading import checked, evil, parsed, values
from tests.render.test_drift_reports import Reader

FIXTURES = Path(__file__).parents[2] / "fixtures/render/reports"

wheres = st.none() | st.builds(Where, evil, st.integers(0, 9), st.integers(1, 9))
notices = st.lists(st.builds(Notice, what=evil, where=wheres, hint=st.none() | evil), max_size=3).map(tuple)
findings = st.builds(
    Finding,
    address=evil,
    pointer=st.just(""),
    action=st.sampled_from(Action),
    before=values,
    after=values,
    note=evil,
    reasons=st.lists(
        st.builds(Reason, pointer=st.just(""), address=st.builds(Address, evil, evil)), max_size=1
    ).map(tuple),
)
units = st.builds(
    Unit,
    address=evil, kind=st.just("service"), name=evil, account=st.just(""), region=st.just(""), cluster=evil,
    verb=st.sampled_from(Verb), live=evil, rollout=st.just("") | evil, desired=st.just({}),
    changes=st.lists(findings, max_size=3).map(tuple),
    noted=st.lists(findings, max_size=1).map(tuple),
    effects=st.lists(evil, max_size=2).map(tuple),
    awaits=st.lists(st.builds(Awaited, address=st.builds(Address, evil, evil), where=wheres), max_size=1).map(tuple),
)  # fmt: skip
plans = st.builds(
    Plan,
    project=st.just(Origins(file="f", digest="")),
    units=st.lists(units, max_size=3).map(tuple),
    notices=notices,
    refusals=notices,
)
members = st.builds(Member, evil, plans, places=st.just({})) | st.builds(
    lambda path, what, where, hint: Member.failed(path, ConfigError(what, where, hint)),
    evil, evil, wheres, st.none() | evil,
)  # fmt: skip


@given(st.lists(members, min_size=1, max_size=4), evil, st.sampled_from([4096, 5000, 65536]), st.booleans())
def test_a_comment_is_whole_and_short_enough(
    found: Sequence[Member], name: str, limit: int, several: bool
) -> None:
    found = found if several else found[:1]
    text = markdown.comment(found, name, several=several, limit=limit)
    checked(text)
    assert len(text) <= limit
    text.encode()
    roomy = markdown.comment(found, name, several=several, limit=10_000_000)
    assert "Left out: " not in roomy
    assert text == roomy or ("Left out: " in text and len(roomy) > limit)


@given(st.lists(members, min_size=1, max_size=3), evil)
def test_no_text_is_markup_in_a_page(found: Sequence[Member], name: str) -> None:
    reader = Reader()
    reader.feed(planpages.page(found, name, several=len(found) > 1))
    reader.close()
    assert reader.around == []
    told = "".join(data for _, data in reader.heard)
    for member in found:
        assert safe(member.path) in told
        assert all(safe(line) in told for line in member.error.split("\n"))
        for notice in member.plan.refusals + member.plan.notices if member.plan is not None else ():
            assert all(safe(line) in told for line in notice.what.split("\n"))
        for unit in member.plan.units if member.plan is not None else ():
            if human.speaks(unit):
                assert safe(unit.address) in told


@given(st.lists(members, min_size=1, max_size=3))
def test_an_annotation_is_one_line_that_the_runner_reads(found: Sequence[Member]) -> None:
    text = commands(found)
    lines = text.splitlines()
    assert text == "".join(f"{line}\n" for line in lines)
    read = [parsed(line) for line in lines]
    order = ["error", "warning", "notice"]
    assert [name for name, _, _ in read] == sorted((name for name, _, _ in read), key=order.index)
    assert all(properties.keys() <= {"file", "line", "col", "title"} for _, properties, _ in read)
    plan = [member.plan for member in found if member.plan is not None]
    counted = sum(
        len(each.notices)
        + len(each.refusals)
        + sum((unit.verb is not Verb.NONE) + bool(unit.rollout) for unit in each.units)
        for each in plan
    )
    assert len(read) == counted + sum(member.plan is None for member in found)


@pytest.mark.parametrize(
    ("where", "message", "line"),
    [
        (None, "a", "::error title=t%2C %3A%25::a\n"),
        (Where("a.json"), "50 %: a, b", "::error file=a.json,title=t%2C %3A%25::50 %25: a, b\n"),
        (Where("C:a,b", 3, 4), "a\nb", "::error file=C%3Aa%2Cb,line=3,col=4,title=t%2C %3A%25::a%0Ab\n"),
        (None, "a\rb\u2028%0A", "::error title=t%2C %3A%25::a\\rb\\u2028%250A\n"),
    ],
)
def test_a_command_is_escaped_as_github_reads_it(where: Where | None, message: str, line: str) -> None:
    assert command("error", "t, :%", message, where) == line


def finding(address: str, before: Json, after: Json) -> Finding:
    return Finding(address=address, pointer="", action=Action.REPLACE, before=before, after=after)


def planned(*changes: Finding, name: str = "c/web", **more: object) -> Plan:
    unit = Unit(
        address=f"service.{name}", kind="service", name=name, account="", region="", cluster="c",
        verb=Verb.UPDATE, changes=changes, desired={}, effects=("a new deployment",),
    )  # fmt: skip
    return Plan(project=Origins(file="f", digest=""), units=(unit,), **more)  # type: ignore[arg-type]


def long(count: int, name: str) -> Plan:
    """Make a plan with so many changes, each a line of 40 characters."""
    return planned(*(finding(f"a{number:05}", "b" * 10, "c" * 11) for number in range(count)), name=name)


def fleet() -> list[Member]:
    """Make projects of every sort."""
    errors = HclErrors("two", errors=(ConfigError("x is no y", Where("b.hcl", 2, 3)), ConfigError("<b>")))
    refused = Notice(what="no network", where=Where("d/service.json", 7, 5), hint="add one")
    warned = Notice(what="`memroy` is unknown", where=Where("a/task.json", 69, 3))
    awaited = Awaited(address=Address("tfstate", "aws_subnet.b"), where=Where("e/s.json", 1, 2))
    waiting = Unit(
        address="service.c/e", kind="service", name="c/e", account="", region="", cluster="c", verb=Verb.DEFER,
        desired={}, awaits=(awaited,),
    )  # fmt: skip
    return [
        Member(
            "a/reconciler.yml",
            planned(finding("command", "echo ```", "echo |"), notices=(warned,)),
            places={"service.c/web": Where("a/service.json", 12, 3)},
        ),
        Member.failed("b/reconciler.hcl", errors),
        Member("c/reconciler.yml", Plan(project=Origins(file="f", digest=""), units=())),
        Member("d/reconciler.yml", planned(finding("launchType", "EC2", "FARGATE"), refusals=(refused,))),
        Member("e/reconciler.yml", Plan(project=Origins(file="f", digest=""), units=(waiting,))),
    ]


def test_projects_of_every_sort() -> None:
    found = {
        "fleet.md": markdown.comment(fleet(), ". shard=1/2", several=True),
        "fleet.txt": commands(fleet(), lambda path: f"apps/{path}"),
        "fleet.html": planpages.page(fleet(), ". shard=1/2", several=True),
    }
    if "RECONCILER_UPDATE_GOLDENS" in os.environ:
        for name, text in found.items():
            (FIXTURES / name).write_text(text)
    expected = {name: (FIXTURES / name).read_text() for name in found}
    assert found == expected
    assert checked(found["fleet.md"]) == 2


def test_what_is_largest_is_cut_first() -> None:
    small, large, larger = (
        Member(f"{name}.yml", long(count, name))
        for name, count in (("small", 20), ("large", 900), ("larger", 1200))
    )
    text = markdown.comment([large, small, larger], ".", several=True)
    assert checked(text) == 3
    assert markdown.LIMIT - 200 < len(text) <= markdown.LIMIT
    first, second, third = text.split("<details>")[1:]
    assert "Left out" not in second
    left = {name: re.search(r"^_Left out: ([\d,]+) of ([\d,]+) lines. `(.*)` shows them all._$", part, re.MULTILINE)
            for name, part in (("large", first), ("larger", third))}  # fmt: skip
    assert left["large"] is not None
    assert left["larger"] is not None
    assert (left["large"][2], left["larger"][2]) == ("900", "1,200")
    assert left["large"][3] == "reconciler plan --config large.yml"
    kept = [900 - int(left["large"][1].replace(",", "")), 1200 - int(left["larger"][1].replace(",", ""))]
    assert abs(kept[0] - kept[1]) <= 1, "what room there is is shared"


def test_a_line_is_shown_whole_or_not_at_all() -> None:
    text = markdown.comment([Member("a.yml", planned(finding("a", 1, "é" * 70_000)))], "a.yml", several=False)
    assert checked(text) == 1
    assert "é" not in text
    assert "_Left out: 1 of 3 lines. `reconciler plan --config a.yml` shows them all._" in text


def test_more_projects_than_a_comment_has_room_for() -> None:
    found = [Member(f"{number}.yml", long(2, f"web{number}")) for number in range(2000)]
    found += [Member.failed("broken.yml", ConfigError("it is broken"))]
    text = markdown.comment(found, ".", several=True)
    checked(text)
    assert len(text) <= markdown.LIMIT
    assert "it is broken" in text
    assert re.search(r"^_Left out: [\d,]+ of 2,000 units, ", text, re.MULTILINE)
    assert re.search(r"^_Left out: the changes of [\d,]+ more units, ", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("services/web/ecspresso.yml", "services/web/ecspresso.yml"),
        (". only=*/s0[3-5] shard=2/4", ". only=*/s0[3-5] shard=2/4"),
        ("a-->b", "a-%2D%3Eb"),
        ("été", "%C3%A9t%C3%A9"),
    ],
)
def test_the_marker_is_found_again_and_ends_no_comment(name: str, marker: str) -> None:
    assert markdown.marker(name) == f"<!-- reconciler plan {marker} -->"
    assert markdown.marker("x" * 999) == markdown.marker("x" * 999) != markdown.marker("x" * 1000)
