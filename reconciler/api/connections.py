"""The way to AWS for one run: opened when it is first needed, once a region."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, MutableMapping, Set
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from reconciler.aws.rates import Rates
    from reconciler.aws.sessions import Aws
    from reconciler.engine.ports import Gateway

Credentials: TypeAlias = tuple[str | None, str | None]
"""A profile, and a role to assume with it."""

Limits: TypeAlias = "MutableMapping[tuple[str, str], Rates]"
"""The rates that calls keep to, by whose they are and region: an account if a role names it, else a profile or key."""

THREADS: Final = 16
"""How many calls of one run may be under way at once."""


class Connection:
    """Credentials, role and environment; a session of AWS for each region that is asked for."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        profile: str | None,
        assume_role_arn: str | None,
        limits: Limits | None = None,
    ) -> None:
        """Keep what is given; nothing is opened yet. `limits` are those of other ways to AWS in the same run."""
        self._limits: Limits = {} if limits is None else limits
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
        return Connection(self._environ, profile=profile, assume_role_arn=role, limits=self._limits)

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
                rates=self._rates(region),
            )
        return self._opened[key]

    def _rates(self, region: str | None) -> Rates:
        """Give what everybody keeps to who calls as this does: AWS throttles an account in a region."""
        from reconciler.aws.rates import Rates

        said = [self._environ.get(name, "") for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID")]
        account = (self._role or "").split(":")[4:5]
        whose = "".join(account) or self._profile or next(filter(None, said), "")
        where = region or self._environ.get("AWS_REGION") or self._environ.get("AWS_DEFAULT_REGION") or ""
        with self._making:
            return self._limits.setdefault((whose, where), Rates())

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
        self._made: dict[tuple[str, Hashable], Future[Any]] = {}

    def share(self, owner: str, key: object, make: Callable[[], Any]) -> Any:
        """Give what `make` gives for an equal key of the same owner; whoever comes first makes it, the others wait.

        What the key is made of can be hashed, but for the mappings, lists and sets in it.
        """
        place = owner, _hashable(key)
        mine: Future[Any] = Future()
        with self._lock:
            known = self._made.get(place)
            if known is None:
                self._made[place] = mine
        if known is not None:
            return known.result()
        try:
            mine.set_result(make())
        except BaseException as error:
            mine.set_exception(error)
            raise
        return mine.result()


def _hashable(key: object) -> Hashable:
    """Give what stands for a key: equal where the keys are."""
    if isinstance(key, Mapping):
        return frozenset((name, _hashable(value)) for name, value in key.items())
    if isinstance(key, list | tuple):
        return tuple(map(_hashable, key))
    if isinstance(key, Set):
        return frozenset(map(_hashable, key))
    assert isinstance(key, Hashable), key
    return key
