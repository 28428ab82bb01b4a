"""Every error this project raises on purpose. Fields first, the message is derived from them.

A class that adds no field is no dataclass of its own: it has its parent's, and making one takes half a millisecond.

::

    ReconcilerError            what, where, hint, excerpt
    ├── ConfigError            a file of the user's is wrong: path, line, column
    │   ├── TemplateError      … inside a template
    │   └── HclError           … in HCL
    │       └── HclErrors      … several at once: errors
    ├── ResolveError           a reference has no value: address
    │   ├── NotFound           the source answers, the address is not there: near misses
    │   ├── Denied             the source refuses to answer
    │   ├── Unavailable        the source does not answer now: retry_after
    │   └── PluginCrashed      the resolver itself failed: distribution, cause kept
    ├── AwsError               an AWS call failed: operation, code, temporary
    │   ├── AwsDenied          not authorised
    │   ├── AwsThrottled       too many calls; temporary
    │   ├── AwsNotFound        the thing that the call names is not there
    │   ├── AwsUnreachable     no answer from the endpoint; temporary
    │   ├── AwsCredentials     none, expired or invalid credentials
    │   └── AwsRefused         AWS understood and said no
    ├── PlanError              no plan can be made or carried out
    │   ├── StalePlan          what the plan was made from has moved
    │   └── Refused            the API is known to reject the combination
    ├── ApplyError             a step failed: step, done, left, unsure
    │   └── Interrupted        … because the user asked
    └── NotConverged           everything was sent, AWS shows something else: residual
"""

from dataclasses import field

from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file: 1-based line and column (in characters), both 0 where only the file is known."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Give `path:line:column`, the form that editors and terminals make clickable."""
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


@dataclass(eq=False)
class ReconcilerError(Exception):
    """What is wrong (one sentence, no final dot), where, and what to try.

    `excerpt` has the line of the source, and carets under the place, where what reads the source gives it.
    """

    what: str
    where: Where | None = None
    hint: str | None = None
    excerpt: tuple[str, ...] = field(default=(), kw_only=True)

    def __str__(self) -> str:
        """Give the message that a person sees: a line or more."""
        first = f"{self.where}: {self.what}" if self.where else self.what
        return "\n".join(
            [first, *self.excerpt, *self.details(), *([f"  try: {self.hint}"] if self.hint else [])]
        )

    def details(self) -> list[str]:
        """Give further lines, indented by two, between what is wrong and what to try."""
        return []


class ConfigError(ReconcilerError):
    """A file of the user's cannot be used as it is."""


@dataclass(eq=False)
class KnownLater(ConfigError):
    """A value that is used is known only once Terraform has applied its plan. `address` is where it will come from."""

    address: str = ""


class TemplateError(ConfigError):
    """A template cannot be parsed or executed."""


class HclError(ConfigError):
    """HCL cannot be parsed or evaluated."""


@dataclass(eq=False)
class HclErrors(HclError):
    """Several things are wrong, none of which comes of another; `where` is the first one's."""

    errors: tuple[ReconcilerError, ...] = ()

    def __str__(self) -> str:
        """Show one after the other."""
        return "\n".join(map(str, self.errors))


@dataclass(eq=False)
class ResolveError(ReconcilerError):
    """A reference has no value. `address` is the reference as the user would write it."""

    address: str = ""


@dataclass(eq=False)
class NotFound(ResolveError):
    """The source was read, and does not hold the address. `near` lists what it holds that looks like it."""

    near: tuple[str, ...] = ()

    def details(self) -> list[str]:
        """List the near misses."""
        return [f"  did you mean {', '.join(self.near)}?"] if self.near else []


class Denied(ResolveError):
    """The source refuses to be read with these credentials."""


@dataclass(eq=False)
class Unavailable(ResolveError):
    """The source does not answer now. `retry_after` in seconds; None where trying again will not help."""

    retry_after: float | None = None


@dataclass(eq=False)
class PluginCrashed(ResolveError):
    """A resolver raised something that is no error of its protocol; the cause is chained."""

    distribution: str = ""


@dataclass(eq=False)
class AwsError(ReconcilerError):
    """A call to AWS failed. `code` is AWS's own error code; `temporary` means that trying again may help."""

    operation: str = ""
    code: str = ""
    temporary: bool = False


class AwsDenied(AwsError):
    """The caller may not do this."""


class AwsThrottled(AwsError):
    """Too many calls, after all retries."""


class AwsNotFound(AwsError):
    """The cluster, service or task definition that the call names does not exist."""


class AwsUnreachable(AwsError):
    """No connection, or none that lived until the answer. A write may or may not have happened."""


class AwsCredentials(AwsError):
    """No credentials, or AWS no longer accepts them."""


class AwsRefused(AwsError):
    """AWS understood the request and refuses it."""


class PlanError(ReconcilerError):
    """A plan cannot be made, read or carried out."""


@dataclass(eq=False)
class StalePlan(PlanError):
    """What a saved plan was made from has moved. `moved` names each thing, a line each."""

    moved: tuple[str, ...] = ()

    def details(self) -> list[str]:
        """List what moved."""
        return [f"  {line}" for line in self.moved]


class Refused(PlanError):
    """The API is known to reject what the files ask for."""


@dataclass(eq=False)
class ApplyError(ReconcilerError):
    """A step failed. `done` and `left` describe the steps before it and from it on.

    `unsure` means that AWS may have carried out the first of `left`: its answer did not arrive.
    """

    step: str = ""
    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    unsure: bool = False

    def details(self) -> list[str]:
        """List what was done, what may have been, and what was not."""
        lost = self.left[: int(self.unsure)]
        return [
            *(f"  done: {line}" for line in self.done),
            *(f"  perhaps done: {line}" for line in lost),
            *(f"  not done: {line}" for line in self.left[len(lost) :]),
        ]


class Interrupted(ApplyError):
    """The user interrupted an apply."""


@dataclass(eq=False)
class NotConverged(ReconcilerError):
    """Every step succeeded and AWS still shows something else. `residual` lists the differing addresses."""

    residual: tuple[str, ...] = field(default=())

    def details(self) -> list[str]:
        """List what still differs."""
        return [f"  still differs: {line}" for line in self.residual]
