"""Drift as comments, annotations and pages: whatever is in it, no text of it is markup."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
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
from reconciler.render.reports import Report, comments, notes
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
    Member, evil, st.lists(drifts, max_size=3).map(tuple), st.none() | st.just(AT), st.booleans(),
    cluster=st.none() | places, service=evil,
) | st.builds(
    lambda path, said: Member(path, error=said, wrong=(Notice(what=said),)), evil, evil.filter(bool)
)  # fmt: skip
strays = st.builds(
    Stray, account=evil, region=evil, cluster=evil, service=evil, arn=evil, owner=evil, manager=evil, by=evil,
    created=st.none() | st.just(AT), revision=evil,
)  # fmt: skip
reports = st.builds(
    Report,
    members=st.lists(members, min_size=1, max_size=4).map(tuple),
    name=evil, at=st.just(AT), several=st.booleans(),
    unmanaged=st.none()
    | st.builds(Unmanaged, strays=st.lists(strays, max_size=2).map(tuple), notes=st.lists(evil, max_size=1).map(tuple)),
)  # fmt: skip


@given(reports, st.sampled_from([4096, 5000, 65536]))
def test_a_comment_is_whole_and_short_enough(report: Report, limit: int) -> None:
    text = comments.comment(report, limit)
    checked(text)
    assert len(text) <= limit
    text.encode()


@given(reports)
def test_an_annotation_is_one_line_that_the_runner_reads(report: Report) -> None:
    text = notes.commands(report)
    lines = text.splitlines()
    assert text == "".join(f"{line}\n" for line in lines)
    levels = [parsed(line)[0] for line in lines]
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)
    assert len(levels) == sum(
        bool(member.error) + sum(drift.counts for drift in member.drifts) for member in report.members
    ) + len(report.unmanaged.strays if report.unmanaged is not None else ())


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
            ),
        ),
        name=". shard=1/2", at=AT, several=True,
        unmanaged=Unmanaged(strays=strays, notes=("b/reconciler.yml has no value, and may declare some of them",)),
    )  # fmt: skip


GOLDENS: dict[str, Callable[[Report], str]] = {
    "drift.md": comments.comment,
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
