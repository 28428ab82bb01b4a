"""Asking what a tree of checks reads, and having it judged: side by side, each thing once, whatever is refused.

Reads of one tree are equal or different (`core.verification.reads`); a check is judged as soon as its own are answered,
and what its judge needs further is asked then. Nothing is raised but what makes every answer worthless: credentials.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import field
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from reconciler.core.redaction import Masker
from reconciler.core.values import JsonObject, Path
from reconciler.core.verification.checks import Check, Needs, Verdict, passed, worst
from reconciler.core.verification.reads import (
    Answer,
    Ask,
    Call,
    Denied,
    Download,
    Found,
    Manifest,
    Missing,
    Read,
    Refused,
    Unanswered,
    assuming,
)
from reconciler.core.verification.results import Checked, Diagnostic
from reconciler.errors import (
    AwsCredentials,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsRefused,
    PlanError,
    ReconcilerError,
    Where,
)
from reconciler.plugin import AwsClient, AwsOptions
from reconciler.records import dataclass


class Spot(NamedTuple):
    """Where a place of a document stands: in a file, as a pointer into that file's data; and what made its value."""

    where: Where | None = None
    pointer: str = ""
    origins: tuple[str, ...] = ()


Place: TypeAlias = Callable[[str, Path], Spot]
Told: TypeAlias = Callable[[int, int], object]
"""Is told how many checks are judged, and how many there are."""

_MISNAMED: Final = re.compile(
    r"Malformed|Validation|InvalidParameter|InvalidArn|InvalidInput|BadRequest|InvalidFilterValue"
)
"""Codes that say that a name cannot be one, whatever there is (API references of the services that are asked)."""
_ALLOW: Final = re.compile(
    r"(?:allow|a policy denies) (?P<action>[\w-]+:\w+(?: on \S+)?) (?:to the caller|explicitly)"
)
"""What the hint of an error says is denied (`aws.faults`)."""


class Registry(Protocol):
    """Container registries, and documents behind URLs, as verifying asks them. Safe to call from several threads."""

    def manifest(self, asked: Manifest, /) -> Answer:
        """Give the manifest of an image, as `Manifest` says. Raises nothing."""
        ...

    def download(self, url: str, /) -> Answer:
        """Give a JSON document. Raises nothing."""
        ...


class Clients(Protocol):
    """Clients of AWS services, as `plugin.Context` gives them."""

    def client(self, service: str, options: AwsOptions | None = None, /) -> AwsClient:
        """Give the shared client of a service, or one that differs in some options."""
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom to ask. `asks` answer what takes several steps, and raise a PlanError where there is nothing."""

    clients: Clients
    registry: Registry
    asks: Mapping[str, Callable[[], JsonObject]] = field(default_factory=dict)


def run(
    trees: Sequence[Check],
    outside: Outside,
    pool: Executor,
    place: Place,
    *,
    masker: Masker,
    share: bool = True,
    told: Told | None = None,
) -> tuple[Checked, ...]:
    """Read, judge, and give the trees with what came of them. Without `share` each check reads for itself.

    AwsCredentials where there are none that AWS takes.
    """
    checks = [check for tree in trees for check in tree.all()]
    verdicts = iter(_Round(outside, pool, share=share, told=told).judged(checks))
    return tuple(_checked(tree, verdicts, place, masker) for tree in trees)


@dataclass(slots=True)
class _Round:
    """Reads under way, by what they read (and for whom, where nothing is shared)."""

    outside: Outside
    pool: Executor
    share: bool
    told: Told | None
    asked: dict[tuple[int, Read], Future[Answer]] = field(default_factory=dict)

    def judged(self, checks: Sequence[Check]) -> list[Sequence[Verdict] | None]:
        """Give the verdicts on each check, None for those that have no judge."""
        found: list[Sequence[Verdict] | None] = [None] * len(checks)
        needed = {index: set(check.reads) for index, check in enumerate(checks) if check.judge is not None}
        total = len(needed)
        while needed:
            waited: set[Future[Answer]] = set()
            for index in list(needed):
                verdicts = self._judge(index, checks[index], needed[index])
                if verdicts is None:
                    waited |= {
                        asked for read in needed[index] if not (asked := self._asked(index, read)).done()
                    }
                    continue
                found[index] = verdicts
                del needed[index]
                if self.told is not None:
                    self.told(total - len(needed), total)
            if waited:
                wait(waited, return_when=FIRST_COMPLETED)
        return found

    def _judge(self, index: int, check: Check, needed: set[Read]) -> Sequence[Verdict] | None:
        """Judge a check; None where it has to wait. What it needs further is added to `needed`."""
        assert check.judge is not None
        while all((future := self._known(index, read)) is not None and future.done() for read in needed):
            answers = {read: self.asked[self._key(index, read)].result() for read in needed}
            judged = check.judge(answers)
            if not isinstance(judged, Needs):
                return judged
            assert not needed.issuperset(judged.reads), f"{check.subject} asks again for what it knows"
            needed.update(judged.reads)
        return None

    def _key(self, index: int, read: Read) -> tuple[int, Read]:
        return (-1 if self.share else index, read)

    def _known(self, index: int, read: Read) -> Future[Answer] | None:
        return self.asked.get(self._key(index, read))

    def _asked(self, index: int, read: Read) -> Future[Answer]:
        key = self._key(index, read)
        if key not in self.asked:
            credentials = self._credentials(index, read) if isinstance(read, Call) and read.role else ()
            self.asked[key] = self.pool.submit(_ask, self.outside, read, credentials)
        return self.asked[key]

    def _credentials(self, index: int, read: Call) -> tuple[tuple[str, str], ...]:
        """Give the credentials of the role that a call is made as, which its judge has asked for before."""
        answer = self.asked[self._key(index, assuming(read.role))].result()
        given: Any = answer.body["Credentials"] if isinstance(answer, Found) else {}
        return (
            ("AWS_ACCESS_KEY_ID", str(given["AccessKeyId"])),
            ("AWS_SECRET_ACCESS_KEY", str(given["SecretAccessKey"])),
            ("AWS_SESSION_TOKEN", str(given["SessionToken"])),
        )


def _ask(outside: Outside, read: Read, credentials: tuple[tuple[str, str], ...]) -> Answer:
    match read:
        case Manifest():
            return outside.registry.manifest(read)
        case Download(url):
            return outside.registry.download(url)
        case Ask(name):
            return _told(outside.asks[name])
        case Call(service=service, region=region):
            options = AwsOptions(region=region, variables=credentials) if region or credentials else None
            return _told(
                lambda: _called(outside.clients.client(service, options), read), lent=bool(credentials)
            )


def _called(client: AwsClient, read: Call) -> JsonObject:
    if not read.member:
        return client.call(read.operation, **read.parameters)
    pages = client.pages(read.operation, **read.parameters)
    return {read.member: [item for page in pages for item in page.get(read.member) or ()]}


def _told(asking: Callable[[], JsonObject], *, lent: bool = False) -> Answer:
    """Ask, and give an error as the answer that it is. Raises AwsCredentials, unless it is about `lent` ones."""
    try:
        return Found(asking())
    except AwsCredentials as error:
        if not lent:
            raise
        return Unanswered(error.what, error.code)
    except AwsDenied as error:
        allowed = _ALLOW.match(error.hint or "")
        return Denied(allowed["action"] if allowed else error.operation)
    except AwsNotFound:
        return Missing()
    except AwsRefused as error:
        return Refused(error.what) if _MISNAMED.search(error.code) else Unanswered(error.what, error.code)
    except AwsError as error:
        return Unanswered(error.what, error.code)
    except PlanError as error:
        return Missing(error.what, error.hint or "")
    except ReconcilerError as error:
        return Unanswered(error.what)


def _checked(
    check: Check, verdicts: Iterator[Sequence[Verdict] | None], place: Place, masker: Masker
) -> Checked:
    """Put the tree together again; the verdicts come in its order."""
    own = next(verdicts)
    children = tuple(_checked(child, verdicts, place, masker) for child in check.children)
    said = () if own is None else (own or (passed(),))
    spot = place(check.document, check.path)
    subject = masker.leaf(check.subject)
    state = worst([verdict.state for verdict in said]) if said else None
    return Checked(
        subject=subject,
        state=worst([*([state] if state is not None else []), *(child.state for child in children)]),
        own=state,
        diagnostics=tuple(
            _diagnostic(subject, check, verdict, place, masker) for verdict in said if verdict.what
        ),
        where=spot.where,
        pointer=spot.pointer,
        children=children,
    )


def _diagnostic(subject: str, check: Check, verdict: Verdict, place: Place, masker: Masker) -> Diagnostic:
    spot = place(check.document, check.path if verdict.path is None else verdict.path)
    if verdict.where is not None:
        spot = Spot(verdict.where, verdict.pointer)
    return Diagnostic(
        subject=subject,
        severity=verdict.state,
        what=masker.leaf(verdict.what),
        hint=masker.leaf(verdict.hint),
        where=spot.where,
        pointer=spot.pointer,
        origins=tuple(masker.leaf(origin) for origin in spot.origins),
    )
