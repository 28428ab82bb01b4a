"""What came of a verification: the tree again, each node with its state and its diagnostics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from reconciler.core.verification.checks import State, worst
from reconciler.errors import Where
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """Something to say of a subject: how severe it is, what, and what to try (empty where there is nothing to).

    `where` is the place in a file, None where it is in none; `pointer` the RFC 6901 pointer into that file's data;
    `origins` are the references that made the value there (``tfstate aws_iam_role.app.arn``).
    """

    subject: str
    severity: State
    what: str
    hint: str = ""
    where: Where | None = None
    pointer: str = ""
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A node: what was checked, where it stands, and what came of it and of those below.

    `own` is what came of the node's own check, None where it stands for its children alone.
    """

    subject: str
    state: State
    own: State | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    where: Where | None = None
    pointer: str = ""
    children: tuple[Checked, ...] = ()

    def all(self) -> Iterator[Checked]:
        """Give this node and those below it, as they are shown."""
        yield self
        for child in self.children:
            yield from child.all()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A tree of what was checked. `account` is empty where it could not be read."""

    region: str
    account: str = ""
    checked: tuple[Checked, ...] = field(default=())

    def all(self) -> Iterator[Checked]:
        """Give every node, as they are shown."""
        for each in self.checked:
            yield from each.all()

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Give everything that is said, as it is shown."""
        return tuple(said for node in self.all() for said in node.diagnostics)

    @property
    def failures(self) -> tuple[Diagnostic, ...]:
        """Give what is wrong."""
        return tuple(said for said in self.diagnostics if said.severity is State.FAILED)

    @property
    def passed(self) -> bool:
        """Tell whether nothing is wrong."""
        return worst([each.state for each in self.checked]) is not State.FAILED

    def counts(self) -> dict[State, int]:
        """Count the checks by what came of them."""
        found = dict.fromkeys(State, 0)
        for node in self.all():
            if node.own is not None:
                found[node.own] += 1
        return found
