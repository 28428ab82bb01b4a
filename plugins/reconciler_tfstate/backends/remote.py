"""States in HCP Terraform or Terraform Enterprise: the backends ``remote`` and ``cloud``, and ``remote://`` URLs.

The API is version 2 (workspaces, state versions, state version outputs), found by the host's service discovery,
``/.well-known/terraform.json``. It answers 404 for what a token may not see, as for what does not exist.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urljoin

from reconciler.plugin import Address, Context, Denied, Json, ResolveError, Source, Unavailable
from reconciler_tfstate import tokens, transports
from reconciler_tfstate.backends.configurations import DEFAULT, Backend
from reconciler_tfstate.locations import Missing, Stored
from reconciler_tfstate.states import State
from reconciler_tfstate.transports import Answer

_HOST = "app.terraform.io"
_PAGES = 1000  # of a list, which have twenty items each where a server makes pages


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace of an organization; `token` is the one configured, else the environment's is used."""

    host: str
    organization: str
    workspace: str
    token: str = field(default="", repr=False)
    outputs_only: bool = False

    @property
    def name(self) -> str:
        """Give the workspace's ``remote://`` URL."""
        return f"remote://{self.host}/{self.organization}/{self.workspace}"

    def read(self, context: Context, _address: Address) -> Stored:
        """Get the current state version, or with `outputs_only` its outputs."""
        api = self._api(context)
        identity = self._found(api)["id"]
        if self.outputs_only:
            return self._outputs(api, identity)
        version = api.data(f"workspaces/{identity}/current-state-version")
        if version is None:
            raise Missing(
                f"the workspace {self.name} has no state yet",
                hint="run terraform apply first, or set optional: true",
            )
        url = _attributes(version).get("hosted-state-download-url")
        if not isinstance(url, str) or not url:
            raise Denied(
                f"the token may not read the state of {self.name}",
                hint="give it the permission to read state versions, or set outputs_only: true",
            )
        answer = api.get(url)
        hint = "give the token the permission to read state versions, or set outputs_only: true"
        error = transports.refused(answer, self.name, "state", known=True, hint=hint)
        if error is not None:
            raise error
        return answer.content

    def lock(self, context: Context) -> str | None:
        """Tell whether the workspace is locked."""
        try:
            locked = _attributes(self._found(self._api(context))).get("locked")
        except ResolveError:
            return None
        return "a run of the workspace" if locked is True else None

    def _api(self, context: Context) -> _Api:
        token = self.token or tokens.find(self.host, context.environ)
        if not token:
            raise Denied(
                f"there is no token for {self.host}",
                hint=f"run terraform login {self.host}, or set {tokens.variable(self.host)}",
            )
        return _Api(self.host, token, context.environ)

    def _found(self, api: _Api) -> Mapping[str, Any]:
        """Give the workspace; where there is none, ask for the organization to say which of the two is wrong."""
        organization = f"organizations/{quote(self.organization, safe='')}"
        found = api.data(f"{organization}/workspaces/{quote(self.workspace, safe='')}")
        if found is not None:
            return dict(found)
        if api.data(organization) is None:
            raise Unavailable(
                f"{self.host} has no organization {self.organization} that the token may see",
                hint="correct the organization, or use a token of one of its members or teams",
            )
        raise Missing(
            f"the organization {self.organization} at {self.host} has no workspace {self.workspace} "
            "that the token may read",
            hint="correct the workspace, give the token access to it, or set optional: true",
        )

    def _outputs(self, api: _Api, identity: str) -> State:
        found = api.get(f"workspaces/{identity}/current-state-version-outputs")
        if found.status == 404:
            raise Missing(
                f"the workspace {self.name} has no state yet, or its outputs may not be read",
                hint="run terraform apply first, or set optional: true",
            )
        listed: list[Any] = []
        for _ in range(_PAGES):
            page, further = api.checked(found), _next(found)
            if not isinstance(page, list):
                raise Unavailable(f"{self.host} answered with something that is no list of outputs")
            listed += page
            if further is None:
                break
            found = api.get(further)
        return State(Source(self.name), _Outputs(api, listed), {})


class _Outputs(Mapping[str, Mapping[str, Json]]):
    """Outputs by name; the list lacks sensitive values, each of which is asked for when somebody needs it."""

    def __init__(self, api: _Api, listed: list[Any]) -> None:
        self._api = api
        self._listed = {str(_attributes(each).get("name")): each for each in listed if isinstance(each, dict)}
        self._secrets: dict[str, Json] = {}

    def __getitem__(self, name: str) -> Mapping[str, Json]:
        found = self._listed[name]
        attributes = _attributes(found)
        sensitive = attributes.get("sensitive") is True
        value = attributes.get("value")
        if sensitive and value is None:
            if name not in self._secrets:
                whole = self._api.data(f"state-version-outputs/{quote(str(found.get('id')), safe='')}")
                if whole is None:
                    raise Denied(
                        f"the token may not read the sensitive output {name}",
                        hint="give it the permission to read outputs or state versions",
                    )
                self._secrets[name] = _attributes(whole).get("value")
            value = self._secrets[name]
        return {"value": value, "sensitive": sensitive}

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


class _Api:
    """The API of a host, for one token."""

    def __init__(self, host: str, token: str, environ: Mapping[str, str]) -> None:
        self._host = host
        self._get = partial(transports.get, environ=environ)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/vnd.api+json"}
        self._base = self._discovered()

    def get(self, path: str) -> Answer:
        """Get a path of the API, or a URL. The token goes to the API's own host alone."""
        url = urljoin(self._base, path)
        ours = url.startswith(urljoin(self._base, "/"))
        return self._get(url, headers=self._headers if ours else {})

    def data(self, path: str) -> Any:
        """Give the member `data` of an answer; None where there is nothing that the token may see."""
        answer = self.get(path)
        if answer.status == 404:
            return None
        data = self.checked(answer)
        if not isinstance(data, dict) or not isinstance(data.get("id"), str):
            raise Unavailable(f"{self._host} answered with something that is no document of its API")
        return data

    def checked(self, answer: Answer) -> Any:
        """Give the member `data` of an answer that has to be there."""
        hint = f"run terraform login {self._host}, or set {tokens.variable(self._host)}"
        error = transports.refused(answer, self._host, "workspace", known=True, hint=hint)
        if error is not None:
            raise error
        document = _document(answer)
        return document.get("data")

    def _discovered(self) -> str:
        url = f"https://{self._host}/.well-known/terraform.json"
        answer = self._get(url)
        base = _document(answer).get("tfe.v2") if answer.status == 200 else None
        if not isinstance(base, str):
            raise Unavailable(
                f"{self._host} offers no API of HCP Terraform (HTTP {answer.status} for /.well-known/terraform.json)",
                hint="correct the hostname",
            )
        return urljoin(url, base.rstrip("/") + "/")


def _document(answer: Answer) -> Mapping[str, Any]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    return document if isinstance(document, dict) else {}


def _next(answer: Answer) -> str | None:
    """Give the URL of the next page of a list, as JSON:API names it; None on the last one."""
    links = _document(answer).get("links")
    further = links.get("next") if isinstance(links, dict) else None
    return further if isinstance(further, str) and further else None


def _attributes(data: Mapping[str, Any]) -> Mapping[str, Any]:
    attributes = data.get("attributes")
    return attributes if isinstance(attributes, dict) else {}


def open_remote(backend: Backend) -> Workspace:
    """Open the backend ``remote``: `workspaces` has a name, or a prefix that the workspace is appended to."""
    workspaces = backend.inner("workspaces")
    name, prefix = workspaces.text("name"), workspaces.text("prefix")
    if bool(name) == bool(prefix):
        backend.refuse("needs one of name and prefix in its workspaces")
    if prefix:
        if backend.workspace == DEFAULT:
            _choose(backend)
        name = prefix + backend.workspace
    elif backend.workspace not in {DEFAULT, name}:
        backend.refuse(
            f"names the workspace {name}, and the workspace {backend.workspace} is selected",
            "unset TF_WORKSPACE",
        )
    host = backend.text("hostname", default=_HOST)
    return _workspace(backend, host, backend.need("organization"), name)


def open_cloud(backend: Backend) -> Workspace:
    """Open a ``cloud`` block: `workspaces` has a name, or tags, and then the selected workspace is one of them."""
    workspaces = backend.inner("workspaces")
    name = workspaces.text("name")
    if name and backend.workspace not in {DEFAULT, name}:
        backend.refuse(
            f"names the workspace {name}, and the workspace {backend.workspace} is selected",
            "unset TF_WORKSPACE",
        )
    if not name and backend.workspace == DEFAULT:
        _choose(backend)
    host = backend.text("hostname", variables=("TF_CLOUD_HOSTNAME",), default=_HOST)
    organization = backend.need("organization", variables=("TF_CLOUD_ORGANIZATION",))
    return _workspace(backend, host, organization, name or backend.workspace)


def _choose(backend: Backend) -> None:
    hint = "set workspace in the plugin's config, or TF_WORKSPACE, or run terraform workspace select"
    backend.refuse("has several workspaces, and none is selected", hint)


def _workspace(backend: Backend, host: str, organization: str, name: str) -> Workspace:
    return Workspace(host.lower(), organization, name, backend.text("token"), backend.outputs_only)
