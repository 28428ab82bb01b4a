"""Deregistering revisions that nothing uses: which of them, decided without sending anything, and doing it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import partial
from typing import Final

from reconciler.core.events import Event
from reconciler.core.revisions import short
from reconciler.engine import families, sending
from reconciler.engine.families import Registered
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.errors import PlanError
from reconciler.records import dataclass

_A_CALL: Final = 10
"""How many revisions are deleted in a step: as many as one call takes (API model, DeleteTaskDefinitions)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be deregistered: one revision (its number, or ``latest``), or all that nothing uses but the newest
    `keeps`. With `delete` they are deleted afterwards.
    """

    revision: str = ""
    keeps: int = 0
    delete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deregistering:
    """What is done: ARNs to deregister, the oldest first, and to delete afterwards. `spared` are in use and stay."""

    family: str
    deregisters: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    spared: tuple[Registered, ...] = ()

    @property
    def unit(self) -> str:
        """Give the address of the family in a plan."""
        return f"task_definition.{self.family}"


def decide(gateway: Gateway, cluster: str, service: str, family: str, wish: Wish) -> Deregistering:
    """Decide what to deregister. PlanError where the revision that is named is in use, or not there."""
    if wish.revision and wish.revision != "latest":
        return _one(gateway, cluster, service, family, wish)
    found = families.registered(gateway, cluster, service, family)
    if wish.revision:
        if not found:
            raise PlanError(f"no revision of {family} is ACTIVE", hint=_LIST)
        _insist_unused(found[-1])
        return _without((found[-1].arn,), family, wish)
    return choose(family, found, wish)


def choose(family: str, found: Sequence[Registered], wish: Wish) -> Deregistering:
    """Choose the revisions, given the oldest first, that nothing uses, but for the newest `keeps` of these."""
    unused = [each.arn for each in found if not each.use]
    arns = tuple(unused[: max(len(unused) - wish.keeps, 0)])
    spared = tuple(each for each in found if each.use)
    return Deregistering(family=family, deregisters=arns, deletes=arns if wish.delete else (), spared=spared)


def _one(gateway: Gateway, cluster: str, service: str, family: str, wish: Wish) -> Deregistering:
    name = f"{family}:{wish.revision}"
    described = gateway.describe_task_definition(name)
    inner = described.body.get("taskDefinition") if isinstance(described, Snapshot) else None
    if not isinstance(inner, dict):
        raise PlanError(f"there is no revision {name}", hint=_LIST)
    arn, status = str(inner.get("taskDefinitionArn")), inner.get("status")
    _insist_unused(Registered(arn, families.uses(gateway, cluster, service, family).get(arn, "")))
    if status == "ACTIVE":
        return _without((arn,), family, wish)
    if status == "INACTIVE" and wish.delete:
        return Deregistering(family=family, deletes=(arn,))
    raise PlanError(
        f"{name} is {status} already", hint="--delete deletes it" if status == "INACTIVE" else None
    )


def _without(arns: tuple[str, ...], family: str, wish: Wish) -> Deregistering:
    return Deregistering(family=family, deregisters=arns, deletes=arns if wish.delete else ())


def _insist_unused(revision: Registered) -> None:
    if revision.use:
        alone = revision.use.endswith(" task")  # what the service runs is told by its deployments
        hint = (
            "stop the task, or wait for its end: `reconciler tasks`"
            if alone
            else "deploy another revision first"
        )
        raise PlanError(f"{short(revision.arn)} is in use ({revision.use})", hint=hint)


_LIST: Final = "`reconciler revisions` lists what there is"


def describe(plan: Deregistering) -> tuple[str, ...]:
    """Say what stays because it is in use, and what is done, a line each."""
    lines = [f"{short(each.arn)}: stays, in use ({each.use})" for each in plan.spared]
    also = " and delete" if plan.deletes else ""
    lines += [f"{short(arn)}: deregister{also}" for arn in plan.deregisters]
    lines += [f"{short(arn)}: delete" for arn in plan.deletes if arn not in plan.deregisters]
    return tuple(lines)


def carry_out(gateway: Gateway, plan: Deregistering) -> Generator[Event, None, None]:
    """Deregister, then delete. ApplyError says what was done and what was not; Interrupted is the same."""
    batches = list(_batches(plan.deletes))
    progress = sending.Progress(
        [],
        [
            *(f"{plan.unit}: deregister {short(arn)}" for arn in plan.deregisters),
            *(f"{plan.unit}: {_deletion(batch)}" for batch in batches),
        ],
    )
    for arn in plan.deregisters:
        act = partial(gateway.deregister_task_definition, arn)
        yield from sending.send(plan.unit, f"deregister {short(arn)}", act, progress, told=_nothing)
    for batch in batches:
        act = partial(gateway.delete_task_definitions, batch)
        yield from sending.send(plan.unit, _deletion(batch), act, progress, told=_nothing)


def _batches(arns: Sequence[str]) -> Iterator[Sequence[str]]:
    return (arns[start : start + _A_CALL] for start in range(0, len(arns), _A_CALL))


def _deletion(arns: Sequence[str]) -> str:
    return f"delete {', '.join(map(short, arns))}"


def _nothing(_: None) -> tuple[str, bool]:
    return "", False
