"""`prune`: which services it would delete and which never, and the command against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import Project, Reconciler
from reconciler.api import pruning
from reconciler.api.sites import Site, site
from reconciler.api.surveys import Survey
from reconciler.cli import exits, prune
from reconciler.core import stamps
from reconciler.errors import PlanError
from reconciler.load import discovery
from reconciler.load.sources import Options
from reconciler.testing import FakeGateway
from tests.cli.commands import CLUSTER, SEED, Box, Cli, Typed
from tests.cli.conftest import boxed
from tests.cli.test_iam_policy import Policy, authorised
from tests.cli.test_unmanaged import gateway

SHOP = [{"key": stamps.OWNER, "value": "shop"}]
STACK = {"key": "aws:cloudformation:stack-name", "value": "s"}


def surveyed(made: FakeGateway, *services: str, owner: str = "shop", failed: tuple[str, ...] = ()) -> Survey:
    sites = [(Site(gateway=made, cluster="main", service=name, owner=owner), True) for name in services]
    return Survey(sites, failed)


def marked(*names: str, tags: list[dict[str, str]] | None = None) -> FakeGateway:
    made = gateway("main/web", *(f"main/{name}" for name in names))
    for name in names:
        made.tag(f"arn:aws:ecs:eu-west-1:123456789012:service/main/{name}", tags or SHOP)
    return made


def test_only_an_owners_service_that_nobody_declares_goes() -> None:
    made = marked("old", "stacked")
    made.tag("arn:aws:ecs:eu-west-1:123456789012:service/main/stacked", [STACK])
    made.put(
        {
            "serviceName": "other",
            "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/main/other",
            "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main",
            "status": "ACTIVE",
            "deployments": [],
        }
    )
    found = pruning.find(surveyed(made, "web"))
    assert ([each.service for each in found.doomed], found.others) == (["old"], 2)
    assert pruning.find(surveyed(made, "web", "old")).doomed == ()
    assert pruning.find(surveyed(made, "web", owner="another")).doomed == ()


@pytest.mark.parametrize(
    ("site", "failed", "words"),
    [
        ({"owner": "shop"}, ("a.yml",), "not all is known that project files declare: a.yml"),
        ({}, (), "no project says who its owner is"),
        ({"owner": "shop", "account": "999999999999"}, (), "not all is known"),
        ({"owner": "shop", "varies": ("ENV",)}, (), "the owner shop is the same whatever ENV is"),
    ],
)
def test_where_it_cannot_be_told_for_sure_nothing_goes(
    site: dict[str, Any], failed: tuple[str, ...], words: str
) -> None:
    survey = Survey([(Site(gateway=marked("old"), cluster="main", service="web", **site), True)], failed)
    with pytest.raises(PlanError, match=words):
        pruning.find(survey)


_WEB = "region: eu-west-1\ncluster: main\naccount: '123456789012'\nstamp: {owner: shop}\n"
_STATE = "plugins: [{name: tfstate, config: {path: '{{ must_env `ENV` }}'}}]\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (_WEB + "Service: web-{{ must_env `ENV` }}\n", "ENV"),
        (_WEB + "service: {{ if eq (must_env `ENV`) `prod` }}web{{ else }}web-dev{{ end }}\n", "ENV"),
        (_WEB + "{{ if eq (must_env `ENV`) `prod` }}\nservice: web\n{{ else }}\nservice: api\n{{ end }}\n", "ENV"),
        (_WEB.replace("shop", "shop-{{ env `ENV` `x` }}") + "service: web-{{ must_env `ENV` }}\n", None),
        (_WEB.replace("main", "{{ must_env `ENV` }}") + "service: web\n", None),
        (_WEB + "service: web-{{ tfstate `output.a` }}\n" + _STATE, "ENV"),
    ],
)  # fmt: skip
def test_what_goes_by_a_variable_goes_by_the_owner_too(
    text: str, named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENV", "prod")
    monkeypatch.chdir(tmp_path)
    outputs = {"a": {"value": "x", "type": "string"}}
    Path("prod").write_text(json.dumps({"version": 4, "serial": 1, "lineage": "l", "outputs": outputs}))
    Path("reconciler.yml").write_text(text)
    with Reconciler.open(Project.load(), gateway=gateway("main/web")) as opened:
        found = Survey([(site(opened), True)])
    assert found.varies == ({"shop": (named,)} if named else {})


_SHARED = "region: eu-west-1\ncluster: main\nrecord: 's3://b/{{ must_env `ENV` }}'\nstamp: {owner: shop}\n"
_IN_HCL = 'region = "eu-west-1"\ncluster = "main"\nstamp { owner = "shop" }\n'


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("r.yml", _SHARED + "service: {{ if eq (must_env `ENV`) `prod` }}web{{ else }}dev{{ end }}\n", "ENV"),
        ("r.yml", _SHARED + "services:\n  web-{{ must_env `ENV` }}: {}\n", "ENV"),
        ("r.yml", _SHARED + "services:\n  web: {}\n{{ if must_env `ENV` }}\n  cron: {}\n{{ end }}", "ENV"),
        ("r.yml", _SHARED + "services:\n  web: {}\n  cron: {}\n", None),
        ("r.jsonnet", "local e = std.native('must_env')('ENV'); {stamp: {owner: 'a'}, services: {['web-' + e]: {}}}",
         "ENV"),
        ("r.hcl", _IN_HCL + 'services = { "web-${must_env("ENV")}" = {} }\n', "ENV"),
        ("r.hcl", _IN_HCL + 'variable "e" { default = "x" }\nservices = { "web-${var.e}" = {} }\n', "var.e"),
    ],
)  # fmt: skip
def test_so_does_what_chooses_the_services(
    name: str, text: str, named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENV", "prod")
    file = tmp_path / name
    file.write_text(text)
    for found in discovery.projects([file], Options(environ={"ENV": "prod"})):
        with Reconciler.open(Project.load(found), gateway=gateway()) as opened:
            assert site(opened).varies == ((named,) if named else ())


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("reconciler.hcl", 'service = "web-${terraform.workspace}"\nstamp { owner = "shop" }\n', "terraform.workspace"),
        ("reconciler.hcl",
         'service = "web-${terraform.workspace}"\nstamp { owner = "s-${terraform.workspace}" }\n', None),
        ("reconciler.jsonnet", "{stamp: {owner: 'shop'}, service: 'web-' + std.extVar('e')}", "e"),
        ("reconciler.jsonnet", "{stamp: {owner: 's-' + std.extVar('e')}, service: 'web-' + std.extVar('e')}", None),
    ],
)  # fmt: skip
def test_so_does_what_leaves_no_trace(name: str, text: str, named: str | None, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text)
    with Reconciler.open(Project.load(file, ext_str={"e": "x"}), gateway=gateway()) as opened:
        assert site(opened).varies == ((named,) if named else ())


_HERE, _FIXED = frozenset({"ENV", "AWS_PROFILE"}), frozenset({"AWS_PROFILE"})


@pytest.mark.parametrize(
    ("moves", "others", "wanted", "varies"),
    [
        (_HERE, [_HERE], True, {}),
        (_HERE, [_HERE, _FIXED], True, {"shop": ("ENV",)}),
        (_HERE, [_HERE, frozenset()], True, {"shop": ("AWS_PROFILE", "ENV")}),
        (_HERE, [_FIXED], False, {}),
        (frozenset(), [_FIXED], True, {}),
    ],
)
def test_clusters_that_a_variable_leads_to_are_not_looked_at_for_its_other_values(
    moves: frozenset[str], others: list[frozenset[str]], wanted: bool, varies: dict[str, tuple[str, ...]]
) -> None:
    made = gateway("main/web")
    own = Site(gateway=made, cluster="main", service="web", owner="shop", reached=_HERE, moves=moves)
    sites = [Site(gateway=made, cluster="side", service="a", reached=each) for each in others]
    assert Survey([(own, True), *((each, wanted) for each in sites)]).varies == varies


def test_nothing_goes_where_other_files_are_there_by_then() -> None:
    survey = surveyed(marked("old"), "web")
    chosen = pruning.find(survey).doomed
    pruning.insist_same(chosen, survey)
    other = Site(gateway=gateway("side/web"), cluster="side", service="web", owner="shop")
    for now in (surveyed(marked("old"), "web", owner="b"), Survey([(other, True)])):
        with pytest.raises(PlanError, match="project files are others than when main/old was found"):
            pruning.insist_same(chosen, now)


@pytest.mark.parametrize(
    ("meanwhile", "words"),
    [
        ("declared", "a project file declares it now"),
        ("tagged", "its tag reconciler:owner is 'b' now"),
        ("untagged", "it has no tag reconciler:owner any more"),
        ("anew", "it was made anew meanwhile"),
    ],
)
def test_each_is_looked_at_again_before_its_end(meanwhile: str, words: str) -> None:
    made = marked("old")
    survey = surveyed(made, "web")
    (stray,) = pruning.find(survey).doomed
    if meanwhile == "tagged":
        made.tag(stray.arn, [{"key": stamps.OWNER, "value": "b"}])
    elif meanwhile == "untagged":
        made.untag(stray.arn, [stamps.OWNER])
    elif meanwhile == "anew":
        made.edit("main", "old", createdAt=1700000000.0)
    with pytest.raises(PlanError, match=words):
        pruning.delete(survey, stray, {"old"} if meanwhile == "declared" else {"web"})
    assert "delete_service" not in [call.method for call in made.calls]


def test_what_is_gone_by_then_is_gone() -> None:
    made = marked("old", "older")
    survey = surveyed(made, "web")
    first, second = pruning.find(survey).doomed
    made.delete("main", "old")
    assert pruning.delete(survey, first, ()) is None
    after = pruning.delete(survey, second, ())
    assert after is not None
    assert after["status"] == "DRAINING"


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve the example's service, and beside it two that its owner had and one of somebody else's."""
    seed = json.loads(SEED.read_text())
    service = seed["services"][0]
    others = [service | {"serviceName": name, "tags": SHOP} for name in ("old", "older")]
    seed["services"] += [*others, service | {"serviceName": "theirs"}]
    Path(".git").mkdir()
    with Path("ecspresso.yml").open("a") as file:
        file.write("stamp: {owner: shop}\n")
    with boxed(seed, monkeypatch) as served:
        yield served


def test_the_owner_has_to_be_typed_and_what_goes_is_shown(
    cli: Cli, shop: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = cli("prune", ".", "--dry-run")
    assert (ran.code, ran.err) == (2, ""), ran
    assert ran.out.startswith("== services of shop that no file declares\n")
    assert f"  delete {CLUSTER}/old (123456789012, ap-northeast-1), 2 tasks\n" in ran.out
    assert ran.out.endswith("2 services to delete; 1 other that no file declares, left alone.\n")
    monkeypatch.setattr("sys.stdin", Typed("yes\n"))
    ran = cli("prune", ".")
    assert ran.code == 1, ran
    assert "Type the name of the owner, shop, to go on: " in ran.err
    assert f"  delete {CLUSTER}/old " in ran.err, "shown where it is asked, too"
    assert shop.writes() == []
    cli("prune", ".", "--only", "x").one_error("prune looks at all projects")
    assert "they stamp shop" in cli("prune", ".", "--confirm", "other").err
    broken = Path("elsewhere/reconciler.yml")
    broken.parent.mkdir()
    broken.write_text("service: [\n")
    assert "not all is known that project files declare" in cli("prune", ".", "--confirm", "shop").err
    assert shop.writes() == []


def test_a_failure_keeps_no_other_and_the_policy_allows_what_is_called(cli: Cli, shop: Box) -> None:
    policy = Policy(cli("iam-policy", "prune").out)
    shop.serving.faults([{"operation": "DeleteService", "code": "InvalidParameterException", "times": 1}])
    before = len(shop.serving.calls())
    ran = cli("prune", ".", "--confirm", "shop")
    assert ran.code == 1, ran
    assert f"Deleted: {CLUSTER}/older.\nNot deleted: {CLUSTER}/old." in ran.err
    asked = [each for call in shop.serving.calls()[before:] for each in authorised(call)]
    owned = {"aws:ResourceTag/reconciler:owner": "shop"}
    refused = [each for each in asked if not policy.allows(each[0], each[1], {**each[2], **owned})]
    assert refused == []
    assert policy.actions - {action for action, _, _ in asked} == {"ecs:DeleteExpressGatewayService"}
    deletions = [call["request"] for call in shop.serving.calls() if call["operation"] == "DeleteService"]
    assert [(request["service"], request["force"]) for request in deletions] == [
        ("old", True),
        ("older", True),
    ]


def test_an_interrupt_says_what_is_done_and_what_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    survey = surveyed(marked("a", "b", "c", "d"), "web")
    chosen = pruning.find(survey).doomed
    outcomes: list[dict[str, str] | BaseException] = [{}, PlanError("b is busy"), KeyboardInterrupt()]

    def delete(*_: object, **__: object) -> dict[str, str]:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(pruning, "delete", delete)
    assert prune.carry_out(survey, chosen, survey) == exits.INTERRUPTED
    assert capsys.readouterr().err.endswith(
        "Deleted: main/a.\nNot deleted: main/b.\nNot begun: main/c, main/d.\n"
    )
