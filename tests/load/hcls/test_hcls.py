"""Definitions in HCL: what they evaluate to, in how many rounds, and why each value is what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from reconciler.core import secrets
from reconciler.core.documents import Resolved
from reconciler.core.references import Function
from reconciler.core.values import Address, Failure, Json, Source, Value
from reconciler.errors import ConfigError, HclError, KnownLater, NotFound
from reconciler.load import evaluate, listings, project
from reconciler.load.hcls.names import LISTS, MAPS, Naming
from reconciler.load.sources import Document, Options

FUNCTIONS = {
    "env": Function.of("env", "env", lambda name, /, *default: ":-".join((name, *default))),
    "tfstate": Function.of("tfstate", "tfstate", lambda address, /: address),
    "ssm": Function.of("ssm", "ssm", lambda name, index=None, /: name),
}
ALL: Json = [{"id": "i-1", "key": "hush"}, {"id": "i-2", "key": "hush"}]
TOKEN = Address("ssm", "/token")
STATE = Source("state", "lineage", "42")
ANSWERS: Mapping[str, Value | Failure] = {
    "aws_x.a.id": Value("i-1", source=STATE),
    "aws_x.all": Value(ALL, ((0, "key"), (1, "key")), source=STATE),
    "aws_x.later.id": Value(None, unknown=True),
    "aws_x.none.id": Failure(NotFound("there is no aws_x.none", address="aws_x.none.id")),
    "/token": Value("hush", ((),), source=Source("ssm", "", "3")),
    "/name": Value("/token"),
    "NAME:-x": Value("x"),
}  # fmt: skip


class Asked:
    """Answers from `ANSWERS`, and remembers what was asked for in each round."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []

    def __call__(self, addresses: Sequence[Address]) -> Mapping[Address, Value | Failure]:
        self.rounds.append([each.path for each in addresses])
        return {each: ANSWERS[each.path] for each in addresses}


def resolve(text: str, asked: Asked | None = None, declared: str | None = None) -> Resolved:
    document = Document(Path("task.hcl"), text, "hcl")
    above = Document(Path("reconciler.hcl"), declared, "hcl-project") if declared is not None else None
    options = Options({}, declared=above)
    (resolved,) = evaluate.resolve([document], FUNCTIONS, asked or Asked(), options)
    return resolved


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", {}),
        ("task_role_arn = 1\ncpu = 1.5\nmemory = null", {"taskRoleArn": 1, "cpu": 1.5, "memory": None}),
        ("taskRoleArn = [toset([2, 1])]", {"taskRoleArn": [[1, 2]]}),
        ("enableECSManagedTags = true", {"enableECSManagedTags": True}),
        ("network_configuration {\n awsvpc_configuration {\n  subnets = []\n }\n}",
         {"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}}),
        ('volume "a" {}\nvolumes "b" {\n host { source_path = "/" }\n}',
         {"volumes": [{"name": "a"}, {"name": "b", "host": {"sourcePath": "/"}}]}),
        ('container_definition "a" {\n port_mapping { container_port = 1 }\n port_mapping { container_port = 2 }\n}',
         {"containerDefinitions": [{"name": "a", "portMappings": [{"containerPort": 1}, {"containerPort": 2}]}]}),
        ("service_registry { port = 1 }", {"serviceRegistries": [{"port": 1}]}),
        ("log_configuration = { log_driver = 1, options = { a_b = 1 } }",
         {"logConfiguration": {"logDriver": 1, "options": {"a_b": 1}}}),
        ("log_configuration {\n options { a_b = 1 }\n}", {"logConfiguration": {"options": {"a_b": 1}}}),
        ('docker_labels = { for k in ["a_b"] : k => k }', {"dockerLabels": {"a_b": "a_b"}}),
        ('locals {\n a = 1\n}\nvariable "b" { default = 2 }\ncpu = local.a + var.b', {"cpu": 3}),
        ('family = "x-${aws_x.a.id}"\ncpu = aws_x.all[*].id', {"family": "x-i-1", "cpu": ["i-1", "i-2"]}),
        ('family = tfstate("aws_x.a.id")\ncpu = env("NAME", "x")', {"family": "i-1", "cpu": "x"}),
        ('family = try(aws_x.none.id, "none")', {"family": "none"}),
    ],
)  # fmt: skip
def test_data(text: str, data: Json) -> None:
    assert resolve(text).data == data


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("task_role_arn = 1\ntaskRoleArn = 2", "task.hcl:2:1: taskRoleArn is there already"),
        ("cpu {}\ncpu {}", "task.hcl:2:1: cpu is there already"),
        ("volumes = []\nvolume {}", "task.hcl:2:1: volumes is there already, as an attribute"),
        ('host "a" {}', "task.hcl:1:1: a block host has no label"),
        ('contianer_definition "a" {}', "did you mean container_definition or"),
        ('volum "a" {}', "did you mean volume?"),
        ('resource "aws_x" "a" {}', "leave it to Terraform's files"),
        ('volume "a" "b" {}', "task.hcl:1:1: a block volume has one label, its name"),
        ('volume "a" { name = 1 }', "task.hcl:1:8: the name is there already, as the label"),
        ("host = { a_b = 1, aB = 2 }", "is there twice, in snake case too"),
        ("cpu = aws_x.none.id", "task.hcl:1:7: there is no aws_x.none"),
        ("cpu = ssm()", "task.hcl:1:7: ssm takes 1 to 2 arguments, not 0"),
        ("cpu = tfstat(1)", "did you mean tfstate"),
        ("cpu = terraform.workspace", "pass --workspace"),
    ],
)  # fmt: skip
def test_errors(text: str, what: str) -> None:
    with pytest.raises((ConfigError, NotFound)) as caught:
        resolve(text)
    assert what in str(caught.value)


def test_a_state_that_no_plugin_reads() -> None:
    with pytest.raises(HclError, match="stands in a Terraform state, and the project names none"):
        evaluate.resolve([Document(Path("a.hcl"), "cpu = aws_x.a.id", "hcl")], {}, Asked(), Options())


def test_a_round_for_all_that_is_known_to_be_needed() -> None:
    asked = Asked()
    text = 'a = aws_x.a.id\nb = ssm(ssm("/name"))\nc = aws_x.all\nd = env("NAME", "x")\ne = true ? 1 : ssm("/nobody")'
    assert resolve(text, asked).data == {
        "a": "i-1", "b": "hush", "c": ALL, "d": "x", "e": 1,
    }  # fmt: skip
    assert asked.rounds == [["NAME:-x"], ["aws_x.a.id", "/name", "aws_x.all"], ["/token"]]


def test_where_values_come_from() -> None:
    text = (
        'family = "${aws_x.a.id}:${ssm("/token")}"\nvolumes = [\n  { name = aws_x.a.id },\n]\n'
        "cpu = [for x in aws_x.all : x]\nvolume_list {\n  plain = 1\n}"
    )
    resolved = resolve(text)
    assert [str(each.address) for each in sorted(resolved.origins_of(("family",)))] == [
        "ssm /token",
        "tfstate aws_x.a.id",
    ]
    assert {each.source for each in resolved.origins_of(("volumes", 0, "name"))} == {STATE}
    assert {str(each.address) for each in resolved.origins_of(("cpu", 0, "id"))} == {"tfstate aws_x.all"}
    assert resolved.sensitive == {("family",), ("cpu", 0, "key"), ("cpu", 1, "key")}
    assert resolved.origins_of(("volumeList", "plain")) == frozenset()
    assert [text for text, _ in resolved.printed["family",]] == ["i-1", "hush"]
    places = {(): "1:1", ("family",): "1:1", ("volumes", 0): "3:3", ("volumes", 0, "name"): "3:5",
              ("cpu", 0, "id"): "5:1", ("volumeList", "plain"): "7:3"}  # fmt: skip
    assert {path: str(resolved.where(path)) for path in places} == {
        p: f"task.hcl:{at}" for p, at in places.items()
    }


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ('a = ssm("/token")', [TOKEN]),
        ('a = "x${ssm("/token")}y"', ["x", TOKEN, "y"]),
        (
            'locals {\n t = "x${ssm("/token")}"\n u = "${local.t}/"\n}\na = "<${local.u}>"',
            ["<x", TOKEN, "/>"],
        ),
        ('a = { for k in ["b"] : k => "${k}:${ssm("/token")}" }["b"]', ["b:", TOKEN]),
        ('a = "x${upper(ssm("/token"))}"', []),
        ('a = "-%{ if true }x${ssm("/token")}%{ endif }"', []),
        ('a = jsonencode(ssm("/token"))', []),
    ],
)
def test_a_secret_can_be_made_again_from_its_pieces(text: str, pieces: list[secrets.Piece]) -> None:
    resolved = resolve(text)
    assert isinstance(resolved.data, dict)
    known = {TOKEN: Value("hush", ((),))}
    origins = sorted(resolved.origins_of(("a",)))
    made = secrets.make("a", resolved.data["a"], origins, known, "salt", resolved.printed.get(("a",), ()))
    assert list(made.pieces) == pieces
    assert resolved.sensitive == {("a",)}


def test_what_is_known_only_later_is_nothing_to_try_around() -> None:
    for text in ("cpu = aws_x.later.id", "cpu = try(aws_x.later.id, 1)", "cpu = can(aws_x.later.id)"):
        with pytest.raises(KnownLater):
            resolve(text)


def test_definitions_share_what_the_project_declares() -> None:
    declared = 'variable "a" { default = 1 }\nlocals {\n b = var.a + 1\n c = aws_x.a.id\n}\nregion = "x"'
    assert resolve(
        "cpu = [local.b, local.c, local.d]\nlocals {\n d = local.b * 2\n}", declared=declared
    ).data == {"cpu": [2, "i-1", 4]}
    for text in ("locals {\n b = 1\n}", 'variable "a" {}'):
        with pytest.raises(HclError, match="in the project file already"):
            resolve(text, declared=declared)


def test_files_are_those_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "text.tftpl").write_text("hello ${name}${ssm}")
    (tmp_path / "reconciler.hcl").write_text('a = templatefile("text.tftpl", { name = "x", ssm = "" })')
    document = project.read(tmp_path / "reconciler.hcl")
    (resolved,) = evaluate.resolve(
        [document], FUNCTIONS, Asked(), project.with_declarations(document, Options())
    )
    assert resolved.data == {"a": "hello x"}
    (tmp_path / "reconciler.hcl").write_text('a = file("../secret")')
    document = project.read(tmp_path / "reconciler.hcl")
    with pytest.raises(HclError):
        evaluate.resolve([document], FUNCTIONS, Asked(), project.with_declarations(document, Options()))


def test_variables_from_files_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "reconciler.hcl").write_text('variable "a" {}\nvariable "b" {}\nx = [var.a, var.b]')
    (tmp_path / "terraform.tfvars").write_text('a = "file"')
    document = project.read(tmp_path / "reconciler.hcl")
    options = project.with_declarations(document, Options({"TF_VAR_a": "env", "TF_VAR_b": "env"}))
    (resolved,) = evaluate.resolve([document], FUNCTIONS, Asked(), options)
    assert resolved.data == {"x": ["file", "env"]}


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ('plugin "tfstate" {\n func_prefix = "a_"\n}\nservice = ssm("/x")', [("tfstate", "a_")]),
        ('plugins = [{ name = env("P", "ssm") }]\ncluster = aws_x.a.id', [("ssm", "")]),
        ('terraform = "../infra"', [("tfstate", "")]),
        ('plugins = [{ name = ssm("/x") }]', "ssm, a function that only a plugin can offer: a circle"),
        ("terraform = aws_x.a.id", "tfstate, a function that only a plugin can offer: a circle"),
    ],
)
def test_plugins_come_first(text: str, uses: list[tuple[str, str]] | str) -> None:
    document = Document(Path("reconciler.hcl"), text, "hcl-project")
    if isinstance(uses, str):
        with pytest.raises(ConfigError, match=uses):
            project.outline(document, Options())
    else:
        assert [(use.name, use.func_prefix) for use in project.outline(document, Options())] == uses


def test_listing() -> None:
    declared = "locals {\n a = aws_x.a.id\n b = ssm(local.a)\n unused = aws_x.unused[0].id\n}"
    above = Document(Path("reconciler.hcl"), declared, "hcl-project")
    text = 'cpu = true ? local.b : ssm("/never", 1)\nmemory = aws_x.all[*].id\nfamily = upper(ssm(aws_x.none.id))'
    below = Document(Path("task.hcl"), text, "hcl")
    known = {
        Address("tfstate", path): ANSWERS[path] for path in ("aws_x.a.id", "aws_x.all", "aws_x.none.id")
    } | {Address("ssm", "i-1"): Value("s")}
    lists = {
        document.path.name: [
            (
                f"{use.where.path}:{use.where.line}",
                use.function,
                use.text,
                [each.path for each in use.addresses],
            )
            for use in listings.listing(document, FUNCTIONS, known, Options({}, declared=above)).uses
        ]
        for document in (above, below)
    }
    assert lists == {
        "reconciler.hcl": [
            ("reconciler.hcl:2", "tfstate", "aws_x.a.id", ["aws_x.a.id"]),
            ("reconciler.hcl:3", "ssm", "ssm(local.a)", []),
            ("reconciler.hcl:4", "tfstate", "aws_x.unused[0].id", ["aws_x.unused[0].id"]),
        ],
        "task.hcl": [
            ("task.hcl:1", "ssm", 'ssm("/never", 1)', ["/never"]),
            ("task.hcl:2", "tfstate", "aws_x.all", ["aws_x.all"]),
            ("reconciler.hcl:3", "ssm", "ssm", ["i-1"]),
            ("task.hcl:3", "ssm", "ssm(aws_x.none.id)", []),
            ("task.hcl:3", "tfstate", "aws_x.none.id", ["aws_x.none.id"]),
        ],
    }


@pytest.mark.parametrize(
    "answer", [Failure(NotFound("nothing")), Value(None, unknown=True)], ids=["missing", "later"]
)
@pytest.mark.parametrize(
    "text",
    [
        "command = aws_x.none[*].id",
        "cpu = aws_x.none.id + 1",
        "environment = merge({ a = 1 }, aws_x.none.tags)",
        "docker_labels = { (aws_x.none.id) = 1 }",
        "container_definition {\n for_each = aws_x.none.list\n name = each.value\n}",
        "container_definition {\n count = aws_x.none.count\n}",
        'dynamic "secret" {\n for_each = module.none.out\n content {\n name = secret.value.name\n}\n}',
    ],
)
def test_a_listing_finds_nothing_else_wrong_where_a_value_is_not_to_be_had(
    text: str, answer: Failure | Value
) -> None:
    document = Document(Path("task.hcl"), text, "hcl")
    needs = listings.listing(document, FUNCTIONS, {}, Options()).needs
    found = listings.listing(document, FUNCTIONS, dict.fromkeys(needs, answer), Options())
    assert found.problems == ()
    assert {address for use in found.uses for address in use.addresses} == set(needs)
    assert needs


def test_values_for_no_variables() -> None:
    document = Document(Path("reconciler.yml"), "", "yaml")
    with pytest.raises(ConfigError, match="variables are declared in a project file in HCL"):
        project.with_declarations(document, Options(), settings=["a=1"])


def test_files_and_settings_count_last(tmp_path: Path) -> None:
    (tmp_path / "reconciler.hcl").write_text('variable "a" {}\nvariable "b" {}\nx = [var.a, var.b]')
    (tmp_path / "a.auto.tfvars").write_text("a = 1\nb = 1")
    (tmp_path / "more.tfvars").write_text("a = 2\nb = 2\nz = 1")
    document = project.read(tmp_path / "reconciler.hcl")
    options = project.with_declarations(document, Options(), [tmp_path / "more.tfvars"], ["b=3"])
    (resolved,) = evaluate.resolve([document], FUNCTIONS, Asked(), options)
    assert resolved.data == {"x": [2, "3"]}


def members(shape: Shape, seen: tuple[str, ...] = ()) -> dict[str, set[type[Shape]]]:
    """Give the shapes that members have by their names, at any depth."""
    found: dict[str, set[type[Shape]]] = {}
    if isinstance(shape, StructureShape) and shape.name not in seen:
        for name, member in shape.members.items():
            found.setdefault(name, set()).add(type(member))
            for inner, kinds in members(member, (*seen, shape.name)).items():
                found.setdefault(inner, set()).update(kinds)
    elif isinstance(shape, ListShape):
        return members(shape.member, seen)
    return found


def test_lists_and_maps_are_those_of_the_api() -> None:
    model = botocore.session.get_session().get_service_model("ecs")
    found: dict[str, set[type[Shape]]] = {}
    for operation in ("RegisterTaskDefinition", "CreateService", "UpdateService"):
        shape = model.operation_model(operation).input_shape
        assert shape is not None
        for name, kinds in members(shape).items():
            found.setdefault(name, set()).update(kinds)
    assert {name for name, kinds in found.items() if ListShape in kinds} == LISTS
    assert {name for name, kinds in found.items() if MapShape in kinds} == MAPS
    structures = [name for name, kinds in found.items() if StructureShape in kinds]
    assert all(Naming.API.block(name) == (name, False) for name in structures)
