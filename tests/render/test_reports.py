"""Plans as comments and annotations: whatever is in a plan, the one stays whole and the other one line each."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diffs import Action
from reconciler.core.plans import Awaited, Finding, Notice, Origins, Plan, Reason, Unit, Verb
from reconciler.core.values import Address, Json
from reconciler.errors import ConfigError, HclErrors, Where
from reconciler.render import markdown
from reconciler.render.annotations import command, commands
from reconciler.render.fleets import Member

FIXTURES = Path(__file__).parents[2] / "fixtures/render/reports"

# What would mean something in Markdown, in HTML, in a workflow command, or to a terminal.
PIECES = (
    "```", "`````diff", "~~~", "`", "<details>", "</details>", "<summary>", "-->", "<!--", "--", "<b>", "&lt;", "|",
    "\\|", "\\", "\n", "\r", "\n\n", "::error::", "::", "@team", "#12", "[a](b)", "![a](b)", "*", "_", "> ", "%0A", "%",
    ",", ":", "\u2028", "\x85", "\x0b", "\x1b[2J", "\ud800", "é", "設定", "🙂", "{left}", " ", "web", "x" * 300,
    "- y\n" * 40,
)  # fmt: skip
evil = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=6).map("".join)
wheres = st.none() | st.builds(Where, evil, st.integers(0, 9), st.integers(1, 9))
notices = st.lists(st.builds(Notice, what=evil, where=wheres, hint=st.none() | evil), max_size=3).map(tuple)
values: st.SearchStrategy[Json] = st.recursive(
    evil | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(evil, inner, max_size=3),
    max_leaves=5,
)
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

# What our own Markdown is made of, once code spans are taken out of a line.
OURS = re.compile(
    r"""<!--\ reconciler\ plan\ (?:(?!--|[<>]).)*\ -->
      | \#\#\#\ .*
      | >\ \[!(?:CAUTION|WARNING)\]
      | (?:>\ )?_.*_
      | \|.*\|
      | <details><summary>(?:<code>[^<>]*</code>\ )?<code>[^<>]*</code>:\ [a-z0-9\ ]+</summary>
      | </details>
      | """,
    re.VERBOSE,
)


def checked(text: str) -> int:
    """Read a comment as GitHub's Markdown would; give how many details there are in it."""
    lines = text.split("\n")
    assert lines.pop() == ""
    assert text.splitlines() == lines, "nothing but a line feed ends a line"
    fence: tuple[str, str] | None = None
    folded: list[int] = []
    for number, line in enumerate(lines):
        prefix = "> " if line.startswith("> ") else ""
        ticks = re.match("`{3,}", line[len(prefix) :])
        if fence is not None:
            assert line.startswith(fence[0]), "a frame goes around all of a fence"
            inner = line[len(fence[0]) :]
            closing = re.fullmatch(r" {0,3}(`{3,}) *", inner)
            if closing is not None and len(closing[1]) >= len(fence[1]):
                assert inner == fence[1], "only we close a fence"
                fence = None
        elif ticks is not None:
            assert line[len(prefix) :] in (f"{ticks[0]}diff", f"{ticks[0]}text")
            fence = prefix, ticks[0]
        else:
            _ours(line)
            if line.startswith("<details>"):
                assert lines[number + 1] == "", "Markdown begins again behind an empty line"
                folded.append(number)
            elif line == "</details>":
                assert lines[number - 1] == ""
                folded[-1] *= -1
            assert all(place <= 0 for place in folded[:-1]), "one in another"
    assert fence is None
    assert all(place < 0 for place in folded)
    return len(folded)


def _ours(line: str) -> None:
    """Check that a line outside of fences has no markup but ours."""
    bare = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
    if not line.startswith("<"):
        bare = re.sub(r"<code>[^<>`*_@|\\]*</code>", "", bare)
        assert not set(bare) & set("`<@\\"), line
    assert OURS.fullmatch(bare), line


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


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as GitHub's runner does."""
    assert line.startswith("::")
    head, message = line[2:].split("::", 1)
    name, _, rest = head.partition(" ")
    properties = dict(each.split("=", 1) for each in rest.split(","))
    assert not re.search("%(?!25|0D|0A|3A|2C)", line), "what else is escaped stays so"
    return name, {key: unquote(value) for key, value in properties.items()}, unquote(message)


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
