"""`drift --notify` and `--report`: who is told of what, once, and no secret in anything that is written."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.api import alerts
from reconciler.cli import driftforms
from reconciler.core.alerts import Alert, Sort, Topic
from reconciler.errors import ConfigError, PlanError
from tests.cli.commands import CLUSTER, ROOT, SERVICE, Box, Cli, edit

SECRET = "hunter2-hunter2"
HOOK = "https://hooks.example.com/planted-path/T0KEN"
SLACK = "https://slack.example.com/services/T000/B000/planted-token"


class Posts(list[tuple[str, Any]]):
    """What was posted; answers with a status, or with what goes wrong."""

    answer: int | Exception = 200

    def __call__(self, url: str, body: bytes) -> int:
        """Take a message."""
        self.append((url, json.loads(body)))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def posts(monkeypatch: pytest.MonkeyPatch) -> Posts:
    """Take what would be posted."""
    taken = Posts()
    monkeypatch.setattr(alerts, "_post", taken)
    monkeypatch.setattr(alerts, "_PAUSE", 0.0)
    monkeypatch.setenv("RECONCILER_WEBHOOK_URL", HOOK)
    monkeypatch.setenv("RECONCILER_SLACK_URL", SLACK)
    return taken


def plant() -> None:
    """Have the files want a secret where AWS shows something else."""
    edit("ecs-task-def.json", "{{ env `LOG_LEVEL` `info` }}", "{{ tfstate `output.token` }}")
    state = json.loads(Path("terraform.tfstate").read_text())
    state["outputs"]["token"] = {"value": SECRET, "type": "string", "sensitive": True}
    Path("terraform.tfstate").write_text(json.dumps(state))


def test_no_secret_is_in_anything_that_is_written(cli: Cli, box: Box, posts: Posts, tmp_path: Path) -> None:
    plant()
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)
    files = [f"drift{form.suffix}" for form in driftforms.FORMS.values() if form.suffix]
    assert files == ["drift.json", "drift.md", "drift.html"]
    reports = [word for name in files for word in ("--report", name)]
    told = ["--notify", "webhook", "--notify", "slack", "--notify-state", "told"]
    ran = cli("drift", *reports, *told)
    assert ran.code == 2, ran
    assert [url for url, _ in posts] == [HOOK, SLACK]
    others = [cli("drift", "--format", "github"), cli("drift", "--debug", "--notify-state", "x")]
    state = [path.read_text() for path in Path("told").iterdir()]
    assert len(state) == 2
    written = [Path(name).read_text() for name in files]
    everything = [
        *written,
        *state,
        *(f"{each.out}{each.err}" for each in (ran, *others)),
        json.dumps([body for _, body in posts]),
    ]
    for text in everything:
        assert SECRET not in text
        assert "planted-" not in text
    assert all("LOG_LEVEL" in text and "desiredCount" in text for text in [*written, *state, others[0].out])
    assert {Path(name).stat().st_mode & 0o777 for name in files} == {0o644}
    assert re.search(
        r"^::warning file=ecs-service-def.json,line=\d+,col=\d+,title=.*::desiredCount is 3,",
        others[0].out,
        re.MULTILINE,
    )
    schema = json.loads((ROOT / "docs/schemas/notification.schema.json").read_text())
    Draft202012Validator(schema).validate(posts[0][1])
    assert list(Path().glob(".drift*")) == []


def test_who_is_told_is_told_once(cli: Cli, box: Box, posts: Posts) -> None:
    arguments = ("drift", "--notify", "webhook")
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)
    posts.answer = OSError(f"{HOOK} does not answer")
    ran = cli(*arguments)
    assert ran.code == 2
    assert len(posts) == 2, "once more"
    assert ran.err == "Warning: webhook was not told of this: nobody answers (OSError)\n"
    posts.answer = 204
    assert (
        cli(*arguments, GITHUB_REPOSITORY="org/shop").err
        == "webhook was told: 1 new, nothing else is open.\n"
    )
    assert posts[-1][1]["name"] == "org/shop: ecspresso.yml"
    assert cli(*arguments).err == ""
    assert len(posts) == 3
    edit("ecs-service-def.json", '"desiredCount": 2', '"desiredCount": 3')
    ran = cli(*arguments)
    assert (ran.code, ran.err) == (0, "webhook was told: 1 over, nothing else is open.\n")
    edit("ecs-service-def.json", '"desiredCount": 3', '"desiredCount": {{ must_env `NONE` }}')
    ran = cli(*arguments, "--report", "drift.html", "--format", "markdown")
    assert ran.code == 1
    assert ran.out.startswith("<!-- reconciler drift ecspresso.yml -->\n### `ecspresso.yml`: 1 project: ")
    assert "> [!CAUTION]" in ran.out
    assert ran.err.startswith("webhook was told: 1 new, nothing else is open.\nError: ")
    assert "variable NONE is not set" in Path("drift.html").read_text()
    assert [each["sort"] for each in posts[-1][1]["new"]] == ["failed"]


@pytest.mark.parametrize(
    ("arguments", "environ", "words"),
    [
        (("--notify", "slack"), {"RECONCILER_SLACK_URL": None}, "RECONCILER_SLACK_URL, which is not set"),
        (("--notify", "slack"), {"RECONCILER_SLACK_URL": "file:///planted"}, "RECONCILER_SLACK_URL is no URL"),
        (("--notify", "webhook"), {"RECONCILER_WEBHOOK_URL": "https://planted x"}, "RECONCILER_WEBHOOK_URL is no URL"),
        (("--notify", "webhook"), {"RECONCILER_NO_CACHE": "1"}, "--notify-state DIR"),
        (("--notify-state", "x"), {}, "goes with --notify"),
        ((".", "--notify", "slack", "--changed-since", "HEAD"), {}, "leave --changed-since out"),
        (("--notify", "slack", "--show-sensitive"), {}, "exclude each other"),
        (("--report", "drift.txt"), {}, "ends in none of .json, .md, .html"),
        (("--report", "nowhere/drift.md"), {}, "'nowhere', the folder of drift.md, is not there"),
        (("--report", "folder.md"), {}, "is a folder"),
        (("--markdown-limit", "5000"), {}, "--report FILE.md"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_first(
    cli: Cli, posts: Posts, arguments: tuple[str, ...], environ: dict[str, str | None], words: str
) -> None:
    Path("folder.md").mkdir()
    ran = cli("drift", *arguments, **environ)
    assert "planted" not in ran.one_error(words)
    assert posts == []


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        driftforms.written(tmp_path / f"{'x' * 300}.md", "text")
    driftforms.written(tmp_path / "a.json", '"\\ud800 \ud800"')
    assert json.loads((tmp_path / "a.json").read_text()) == "\ud800 \ud800"
    assert [path.name for path in tmp_path.glob("*a.json*")] == ["a.json"]
    link = tmp_path / "link.json"
    link.symlink_to("a.json")
    driftforms.written(link, "{}")
    assert (link.is_symlink(), (tmp_path / "a.json").read_text()) == (True, "{}")


# The memory and the way there, without the command.


class Place:
    """A place of memories, which can fail."""

    def __init__(self) -> None:
        """Begin empty."""
        self.held: dict[str, str] = {}
        self.broken = False

    def named(self, name: str, /) -> str:
        """Give a name."""
        return name

    def names(self) -> tuple[str, ...]:
        """Give the names of what is held."""
        return tuple(self.held)

    def read(self, name: str, /) -> str | None:
        """Give what is held."""
        return self.held.get(name)

    def write(self, name: str, text: str, /) -> str:
        """Hold a text."""
        if self.broken:
            raise PlanError("it cannot be written")
        self.held[name] = text
        return name


FOUND = (Alert(topic=Topic(sort=Sort.FAILED, project="a.yml"), message="no"),)


def test_a_memory_is_of_one_address_and_one_set_of_projects() -> None:
    place = Place()
    for kind, url, name in (
        ("webhook", HOOK, "."),
        ("webhook", SLACK, "."),
        ("slack", HOOK, "."),
        ("webhook", HOOK, "a"),
    ):
        posts = Posts()
        for _ in range(2):
            memory = alerts.Memory(place, kind, url, name)
            alerts.tell(FOUND, memory, url, lambda news: "{}", post=posts, pause=lambda _: None)
        assert len(posts) == 1
    assert len(place.held) == 4
    assert "planted" not in json.dumps(place.held)


def test_a_damaged_memory_is_as_none_and_one_that_cannot_be_written_is_said() -> None:
    place, posts = Place(), Posts()
    memory = alerts.Memory(place, "webhook", HOOK, ".")
    alerts.tell(FOUND, memory, HOOK, lambda news: "{}", post=posts)
    (name,) = place.held
    place.held[name] = "{"
    place.broken = True
    with pytest.raises(PlanError):
        alerts.tell(FOUND, memory, HOOK, lambda news: "{}", post=posts)
    assert len(posts) == 2


@pytest.mark.parametrize(
    ("answer", "tries", "said"),
    [
        (404, 1, "the answer is 404"),
        (302, 1, "the answer is 302"),
        (429, 2, "the answer is 429"),
        (503, 2, "the answer is 503"),
        (TimeoutError(HOOK), 2, "nobody answers (TimeoutError)"),
        (ValueError(HOOK), 2, "nobody answers (ValueError)"),
    ],
)
def test_an_address_that_takes_nothing(answer: int | Exception, tries: int, said: str) -> None:
    posts = Posts()
    pauses: list[float] = []
    posts.answer = answer
    with pytest.raises(alerts.Undelivered) as caught:
        alerts.deliver(HOOK, b"{}", posts, pauses.append)
    assert str(caught.value) == said
    assert (len(posts), len(pauses)) == (tries, tries - 1)


def test_a_message_is_posted_and_follows_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    taken = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((self.path, self.headers["Content-Type"], body))
            self.send_response(302 if self.path == "/moved" else 204)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            base = f"http://127.0.0.1:{server.server_port}"
            assert [alerts._post(f"{base}/{path}", b"{}") for path in ("taken", "moved")] == [204, 302]
        finally:
            server.shutdown()
            thread.join()
    assert taken == [(path, "application/json", b"{}") for path in ("/taken", "/moved")]
    with pytest.raises(OSError):
        alerts._post("file:///etc/passwd", b"{}")
