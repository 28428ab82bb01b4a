"""The action: no input is part of a script, jobs end as the command did, and one comment is written."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

import pytest
import yaml

from reconciler.render import markdown
from tests import tables
from tests.house.lines import understood

ROOT = Path(__file__).parents[2]
ACTION = tables.read(ROOT / "action.yml")
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SCRIPTS = sorted((ROOT / "action").glob("*.sh"))
CI = (ROOT / "docs/ci.md").read_text()
BASH = shutil.which("bash")
bashed = pytest.mark.skipif(BASH is None, reason="there is no bash")


# The action


def expressions(found: object) -> Iterator[str]:
    """Give every expression of GitHub's in a document."""
    if isinstance(found, str):
        yield from re.findall(r"\$\{\{\s*(.*?)\s*\}\}", found)
    elif isinstance(found, Mapping):
        for each in found.values():
            yield from expressions(each)
    elif isinstance(found, list):
        for each in found:
            yield from expressions(each)


def test_inputs_reach_scripts_through_the_environment_alone() -> None:
    outside = [{key: value for key, value in step.items() if key not in ("env", "with")} for step in STEPS]
    assert list(expressions(outside)) == []
    used = {name for name in expressions(STEPS) if name.startswith("inputs.")}
    assert used == {f"inputs.{name}" for name in ACTION["inputs"]}


def test_outputs_are_those_that_the_script_writes() -> None:
    written = set(re.findall(r'echo "([a-z-]+)=\$', (ROOT / "action/run.sh").read_text()))
    read = {name for name in expressions([ACTION["outputs"], STEPS]) if name.startswith("steps.")}
    assert read == {f"steps.run.outputs.{name}" for name in written}
    assert [step["id"] for step in STEPS if "id" in step] == ["run"]


def test_every_step_runs_a_script_that_is_there_with_what_it_takes() -> None:
    for step in STEPS:
        assert step["shell"] == "bash"
        for name in re.findall(r'\$GITHUB_ACTION_PATH/([^"]+)"', step["run"]):
            taken = set(re.findall(r"\$\{?(INPUT_[A-Z_]+|REPORT)", (ROOT / name).read_text()))
            given = set(step["env"])
            # What comment.sh leaves to comment.py is in the environment of both.
            assert taken <= given, name
            assert {each for each in given - taken if each.startswith("INPUT_")} <= {
                "INPUT_COMMENT_AUTHOR",
                "INPUT_TOKEN",
            }, name


@bashed
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.name))
def test_scripts_are_strict_and_bash_reads_them(script: Path) -> None:
    assert "\nset -euo pipefail\n" in script.read_text()
    subprocess.run([str(BASH), "-n", script], check=True)


class Runner:
    """The runner of a job, with a command in place of ours that writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        """Lay out the folders."""
        self.folder = folder
        command = folder / "temp/reconciler/bin/reconciler"
        command.parent.mkdir(parents=True)
        command.write_text(
            '#!/bin/sh\nprintf "%s\\n" "$#" "$@" >>"$CALLS"\nprintf "%s" "$SAID"\n'
            'for each; do case $each in --report=*) printf "%s" "$SAID" >"${each#--report=}";; esac; done\n'
            'exit "$CODE"\n'
        )
        command.chmod(0o700)
        (folder / "work").mkdir()

    def run(
        self, inputs: Mapping[str, str], *, code: int = 0, said: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run the script of the action with inputs, defaults for the others."""
        defaults = {name: str(each["default"]) for name, each in ACTION["inputs"].items()}
        given = {**defaults, **inputs}
        files = {
            name: str(self.folder / name.lower())
            for name in ("CALLS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        }
        environ = {
            "PATH": os.environ["PATH"],
            "RUNNER_TEMP": str(self.folder / "temp"),
            "CODE": str(code),
            "SAID": said,
            **files,
            **{f"INPUT_{name.upper().replace('-', '_')}": value for name, value in given.items()},
        }
        return subprocess.run(
            [str(BASH), ROOT / "action/run.sh"],
            check=False,
            capture_output=True,
            text=True,
            env=environ,
            cwd=self.folder / "work",
        )

    @property
    def calls(self) -> list[list[str]]:
        """Give the words of each call."""
        lines = (self.folder / "calls").read_text().splitlines()
        found = []
        while lines:
            count = int(lines.pop(0))
            found.append(lines[:count])
            del lines[:count]
        # Files of a run are in a folder of its own.
        return [[re.sub(r"^(--report=)\S*/", r"\1", word) for word in call] for call in found]

    @property
    def outputs(self) -> dict[str, str]:
        """Give what the job's later steps see."""
        lines = (self.folder / "github_output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def summary(self) -> str:
        """Give the job's summary."""
        return (self.folder / "github_step_summary").read_text()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """Give a runner."""
    return Runner(tmp_path)


PLAN = ["plan", "--format", "markdown", "--detailed-exitcode"]
NOTES = ["plan", "--format", "github"]
DRIFT = ["drift", "--format", "github", "--report=report.md", "--report=drift.html"]
NASTY = "a b; touch x $(touch y) `touch z` *"
CALLS: list[tuple[dict[str, str], list[list[str]]]] = [
    ({}, [[*PLAN, "--"], [*NOTES, "--"]]),
    ({"annotations": "false", "paths": "web\n\n-api\r\n"}, [[*PLAN, "--", "web", "-api"]]),
    (
        {"args": f"--changed-since={NASTY}\n--markdown-limit=5000", "paths": NASTY},
        [
            [*PLAN, f"--changed-since={NASTY}", "--markdown-limit=5000", "--", NASTY],
            [*NOTES, f"--changed-since={NASTY}", "--", NASTY],
        ],
    ),
    (
        {"args": "--markdown-limit\n5000\n--strict"},
        [[*PLAN, "--markdown-limit", "5000", "--strict", "--"], [*NOTES, "--strict", "--"]],
    ),
    ({"plan-file": NASTY, "annotations": "false"}, [[*PLAN, f"--out={NASTY}", "--"]]),
    (
        {"plan-file": "p", "paths": NASTY},
        [
            [*PLAN, "--out=p", f"--config={NASTY}", "--"],
            ["plan", "--format", "github", f"--config={NASTY}", "--"],
        ],
    ),
    ({"command": "drift"}, [[*DRIFT, "--"]]),
    (
        {"command": "drift", "fail-on": "live,infrastructure", "paths": "."},
        [[*DRIFT, "--fail-on=live,infrastructure", "--", "."]],
    ),
    (
        {"command": "drift", "fail-on": "none", "args": "--shard\n2/3", "paths": "."},
        [[*DRIFT, "--shard", "2/3", "--", "."]],
    ),
    ({"command": "apply"}, [["apply", "--auto-approve", "--"]]),
    (
        {"command": "apply", "paths": "web\napi", "args": "--keep-going"},
        [["apply", "--auto-approve", "--keep-going", "--", "web", "api"]],
    ),
    (
        {"command": "apply", "paths": NASTY, "plan-file": "-plan", "args": "--timeout=20m\n--on-failure=rollback"},
        [["apply", "--auto-approve", f"--config={NASTY}", "--timeout=20m", "--on-failure=rollback", "--", "-plan"]],
    ),
]  # fmt: skip


@bashed
@pytest.mark.parametrize(("inputs", "calls"), CALLS)
def test_inputs_are_words_of_commands_that_we_understand(
    runner: Runner, inputs: dict[str, str], calls: list[list[str]]
) -> None:
    ran = runner.run(inputs)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert runner.calls == calls
    for call in calls:
        understood(call)
    assert list((runner.folder / "work").iterdir()) == []


@bashed
@pytest.mark.parametrize(
    ("inputs", "code", "changed", "failed"),
    [
        ({}, 0, "false", 0),
        ({}, 1, "", 1),
        ({}, 2, "true", 0),
        ({"fail-on": "changes"}, 2, "true", 2),
        ({"command": "drift"}, 0, "false", 0),
        ({"command": "drift"}, 1, "", 1),
        ({"command": "drift"}, 2, "true", 2),
        ({"command": "drift", "fail-on": "none"}, 2, "true", 0),
        ({"command": "drift", "fail-on": "none"}, 1, "", 1),
        ({"command": "apply"}, 0, "", 0),
        ({"command": "apply"}, 2, "", 2),
        ({"command": "apply"}, 4, "", 4),
    ],
)
def test_the_job_ends_as_the_command_did_or_as_fail_on_says(
    runner: Runner, inputs: dict[str, str], code: int, changed: str, failed: int
) -> None:
    ran = runner.run({"annotations": "false", **inputs}, code=code, said="<b> & more")
    assert ran.returncode == 0, ran
    report = runner.outputs.pop("report")
    page = runner.outputs.get("report-html")
    told = {"exit-code": str(code), "changed": changed, "failed": str(failed)}
    told |= {"report-html": str(page)} if inputs.get("command") == "drift" else {}
    assert {name: text for name, text in runner.outputs.items() if name != "report"} == told
    assert [Path(path).read_text() for path in (report, page) if path] == ["<b> & more"] * (1 + bool(page))
    shown = "&lt;b&gt; &amp; more" if inputs.get("command") == "apply" else "<b> & more"
    assert shown in runner.summary


@bashed
def test_nothing_that_is_shown_is_a_command_of_the_runners(runner: Runner) -> None:
    ran = runner.run({"command": "apply"}, said="::set-output name=x::y\n")
    first, said, last = ran.stdout.splitlines()
    token = first.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert (said, last) == ("::set-output name=x::y", f"::{token}::")


@bashed
@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("annotations", ["true", "false"])
def test_annotations_are_for_the_runner_and_nothing_else_is(
    runner: Runner, annotations: str, command: str
) -> None:
    said = "::warning ::it moved\n::set-output name=x::y\n::error::z\n"
    ran = runner.run({"command": command, "annotations": annotations}, said=said)
    first, last, *shown = ran.stdout.splitlines()
    assert (first.startswith("::stop-commands::"), last) == (
        True,
        f"::{first.removeprefix('::stop-commands::')}::",
    )
    assert shown == (["::warning ::it moved"] if annotations == "true" else [])


@bashed
@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"command": "delete"}, "plan, apply or drift"),
        ({"command": "apply", "paths": "a\nb", "plan-file": "p"}, "one project"),
        ({"paths": "a\nb", "plan-file": "p"}, "one project"),
        ({"command": "apply", "fail-on": "changes"}, "plan and drift"),
        ({"fail-on": "live"}, "changes, or nothing"),
    ],
)
def test_inputs_that_mean_nothing_are_refused(runner: Runner, inputs: dict[str, str], said: str) -> None:
    ran = runner.run(inputs)
    assert ran.returncode == 1
    assert said in ran.stdout
    assert not (runner.folder / "calls").exists()


@bashed
@pytest.mark.parametrize("inputs", [{"INPUT_VERSION": "1.0 --index-url=x"}, {"INPUT_EXTRAS": "gcs] @ x"}])
def test_what_is_installed_is_a_version_and_extras(inputs: dict[str, str], tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": str(ROOT)}
    environ |= {"INPUT_VERSION": "", "INPUT_EXTRAS": ""} | inputs
    ran = subprocess.run(
        [str(BASH), ROOT / "action/install.sh"], check=False, capture_output=True, text=True, env=environ
    )
    assert ran.returncode == 1
    assert ran.stdout.startswith("::error title=reconciler::the input ")
    assert list(tmp_path.iterdir()) == []


# The comment

MARKER = "<!-- reconciler plan services -->"
OURS = {"login": "github-actions[bot]"}


class GitHub:
    """GitHub's comments on a pull request."""

    def __init__(self, comments: Sequence[dict[str, Any]], status: int = 200) -> None:
        """Begin with comments."""
        self.comments = list(comments)
        self.status = status
        self.writes: list[tuple[str, str, Any]] = []

    def __call__(self, request: Request, timeout: float) -> io.BytesIO:
        """Answer a call."""
        assert request.get_header("Authorization") == "Bearer secret"
        if self.status != 200:
            raise HTTPError(request.full_url, self.status, "", Message(), None)
        path = request.full_url.removeprefix("https://api.github.com/repos/us/it/issues/")
        if request.get_method() == "GET":
            page = int(path.removeprefix("7/comments?per_page=100&page="))
            return io.BytesIO(json.dumps(self.comments[(page - 1) * 100 : page * 100]).encode())
        assert isinstance(request.data, bytes)
        self.writes.append((request.get_method(), path, json.loads(request.data)["body"]))
        return io.BytesIO(b"{}")


def commented(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    github: GitHub,
    *,
    event: object,
    body: str,
    issue: str = "",
) -> int:
    """Run the script that comments, and give its exit code."""
    spec = importlib.util.spec_from_file_location("comment", ROOT / "action/comment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (folder / "event.json").write_text(json.dumps(event))
    (folder / "report").write_text(body)
    for name, value in {
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": "us/it",
        "GITHUB_API_URL": "https://api.github.com",
        "REPORT": str(folder / "report"),
        "INPUT_COMMENT_AUTHOR": OURS["login"],
        "INPUT_TOKEN": "secret",
        "INPUT_ISSUE": issue,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(module, "urlopen", github)
    code: int = module.main()
    return code


BODY = f"{MARKER}\nnew"
OLD = {"id": 5, "user": OURS, "body": f"{MARKER}\nold"}
OTHERS = [
    {"id": 1, "user": {"login": "mallory"}, "body": f"{MARKER}\nforged"},
    {"id": 2, "user": None, "body": None},
    {"id": 3, "user": OURS, "body": f"{MARKER[:-4]}/web -->\nof another run"},
    {"id": 4, "user": OURS, "body": f"see\n{MARKER}"},
]


@pytest.mark.parametrize(
    ("comments", "written"),
    [
        ([], ("POST", "7/comments")),
        (OTHERS, ("POST", "7/comments")),
        ([*OTHERS, OLD, {**OLD, "id": 6}], ("PATCH", "comments/5")),
        ([*OTHERS, {**OLD, "body": f"{MARKER}\r\nold"}], ("PATCH", "comments/5")),
        ([*(OTHERS * 50), OLD], ("PATCH", "comments/5")),
    ],
)
def test_one_comment_is_written_or_replaced(
    comments: list[dict[str, Any]], written: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github = GitHub(comments)
    event = {"pull_request": {"number": 7}}
    assert commented(monkeypatch, tmp_path, github, event=event, body=BODY) == 0
    assert github.writes == [(*written, BODY)]


def test_drift_is_written_on_an_issue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = f"{markdown.marker('services', 'drift')}\nnew"
    github = GitHub([OLD])
    assert commented(monkeypatch, tmp_path, github, event={}, body=body, issue="7") == 0
    assert github.writes == [("POST", "7/comments", body)]
    assert commented(monkeypatch, tmp_path, github, event={}, body=body, issue="7/labels") == 1


@pytest.mark.parametrize(
    ("event", "body", "status", "code", "said"),
    [
        ({}, BODY, 200, 0, "not about a pull request"),
        ({"issue": {"number": 7}}, BODY, 200, 0, "not about a pull request"),
        ({"issue": {"number": 7, "pull_request": {}}}, BODY, 403, 1, "`pull-requests: write`"),
        ({"pull_request": {"number": 7}}, BODY, 500, 1, "GitHub answers 500\n"),
        ({"pull_request": {"number": 7}}, '{"format": 1}', 200, 1, "no marker"),
    ],
)
def test_no_comment_says_why(
    event: object,
    body: str,
    status: int,
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    github = GitHub([], status)
    assert commented(monkeypatch, tmp_path, github, event=event, body=body) == code
    assert github.writes == []
    assert said in capsys.readouterr().out


def test_the_marker_is_that_of_our_comments() -> None:
    assert markdown.marker("services") == MARKER


# The document

YAMLS = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", CI, re.MULTILINE | re.DOTALL)]


def uses(found: object) -> Iterator[Mapping[str, Any]]:
    """Give the steps that use the action."""
    if isinstance(found, Mapping):
        if "/reconciler@" in str(found.get("uses")):
            yield found
        for each in found.values():
            yield from uses(each)
    elif isinstance(found, list):
        for each in found:
            yield from uses(each)


@bashed
@pytest.mark.parametrize("step", list(uses(YAMLS)), ids=lambda step: str(step["with"].get("command", "plan")))
def test_workflows_in_the_document_use_the_action_as_it_is(runner: Runner, step: Mapping[str, Any]) -> None:
    assert set(step["with"]) <= set(ACTION["inputs"])
    inputs = {
        name.replace("-", "_"): re.sub(r"\$\{\{.*?\}\}", "1", text) for name, text in step["with"].items()
    }
    assert runner.run(inputs).returncode == 0
    for call in runner.calls:
        understood(call)


@pytest.mark.parametrize("part", ["inputs", "outputs"])
def test_the_document_tells_of_every_input_and_output(part: str) -> None:
    rows = "\n".join(line.split(" | ")[0] for line in CI.splitlines() if line.startswith("| `"))
    assert [name for name in ACTION[part] if f"`{name}`" not in rows] == []
