"""Who changed what: the differences of a project with what CloudTrail tells, and what is said without."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.api.connections import Shared
from reconciler.core.drifts import Severity
from reconciler.engine import trailing
from reconciler.errors import AwsDenied, AwsThrottled, ConfigError
from tests.engine.worlds import CLUSTER, PROJECT, REVISION, SERVICE, UNIT, Recorded, World


def called(world: World, event: str, seconds: float = 0, **request: Any) -> None:
    """Let CloudTrail tell of a call."""
    at = datetime.fromtimestamp(world.clock.now() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.gateway.records.append({
        "eventName": event, "eventTime": at, "eventID": f"e{len(world.gateway.records)}",
        "userIdentity": {"arn": "arn:aws:iam::1:user/ann"}, "userAgent": "aws-cli/2.1",
        "requestParameters": {"cluster": CLUSTER, "service": SERVICE, **request},
    })  # fmt: skip


def who(world: World, **more: Any) -> tuple[dict[str, list[str]], list[str]]:
    """Give the calls by the places of differences, and the notices."""
    with world.opened(**more) as reconciler:
        found = reconciler.who(reconciler.drift())
    by = {f"{each.unit} {each.address}": [change.id for change in each.by] for each in found.drifts}
    return by, [notice.what for notice in found.notices]


ENVIRONMENT = f'{REVISION} containerDefinitions["app"].environment'


def test_each_difference_has_its_calls_and_each_event_is_read_once(recorded: Recorded) -> None:
    recorded.by_hand(LEVEL="debug")
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    recorded.gateway.tag(str(recorded.described()["serviceArn"]), [{"key": "env", "value": "prod"}])
    called(recorded, "UpdateService", -9999, desiredCount=9)
    called(recorded, "UpdateService", 5, taskDefinition="web:2")
    called(recorded, "UpdateService", 6, desiredCount=5)
    called(recorded, "UpdateService", 7, desiredCount=5, service="api")
    arn = recorded.described()["serviceArn"]
    called(recorded, "TagResource", 8, resourceArn=arn, tags=[{"key": "env", "value": "prod"}])
    found, notices = who(recorded)
    assert found == {
        f'{ENVIRONMENT}["LEVEL"]': ["e1"],
        f"{UNIT} desiredCount": ["e2"],
        f'{UNIT} tags["env"]': ["e4"],
    }
    assert notices == []
    asked = [call.arguments[0] for call in recorded.gateway.calls if call.method == "page"]
    assert sorted(map(str, asked)) == ["TagResource", "UntagResource", "UpdateService"]


def test_projects_that_are_opened_together_read_an_event_once(recorded: Recorded) -> None:
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    called(recorded, "UpdateService", 6, desiredCount=5)
    shared = Shared()
    for _ in range(3):
        assert who(recorded, shared=shared)[0] == {f"{UNIT} desiredCount": ["e0"]}
    assert sum(call.method == "page" for call in recorded.gateway.calls) == 1


def test_who_deleted_a_service(recorded: Recorded) -> None:
    recorded.gateway.delete(CLUSTER, SERVICE)
    called(recorded, "DeleteService", 5)
    assert who(recorded)[0] == {f"{UNIT} ": ["e0"]}


def test_what_is_not_drift_of_aws_is_not_looked_up(recorded: Recorded) -> None:
    recorded.write("service.json", (recorded.root / "service.json").read_text().replace("2,", "3,"))
    assert who(recorded) == ({f"{UNIT} desiredCount": []}, [])
    assert "page" not in [call.method for call in recorded.gateway.calls]


def test_nobody_is_found_and_it_may_take_longer(recorded: Recorded) -> None:
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    with recorded.opened() as reconciler:
        (notice,) = reconciler.who(reconciler.drift()).notices
    assert notice.what == f"CloudTrail tells of no call that changed {UNIT} desiredCount"
    assert "up to 15" in str(notice.hint)


def test_without_a_record_nothing_can_be_looked_up(world: World) -> None:
    assert who(world)[1] == []
    world.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    found, notices = who(world)
    assert found == {f"{UNIT} desiredCount": []}
    assert notices == [f"who changed {UNIT} cannot be looked up: its last apply is not recorded"]


@pytest.mark.parametrize("error", [AwsDenied("denied", code="x"), AwsThrottled("Rate exceeded", hint="wait")])
def test_a_read_that_fails_is_a_warning_once(recorded: Recorded, error: Any) -> None:
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5, enableECSManagedTags=True)
    recorded.gateway.fail("page", error)
    with recorded.opened() as reconciler:
        found = reconciler.who(reconciler.drift())
    (notice,) = found.notices
    assert notice.what == f"who changed what cannot be known: {error.what}"
    assert notice.hint == (
        "allow cloudtrail:LookupEvents to the caller" if isinstance(error, AwsDenied) else "wait"
    )
    assert [drift.by for drift in found.drifts] == [(), ()]


def test_more_calls_than_are_read_are_told_of(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trailing, "PAGES", 1)
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    called(recorded, "UpdateService", 1, desiredCount=5)
    for number in range(60):
        called(recorded, "UpdateService", 2 + number, service="api")
    found, notices = who(recorded)
    assert found == {f"{UNIT} desiredCount": []}
    assert notices[0].startswith("CloudTrail has more calls of UpdateService than are read")


def test_the_projects_own_severities_hold_and_must_point_somewhere(recorded: Recorded) -> None:
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5, enableECSManagedTags=True)
    rules = "severity:\n- {match: desiredCount, severity: low}\n- {match: /enableECSManagedTags, severity: high}\n"
    recorded.write("reconciler.yml", PROJECT + "record: .applied\n" + rules)
    assert [(each.address, each.severity) for each in recorded.drift().values()] == [
        ("enableECSManagedTags", Severity.HIGH),
        ("desiredCount", Severity.LOW),
    ]
    recorded.write("reconciler.yml", PROJECT + "severity: [{match: /desiredCout, severity: low}]\n")
    with pytest.raises(ConfigError) as caught:
        recorded.drift()
    assert "severity: '/desiredCout': ECS knows no member `desiredCout`; the nearest" in str(caught.value)
    assert caught.value.where is not None
    assert caught.value.where.line == PROJECT.count("\n") + 1
