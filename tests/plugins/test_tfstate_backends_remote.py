"""States in HCP Terraform: a server on loopback that speaks the part of its API that reading needs, over TLS.

Paths, members and statuses follow the API's documentation (workspaces, state versions, state version outputs); like
the service, the server answers 404 for what a token may not see.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import Denied, NotFound, Unavailable
from reconciler.plugin import Address, ResolveError, Resolver
from reconciler.testing import FakeContext
from reconciler_tfstate import plugin, tokens

STATE = b'{"version":4,"serial":7,"lineage":"l","outputs":{"a":{"value":"found"}},"resources":[]}'
OUTPUT = Address("tfstate", "output.a")


#: A configuration of the CLI that Terraform 1.11 reads, and that is no HCL 2.
LENIENT = """\
disable_checkpoint = true disable_checkpoint_signature = true
credentials "other.example.com" { token = "other" }
credentials "app.terraform.io" {
  token = "rc"
}
host "app.terraform.io" { services = { "tfe.v2" = "https://x/" } }
provider_installation {
  filesystem_mirror { path = "/x" include = ["a/*/*"] }
}
"quoted" = 1
"""


@dataclass
class Terraform:
    """An organization `o` with the workspaces `w` (a state) and `new` (none), and what tokens may see of it."""

    served: Any
    environ: dict[str, str]
    members: set[str] = field(default_factory=lambda: {"hush", "outputs"})
    locked: bool = False
    download: str = "/api/v2/state-versions/sv-1/hosted_state"

    def answer(self, request: Any) -> Any:
        path = request.path.removeprefix("/api/v2/")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token or token == "expired":
            return self.served.reply(401, b'{"errors":[{"status":"401","title":"unauthorized"}]}')
        found = self.find(path, token) if token in self.members else None
        if isinstance(found, bytes):
            return found
        if found is None:
            return self.served.reply(404, b'{"errors":[{"status":"404","title":"not found"}]}')
        return json.dumps({"data": found}).encode()

    def find(self, path: str, token: str) -> Any:
        match path.split("/"):
            case ["organizations", "o"]:
                return {"id": "o", "type": "organizations", "attributes": {}}
            case ["organizations", "o", "workspaces", ("w" | "new") as name]:
                return {"id": f"ws-{name}", "type": "workspaces", "attributes": {"locked": self.locked}}
            case ["workspaces", "ws-w", "current-state-version"] if token != "outputs":
                attributes = {
                    "serial": 7,
                    "hosted-state-download-url": self.download and self.url(self.download),
                }
                return {"id": "sv-1", "type": "state-versions", "attributes": attributes}
            case ["workspaces", "ws-w", "current-state-version-outputs"]:
                plain = {"name": "a", "sensitive": False, "type": "string", "value": "found"}
                secret = {"name": "s", "sensitive": True, "type": "string", "value": None}
                return [{"id": "wsout-1", "attributes": plain}, {"id": "wsout-2", "attributes": secret}]
            case ["state-version-outputs", "wsout-2"] if token != "outputs":
                secret = {"name": "s", "sensitive": True, "type": "string", "value": "hush-value"}
                return {"id": "wsout-2", "attributes": secret}
            case ["state-versions", "sv-1", "hosted_state"]:
                return STATE
        return None

    def url(self, path: str) -> str:
        return path if "://" in path else f"{self.served.url}{path}"

    def context(self, token: str = "hush", root: Path = Path()) -> FakeContext:
        environ = {**self.environ, "TFE_TOKEN": token} if token else self.environ
        return FakeContext(root, environ)

    def opened(self, workspace: str = "w", token: str = "hush", **config: Any) -> Resolver:
        url = f"remote://{self.served.host}/o/{workspace}"
        return plugin.open(self.context(token), {"url": url, **config})

    def refused(self, workspace: str = "w", token: str = "hush", **config: Any) -> ResolveError:
        with pytest.raises(ResolveError) as caught:
            self.opened(workspace, token, **config).lookup(OUTPUT)
        assert "hush" not in str(caught.value)
        assert caught.value.hint
        return caught.value


@pytest.fixture
def terraform(tls_server: Any, certificate: Path) -> Terraform:
    found = Terraform(tls_server, {"SSL_CERT_FILE": str(certificate)})
    tls_server.answers["/.well-known/terraform.json"] = b'{"tfe.v2": "/api/v2/", "modules.v1": "/x/"}'
    prefix = "/api/v2/"
    for path in (
        *(f"organizations/{name}" for name in ("o", "x")),
        *(f"organizations/{name}" for name in ("o/workspaces/w", "o/workspaces/new", "o/workspaces/none")),
        "organizations/x/workspaces/w",
        *(
            f"workspaces/ws-{name}/current-state-version{what}"
            for name in ("w", "new")
            for what in ("", "-outputs")
        ),
        "state-version-outputs/wsout-2",
        "state-versions/sv-1/hosted_state",
    ):
        tls_server.answers[prefix + path] = found.answer
    return found


def test_the_state_of_a_workspace(terraform: Terraform) -> None:
    value = terraform.opened().lookup(OUTPUT)
    assert value.data == "found"
    assert value.source is not None
    assert (value.source.name, value.source.lineage, value.source.version) == (
        f"remote://{terraform.served.host}/o/w",
        "l",
        "7",
    )


def test_backend_and_cloud_blocks(terraform: Terraform, tmp_path: Path) -> None:
    infra = tmp_path / "infra"
    infra.mkdir()
    host = terraform.served.host
    where = f'hostname = "{host}"\norganization = "o"\n'
    named = 'workspaces {\nname = "w"\n}\n'
    from_environ = {"TF_CLOUD_HOSTNAME": host, "TF_CLOUD_ORGANIZATION": "o", "TF_WORKSPACE": "w"}
    for block, environ in (
        (f'backend "remote" {{\n{where}{named}}}', {}),
        (f"cloud {{\n{where}{named}}}", {}),
        (f'cloud {{\n{where}token = "hush"\n}}', {"TF_WORKSPACE": "w", "TFE_TOKEN": "bad"}),
        ("cloud {}", from_environ),
    ):
        (infra / "main.tf").write_text(f"terraform {{\n{block}\n}}\n")
        context = terraform.context(root=tmp_path)
        context = FakeContext(tmp_path, {**context.environ, **environ})
        assert plugin.open(context, {"dir": "infra"}).lookup(OUTPUT).data == "found"


@pytest.mark.parametrize(
    ("workspace", "token", "kind", "says"),
    [
        ("w", "", Denied, "there is no token for"),
        ("w", "expired", Denied, "does not accept the credentials (HTTP 401)"),
        ("w", "stranger", Unavailable, "has no organization o that the token may see"),
        ("none", "hush", Unavailable, "has no workspace none that the token may read"),
        ("new", "hush", Unavailable, "has no state yet"),
    ],
)
def test_denied_absent_and_wrong_are_told_apart(
    terraform: Terraform, workspace: str, token: str, kind: type, says: str
) -> None:
    error = terraform.refused(workspace, token)
    assert isinstance(error, kind)
    assert says in error.what


def test_what_optional_forgives(terraform: Terraform) -> None:
    for workspace in ("new", "none"):
        assert isinstance(terraform.refused(workspace, optional=True), NotFound)
    assert isinstance(terraform.refused(token="stranger", optional=True), Unavailable)


def test_a_locked_workspace(terraform: Terraform) -> None:
    terraform.locked = True
    assert "it is locked by a run of the workspace" in terraform.refused("new").what


def test_a_state_that_may_not_be_downloaded(terraform: Terraform) -> None:
    for download in ("", "/api/v2/state-versions/gone"):
        terraform.download = download
        error = terraform.refused()
        assert "outputs_only: true" in str(error) or "has no state (HTTP 404)" in error.what


def test_the_token_goes_to_no_other_host(terraform: Terraform, server: Any) -> None:
    server.answers["/object"] = STATE
    terraform.download = f"{server.url}/object"
    assert terraform.opened().lookup(OUTPUT).data == "found"
    assert "authorization" not in server.requests[0].headers


def test_outputs_only_reads_outputs_alone(terraform: Terraform) -> None:
    resolver = terraform.opened(token="outputs", outputs_only=True)
    value = resolver.lookup(OUTPUT)
    assert (value.data, tuple(value.sensitive_paths)) == ("found", ())
    assert list(resolver.addresses("")) == ["output.a", "output.s"]  # type: ignore[attr-defined]
    with pytest.raises(Denied, match="may not read the sensitive output s"):
        resolver.lookup(Address("tfstate", "output.s"))
    asked = {request.path for request in terraform.served.requests}
    assert not any(path.endswith(("current-state-version", "hosted_state")) for path in asked)


def test_a_sensitive_output_is_asked_for_when_it_is_needed(terraform: Terraform) -> None:
    resolver = terraform.opened(outputs_only=True)
    resolver.lookup(OUTPUT)
    assert not any("wsout-2" in request.path for request in terraform.served.requests)
    for _ in range(2):
        value = resolver.lookup(Address("tfstate", "output.s"))
        assert (value.data, tuple(value.sensitive_paths)) == ("hush-value", ((),))
    assert sum("wsout-2" in request.path for request in terraform.served.requests) == 1


def test_outputs_may_come_in_pages(terraform: Terraform) -> None:
    def page(request: Any) -> Any:
        number = int(request.path.partition("number=")[2] or 1)
        following = f"/api/v2/workspaces/ws-w/current-state-version-outputs?number={number + 1}"
        output = {"name": "abc"[number - 1], "sensitive": False, "value": f"found {number}"}
        links = {"next": terraform.url(following) if number < 3 else None}
        return json.dumps(
            {"data": [{"id": f"wsout-{number}", "attributes": output}], "links": links}
        ).encode()

    terraform.served.answers["/api/v2/workspaces/ws-w/current-state-version-outputs"] = page
    resolver = terraform.opened(outputs_only=True)
    assert [resolver.lookup(Address("tfstate", f"output.{name}")).data for name in "abc"] == [
        "found 1",
        "found 2",
        "found 3",
    ]


def test_outputs_of_a_workspace_without_a_state(terraform: Terraform) -> None:
    assert "has no state yet" in terraform.refused("new", outputs_only=True).what


def test_a_host_that_offers_no_such_api(terraform: Terraform) -> None:
    terraform.served.answers["/.well-known/terraform.json"] = b"<html>"
    assert "offers no API of HCP Terraform" in terraform.refused().what


@pytest.mark.parametrize("body", [b"hush", b"[]", b'{"data": 3}', b'{"data": {"id": 1}}', b"[" * 100_000])
def test_answers_that_are_none(terraform: Terraform, body: bytes) -> None:
    terraform.served.answers["/api/v2/organizations/o/workspaces/w"] = body
    with pytest.raises(Unavailable, match="no document of its API"):
        terraform.opened().lookup(OUTPUT)


@pytest.mark.parametrize(
    ("files", "environ", "token"),
    [
        ({}, {"TF_TOKEN_app_terraform_io": "a"}, "a"),
        ({}, {"TF_TOKEN_APP_TERRAFORM_IO": "a"}, "a"),
        ({}, {"TF_TOKEN_tfe_example_com": "a"}, ""),
        ({}, {"TFE_TOKEN": "peer"}, "peer"),
        ({}, {"TF_TOKEN_app_terraform_io": "a", "TFE_TOKEN": "peer"}, "a"),
        (
            {".terraform.d/credentials.tfrc.json": '{"credentials": {"app.terraform.io": {"token": "f"}}}'},
            {},
            "f",
        ),
        ({".terraform.d/credentials.tfrc.json": '{"credentials": {"other": {"token": "f"}}}'}, {}, ""),
        ({".terraform.d/credentials.tfrc.json": "{"}, {}, ""),
        ({".terraform.d/credentials.tfrc.json": '{"credentials": ["f"]}'}, {}, ""),
        ({".terraformrc": 'credentials "app.terraform.io" {\n  token = "rc"\n}\n'}, {}, "rc"),
        ({".terraformrc": "credentials {"}, {}, ""),
        ({".terraformrc": LENIENT}, {}, "rc"),
        ({".terraformrc": LENIENT.replace("token =", "# token =")}, {}, ""),
        ({".terraformrc": LENIENT.replace("credentials", "# credentials")}, {}, ""),
        ({".terraformrc": '{"credentials": {"app.terraform.io": {"token": "rc"}}}'}, {}, "rc"),
        ({".terraformrc": '{"credentials": [{"app.terraform.io": [{"token": 3}]}, 4]}'}, {}, ""),
        ({".terraformrc": '{"credentials": '}, {}, ""),
        (
            {"own.rc": 'credentials "App.Terraform.io" {\n  token = "own"\n}\n'},
            {"TF_CLI_CONFIG_FILE": "own.rc"},
            "own",
        ),
    ],
)
def test_where_tokens_are_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    environ: dict[str, str],
    token: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert tokens.find("app.terraform.io", {"HOME": str(tmp_path), **environ}) == token


def test_the_variable_of_a_host() -> None:
    assert tokens.variable("my-tfe.example.com") == "TF_TOKEN_my__tfe_example_com"
    assert tokens.find("my-tfe.example.com", {"TF_TOKEN_my__tfe_example_com": "t"}) == "t"
