"""botocore's session as a run wants it: settings from the environment given, credentials from the right place."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from reconciler.aws import models
from reconciler.records import dataclass

_DEFAULTS: Final = {
    "retry_mode": ("retry_mode", "AWS_RETRY_MODE", "standard", None),
    "max_attempts": ("max_attempts", "AWS_MAX_ATTEMPTS", 5, int),
}
"""Where botocore's own default differs between versions, or is too small for a fleet of services."""

_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True, slots=True)
class Provider:
    """A component ``credential_provider`` of a session that gives one thing."""

    credentials: Any

    def load_credentials(self) -> Any:
        """Give the credentials."""
        return self.credentials


def open_session(profile: str | None, environ: Mapping[str, str]) -> Any:
    """Make a session that has read nothing yet. A profile given outdoes access keys in the environment."""
    from botocore.credentials import Credentials
    from botocore.exceptions import PartialCredentialsError
    from botocore.session import Session

    session = Session(session_vars=_DEFAULTS)
    if environ is not os.environ:
        _adopt(session, environ)
        if environ.get(_KEYS[0]) and not profile:
            if not environ.get(_KEYS[1]):
                raise PartialCredentialsError(provider="env", cred_var=_KEYS[1])
            keys = Credentials(*(environ.get(name) or None for name in _KEYS))
            session.register_component("credential_provider", Provider(keys))
    if profile:
        session.set_config_variable("profile", profile)
    _quicken(session.get_component("data_loader"))
    return session


def region(profile: str | None, environ: Mapping[str, str]) -> str:
    """Give the region of the profile, empty where it names none. Raises botocore's errors."""
    return str(open_session(profile, environ).get_scoped_config().get("region") or "")


def assume(
    session: Any,
    role: str,
    create_client: Callable[..., Any],
    told: Callable[[], AbstractContextManager[object]],
) -> None:
    """Have the session act as a role, assumed with its credentials and again before they expire.

    `create_client` makes the client of STS, as `Session.create_client` would. Raises botocore's errors; what fails
    later, where the role is assumed in the midst of another call, is raised through `told`.
    """
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError

    source = session.get_component("credential_provider").load_credentials()
    if source is None:
        raise NoCredentialsError
    fetcher = AssumeRoleCredentialFetcher(
        create_client, source, role, extra_args={"RoleSessionName": f"reconciler-{os.getpid()}"}
    )

    def fetch() -> Any:
        with told():
            return fetcher.fetch_credentials()

    assumed = DeferredRefreshableCredentials(fetch, method="assume-role")
    session.register_component("credential_provider", Provider(assumed))


def _adopt(session: Any, environ: Mapping[str, str]) -> None:
    """Read every setting of botocore's from an environment that is not the process's own."""
    for setting, (_key, names, _default, convert) in session.session_var_map.items():
        for name in [names] if isinstance(names, str) else names or ():
            value = environ.get(name, "")
            if value and value != os.environ.get(name):
                session.set_config_variable(setting, convert(value) if convert else value)


def _quicken(loader: Any) -> None:
    """Have botocore's loader read compact models, and find services without listing 400 folders twice."""
    loader.file_loader = models.CompactFiles()
    loader.list_available_services = lambda _type: models.services(loader.search_paths)
