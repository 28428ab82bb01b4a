"""Services that no file declares: which they are, and whose they seem to be."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import strays
from reconciler.core.strays import Place

PLACE = Place("123456789012", "eu-west-1", "main")


def described(name: str, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:ecs:eu-west-1:123456789012:service/main/{name}"
    return {"serviceName": name, "serviceArn": arn, "status": "ACTIVE", **more}


def tagged(**tags: str) -> list[dict[str, str]]:
    return [{"key": key.replace("__", ":").replace("_", "-"), "value": value} for key, value in tags.items()]


def test_what_no_file_declares_is_found_by_its_name_and_sorted() -> None:
    bodies = [described("web"), described("old"), described("going", status="DRAINING"), described("a")]
    assert [each.service for each in strays.judge(PLACE, bodies, {"web"})] == ["a", "old"]
    assert strays.judge(PLACE, bodies, {"web", "old", "a"}) == ()
    assert {each.certain for each in strays.judge(PLACE, bodies, (), certain=False)} == {False}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {}),
        ({"tags": tagged(reconciler__owner="shop", reconciler__revision="1a2b")},
         {"owner": "shop", "revision": "1a2b"}),
        ({"tags": tagged(aws__cloudformation__stack_name="shop-web")}, {"manager": "CloudFormation stack shop-web"}),
        ({"tags": tagged(copilot_application="shop", copilot_environment="test", copilot_service="web",
                         aws__cloudformation__stack_name="shop-test-web")}, {"manager": "Copilot shop/test/web"}),
        ({"resourceManagementType": "ECS"}, {"manager": "Express Mode"}),
        ({"resourceManagementType": "CUSTOMER", "schedulingStrategy": "DAEMON", "runningCount": 3,
          "pendingCount": 1}, {"tasks": 4}),
        ({"createdAt": 1700000000.5, "createdBy": "arn:aws:iam::123456789012:role/ci"},
         {"created": 1700000000.5, "by": "arn:aws:iam::123456789012:role/ci"}),
    ],
)  # fmt: skip
def test_whose_it_seems_to_be(more: dict[str, Any], expected: dict[str, Any]) -> None:
    (found,) = strays.judge(PLACE, [described("old", **more)], ())
    said = {name: getattr(found, name) for name in ("owner", "revision", "manager", "tasks", "created", "by")}
    nothing = {"owner": "", "revision": "", "manager": "", "tasks": 0, "created": None, "by": ""}
    assert said == nothing | expected
    assert (found.unit, found.account, found.region) == ("service.main/old", "123456789012", "eu-west-1")
