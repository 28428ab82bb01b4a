"""Services that no project file declares: found among those that many declare, and told by the command."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.api.sites import Site
from reconciler.api.stores import Store, named, opened
from reconciler.api.surveys import Survey
from reconciler.core import applied
from reconciler.core.plans import Origins, Plan, Unit, Verb
from reconciler.errors import AwsDenied
from reconciler.render import strays
from reconciler.testing import FakeGateway
from tests.cli.commands import CLUSTER, ROOT, SEED, SERVICE, Box, Cli
from tests.cli.conftest import boxed

SCHEMA = json.loads((ROOT / "docs/schemas/drift.schema.json").read_text())


def gateway(*names: str, account: str = "123456789012", region: str = "eu-west-1") -> FakeGateway:
    made = FakeGateway(clusters=["main", "side"], account=account, region=region)
    for name in names:
        cluster, _, service = name.partition("/")
        arn = f"arn:aws:ecs:{region}:{account}:service/{name}"
        home = f"arn:aws:ecs:{region}:{account}:cluster/{cluster}"
        body: dict[str, Any] = {"serviceName": service, "serviceArn": arn, "clusterArn": home}
        made.put(body | {"status": "ACTIVE", "deployments": [], "desiredCount": 0})
    return made


def read(survey: Survey) -> tuple[list[str], tuple[str, ...]]:
    found = survey.read()
    return [f"{each.account} {each.cluster}/{each.service}" for each in found.strays], found.notes


def test_each_cluster_is_read_once_and_a_name_counts_where_it_is_declared() -> None:
    ours = gateway("main/web", "main/old", "side/web", "side/old")
    theirs = gateway("main/old", account="999999999999")
    arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/main"
    sites = [
        (Site(gateway=ours, cluster="main", service="web"), True),
        (Site(gateway=ours, cluster=arn, service="api"), True),
        (Site(gateway=theirs, cluster="main", service="web"), True),
        (Site(gateway=theirs, cluster="main", service="old"), False),
        (Site(gateway=ours, cluster="side", service="web"), False),
        (Site(gateway=ours, cluster="side", service=""), True),
    ]
    survey = Survey(sites)
    assert read(survey) == (["123456789012 main/old"], ())
    assert [call.method for call in ours.calls].count("list_services") == 1
    assert [call.arguments[1] for call in ours.calls if call.method == "describe_services"] == [("old",)]
    assert all(each.certain for each in survey.read().strays)


def test_what_cannot_be_known_is_said() -> None:
    ours = gateway("main/web", "main/old")
    ours.fail("list_services", AwsDenied("not allowed", operation="ListServices", code="AccessDenied"))
    site = Site(gateway=ours, cluster="main", service="web")
    denied = "the services of the cluster main (123456789012, eu-west-1) cannot be listed: not allowed"
    survey = Survey([(site, True)])
    assert read(survey) == ([], (denied,))
    assert [place.cluster for place in survey.unread] == ["main"]
    found = Survey([(site, True)], ["a.yml", "b.yml"]).read()
    assert [(each.service, each.certain) for each in found.strays] == [("old", False)]
    assert found.notes[0].startswith("what a.yml, b.yml declare is not known: ")
    gone = Site(gateway=ours, cluster="nope", service="web")
    missing = "the cluster nope (123456789012, eu-west-1) is not there"
    assert read(Survey([(gone, True)])) == ([], (missing,))
    ours.fail("account", AwsDenied("who are you", operation="GetCallerIdentity", code="AccessDenied"))
    survey = Survey([(site, True)])
    assert read(survey) == ([], ("in which account main/web is cannot be told: who are you",))
    assert not survey.certain


class Bucket:
    """S3 with records in one bucket, a record a page."""

    def __init__(self, records: dict[str, str]) -> None:
        """Take records by key."""
        self.records = records

    def call(self, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Give a record."""
        assert (operation, parameters["Bucket"]) == ("GetObject", "records")
        return {"Body": self.records[parameters["Key"]].encode()}

    def pages(self, operation: str, /, **parameters: Any) -> Iterable[dict[str, Any]]:
        """List the records below a prefix."""
        assert (operation, parameters["Delimiter"]) == ("ListObjectsV2", "/")
        yield {}
        yield from (
            {"Contents": [{"Key": key}]} for key in self.records if key.startswith(parameters["Prefix"])
        )


@pytest.mark.parametrize("place", ["folder", "s3://records/team/"])
def test_records_that_are_left_tell_when_and_of_what_is_gone(tmp_path: Path, place: str) -> None:
    def recorded(name: str, at: float) -> str:
        unit = Unit(
            address=f"service.main/{name}",
            kind="service",
            name=f"main/{name}",
            account="123456789012",
            region="eu-west-1",
            cluster="main",
            verb=Verb.NONE,
            desired={},
        )
        return applied.write(at, {}, Plan(project=Origins(file="x", digest=""), units=(unit,)).to_json())

    texts = {name: recorded(name, 1700000000.0 + at) for at, name in enumerate(("old", "gone", "web"))}
    names = {name: named("123456789012", "eu-west-1", "service", f"main/{name}") for name in (*texts, "bad")}
    names["task"] = named("123456789012", "eu-west-1", "task_definition", "web")
    records = {names[name]: text for name, text in (texts | {"bad": "{", "task": "{"}).items()}
    for name, text in records.items():
        (tmp_path / name).write_text(text)
    bucket = Bucket({f"team/{name}": text for name, text in records.items()} | {"other/x.json": "{"})

    def store() -> Store | None:
        return opened("." if place == "folder" else place, tmp_path, lambda: bucket)

    sites = [
        (Site(gateway=gateway("main/old", "main/bad"), cluster="main", service=name, store=store), True)
        for name in ("web", "api")
    ]
    found = Survey(sites).read()
    assert [(each.service, each.applied) for each in found.strays] == [("bad", None), ("old", 1700000000.0)]
    (gone,) = found.forgotten
    assert (gone.unit, gone.applied, gone.certain) == ("service.main/gone", 1700000001.0, True)
    assert gone.record.endswith(names["gone"])
    assert "cannot be used: it is no record" in found.notes[0]
    assert len(found.notes) == 1
    told = "\n".join(strays.human(found))
    assert (
        "\nNote: service.main/gone (123456789012, eu-west-1) was applied 2023-11-14T22:13:21Z, and neither"
        in told
    )
    assert Survey(sites).read(records=False).forgotten == ()


@pytest.fixture
def beside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve the example's service, and another one beside it that is marked as somebody's."""
    seed = json.loads(SEED.read_text())
    tags = [{"key": "reconciler:owner", "value": "shop"}]
    seed["services"].append(seed["services"][0] | {"serviceName": "old", "tags": tags})
    with boxed(seed, monkeypatch) as served:
        yield served


def test_the_command_tells_of_them_and_of_what_it_does_not_know(cli: Cli, beside: Box) -> None:
    ran = cli("drift", ".", "--unmanaged", "--exclude", "nothing")
    assert ran.code == 0, ran
    assert "\n  unmanaged: old, 2 tasks\n    owner shop\n" in ran.out
    assert ran.out.endswith(" 1 service that no file declares.\n")
    ran = cli("drift", "--unmanaged", "--fail-on", "unmanaged", "--format", "json")
    assert ran.code == 2, ran
    document = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(document)
    (stray,) = document["unmanaged"]
    assert (stray["cause"], stray["service"], stray["owner"], stray["certain"]) == (
        "unmanaged",
        "old",
        "shop",
        True,
    )
    assert "name the folder that holds all" in document["unmanaged_notes"][0]
    other = Path("other/reconciler.yml")
    other.parent.mkdir()
    other.write_text(f"region: ap-northeast-1\ncluster: {CLUSTER}\nservice: old\n")
    found = json.loads(cli("drift", ".", "--unmanaged", "--exclude", "other", "--format", "json").out)
    assert found["unmanaged"] == [], "what is not chosen is declared all the same"
    ran = cli("drift", ".", "--unmanaged", "--exclude", "other", "--fail-on", "unmanaged")
    assert (ran.code, "Files declare every service of the clusters." in ran.out) == (0, True), ran
    beside.serving.faults([{"operation": "ListServices", "code": "AccessDeniedException", "status": 400}])
    ran = cli("drift", ".", "--unmanaged", "--exclude", "other", "--fail-on", "unmanaged")
    assert (ran.code, "(allow ecs:ListServices to the caller)" in ran.out) == (1, True), ran
    beside.serving.faults([])
    other.write_text("service: [\n")
    ran = cli("drift", ".", "--unmanaged", "--format", "json")
    assert ran.code == 1, ran
    assert [each["certain"] for each in json.loads(ran.out)["unmanaged"]] == [False]
    calls = [call["request"] for call in beside.serving.calls() if call["operation"] == "ListServices"]
    assert calls[0] == {"cluster": CLUSTER, "maxResults": 100}
    cli("drift", "--fail-on", "unmanaged").one_error("--fail-on unmanaged goes with --unmanaged")
    assert SERVICE not in json.dumps([document["unmanaged"], found["unmanaged"]])
