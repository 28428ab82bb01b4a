"""What is remembered of revisions: recalled whole by who has their texts, and by nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler import caches
from reconciler.api.memories import ANYWHERE, Memory

ARN = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7"
ENDPOINT = "https://ecs.eu-west-1.amazonaws.com"
SECRET = "hunter2-and-more"
DESIRED: dict[str, Any] = {
    "family": "web",
    "containerDefinitions": [
        {
            "name": "app",
            "image": "nginx:1",
            "command": ["serve", f"--token={SECRET}"],
            "environment": [{"name": "DB_PASSWORD", "value": SECRET}, {"name": "status", "value": "image"}],
            "dockerLabels": {"image": SECRET, SECRET: "x"},
            "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": SECRET, "type": "y"}},
        }
    ],
}
BODY: dict[str, Any] = {
    "taskDefinition": DESIRED
    | {
        "taskDefinitionArn": ARN,
        "revision": 7,
        "status": "ACTIVE",
        "networkMode": "bridge",
        "registeredAt": 1795423272.25,
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.logging-driver.splunk"}],
    },
    "tags": [{"key": SECRET, "value": SECRET}],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("RECONCILER_NO_CACHE", ANYWHERE):
        monkeypatch.delenv(name, raising=False)
    return caches.folder()


def written(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("revisions/*/*"))


def test_a_revision_is_recalled_as_it_was_described_but_for_its_tags(folder: Path) -> None:
    memory = Memory(ENDPOINT)
    memory.keep(ARN, BODY, ())
    found = memory.recall(ARN, DESIRED)
    assert found is not None
    assert found.body == {"taskDefinition": BODY["taskDefinition"]}
    assert memory.recall(f"{ARN}0", DESIRED) is None
    assert Memory(ENDPOINT, ("team",)).recall(ARN, DESIRED) is None, "its tags were judged by other rules"
    assert Memory(ENDPOINT.replace("west", "east")).recall(ARN, DESIRED) is None


def test_nothing_that_a_person_wrote_can_be_read_but_images_and_families(folder: Path) -> None:
    Memory(ENDPOINT).keep(ARN, BODY, ())
    text = written(folder)
    for word in (SECRET, "hunter2", "serve", "DB_PASSWORD", "app", "splunk-token"):
        assert f'"{word}' not in text
        assert SECRET not in text
    assert '"image":"nginx:1"' in text
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*")) if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_what_the_resolvers_know_as_secret_is_not_written_where_it_would_stay_readable(folder: Path) -> None:
    Memory(ENDPOINT).keep(ARN, BODY, ("nginx:1",))
    assert Memory(ENDPOINT).recall(ARN, DESIRED) is None
    assert written(folder) == ""


@pytest.mark.parametrize("place", ["command", "environment", "dockerLabels"])
def test_a_text_that_the_files_do_not_have_hides_the_revision(folder: Path, place: str) -> None:
    body = json.loads(json.dumps(BODY))
    container = body["taskDefinition"]["containerDefinitions"][0]
    other = {
        "command": ["sh"],
        "environment": [{"name": "app", "value": "live"}],
        "dockerLabels": {"live": "x"},
    }
    container[place] = other[place]
    Memory(ENDPOINT).keep(ARN, body, ())
    assert Memory(ENDPOINT).recall(ARN, DESIRED) is None


@pytest.mark.parametrize(
    ("endpoint", "anywhere", "lasts"),
    [
        (ENDPOINT, "", True),
        ("https://vpce-0a1.ecs.eu-west-1.vpce.amazonaws.com", "", True),
        ("https://ecs.cn-north-1.amazonaws.com.cn", "", True),
        ("http://127.0.0.1:4566", "", False),
        ("http://ecs.eu-west-1.amazonaws.com", "", False),
        ("https://amazonaws.com.example.org", "", False),
        ("http://127.0.0.1:4566", "anywhere", True),
    ],
)
def test_only_aws_keeps_revisions_for_good_unless_it_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str, anywhere: str, lasts: bool
) -> None:
    monkeypatch.setenv(ANYWHERE, anywhere)
    Memory(endpoint).keep(ARN, BODY, ())
    assert (Memory(endpoint).recall(ARN, DESIRED) is not None) is lasts


@pytest.mark.parametrize("text", ["", "{", "[]", '{"taskDefinition": {}}', "[" * 100_000, "null"])
def test_what_is_damaged_is_asked_for_again(folder: Path, text: str) -> None:
    Memory(ENDPOINT).keep(ARN, BODY, ())
    (file,) = folder.glob("revisions/*/*")
    file.write_text(text)
    assert Memory(ENDPOINT).recall(ARN, DESIRED) is None
    Memory(ENDPOINT).keep(ARN, BODY, ())
    assert Memory(ENDPOINT).recall(ARN, DESIRED) is not None


def test_another_key_or_none_recalls_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Memory(ENDPOINT).keep(ARN, BODY, ())
    (folder / "revisions.key").write_bytes(b"another")
    assert Memory(ENDPOINT).recall(ARN, DESIRED) is None
    (folder / "revisions.key").unlink()
    assert Memory(ENDPOINT).recall(ARN, DESIRED) is None
    monkeypatch.setenv("RECONCILER_NO_CACHE", "1")
    Memory(ENDPOINT).keep(ARN, BODY, ())
    assert not (folder / "revisions.key").exists()


def test_the_oldest_of_a_folder_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.api.memories._KEPT", 2)
    for number in range(100):
        Memory(ENDPOINT).keep(f"{ARN}{number}", BODY, ())
    counts = [len(list(each.iterdir())) for each in (folder / "revisions").iterdir()]
    assert (len(counts), set(counts)) == (16, {2})
    assert len(list(folder.iterdir())) == 2


_TEXT = st.text(max_size=6)
_LEAVES = st.one_of(_TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))
_TREES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "value", "options", "labels", "name", ""]) | _TEXT, inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["volumes", "options", "image"]), _TREES, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_any_body_is_recalled_as_it_was_by_who_has_its_texts(folder: Path, tree: Any) -> None:
    body = {"taskDefinition": tree | {"taskDefinitionArn": ARN}}
    Memory(ENDPOINT).keep(ARN, body, ())
    found = Memory(ENDPOINT).recall(ARN, tree)
    assert found is not None
    assert found.body == body
