"""Whether a plan that is made anew is the one that was approved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.core import approvals, secrets
from reconciler.core.diffs import Action
from reconciler.core.plans import Finding, Origins, Plan, Reason, Unit, Verb
from reconciler.core.secrets import Secret
from reconciler.core.steps import RegisterTaskDefinition
from reconciler.core.values import Address, Origin, Source

ADDRESS = "task_definition.web"
SSM = Address("ssm", "/key")


def secret(salt: str, value: str, version: str = "") -> Secret:
    """Give a secret that is bound by its version, else by a digest of its value."""
    source = Source("ssm", version=version)
    digest = "" if version else secrets.digest(salt, value)
    return Secret(
        place="KEY",
        pieces=(SSM,),
        sources=(Origin(SSM, source),),
        salt="" if version else salt,
        digest=digest,
    )


FINDING = Finding(address="image", pointer="/image", action=Action.REPLACE, before="web:1", after="web:2")
UNIT = Unit(
    address=ADDRESS,
    kind="task_definition",
    name="web",
    account="123456789012",
    region="eu-west-1",
    cluster="c",
    verb=Verb.UPDATE,
    live="arn:web:1",
    changes=(FINDING,),
    steps=(RegisterTaskDefinition(family="web", body={"image": "web:2", "key": secrets.slot(0)}),),
    secrets=(secret("one", "hunter2"),),
    desired={"image": "web:2"},
    salt="x",
    fingerprint="y",
)
APPROVED = Plan(project=Origins(file="reconciler.yml", digest=""), units=(UNIT,), made_at=1.0)
VAULT = {(ADDRESS, 0): "hunter2"}


def anew(**changed: object) -> Plan:
    return replace(APPROVED, units=(replace(UNIT, **changed),), made_at=2.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "plan",
    [
        anew(salt="other", fingerprint="other", rollout="one is under way"),
        anew(secrets=(secret("two", "hunter2"),)),
        anew(changes=(replace(FINDING, reasons=(Reason(pointer="", address=SSM),), note="n"),)),
    ],
    ids=["made later", "another salt", "another reason"],
)
def test_the_same_is_done(plan: Plan) -> None:
    assert approvals.moved(APPROVED, plan, VAULT) == ()


@pytest.mark.parametrize(
    ("plan", "value", "line"),
    [
        (lambda: anew(verb=Verb.REPLACE), "hunter2", f"{ADDRESS}: update in the plan, replace now"),
        (lambda: replace(APPROVED, units=()), "hunter2", f"{ADDRESS}: update in the plan, no-op now"),
        (
            lambda: anew(changes=(replace(FINDING, after="web:3"),)),
            "hunter2",
            f"{ADDRESS} image becomes another value",
        ),
        (
            lambda: anew(changes=(FINDING, replace(FINDING, address="cpu"))),
            "hunter2",
            f"{ADDRESS} cpu changes now",
        ),
        (lambda: anew(changes=()), "hunter2", f"{ADDRESS} image does not change any more"),
        (lambda: anew(live="arn:web:2"), "hunter2", f"{ADDRESS}: what would be sent is another thing"),
        (lambda: anew(secrets=(secret("two", "hunter3"),)), "hunter3", f"{ADDRESS}: a secret was changed"),
        (lambda: anew(secrets=()), "hunter2", f"{ADDRESS}: a secret was changed"),
    ],
    ids=["verb", "gone", "value", "more", "less", "live", "secret", "no secret"],
)
def test_something_else_is_done(plan: Callable[[], Plan], value: str, line: str) -> None:
    assert approvals.moved(APPROVED, plan(), {(ADDRESS, 0): value}) == (line,)


def test_a_version_binds_a_secret_where_there_is_one() -> None:
    first, second = (anew(secrets=(secret("", "x", version),)) for version in ("1", "2"))
    assert approvals.moved(first, first, {}) == ()
    assert approvals.moved(first, second, {}) == (f"{ADDRESS}: a secret was changed",)


def test_what_is_left_alone_both_times_is_the_same() -> None:
    idle = anew(verb=Verb.NONE, steps=(), changes=())
    assert approvals.moved(idle, replace(idle, units=()), {}) == ()
