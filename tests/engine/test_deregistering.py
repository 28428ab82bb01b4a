"""Which revisions are deregistered: never one in use, never one of the newest that are to be kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.engine import deregistering, families
from reconciler.engine.deregistering import Wish
from reconciler.engine.families import Registered

ARN = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:"

revisions = st.lists(st.sampled_from(["", "RUNNING task", "PRIMARY deployment"]), max_size=12).map(
    lambda uses: [Registered(f"{ARN}{number}", use) for number, use in enumerate(uses, 1)]
)


@settings(max_examples=25)
@given(found=revisions, keeps=st.integers(1, 6), delete=st.booleans())
def test_what_is_in_use_or_to_be_kept_stays(found: list[Registered], keeps: int, delete: bool) -> None:
    plan = deregistering.choose("web", found, Wish(keeps=keeps, delete=delete))
    unused = [each.arn for each in found if not each.use]
    assert list(plan.deregisters) == unused[: len(unused) - min(keeps, len(unused))]
    assert plan.deletes == (plan.deregisters if delete else ())
    assert [each for each in found if each.use] == list(plan.spared)
    told = deregistering.describe(plan)
    assert len(told) == len(plan.deregisters) + len(plan.spared)


@pytest.mark.parametrize(
    ("described", "used"),
    [
        (
            {"deployments": [{"status": "PRIMARY", "taskDefinition": f"{ARN}2"}]},
            {1: "service", 2: "PRIMARY deployment"},
        ),
        (
            {
                "deployments": [
                    {"status": "PRIMARY", "taskDefinition": f"{ARN}1"},
                    {"status": "ACTIVE", "taskDefinition": f"{ARN}1"},
                    {"status": "ACTIVE", "taskDefinition": f"{ARN}2"},
                ]
            },
            {1: "PRIMARY deployment", 2: "ACTIVE deployment"},
        ),
        (
            {"taskSets": [{"status": "PRIMARY", "taskDefinition": f"{ARN}2"}]},
            {1: "service", 2: "PRIMARY task set"},
        ),
        ({}, {1: "service"}),
    ],
    ids=["a deployment", "several", "task sets", "nothing else"],
)
def test_a_service_uses_what_its_deployments_and_task_sets_are_of(
    described: dict[str, Any], used: dict[int, str]
) -> None:
    found = dict(families.of_service({"taskDefinition": f"{ARN}1", **described}))
    assert found == {f"{ARN}{number}": use for number, use in used.items()}
