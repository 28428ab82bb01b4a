"""Who changed what differs: each difference that somebody made in AWS, with the calls that CloudTrail tells of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.core import trails
from reconciler.core.drifts import Cause, Change, Drift
from reconciler.core.plans import Notice, Plan, Unit
from reconciler.core.values import JsonObject
from reconciler.errors import AwsDenied, AwsError

if TYPE_CHECKING:
    from reconciler.api.stores import Drifted
    from reconciler.engine.trailing import History


def tell(drifted: Drifted, history: History) -> Drifted:
    """Look up who made the differences that are `live`. What cannot be known is a notice, and no error.

    Without a record nobody knows which those are, nor since when to look.
    """
    record = drifted.record
    if record is None:
        first = next((drift for drift in drifted.drifts if drift.counts), None)
        what = "who changed {} cannot be looked up: its last apply is not recorded"
        unknown = (Notice(what=what.format(first.unit)),) if first is not None else ()
        return replace(drifted, notices=(*drifted.notices, *unknown))
    since = min(record.plan.made_at or record.at, record.at)
    found: list[Drift] = []
    notices: list[Notice] = []
    for drift in drifted.drifts:
        if Cause.LIVE not in (drift.cause, drift.also):
            found.append(drift)
            continue
        subject = _subject(drifted.plan, drift)
        records: list[JsonObject] = []
        by: tuple[Change, ...] = ()
        try:
            for names in (trails.names(drift, subject), trails.rarer(drift, subject)):
                for name in names:
                    calls, complete = history.since(name, since)
                    records.extend(calls)
                    notices.extend(() if complete else (_cut(name),))
                by = trails.changes(drift, subject, records, since=since, own=record.at)
                if by:
                    break
        except AwsError as error:
            notices.append(_unread(error))
            found.append(drift)
            continue
        notices.extend(() if by else (_nobody(drift),))
        found.append(replace(drift, by=by))
    return replace(drifted, drifts=tuple(found), notices=(*drifted.notices, *dict.fromkeys(notices)))


def _subject(plan: Plan, drift: Drift) -> trails.Subject:
    unit = plan.unit(drift.unit)
    service = next((each for each in plan.units if each.kind != "task_definition"), None)
    return trails.Subject(
        kind=unit.kind,
        cluster=unit.cluster,
        service=service.name.partition("/")[2] if service is not None else "",
        family=unit.name if unit.kind == "task_definition" else "",
        arns=tuple(_arns(unit)),
    )


def _arns(unit: Unit) -> Iterator[str]:
    """Give the ARNs of a unit: a service's old form, too, which does not name its cluster."""
    yield unit.live
    lead, _, name = unit.live.partition(":service/")
    if name:
        yield f"{lead}:service/{name.rpartition('/')[2]}"


def _unread(error: AwsError) -> Notice:
    hint = f"allow {trails.ACTION} to the caller" if isinstance(error, AwsDenied) else error.hint
    return Notice(what=f"who changed what cannot be known: {error.what}", hint=hint)


def _cut(name: str) -> Notice:
    what = f"CloudTrail has more calls of {name} than are read, so that who changed what may be missing"
    return Notice(what=what, hint="look them up in CloudTrail, or apply more often")


def _nobody(drift: Drift) -> Notice:
    place = f"{drift.unit} {drift.address}".rstrip()
    return Notice(what=f"CloudTrail tells of no call that changed {place}", hint=f"try later: {trails.LATE}")
