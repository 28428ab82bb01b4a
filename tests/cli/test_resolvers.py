"""Every resolver, in every language that a definition may be written in, against an AWS that has it all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.cli.commands import ROOT, Box, Cli, client_of
from tests.cli.conftest import boxed
from tests.plugins.conftest import Reply, Request, serving

FOLDER = ROOT / "fixtures" / "resolvers"
FORMS = ("task.json", "task.yml", "task.jsonnet", "task.hcl")
SEED = {
    "clusters": ["your-cluster"],
    "parameters": {"/app/stage": "prod"},
    "secrets": {"app/token": "hush"},
    "objects": {
        "releases": {
            "app.json": '{"tag": "1.2", "session": {"password": "hush-hush"}}',
            "motd": "good morning",
        }
    },
}
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
    "manifests": [
        {
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "digest": f"sha256:{number:064}",
            "size": 1,
            "platform": {"os": "linux", "architecture": name},
        }
        for number, name in enumerate(("amd64", "arm64"))
    ],
}
NAMESPACE = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"'
EXPORTS = [
    "<member><Name>network:subnet</Name><Value>subnet-1</Value></member>",
    "<member><Name>network:vpc</Name><Value>vpc-0a1b2c3d</Value></member>",
]


def cloudformation(request: Request) -> Reply:
    """Answer as CloudFormation does, exports in two pages; moto's needs libraries that the sandbox does without."""
    asked = {name: value for name, (value, *_) in parse_qs(request.body.decode()).items()}
    name = asked["Action"]
    if name == "DescribeStacks" and asked["StackName"] != "roles":
        said = f"Stack with id {asked['StackName']} does not exist"
        error = f"<Error><Type>Sender</Type><Code>ValidationError</Code><Message>{said}</Message></Error>"
        return Reply(400, f"<ErrorResponse {NAMESPACE}>{error}</ErrorResponse>".encode())
    page = int(asked.get("NextToken", "0"))
    more = "" if page else "<NextToken>1</NextToken>"
    result = {
        "DescribeStacks": "<Stacks><member><StackName>roles</StackName><StackStatus>CREATE_COMPLETE</StackStatus>"
        "<Outputs><member><OutputKey>ExecutionRoleArn</OutputKey>"
        "<OutputValue>arn:aws:iam::123456789012:role/execution</OutputValue></member></Outputs></member></Stacks>",
        "ListExports": f"<Exports>{EXPORTS[page]}</Exports>{more}",
        "ListStacks": "<StackSummaries><member><StackName>roles</StackName><StackStatus>CREATE_COMPLETE</StackStatus>"
        "</member></StackSummaries>",
    }[name]
    return Reply(
        200, f"<{name}Response {NAMESPACE}><{name}Result>{result}</{name}Result></{name}Response>".encode()
    )


def git(*arguments: str) -> str:
    """Run git as somebody without settings."""
    who = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environ = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *arguments], env=environ, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def made(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Give what has no fixed value of a checkout of the fixture and an AWS that it is for."""
    pytest.importorskip("moto", reason="the extra 'sandbox' is not installed")
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    shutil.copytree(FOLDER, tmp_path / "checkout")
    monkeypatch.chdir(tmp_path / "checkout")
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message=one")
    with boxed(SEED, monkeypatch) as box, serving() as other:
        other.answers["/"] = cloudformation
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", other.url)
        yield {"commit": git("rev-parse", "HEAD"), "digest": pushed(box), "secret": secret(box)}


def pushed(box: Box) -> str:
    """Push an image for two platforms, and give its digest."""
    ecr = client_of(box.serving.endpoint_url, "ecr")
    ecr.create_repository(repositoryName="team/app")
    put = ecr.put_image(repositoryName="team/app", imageManifest=json.dumps(MANIFEST), imageTag="1.2")
    return str(put["image"]["imageId"]["imageDigest"])


def secret(box: Box) -> str:
    found = client_of(box.serving.endpoint_url, "secretsmanager").describe_secret(SecretId="app/token")
    return str(found["ARN"])


def rows(cli: Cli, form: str) -> dict[tuple[str, str], Any]:
    """List references, by resolver and path."""
    found = json.loads(cli("references", "--format", "json", TASK=form).out)
    return {(row["resolver"], row["path"]): row for row in found if row["path"] != "TASK"}


def test_all_resolvers_in_all_languages(cli: Cli, made: dict[str, str]) -> None:
    text = (FOLDER / "rendered.json").read_text()
    for name, value in made.items():
        text = text.replace(f"{{{name}}}", value)
    for form in FORMS:
        ran = cli("render", "task-definition", TASK=form)
        assert (ran.code, ran.err) == (0, ""), form
        assert json.loads(ran.out) == json.loads(text), form


def test_listing_explaining_and_planning_them(cli: Cli, made: dict[str, str]) -> None:
    found = rows(cli, "task.hcl")
    assert {row["status"] for row in found.values()} == {"ok"}
    assert {resolver for resolver, _ in found} == {
        "caller_identity", "cloudformation", "ecr", "env", "git", "greet", "parse", "s3", "secretsmanager", "ssm",
    }  # fmt: skip
    assert found["s3", "json s3://releases/app.json"]["sensitive"]
    said = cli("explain", "ecr_image `team/app:1.2`", TASK="task.json").out
    assert 'containerDefinitions["app"].image = ' in said
    assert f"from ecr team/app:1.2, read from team/app:1.2, version {made['digest']}" in said
    said = cli("explain", 'containerDefinitions["app"].environment["GREETING"]', TASK="task.yml").out
    assert "from greet Hello world, read from printf" in said
    plan = cli("plan", TASK="task.jsonnet").out
    assert "hush" not in plan
    assert "# cloudformation roles.ExecutionRoleArn" in plan


def test_a_command_of_a_branch_that_is_not_taken_does_not_run(cli: Cli, made: dict[str, str]) -> None:
    text = "{{ greet `Hello` `world` }}{{ if false }}{{ greet `Good` `bye` }}{{ git `short` }}{{ end }}"
    Path("task.yml").write_text(f'family: "{text}"\n')
    found = rows(cli, "task.yml")
    assert found["greet", "Good bye"]["status"] == "not reached"
    assert found["greet", "Hello world"]["value"] == "Hello, world!"
    assert made["commit"].startswith(found["git", "short"]["value"]), "only what commands print is left out"


WRONG = [
    # a file, what stands there, what is written in its place, what is said of it
    ("task.json", "team/app:1.2", "team/app:1.3", ("task.json:7:20: the repository team/app has no image", "1.2")),
    ("task.jsonnet", "'{\"small\"", "'{small", ("what parse printed is no JSON, at line 1", "parser: string")),
    ("task.hcl", '"roles"', '"role"', ("task.hcl:2:22: there is no stack role", "did you mean roles?")),
]  # fmt: skip


def test_what_is_wrong_is_said_with_its_place_and_what_to_try(cli: Cli, made: dict[str, str]) -> None:
    for form, there, instead, said in WRONG:
        text = (FOLDER / form).read_text()
        assert there in text
        Path(form).write_text(text.replace(there, instead, 1))
        cli("render", "task-definition", TASK=form).one_error(form, *said)
        Path(form).write_text(text)
