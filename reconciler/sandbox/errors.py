"""What can go wrong: `SandboxError` is for whoever starts a sandbox, `Refusal` is an answer of the simulated AWS."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class SandboxError(Exception):
    """The sandbox cannot be started as asked. `where` names the file and the place in it, where there is one."""

    what: str
    where: str = ""

    def __str__(self) -> str:
        """Give the one line that a person sees."""
        return f"{self.where}: {self.what}" if self.where else self.what


@dataclass(eq=False)
class Refusal(Exception):
    """The simulated service says no: AWS's error code, its message, the HTTP status, further members."""

    code: str
    message: str
    status: int = 400
    members: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Give code and message as an SDK prints them."""
        return f"{self.code}: {self.message}"


@dataclass(eq=False)
class ConnectionDropped(Exception):
    """A fault rule asks for the connection to be reset instead of an answer."""
