"""What resolvers are given of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from reconciler.api.connections import Shared
    from reconciler.aws.clients import Client
    from reconciler.aws.sessions import Aws
    from reconciler.plugin import AwsOptions


class Context(NamedTuple):
    """What resolvers see of the run."""

    root: Path
    environ: Mapping[str, str]
    open_aws: Callable[[], Aws]
    shared: Shared | None = None
    caller: object = None

    def client(self, service: str, options: AwsOptions | None = None, /) -> Client:
        """Give the shared client of an AWS service."""
        return self.open_aws().client(service, options)


class Sharing(Context):
    """What resolvers see of a run over several projects."""

    def share(self, owner: str, key: object, make: Callable[[], Any], /) -> Any:
        """Give what is known by an equal key of the same owner and the same credentials, else what is made now."""
        assert self.shared is not None
        return self.shared.share(owner, (key, self.caller), make)
