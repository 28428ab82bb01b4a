"""The way to AWS for one run: opened when it is first needed, once a region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.aws.sessions import Aws
    from reconciler.engine.ports import Gateway

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
