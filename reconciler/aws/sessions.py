"""One way to AWS for a whole run: credentials, region, endpoints, retries and connections.

Nothing here imports botocore before it is needed; `preload` and `Aws.warm` do it beside other work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from threading import RLock, Thread
from typing import TYPE_CHECKING, Any, Final

from reconciler import __version__
from reconciler.aws import certificates, clients, credentials, faults, models, retries
from reconciler.aws.rates import Rates
from reconciler.errors import AwsError, ConfigError, ReconcilerError

if TYPE_CHECKING:
    from reconciler.plugin import AwsOptions

THREADS: Final = 32
"""How many calls may run side by side; every client keeps as many connections."""

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 60


def preload() -> None:
    """Begin to import botocore in the background, before it is even known which region to call."""
    Thread(target=_import_botocore, name="preload-botocore", daemon=True).start()


def open_aws(
    *,
    profile: str | None = None,
    region: str | None = None,
    assume_role_arn: str | None = None,
    environ: Mapping[str, str] | None = None,
    threads: int = THREADS,
    rates: Rates | None = None,
) -> Aws:
    """Give the way to AWS. Imports and asks nothing yet.

    The region is the one given, else ``AWS_REGION``, ``AWS_DEFAULT_REGION`` or the profile's. A role given
    is assumed with the credentials found, and again before its session ends. `environ` is laid over the
    process's environment for access keys, endpoints and every setting of botocore's with a variable of its
    own; proxies, container and web identity credentials come from the process's environment alone. `rates` are what
    others keep to in the same account and region.
    """
    return Aws(
        profile=profile or None,
        region=region or None,
        assume_role_arn=assume_role_arn or None,
        environ=os.environ if environ is None else environ,
        threads=threads,
        rates=rates,
    )


class Aws:
    """A session and its clients: one a service, made once, shared by all threads."""

    def __init__(
        self,
        *,
        profile: str | None,
        region: str | None,
        assume_role_arn: str | None,
        environ: Mapping[str, str],
        threads: int,
        rates: Rates | None = None,
    ) -> None:
        """Keep the settings; see `open_aws`."""
        self.threads = threads
        self._rates = rates or Rates()
        self._others: dict[AwsOptions, Aws] = {}
        self._profile = profile
        self._region = region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
        self._role = assume_role_arn
        self._environ = environ
        self._opened: Any = None
        self._clients: dict[str, Any] = {}
        self._lock = RLock()  # making sessions and clients changes what is shared; using them does not

    @property
    def region(self) -> str:
        """Give the region that calls go to. ConfigError where nothing names one."""
        if not self._region:
            with self._lock, clients.told(self._call("sts", "GetCallerIdentity")):
                self._region = credentials.region(self._profile, self._environ)
        if not self._region:
            raise ConfigError(
                "no AWS region is set", hint="set `region` in the project file, or AWS_REGION, or --region"
            )
        return self._region

    def client(self, service: str, options: AwsOptions | None = None, /) -> clients.Client:
        """Give the client of a service by botocore's name (`ssm`). It is made at its first call."""
        if options is not None:
            with self._lock:
                if options not in self._others:
                    self._others[options] = self._differing(options)
                return self._others[options].client(service)
        return clients.Client(partial(self.botocore_client, service), partial(self._call, service))

    def warm(self, *services: str) -> None:
        """Begin to import botocore, find credentials and make clients (ECS's by default) in the background.

        What fails here fails again where it is used, and is told there.
        """
        Thread(target=self._warm, args=(services or ("ecs",),), name="warm-aws", daemon=True).start()

    def connect(self, *services: str) -> None:
        """Make clients now. What fails here fails again where it is used, and is told there."""
        self._warm(services)

    def close(self) -> None:
        """Close the connections. A client used afterwards is made anew."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            for other in self._others.values():
                other.close()

    def botocore_client(self, service: str) -> Any:
        """Give botocore's own client of a service. Raises botocore's errors, and ConfigError."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._made(service)
            return self._clients[service]

    def endpoint(self, service: str) -> str:
        """Give the address that calls of a service go to."""
        return str(self.botocore_client(service).meta.endpoint_url)

    def handed(self) -> tuple[str, dict[str, str]]:
        """Give a profile, maybe empty, and an environment with which another program calls AWS as this does."""
        environ = {**os.environ, **self._environ}
        if not self._role:
            return self._profile or "", environ
        with self._lock, clients.told(self._call("sts", "AssumeRole")):
            keys = self._session().get_credentials().get_frozen_credentials()
        found = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
        environ.pop("AWS_PROFILE", None)
        return "", {**environ, **found, "AWS_SESSION_TOKEN": keys.token}

    def _differing(self, options: AwsOptions) -> Aws:
        """Give the way to AWS that differs in some options; it has connections of its own."""
        variables = dict(options.variables)
        replaced = bool(options.profile or "AWS_ACCESS_KEY_ID" in variables)
        other = replaced or options.ambient
        environ = {**self._environ, **variables} if variables else self._environ
        return Aws(
            profile=options.profile or (None if replaced else self._profile),
            region=options.region or self._region or None,
            assume_role_arn=None if other else self._role,
            environ=environ,
            threads=self.threads,
            rates=self._rates if options.region in ("", self._region) and not other else None,
        )

    def _call(self, service: str, operation: str) -> faults.Call:
        return faults.Call(service, operation, self._profile or self._environ.get("AWS_PROFILE", ""))

    def _made(self, service: str) -> Any:
        client = self._create_client(self._session(), service)
        certificates.load_once(client)
        self._rates.pace(service, client)
        if service in clients.WIRE:
            client.meta.events.register(f"before-parse.{service}", clients.keep_wire_body)
            retries.guard_writes(client)
        return client

    def _create_client(self, session: Any, service: str, **more: Any) -> Any:
        from botocore.config import Config

        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            max_pool_connections=self.threads,
            user_agent_extra=f"reconciler/{__version__}",
        )
        settings = {"region_name": self.region, "endpoint_url": self._endpoint(service), "config": config}
        return session.create_client(service, **settings | more)

    def _endpoint(self, service: str) -> str | None:
        """Give an endpoint that the environment given changes; botocore reads the process's itself."""
        given = {name: url for name, url in self._environ.items() if name.startswith("AWS_ENDPOINT_URL")}
        if all(os.environ.get(name) == url for name, url in given.items()):
            return None
        identity = models.service_model(service)["metadata"]["serviceId"].upper().replace(" ", "_")
        return given.get(f"AWS_ENDPOINT_URL_{identity}") or given.get("AWS_ENDPOINT_URL") or None

    def _session(self) -> Any:
        if self._opened is None:
            session = credentials.open_session(self._profile, self._environ)
            if self._role:
                credentials.assume(session, self._role, partial(self._create_client, session), self._assuming)
            self._opened = session
        return self._opened

    @contextmanager
    def _assuming(self) -> Iterator[None]:
        """Tell what goes wrong in the block as an error of assuming the role, and name it."""
        try:
            with clients.told(self._call("sts", "AssumeRole")):
                yield
        except AwsError as error:
            if str(self._role) not in error.what:
                error.what = f"{error.what}, of the role {self._role}"
            if error.code == "ParamValidationError":
                error.hint = "name the role by its ARN: arn:aws:iam::ACCOUNT:role/NAME"
            raise

    def _warm(self, services: tuple[str, ...]) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        with suppress(ReconcilerError, BotoCoreError, ClientError):
            for service in services:
                self.botocore_client(service)
            found = self._session().get_credentials()
            if found is not None:
                found.get_frozen_credentials()


def _import_botocore() -> None:
    import_module("botocore.session")
