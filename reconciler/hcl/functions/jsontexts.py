"""JSON as Terraform writes it: keys sorted, no spaces, and escaped so that it may stand in HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from reconciler.hcl import numerals
from reconciler.hcl.faults import Fault
from reconciler.hcl.values import Set, Value, described

_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def written(value: Value) -> str:
    """Write a plain, known value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
        case int() | Decimal():
            return numerals.text(value)
        case tuple() | Set():
            return f"[{','.join(map(written, value))}]"
        case Mapping():
            return "{" + ",".join(f"{written(key)}:{written(member)}" for key, member in value.items()) + "}"
        case _:
            raise Fault(f"{described(value)} cannot be written as JSON")
