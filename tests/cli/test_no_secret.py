"""A secret planted in every source, and looked for in everything that a run of many writes."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from reconciler.api import alerts
from reconciler.cli import driftforms, forms
from tests.cli.commands import ARTICLE, CLUSTER, ROOT, Box, Cli, client_of, edit
from tests.cli.conftest import boxed
from tests.cli.test_drift_causes import TAKEN

SOURCES: Final[Mapping[str, str]] = {
    "A_PARAMETER": "{{ ssm `/app/key` | json_escape }}",
    "A_OUTPUT": "{{ tfstate `output.token` | json_escape }}",
    "AN_ATTRIBUTE": "{{ tfstate `aws_ssm_parameter.db['password'].value` | json_escape }}",
    "A_VARIABLE": "{{ must_env `DEPLOY_TOKEN` | json_escape }}",
    "A_LINE": "{{ must_env `FILE_SECRET` | json_escape }}",
    "A_COMMAND": "{{ fetched | json_escape }}",
    "A_URL": "postgres://app:{{ ssm `/app/key` | json_escape }}@db/app",
    "A_DOCUMENT": '{\\"a\\": \\"{{ ssm `/app/key` | json_escape | json_escape }}\\"}',
    "A_PLAIN": "{{ ssm `/app/plain` | json_escape }}",
}
"""What the definition says, by the variables that hold it: no name tells that its value is secret."""

LITERAL = "LITERAL_PASSWORD"
NAMES: Final = (*SOURCES, LITERAL, "IN_HCL", "NEVER_READ")


def secret(name: str, version: int) -> str:
    """Give a secret that no two notations write alike, with a core that all do."""
    return f'{core(name, version)}"\\é<&'


def core(name: str, version: int) -> str:
    return f"planted{name.replace('_', '').lower()}{version}end"


def notations() -> Iterator[str]:
    """Give what must not be found: what is left of each secret in any notation of texts, and in base64 at any place."""
    for name in NAMES:
        for version in (1, 2):
            found = core(name, version)
            yield found
            for offset in range(3):
                encoded = base64.b64encode(b"-" * offset + found.encode()).decode()
                yield encoded[4 if offset else 0 : -4]


def plant(version: int, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put secrets into every source but the definitions."""
    ssm = client_of(box.serving.endpoint_url, "ssm")
    key = secret("A_PARAMETER", version)
    ssm.put_parameter(Name="/app/key", Value=key, Type="SecureString", Overwrite=True)
    # What nothing says to be secret is one where its text is: that of today, since nobody knows those of before.
    plain = key if version == 2 else "plain"
    ssm.put_parameter(Name="/app/plain", Value=plain, Type="String", Overwrite=True)
    state = json.loads((ARTICLE / "terraform.tfstate").read_text())
    state["serial"] += version
    state["outputs"]["token"] = {"value": secret("A_OUTPUT", version), "type": "string", "sensitive": True}
    (parameter,) = (each for each in state["resources"] if each["type"] == "aws_ssm_parameter")
    parameter["instances"][0]["attributes"]["value"] = secret("AN_ATTRIBUTE", version)
    Path("terraform.tfstate").write_text(json.dumps(state))
    Path("fetched.txt").write_text(secret("A_COMMAND", version))
    Path(".env").write_text(f"FILE_SECRET='{secret('A_LINE', version)}'\n")
    monkeypatch.setenv("DEPLOY_TOKEN", secret("A_VARIABLE", version))
    monkeypatch.setenv("TF_VAR_planted", secret("IN_HCL", version))


SETTINGS: Final = """\
region: ap-northeast-1
cluster: your-cluster
service: web
service_definition: service.json
task_definition: task.json
record: ../records
plugins:
  - name: tfstate
    config: {path: ../terraform.tfstate}
  - name: external
    config: {name: fetched, command: [cat, fetched.txt], dir: .., parser: string, sensitive: true}
"""


def lay_out(project: Path) -> None:
    """Write two projects, one of whose definitions are templates, the other's in HCL, over one state."""
    for path in project.iterdir():
        path.unlink()
    web, hcl = project / "web", project / "hcl"
    web.mkdir()
    (web / "reconciler.yml").write_text(SETTINGS)
    shutil.copy(ARTICLE / "ecs-service-def.json", web / "service.json")
    task = (ARTICLE / "ecs-task-def.json").read_text()
    planted = [{"name": name, "value": name} for name in SOURCES]
    planted.append({"name": LITERAL, "value": secret(LITERAL, 1)})
    listed = ", ".join(map(json.dumps, planted))
    for name, text in SOURCES.items():
        listed = listed.replace(f'"value": "{name}"', f'"value": "{text}"')
    arn = '{ "name": "STORED", "valueFrom": "{{ secretsmanager_arn `app/token` }}" }'
    task = task.replace('{ "name": "LOG_LEVEL"', f'{listed}, {{ "name": "LOG_LEVEL"', 1)
    (web / "task.json").write_text(task.replace('"secrets": [', f'"secrets": [{arn}, ', 1))
    shutil.copytree(ROOT / "fixtures/examples/hcl", hcl)
    text = (hcl / "reconciler.hcl").read_text().replace('"your-service"', '"hcl"')
    (hcl / "reconciler.hcl").write_text(
        text.replace('"terraform.tfstate"', '"../terraform.tfstate"').replace(
            "plugin ", 'record = "../records"\n\nplugin ', 1
        )
        + 'stamp = { owner = "shop", digest = true, revision = true }\n'
        'variable "planted" {\n  type      = string\n  sensitive = true\n}\n'
    )
    text = (hcl / "task.hcl").read_text().replace('"test-httpd"', '"hcl"')
    (hcl / "task.hcl").write_text(text.replace("VPC_ID =", "IN_HCL = var.planted, VPC_ID ="))


@pytest.fixture
def planted(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Box]:
    """Serve an AWS with secrets in it, to projects with secrets behind them."""
    lay_out(project)
    for name, value in {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "RECONCILER_REMEMBER": "anywhere",
        "RECONCILER_WEBHOOK_URL": "https://hooks.example.com/x",
        "RECONCILER_SLACK_URL": "https://slack.example.com/x",
        "RECONCILER_REVISION": "0f1e2d3",
        "TF_VAR_tag": "2.4.61",
    }.items():
        monkeypatch.setenv(name, value)
    secrets = {"app/token": secret("NEVER_READ", 1)}
    with boxed({"clusters": [CLUSTER], "secrets": secrets}, monkeypatch) as served:
        plant(1, served, monkeypatch)
        yield served


def tamper(box: Box) -> None:
    """Have the service run a revision that somebody made by hand, with a secret in the midst of a text."""
    ecs = box.ecs
    found = box.definition()
    container = found["containerDefinitions"][0]
    text = json.dumps({"x": f"y {secret('A_PARAMETER', 2)} z"})
    container["environment"].append({"name": "TAMPERED", "value": text})
    container["dockerLabels"] = {"also": f"<{secret('A_OUTPUT', 2)}>"}
    made = ecs.register_task_definition(**{name: found[name] for name in TAKEN})
    arn = made["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=CLUSTER, service="web", taskDefinition=arn)


def test_no_secret_of_any_source_is_in_anything_that_is_written(
    cli: Cli, planted: Box, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written: dict[str, str] = {}
    posted: list[bytes] = []

    def run(*arguments: str, code: int) -> None:
        ran = cli("--envfile", ".env", *arguments)
        assert ran.code == code, ran
        written[" ".join(arguments)] = ran.out + ran.err

    def post(_url: str, body: bytes) -> int:
        posted.append(body)
        return 200

    monkeypatch.setattr(alerts, "_post", post)
    apply = ("apply", ".", "--auto-approve", "--no-wait")
    run("--log-format", "json", *apply, "--format", "json", code=0)
    run("plan", ".", "--detailed-exitcode", code=0)
    remembered = [path.read_text() for path in (tmp_path / "cache").rglob("revision-*")]
    assert len(remembered) == 1
    plant(2, planted, monkeypatch)
    edit("web/task.json", json.dumps(secret(LITERAL, 1)), '"x"')
    tamper(planted)

    for form, each in forms.FORMS.items():
        asked = (".",) if each.several is not None else ("--config", "web/reconciler.yml")
        run("plan", *asked, "--format", form, code=0)
    reports = [f"drift{form.suffix}" for form in driftforms.FORMS.values() if form.suffix]
    told = ("--notify", "webhook", "--notify", "slack", "--notify-state", "told")
    files = [word for name in reports for word in ("--report", name)]
    run("drift", ".", *files, *told, "--unmanaged", code=2)
    for form in (name for name, each in driftforms.FORMS.items() if not each.suffix and name != "human"):
        run("drift", ".", "--format", form, code=2)
    run("--debug", "plan", "--config", "web/reconciler.yml", "--out", "saved.json", code=1)
    run("drift", "--config", "web/reconciler.yml", "--accept", "--reason", "x", code=0)
    run(*apply, code=0)
    written |= {str(number): body.decode() for number, body in enumerate(posted)}
    assert len(posted) == 2
    for folder in (tmp_path / "cache", Path("told"), Path("records")):
        found = {
            str(path): path.read_bytes().decode(errors="replace")
            for path in folder.rglob("*")
            if path.is_file()
        }
        assert found
        written |= found
    for name in (*reports, "web/drift-accepted.yml"):
        written[name] = Path(name).read_text()
    tags = [
        planted.ecs.describe_task_definition(taskDefinition=name, include=["TAGS"])["tags"]
        for name in ("hcl",)
    ]
    assert len(tags[0]) == 3
    written["tags"] = json.dumps(tags)

    assert [(name, each) for name, text in written.items() for each in notations() if each in text] == []
    assert all(
        "TAMPERED" in written[name]
        for name in (
            "drift.html",
            "drift.md",
            "drift.json",
            "plan . --format human",
            "drift . --format github",
        )
    )
