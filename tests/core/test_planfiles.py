"""Plans as files: what is written is read again, and what is no plan, or no whole one, is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import planfiles, plans, steps
from reconciler.core.diffs import Action
from reconciler.core.plans import Plan
from reconciler.core.secrets import Secret
from reconciler.core.values import Address, Origin, Source
from reconciler.errors import PlanError, Where

ROOT = Path(__file__).parents[2]

text = st.text(max_size=5)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2),
    max_leaves=4,
)
bodies = st.dictionaries(text, json_values, max_size=3)


def tuples(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=2).map(tuple)


addresses = st.builds(Address, text, text)
sources = st.none() | st.builds(Source, text, text, text)
notices = st.builds(
    plans.Notice,
    what=text,
    where=st.none() | st.builds(Where, text, st.integers(0, 9)),
    hint=st.none() | text,
)
reasons = st.builds(plans.Reason, pointer=text, address=addresses, source=sources)
findings = st.builds(
    plans.Finding,
    address=text,
    pointer=text,
    action=st.sampled_from(Action),
    before=json_values,
    after=json_values,
    has_before=st.booleans(),
    unknown=st.booleans(),
    reasons=tuples(reasons),
)
secrets = st.builds(
    Secret,
    place=text,
    pieces=tuples(text | addresses),
    sources=tuples(st.builds(Origin, addresses, sources)),
    salt=text,
    digest=text,
)
steps_of_all_kinds = st.one_of(
    st.builds(steps.RegisterTaskDefinition, family=text, body=bodies, insist=st.booleans()),
    st.builds(steps.SetTags, arn=text, tags=tuples(bodies)),
    st.builds(steps.RemoveTags, arn=text, keys=tuples(text)),
    st.builds(steps.CreateService, cluster=text, service=text, body=bodies, revision_of=text),
    st.builds(steps.UpdateService, cluster=text, service=text, body=bodies, revision_of=text),
    st.builds(steps.SetScaling, cluster=text, service=text, body=bodies),
    st.builds(steps.DeleteService, cluster=text, service=text),
)
units = st.builds(
    plans.Unit,
    address=text,
    kind=st.sampled_from(["service", "task_definition"]),
    name=text,
    account=text,
    region=text,
    cluster=text,
    verb=st.sampled_from(plans.Verb),
    depends_on=tuples(text),
    changes=tuples(findings),
    noted=tuples(findings),
    effects=tuples(text),
    steps=tuples(steps_of_all_kinds),
    desired=bodies,
    secrets=tuples(secrets),
    managed=json_values,
    base=st.none() | bodies,
    patch=tuples(bodies),
    unguarded=st.integers(0, 3),
    withheld=tuples(text),
)
all_plans = st.builds(
    Plan,
    project=st.builds(
        plans.Origins,
        file=text,
        digest=text,
        opened=tuples(st.builds(plans.Opened, name=text, config=bodies, func_prefix=text)),
        ignore_tags=tuples(text),
    ),
    units=tuples(units),
    inputs=tuples(
        st.builds(plans.Input, address=addresses, source=sources, digest=text, ambient=st.booleans())
    ),
    notices=tuples(notices),
    made_at=st.floats(0, 2e9),
    errored=st.booleans(),
    complete=st.booleans(),
    applyable=st.booleans(),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(plan=all_plans)
def test_a_plan_is_read_as_it_was_written(plan: Plan) -> None:
    written = plan.to_json()
    assert Plan.from_json(written) == plan
    assert Plan.from_json(written).to_json() == written


def test_every_step_that_there_is_can_be_read() -> None:
    from typing import get_args

    assert set(planfiles._STEPS.values()) == set(get_args(steps.Step))


def some() -> dict[str, Any]:
    plan = Plan(project=plans.Origins(file="reconciler.yml", digest="d"), units=())
    body: dict[str, Any] = json.loads(plan.to_json())
    return body


DAMAGE = {
    "no JSON": ("{", "it is no JSON"),
    "nothing": ("", "it is no JSON"),
    "a list": ("[]", "no plan of reconciler"),
    "another tool": (json.dumps(some() | {"tool": "terraform"}), "no plan of reconciler"),
    "a later format": (json.dumps(some() | {"format": 99}), "has format 99, this version reads format 1"),
    "another value": (json.dumps(some() | {"made_at": 7.0}), "its digest does not match"),
    "no digest": (
        json.dumps({k: v for k, v in some().items() if k != "digest"}),
        "its digest does not match",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_told(name: str) -> None:
    content, expected = DAMAGE[name]
    with pytest.raises(PlanError, match=expected) as caught:
        Plan.from_json(content)
    assert caught.value.hint


def test_a_plan_with_a_right_digest_and_without_a_member_is_damaged() -> None:
    body = {name: member for name, member in some().items() if name not in ("digest", "units")}
    with pytest.raises(PlanError, match="a member is missing or wrong"):
        Plan.from_json(json.dumps(body | {"digest": planfiles._digest(body)}))


SCRIPT = """
import json, sys
from pathlib import Path
from reconciler.api import Project, Reconciler
from reconciler.render import human, jsons
from reconciler.testing import FakeClock
root = Path(sys.argv[1])
live = json.loads((root / "cases/article/live.json").read_text())
for live in (live, {"taskDefinition": {"family": "x", "containerDefinitions": []}}):
    project = Project.load(folder=root / "examples/article", environ={"IMAGE_TAG": "9", "LOG_LEVEL": "x"})
    with Reconciler.open(project, clock=FakeClock()) as r:
        plan = r.plan(live=("live.json", live))
        sys.stdout.write(plan.to_json() + human.plan(plan) + jsons.patches(plan) + str(r.rendered("service")))
"""


def test_the_output_does_not_depend_on_the_hash_seed() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(ROOT / "fixtures")],
            check=True,
            capture_output=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(outputs) == 1
    assert outputs.pop().count(b'"tool": "reconciler"') == 2
