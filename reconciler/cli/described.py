"""What AWS describes, printed as JSON: masked, and with times that people read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.cli import options

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.values import Json, JsonObject


def definition(reconciler: Reconciler, body: JsonObject) -> None:
    """Print a task definition as DescribeTaskDefinition gives it, with its tags among its members."""
    inner, tags = body.get("taskDefinition"), body.get("tags")
    joined: dict[str, Json] = {
        **(inner if isinstance(inner, dict) else {}),
        **({"tags": tags} if tags else {}),
    }
    write(reconciler, joined)


def shown(reconciler: Reconciler, body: JsonObject) -> JsonObject:
    """Give a service or a task as it is described, masked: overrides hold variables as definitions do."""
    from reconciler.render.dates import dated

    masked = dated(reconciler.masker.described(body))
    assert isinstance(masked, dict)
    return masked


def write(reconciler: Reconciler, body: JsonObject) -> None:
    """Print what `shown` gives."""
    options.write(json.dumps(shown(reconciler, body), indent=2, default=str, ensure_ascii=False))
