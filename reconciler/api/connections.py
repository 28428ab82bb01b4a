"""The way to AWS for one run: opened when it is first needed, once a region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from reconciler.aws.sessions import Aws
    from reconciler.engine.ports import Gateway

Credentials: TypeAlias = tuple[str | None, str | None]
"""A profile, and a role to assume with it."""

THREADS: Final = 16
"""How many calls of one run may be under way at once."""


class Connection:
    """Credentials, role and environment; a session of AWS for each region that is asked for."""

    def __init__(
        self, environ: Mapping[str, str], *, profile: str | None, assume_role_arn: str | None
    ) -> None:
        """Keep what is given; nothing is opened yet."""
        self._environ = environ
        self._profile = profile
        self._role = assume_role_arn
        self._opened: dict[str, Aws] = {}
        self._others: dict[Credentials, Connection] = {}
        self._making = Lock()

    @property
    def credentials(self) -> Credentials:
        """Give the profile and the role by which it calls; None for those that the environment has."""
        return self._profile, self._role

    def other(self, credentials: Credentials) -> Connection:
        """Give the way to AWS of a project that names a profile, a role or none; what was given here counts first."""
        wanted = (self._profile or credentials[0], self._role or credentials[1])
        if wanted == self.credentials:
            return self
        with self._making:
            if wanted not in self._others:
                self._others[wanted] = self._beside(*wanted)
            return self._others[wanted]

    def _beside(self, profile: str | None, role: str | None) -> Connection:
        return Connection(self._environ, profile=profile, assume_role_arn=role)

    def aws(self, region: str | None) -> Aws:
        """Give the session of a region; of the ambient one for None."""
        from reconciler.aws.sessions import open_aws

        key = region or ""
        if key not in self._opened:
            self._opened[key] = open_aws(
                profile=self._profile,
                region=region,
                assume_role_arn=self._role,
                environ=self._environ,
                threads=THREADS,
            )
        return self._opened[key]

    def gateway(self, region: str | None) -> Gateway:
        """Give the way to ECS in a region, its clients made."""
        from reconciler.aws.gateway import EcsGateway

        aws = self.aws(region)
        # Evaluating files would only compete with making the clients; once calls are under way it costs nothing.
        aws.connect("ecs", "sts")
        return EcsGateway(aws)

    def close(self) -> None:
        """Close every connection."""
        for aws in self._opened.values():
            aws.close()
        for other in self._others.values():
            other.close()


class Shared:
    """What one project has read and another one need not: whatever is equal is made once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: list[tuple[str, object, Future[Any]]] = []

    def share(self, owner: str, key: object, make: Callable[[], Any]) -> Any:
        """Give what `make` gives for an equal key of the same owner; whoever comes first makes it, the others wait."""
        with self._lock:
            known = next((made for name, other, made in self._made if name == owner and other == key), None)
            mine: Future[Any] = Future()
            if known is None:
                self._made.append((owner, key, mine))
        if known is not None:
            return known.result()
        try:
            mine.set_result(make())
        except BaseException as error:
            mine.set_exception(error)
            raise
        return mine.result()
