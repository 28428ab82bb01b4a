"""Amazon Resource Names: ``arn:PARTITION:SERVICE:REGION:ACCOUNT:REST``."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.core.values import Json


class Arn(NamedTuple):
    """The parts of a name; `rest` is all that follows the account."""

    partition: str
    service: str
    region: str
    account: str
    rest: str


def parse(text: Json) -> Arn | None:
    """Take a name apart; None where it is none."""
    parts = text.split(":", 5) if isinstance(text, str) else []
    return Arn(*parts[1:]) if len(parts) == 6 and parts[0] == "arn" else None


def region_of(text: Json, own: str) -> str:
    """Give the region that a name says to ask in; empty where that is the run's own."""
    arn = parse(text)
    return arn.region if arn is not None and arn.region != own else ""


def short(text: Json) -> str:
    """Give the end of a name, as people call the thing."""
    arn = parse(text)
    if arn is None:
        return str(text)
    if arn.rest.startswith("targetgroup/"):  # …:targetgroup/NAME/ID
        return arn.rest.split("/")[1]
    return arn.rest.rpartition("/")[2] if "/" in arn.rest else arn.rest.rpartition(":")[2]
