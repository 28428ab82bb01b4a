"""States on HTTP servers: the backend ``http`` and ``http://``, ``https://`` URLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from reconciler.plugin import Address, Context, Unavailable
from reconciler_tfstate import transports
from reconciler_tfstate.backends.configurations import Backend
from reconciler_tfstate.locations import Missing
from reconciler_tfstate.stores import Store
from reconciler_tfstate.transports import Trust
from reconciler_tfstate.urls import shown, split


@dataclass(frozen=True, slots=True)
class Page:
    """A state that a GET gives."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    trust: Trust = field(default_factory=Trust)
    hint: str = "use `backend: http` with TF_HTTP_USERNAME and TF_HTTP_PASSWORD in place of url"

    @property
    def name(self) -> str:
        """Give the URL without credentials and query."""
        return shown(self.url)

    def read(self, context: Context, _address: Address) -> bytes | Store:
        """Get the state. As for Terraform, 204, 404 and an empty body mean that there is none yet."""
        answer = transports.get(self.url, context.environ, self.headers, self.trust)
        known = any(name.lower() == "authorization" for name in self.headers)
        error = transports.refused(answer, self.name, "state", known=known, hint=self.hint)
        if error is not None:
            raise error
        if not answer.content:
            raise Missing(f"{self.name} has no state: its answer is empty", hint="run terraform apply first")
        if answer.headers.get("content-type", "").startswith("text/html"):
            what = f"{self.name} answered with a web page, where a state was asked for"
            raise Unavailable(what, hint="check the address; a login page looks like this")
        return answer.content

    def lock(self, _context: Context) -> str | None:
        """Know nothing: the protocol tells a lock's holder only to who wants the lock."""
        return None


def open_(backend: Backend) -> Page:
    """Open the backend ``http``."""
    backend.refuse_workspaces()
    address = backend.need("address", variables=("TF_HTTP_ADDRESS",))
    if not address.lower().startswith(("http://", "https://")):
        backend.refuse("has an address that is no http or https URL")
    headers = {name: str(value) for name, value in backend.block("headers").items()}
    user = backend.text("username", variables=("TF_HTTP_USERNAME",))
    password = backend.text("password", variables=("TF_HTTP_PASSWORD",))
    parts = split(address)
    if not user and parts.username:  # as Terraform's client takes them, where nothing else is said
        user, password = unquote(parts.username), unquote(parts.password or "")
    if user:
        headers["Authorization"] = transports.basic(user, password)
    trust = Trust(
        backend.text("client_ca_certificate_pem", variables=("TF_HTTP_CLIENT_CA_CERTIFICATE_PEM",)),
        backend.text("client_certificate_pem", variables=("TF_HTTP_CLIENT_CERTIFICATE_PEM",)),
        backend.text("client_private_key_pem", variables=("TF_HTTP_CLIENT_PRIVATE_KEY_PEM",)),
        unverified=backend.flag("skip_cert_verification"),
    )
    return Page(
        address,
        headers,
        trust,
        "username and password of the backend, or TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
    )
