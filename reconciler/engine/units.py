"""What the planners of both kinds share: comparing a document with the live one, and making a plan's unit of it."""

from __future__ import annotations

import secrets as entropy
from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from reconciler.core import canon as canons
from reconciler.core import diffs, findings, nodes, patches, pointers, shapes
from reconciler.core.kinds import Kind, Kinds
from reconciler.core.plans import Finding, Notice, Unit, Verb
from reconciler.core.redaction import Masker
from reconciler.core.steps import Step
from reconciler.core.values import Address, Json, JsonObject, Path, Value
from reconciler.engine import binding, composing
from reconciler.engine.composing import Desired
from reconciler.engine.concealing import Hidden, fingerprint
from reconciler.engine.concealing import hide as hide_secrets
from reconciler.engine.observing import Observed
from reconciler.engine.options import Options
from reconciler.engine.ports import Snapshot
from reconciler.errors import PlanError, Refused
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.engine.grouping import Group


@dataclass(frozen=True, slots=True)
class Facts:
    """What a planner needs to know beside the documents."""

    kinds: Kinds
    shapes: shapes.Shapes
    cluster: str
    service: str
    known: Mapping[Address, Value]
    masker: Masker
    options: Options = field(default_factory=Options)
    group: Callable[[JsonObject], Group] | None = None
    """Finds the group of CodeDeploy's that deploys the service as it is described; None where AWS is not asked."""
    salt: Callable[[], str] = lambda: entropy.token_hex(16)


@dataclass(frozen=True, slots=True)
class Sides:
    """What a textual comparison shows: two documents, list-shaped and masked, and what to call them.

    Both are made when they are asked for: most plans are shown without.
    """

    live_name: str
    desired_name: str
    _live: canons.Canon | None
    _desired: canons.Canon
    _members: Collection[str] | None
    _origin: findings.Provenance
    _masker: Masker

    @property
    def live(self) -> Json:
        """The part of the live document that is managed; nothing where there is none."""
        if self._live is None:
            return self._shown({})
        return self._shown(binding.managed(self._desired, self._live, (), members=self._members))

    @property
    def desired(self) -> Json:
        """The desired document."""
        return self._shown(self._origin.canon.tree)

    def _shown(self, tree: Json) -> Json:
        masked = findings.mask(tree, (), self._origin, self._masker)
        return nodes.listed(self._origin.canon.kind.node, masked)


@dataclass(slots=True)
class Planned:
    """Units, and beside them what the plan itself does not hold: its secrets by unit and slot, and whole documents.

    `idle` are the patterns of `ignore` that pointed at nothing so far; `task` is the task definition as it would be.
    """

    units: list[Unit] = field(default_factory=list)
    vault: dict[tuple[str, int], Json] = field(default_factory=dict)
    sides: dict[str, Sides] = field(default_factory=dict)
    refusals: list[Refused] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    idle: set[Path] = field(default_factory=set)
    task: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """One document against the live one. `tagged` is that one with the tags that the project leaves to others."""

    live: canons.Canon | None
    body: JsonObject | None
    differences: diffs.Differences
    elsewhere: frozenset[str] = frozenset()
    tagged: canons.Canon | None = None


def compare(
    kind: Kind,
    desired: Desired,
    live: Snapshot | None,
    facts: Facts,
    *,
    saved: bool = False,
    more: JsonObject | None = None,
) -> Compared:
    """Compare with what is live, None where nothing is; a `saved` description may be silent of tags.

    `more` are live members that the description itself does not show; no patch of it can hold them.
    """
    if live is None:
        return Compared(None, None, diffs.diff(desired.canon, None))
    tagged = canons.canon(kind, {**live.body, **(more or {})}, desired=False, like=desired.canon)
    live_canon = composing.ignoring(tagged, facts.options.ignore_tags, desired.canon)
    found = diffs.diff(desired.canon, live_canon)
    if desired.partial:
        kept = tuple(change for change in found.changes if change.path[0] in desired.canon.tree)
        found = diffs.Differences(kept)
    if saved and "tags" not in live.body:  # described without `--include TAGS`: the file says nothing of tags
        found = replace(found, changes=tuple(change for change in found.changes if change.path[0] != "tags"))
    return Compared(live_canon, live.body, found, frozenset(kind.revised), tagged)


def insist_on_settled(service: JsonObject, facts: Facts) -> None:
    """Refuse to plan for a service, as it is described, that is being deleted."""
    if service.get("status") == "DRAINING":
        raise PlanError(
            f"the service {facts.cluster}/{facts.service} is DRAINING: it is being deleted and can be neither updated "
            "nor created",
            hint=f"wait until its tasks have stopped (aws ecs wait services-inactive --cluster {facts.cluster} "
            f"--services {facts.service}), then run this again",
        )


def insist_on_required(kind: Kind, desired: Desired, body: JsonObject, operation: str, facts: Facts) -> None:
    """Refuse a body that the API is sure to refuse, before anything is sent."""
    lacking = shapes.missing(facts.shapes.input(operation), body)
    if lacking:
        raise PlanError(
            f"the {kind.name.replace('_', ' ')} lacks {', '.join(lacking)}, which {operation} requires",
            desired.resolved.where(()),
        )


def unit(
    kind: Kind,
    desired: Desired,
    compared: Compared,
    facts: Facts,
    planned: Planned,
    *,
    name: str,
    address: str,
    arn: str,
    observed: Observed,
    verb: Verb,
    steps: tuple[Step, ...],
    effects: tuple[str, ...],
    hidden: Hidden,
    ignored: tuple[str, ...] = (),
    kept: tuple[Finding, ...] = (),
) -> Unit:
    """Make the unit of a plan, masked, with its patch and what it depends on; `planned` keeps both documents.

    `ignored` are the pointers where the live value counts as the desired one, `kept` what is to be said of them. A plan
    does not depend on them, unless a step sends the member around one as it is now (see `binding`).
    """
    origin = hidden.origin
    changes = compared.differences.changes
    elsewhere = [change for change in changes if change.path[0] in compared.elsewhere]
    found = findings.findings(changes, origin, facts.masker, compared.live)
    shown = {change.path: finding for change, finding in zip(changes, found, strict=True)}
    patch = patches.build(
        [
            replace(change, address=shown[change.path].address)
            for change in changes
            if change.path[0] not in compared.elsewhere
        ],
        desired.canon,
        compared.live,
        compared.body,
        secret=lambda change: _is_secret(
            change, shown.get(change.path) or _shown_anew(change, origin, facts)
        ),
        unnamed=lambda path: findings.shown(path, origin, facts.masker)[-1] != path[-1],
    )
    ignored = binding.unsent(ignored, steps)
    members = desired.canon.tree.keys() if desired.partial else None
    managed: Json = None
    if compared.live is not None:
        live = compared.live
        if compared.tagged is not None and binding.replaces(steps):
            # What others tagged is taken over as it is.
            live = composing.ignoring(compared.tagged, (), desired.canon)
        managed = binding.managed(desired.canon, live, steps, ignored, members)
    masked = (
        None if managed is None else findings.mask(managed, (), origin, replace(facts.masker, open=False))
    )
    salt = facts.salt() if hidden.secrets or masked != managed else ""
    planned.sides[address] = Sides(
        live_name=arn or f"{name} (not there yet)",
        desired_name=desired.resolved.path,
        _live=compared.live,
        _desired=desired.canon,
        _members=members,
        _origin=origin,
        _masker=facts.masker,
    )
    return Unit(
        address=address,
        kind=kind.name,
        name=name,
        account=observed.account,
        region=observed.region,
        cluster=facts.cluster,
        verb=verb,
        live=arn,
        changes=found,
        noted=(*_noted(compared, origin, facts.masker), *kept),
        effects=effects,
        ignored=ignored,
        steps=steps,
        desired=hidden.body,
        partial=desired.partial,
        secrets=hidden.secrets,
        managed=masked,
        salt=salt,
        fingerprint="" if managed is None else fingerprint(managed, salt),
        base=_base(kind, arn, compared),
        patch=patch.operations,
        unguarded=patch.unguarded,
        withheld=(
            *patch.withheld,
            *(shown[change.path].address for change in elsewhere),
        ),
    )


def hide(desired: Desired, facts: Facts, unit: str, planned: Planned) -> Hidden:
    """Take the secrets out of the body to send, and put them into the vault."""
    hidden = hide_secrets(desired, facts.known, facts.salt)
    planned.vault.update({(unit, index): value for index, value in enumerate(hidden.values)})
    return hidden


def _noted(compared: Compared, origin: findings.Provenance, masker: Masker) -> tuple[Finding, ...]:
    return tuple(
        replace(
            finding, note="another deployment controller sets it" if finding.has_after else "not in the file"
        )
        for finding in findings.findings(compared.differences.noted, origin, masker)
    )


def _base(kind: Kind, arn: str, compared: Compared) -> JsonObject | None:
    if compared.body is None:
        return None
    if kind.name == "express_service":
        return {"operation": "DescribeExpressGatewayService", "pointer": "/service", "arn": arn}
    if kind.name == "service":
        return {"operation": "DescribeServices", "pointer": "/services/0", "arn": arn}
    whole = "taskDefinition" in compared.body
    return {"operation": "DescribeTaskDefinition", "pointer": "" if whole else "/taskDefinition", "arn": arn}


def _shown_anew(change: diffs.Change, origin: findings.Provenance, facts: Facts) -> Finding:
    """Give what would be shown of a change that a patch has in place of several, around them."""
    return findings.findings([change], origin, facts.masker)[0]


def _is_secret(change: diffs.Change, finding: Finding) -> bool:
    """Tell whether a change shows less than it is: masked values, or a place with a name that is masked."""
    return finding.sensitive or finding.pointer != pointers.text(change.path)


def short(arn: str) -> str:
    """Give what stands behind the last slash of an ARN."""
    return arn.rsplit("/", 1)[-1]
