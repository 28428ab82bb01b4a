"""The one UpdateService, by table: what it holds, what it causes, and what is refused before it is sent."""

from __future__ import annotations

import copy
import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.aws.shapes import ECS
from reconciler.core import canon, diffs
from reconciler.core.kinds import PRIMARY_MEMBERS
from reconciler.engine import updates
from reconciler.errors import Where
from tests.core import documents
from tests.core.documents import KINDS
from tests.core.test_tables import rows


def draft(row: dict[str, Any]) -> updates.Draft:
    desired = canon.canon(KINDS.service, row["desired"], desired=True)
    live = canon.canon(KINDS.service, row["live"], desired=False, like=desired)
    return updates.build(
        diffs.diff(desired, live).changes,
        desired,
        live,
        row["live"],
        ECS,
        controller=row.get("controller", "ECS"),
        moves=row.get("moves", False),
        force=row.get("force", False),
        place=lambda path: Where("service.json", 1, 1 + len(path)),
    )


@pytest.mark.parametrize("row", rows("updates"))
def test_an_update(row: dict[str, Any]) -> None:
    found = draft(row)
    if "refused" in row:
        refusal = found.refusals[0]
        assert re.search(row["refused"], refusal.what)
        assert refusal.where is not None
        assert re.search(row.get("hint", "."), refusal.hint or "")
        return
    assert not found.refusals
    assert found.body == row["body"]
    assert found.deployed == row.get("deployed", {})
    assert list(found.effects) == row["effects"]
    assert list(found.replaces) == row.get("replaces", [])
    taken = ECS.input("UpdateService").members
    assert set(found.body) <= set(taken)


def updated(body: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """Do what UpdateService does: replace the members that are sent, and merge the deployment configuration."""
    result = copy.deepcopy(body)
    primary = next(d for d in result["deployments"] if d["status"] == "PRIMARY")
    for name, value in sent.items():
        home = primary if name in PRIMARY_MEMBERS else result
        home[name] = _merged(home.get(name), value) if name == "deploymentConfiguration" else value
        if name in PRIMARY_MEMBERS:
            result.pop(name, None)
    return result


def _merged(there: Any, sent: Any) -> Any:
    if not isinstance(there, dict) or not isinstance(sent, dict):
        return sent
    return there | {name: _merged(there.get(name), value) for name, value in sent.items()}


@settings(max_examples=120, deadline=None)
@given(dice=st.integers(0, 2**32).map(random.Random))
def test_one_update_is_enough(dice: random.Random) -> None:
    document = documents.document(KINDS.service, dice)
    body = documents.described(KINDS.service, documents.relative(KINDS.service, document, dice), dice)
    row = {"desired": document, "live": body}
    drafted = draft(row)
    connect = canon.canon(KINDS.service, document, desired=True).wire.get("serviceConnectConfiguration", {})
    forgotten = isinstance(connect, dict) and connect and "enabled" not in connect  # the API requires it
    if drafted.refusals or drafted.replaces or forgotten:
        return
    sent = dict(drafted.body)
    desired = canon.canon(KINDS.service, document, desired=True)
    live = canon.canon(KINDS.service, updated(body, sent), desired=False, like=desired)
    left = [change.address for change in diffs.diff(desired, live).changes if change.path[0] != "tags"]
    if sent.get("capacityProviderStrategy") == []:  # to which launch type that leads back, nothing here tells
        left = [address for address in left if address != "launchType"]
    assert left == [], sent
