"""`reconciler drift --fix`: end drift, and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from reconciler.cli import asking, exits, logs, options, patience, planning

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.engine.options import Options


def fix(
    reconciler: Reconciler,
    common: options.Common,
    wanted: Options,
    fail_on: Collection[str],
    *,
    auto_approve: bool,
    out: str | None = None,
) -> int:
    """Plan what ends the drift of some causes and severities, ask, carry it out and wait; give the exit code.

    With `out` the plan is saved instead.
    """
    from reconciler.core import fixes

    with patience.told():
        drifted = reconciler.drift(wanted)
        plan = reconciler.fix(drifted, fail_on, wanted)
    kept = fixes.kept(drifted.drifts, fail_on)
    if not plan.changes:
        options.write("No drift to fix.")
        return exits.OK
    if out and not plan.refusals:
        planning.save(reconciler, plan, out)
    planning.show(plan, common)
    for drift in kept:
        logs.info(f"left as it is in AWS: {drift.unit} {drift.address}".rstrip())
    if planning.refused(plan):
        return exits.ERROR
    if out:
        options.write(planning.saved(common, out))
        return exits.OK
    planning.insist_applyable(plan)
    if not auto_approve:
        planning.show_asked(plan)
        question = "\nFix this drift? Only yes does it: "
        if not asking.confirmed(question, ("yes",), "pass --auto-approve"):
            logs.info("Not fixed.")
            return exits.ERROR
    return planning.carry_out(reconciler, plan, common, wait=True, until="deployed")
