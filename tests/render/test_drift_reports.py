"""Drift as comments, annotations and pages: whatever is in it, no text of it is markup."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.drifts import Acceptance, Cause, Change, Drift, Moved, Severity
from reconciler.core.plans import Notice
from reconciler.core.redaction import MASK
from reconciler.core.strays import Place, Stray, Unmanaged
from reconciler.errors import Where
from reconciler.render.drifts import Member
from reconciler.render.reports import Report, comments, notes, pages, unknown
from reconciler.render.texts import safe
from tests.render.reading import checked, evil, parsed, values

FIXTURES = Path(__file__).parents[2] / "fixtures/render/reports"
AT = 1_795_000_000.0

drifts = st.builds(
    Drift,
    unit=evil, address=evil, before=values, after=values, has_before=st.booleans(), has_after=st.booleans(),
    cause=st.none() | st.sampled_from(Cause), also=st.none() | st.just(Cause.LIVE),
    moved=st.lists(
        st.builds(Moved, address=evil, before=values, after=values, then=evil, now=evil), max_size=1
    ).map(tuple),
    note=evil, accepted=st.none() | st.builds(Acceptance, evil, evil, st.booleans()),
    severity=st.sampled_from(Severity),
    by=st.lists(st.builds(Change, who=evil, at=st.just(AT), client=evil, event=evil, id=evil), max_size=1).map(tuple),
)  # fmt: skip
places = st.builds(Place, evil, evil, evil)
members = st.builds(
    Member, evil, st.lists(drifts, max_size=2).map(tuple), st.none() | st.just(AT), st.booleans(),
    cluster=st.none() | places, service=evil,
    notices=st.lists(st.builds(Notice, what=evil, hint=st.none() | evil), max_size=1).map(tuple),
) | st.builds(
    lambda path, said: Member(path, error=said, wrong=(Notice(what=said),)), evil, evil.filter(bool)
)  # fmt: skip
strays = st.builds(
    Stray, account=evil, region=evil, cluster=evil, service=evil, arn=evil, owner=evil, manager=evil, by=evil,
    created=st.none() | st.just(AT), revision=evil,
)  # fmt: skip
reports = st.builds(
    Report,
    members=st.lists(members, min_size=1, max_size=3).map(tuple),
    name=evil, at=st.just(AT), several=st.sampled_from([True]),
    unmanaged=st.none()
    | st.builds(Unmanaged, strays=st.lists(strays, max_size=2).map(tuple), notes=st.lists(evil, max_size=1).map(tuple)),
)  # fmt: skip


class Reader(HTMLParser):
    """Reads a page as a browser would, and insists that there is no markup but ours."""

    def __init__(self) -> None:
        """Begin outside of everything."""
        super().__init__(convert_charrefs=True)
        self.around: list[str] = []
        self.heard: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Insist on elements and attributes that we write."""
        assert tag in OURS, tag
        given = dict(attrs)
        assert given.keys() <= OURS[tag], (tag, given)
        for value in given.values():
            assert value is None or value.isprintable()
        assert re.fullmatch("[a-z ]*", str(given.get("class", "")))
        if tag not in ("input", "meta"):
            self.around.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Insist that elements end in order."""
        assert self.around.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep texts."""
        if self.around:
            self.heard.append((self.around[-1], data))

    def handle_comment(self, data: str) -> None:
        """Refuse comments."""
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        """Refuse instructions."""
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        """Refuse sections."""
        raise AssertionError(data)


PLAIN: frozenset[str] = frozenset({"class"})
OURS = {
    **dict.fromkeys(
        re.findall("[a-z0-9]+", "b body code dd del dl dt h1 h2 h3 head header i ins label li main script small span "
                   "style summary table tbody td thead title tr ul"), PLAIN),
    "article": {"class", "data-cause", "data-severity", "data-verb"}, "button": {"type", "id"},
    "details": {"class", "open"},
    "div": {"class", "id", "hidden", "aria-hidden", "aria-label", "tabindex", "role"}, "html": {"lang"},
    "input": {"type", "id", "autocomplete", "spellcheck"},
    "meta": {"charset", "http-equiv", "name", "content"}, "option": {"value"}, "output": {"id", "role"},
    "p": {"class", "id", "hidden", "role"}, "pre": {"class", "tabindex"}, "section": {"class", "aria-label"},
    "select": {"id"}, "th": {"scope"}, "time": {"datetime"},
}  # fmt: skip


@given(reports, st.sampled_from([4096, 65536]))
def test_no_text_is_markup_in_any_report(report: Report, limit: int) -> None:
    comment = comments.comment(report, limit)
    checked(comment)
    assert len(comment) <= limit
    annotated(report)
    text = pages.page(report)
    (comment + text).encode()
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.around == []
    assert [data for tag, data in reader.heard if tag == "title"] == [safe(f"Drift: {report.name}")]
    assert sum(tag in ("script", "style") for tag, _ in reader.heard) == 2
    told = "".join(data for _, data in reader.heard)
    for member in report.members:
        assert safe(member.path) in told
        assert all(safe(line) in told for line in member.error.split("\n"))
        assert all(safe(each.address) in told for each in member.drifts)


def annotated(report: Report) -> None:
    """Check that an annotation is one line that the runner reads."""
    text = notes.commands(report)
    lines = text.splitlines()
    assert text == "".join(f"{line}\n" for line in lines)
    levels = [parsed(line)[0] for line in lines]
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)
    assert len(levels) == sum(
        bool(member.error) + sum(drift.counts for drift in member.drifts) for member in report.members
    ) + len(unknown(report)) + len(report.unmanaged.strays if report.unmanaged is not None else ())


def test_a_page_needs_nothing_but_itself() -> None:
    text = pages.page(fleet())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    directives = dict(each.split(" ", 1) for each in unescape(policy).split("; "))
    assert (
        directives.pop("default-src")
        == directives.pop("base-uri")
        == directives.pop("form-action")
        == "'none'"
    )
    for name in ("style", "script"):
        (inside,) = re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert directives.pop(f"{name}-src") == f"'sha256-{digest}'"
        assert not re.search(r"url\(|@import|fetch|XMLHttp|innerHTML|eval\(|import\(|</", inside)
    assert directives == {}
    assert not re.search(
        r"""\b(?:src|href|action|style|on\w+)\s*=""", re.sub("<script>.*", "", text, flags=re.DOTALL)
    )


SERVICE = "service.main/web"
TASK = "task_definition.web"


def drift(address: str, before: Any, after: Any, cause: Cause | None = Cause.LIVE, **more: Any) -> Drift:
    return Drift(
        **{"unit": SERVICE, "address": address, "before": before, "after": after, "cause": cause, **more}
    )


def fleet() -> Report:
    """Make projects of every sort."""
    member = 'containerDefinitions["web"].environment'
    settings = '{"level": "info", "hosts": ["a.example.com", "b.example.com"], "retries": 3}'
    web = (
        drift(
            "desiredCount", 5, 2, severity=Severity.LOW,
            by=(
                Change(
                    who="arn:aws:sts::123456789012:assumed-role/ops/ada", at=AT - 4000, client="the console",
                    event="UpdateService", id="7d1c6c1e-4b0f-4a0c-9d5e-2f1f0c5b7a11",
                ),
            ),
        ),
        drift(
            "networkConfiguration.awsvpcConfiguration.subnets", ["subnet-0a", "subnet-0b"], ["subnet-0c", "subnet-0b"],
            Cause.INFRASTRUCTURE, severity=Severity.HIGH,
            moved=(
                Moved(address="tfstate aws_subnet.private", before="subnet-0a", after="subnet-0c", then="42",
                      now="43", counted="serial"),
            ),
        ),
        drift(f'{member}["SETTINGS"]', settings, settings.replace("info", "debug").replace(": 3", ": 5"),
              Cause.CONFIGURATION, also=Cause.LIVE, unit=TASK),
        drift(f'{member}["NOTE"]', "one\ntwo\n", "one\n<b>three</b>\n", unit=TASK, severity=Severity.INFO),
        drift(f'{member}["API_KEY"]', MASK, MASK, Cause.INFRASTRUCTURE, unit=TASK,
              moved=(Moved(address="ssm /web/key", then="1", now="2"),)),
        drift("healthCheckGracePeriodSeconds", 60, None, has_after=False, severity=Severity.LOW),
        drift("loadBalancers", None, None, Cause.UNMANAGED, severity=Severity.INFO, note="CodeDeploy sets it"),
    )  # fmt: skip
    accepted = (
        drift("desiredCount", 9, 2, unit="service.main/api",
              accepted=Acceptance("load test | until Friday", "2026-12-01")),
        drift("propagateTags", "NONE", "SERVICE", unit="service.main/api",
              accepted=Acceptance("forgotten", "2026-01-01", expired=True)),
    )  # fmt: skip
    gone = Drift(
        unit="service.other/gone",
        address="",
        has_before=False,
        has_after=False,
        cause=None,
        severity=Severity.HIGH,
    )
    message = "b/service.json:3:5: tfstate has no `aws_subnet.c`"
    strays = (
        Stray(account="123456789012", region="eu-central-1", cluster="main", service="hand-made", arn="arn:aws:ecs:x",
              owner="team-a", created=AT - 90_000, by="arn:aws:iam::123456789012:user/bob", tasks=2),
    )  # fmt: skip
    main = Place("123456789012", "eu-central-1", "main")
    return Report(
        members=(
            Member("api/reconciler.yml", accepted, AT - 86_400, wanted=True, cluster=main, service="service.main/api"),
            Member("b/reconciler.yml", error=message, wrong=(Notice(what="no", where=Where("b/service.json", 3, 5)),)),
            Member("c/reconciler.yml", (), AT, wanted=True, cluster=main, service="service.main/c"),
            Member("gone.yml", (gone,), cluster=Place("123456789012", "us-east-1", "other"), service=gone.unit),
            Member(
                "web/reconciler.yml", web, AT - 3600, wanted=True, cluster=main, service=SERVICE,
                places={(SERVICE, "desiredCount"): Where("web/service.json", 4, 3)},
                notices=(Notice(what="CloudTrail may not be read", hint="allow cloudtrail:LookupEvents"),),
            ),
        ),
        name=". shard=1/2", at=AT, several=True,
        unmanaged=Unmanaged(strays=strays, notes=("b/reconciler.yml has no value, and may declare some of them",)),
    )  # fmt: skip


GOLDENS: dict[str, Callable[[Report], str]] = {
    "drift.md": comments.comment,
    "drift.html": pages.page,
    "drift.txt": lambda report: notes.commands(report, lambda path: f"apps/{path}"),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_projects_of_every_sort(name: str) -> None:
    found = GOLDENS[name](fleet())
    if "RECONCILER_UPDATE_GOLDENS" in os.environ:
        (FIXTURES / name).write_text(found)
    assert found == (FIXTURES / name).read_text()


def test_what_does_not_fit_in_a_comment_is_said() -> None:
    many = tuple(drift(f"a{number:05}", "b" * 10, "c" * 11) for number in range(1000))
    found = Report(members=(Member("web.yml", many),), name="web.yml", at=AT)
    text = comments.comment(found)
    assert checked(text) == 1
    assert re.search(
        r"^_Left out: [\d,]+ of 2,000 lines. `reconciler drift --config web.yml` shows", text, re.MULTILINE
    )


def luminance(color: str) -> float:
    """Give the relative luminance of `#rgb` or `#rrggbb` (WCAG 2.2, "relative luminance")."""
    digits = color[1:] if len(color) == 7 else "".join(each * 2 for each in color[1:])
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_whatever_is_read_stands_out_from_its_ground() -> None:
    style = pages.page(fleet()).partition("<style>")[2].partition("</style>")[0]
    light, dark = (
        dict(re.findall(r"--(\w+): (#\w+)", each)) for each in style.split("prefers-color-scheme", 1)
    )
    assert light.keys() == dark.keys()
    grounds = {"ground", "raised", "gone", "come"}
    for colors in (light, dark):
        for name in colors.keys() - grounds - {"line"}:
            for ground in grounds if name in ("text", "muted") else ("ground", "raised"):
                bright, dim = sorted((luminance(colors[name]), luminance(colors[ground])), reverse=True)
                assert (bright + 0.05) / (dim + 0.05) >= 4.5, (name, ground, colors[name], colors[ground])
