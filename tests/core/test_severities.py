"""How much differences matter: the table, which has a row for everything, and the project's rules before it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.aws.shapes import ECS
from reconciler.core import kinds, severities
from reconciler.core.drifts import Acceptance, Cause, Drift, Severity
from reconciler.engine import ignoring

KINDS = kinds.build(ECS)
ALL = (KINDS.task_definition, KINDS.service, KINDS.express_service)
DOCUMENT = (Path(__file__).parents[2] / "docs/drift.md").read_text()
C = "/containerDefinitions/app"
HIGH, MEDIUM, LOW, INFO = Severity


def drift(pointer: str, cause: Cause | None = Cause.LIVE) -> Drift:
    """Give a difference at a place."""
    return Drift(unit="u", address=pointer.strip("/").replace("/", "."), pointer=pointer, cause=cause)


@pytest.mark.parametrize(
    ("pointer", "cause", "severity"),
    [
        (f"{C}/image", Cause.LIVE, HIGH),
        (f"{C}/image", Cause.CONFIGURATION, HIGH),
        (f"{C}/image", Cause.UNMANAGED, INFO),
        (C, None, HIGH),
        (f"{C}/environment/LOG_LEVEL", Cause.LIVE, MEDIUM),
        (f"{C}/secrets/KEY", Cause.INFRASTRUCTURE, HIGH),
        (f"{C}/dockerLabels/a~1b", Cause.LIVE, LOW),
        ("/networkConfiguration/awsvpcConfiguration/subnets/subnet-1", Cause.LIVE, HIGH),
        ("/deploymentConfiguration/maximumPercent", Cause.LIVE, MEDIUM),
        ("/desiredCount", Cause.LIVE, MEDIUM),
        ("/tags/team", Cause.LIVE, LOW),
        ("/aMemberOfTomorrow", Cause.LIVE, MEDIUM),
        ("", Cause.LIVE, HIGH),
        ("", None, HIGH),
    ],
)
def test_the_table(pointer: str, cause: Cause | None, severity: Severity) -> None:
    assert severities.severity(drift(pointer, cause)) is severity


def test_every_row_is_about_something_and_is_reached() -> None:
    for row in severities.TABLE:
        pointer = "".join(f"/{part}" for part in row.path)
        assert ignoring.place(pointer, ALL) == row.path  # ValueError: the API has no such member
        one = drift(pointer.replace("*", "x") + ("" if row.whole else "/inside"))
        assert next(each for each in severities.TABLE if each.fits(one)) is row, row
        assert row.why
        assert row.cause is None


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: str(kind.name))
def test_every_member_of_a_definition_has_a_row(kind: kinds.Kind) -> None:
    rows = {row.path[0] for row in severities.TABLE}
    assert (
        kind.node.members.keys() - rows - {"clientToken"} == set()
    )  # the token is of a call, not of a service


def test_the_document_tells_of_every_row() -> None:
    told = [line for line in DOCUMENT.splitlines() if line.startswith(("| high |", "| medium |", "| low |"))]
    wanted: dict[tuple[Severity, str, bool], list[str]] = {}
    for row in severities.TABLE:
        wanted.setdefault((row.severity, row.why, row.whole), []).append(f"`{'/'.join(map(str, row.path))}`")
    assert told == [
        f"| {severity.value} | {', '.join(places)}{' itself' if whole else ''} | {why} |"
        for (severity, why, whole), places in wanted.items()
    ]


def test_the_projects_rules_come_first() -> None:
    rules = (
        severities.Rule(path=("desiredCount",), cause=Cause.LIVE, severity=HIGH),
        severities.Rule(path=("desiredCount",), severity=LOW),
        severities.Rule(path=(), cause=Cause.UNMANAGED, severity=MEDIUM),
        severities.Rule(path=("containerDefinitions", "*", "environment"), severity=INFO),
    )
    for pointer, cause, expected in (
        ("/desiredCount", Cause.LIVE, HIGH),
        ("/desiredCount", Cause.CONFIGURATION, LOW),
        ("/desiredCount", Cause.UNMANAGED, MEDIUM),
        (f"{C}/environment/A", Cause.LIVE, INFO),
        (f"{C}/image", Cause.LIVE, HIGH),
        ("", Cause.LIVE, HIGH),
    ):
        assert severities.severity(drift(pointer, cause), rules) is expected


def test_the_worst_of_a_unit_comes_first_and_units_stay_in_order() -> None:
    first, second = drift("/tags/a"), replace(drift("/tags/a"), unit="v")
    given = (first, second, drift("/desiredCount"), drift(f"{C}/image"), drift("/cpu"))
    ranked = severities.rank(given)
    assert [(each.unit, each.pointer) for each in ranked] == [
        ("u", f"{C}/image"), ("u", "/desiredCount"), ("u", "/cpu"), ("u", "/tags/a"), ("v", "/tags/a"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "pointer"),
    [
        ("/a/b", "/a/b"),
        ("desiredCount", "/desiredCount"),
        ('containerDefinitions["my/app"].image', "/containerDefinitions/my~1app/image"),
        ("containerDefinitions[*].environment", "/containerDefinitions/*/environment"),
        ("containerDefinitions.*.command[0]", "/containerDefinitions/*/command/0"),
    ],
)
def test_places_as_plans_name_them(place: str, pointer: str) -> None:
    assert severities.pointer(place) == pointer


@pytest.mark.parametrize("place", ["", ".a", 'a[""]', 'a["b', "a..b", "a b", "[0]", "a[b]"])
def test_what_is_no_place(place: str) -> None:
    with pytest.raises(ValueError, match="neither a JSON pointer"):
        severities.pointer(place)


@pytest.mark.parametrize(
    ("wanted", "among"),
    [
        ((), True),
        (("live",), True),
        (("high",), True),
        (("live", "infrastructure"), True),
        (("high", "medium"), True),
        (("live", "high"), True),
        (("configuration", "high"), False),
        (("live", "low"), False),
        (("configuration",), False),
        (("medium",), False),
    ],
)
def test_causes_and_severities_that_are_wanted(wanted: tuple[str, ...], *, among: bool) -> None:
    one = replace(drift(f"{C}/image"), severity=HIGH)
    assert one.is_among(wanted) is among
    assert not replace(one, accepted=Acceptance("why", "")).is_among(wanted)
    unknown = replace(one, cause=None)
    assert unknown.is_among(wanted) is not bool({"medium", "low"} & set(wanted) and "high" not in wanted)
