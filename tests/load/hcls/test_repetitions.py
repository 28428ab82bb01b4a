"""Blocks that stand for several, and maps that stand for lists of pairs: what they make, and where it is from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.aws.shapes import ECS
from reconciler.core import shapes
from reconciler.core.documents import Resolved
from reconciler.core.references import Function
from reconciler.core.values import Address, Value
from reconciler.errors import HclErrors, ReconcilerError
from reconciler.hcl import repetitions, traversals
from reconciler.load import evaluate, listings, project
from reconciler.load.hcls import pairs
from reconciler.load.sources import Document, Options
from tests import tables

ROOT = Path(__file__).parents[3]
FIXTURES = tables.read(ROOT / "fixtures/hcl/repetitions.yml")
FUNCTIONS = {"tfstate": Function.of("tfstate", "tfstate", lambda address, /: address)}
STATE = {
    Address("tfstate", "aws_x.list"): Value(["a", "b"]),
    Address("tfstate", "aws_x.first"): Value("a"),
    Address("tfstate", "aws_x.map"): Value({"k": "v"}),
    Address("tfstate", "aws_x.secret"): Value("hush", ((),)),
    Address("tfstate", "aws_x.later"): Value(None, unknown=True),
}


def resolve(text: str) -> Resolved:
    document = Document(Path("task.hcl"), text, "hcl")
    options = Options(shapes=lambda: ECS)
    (resolved,) = evaluate.resolve([document], FUNCTIONS, lambda _: STATE, options)
    return resolved


@pytest.mark.parametrize("case", FIXTURES["data"], ids=lambda case: case["what"])
def test_data(case: dict[str, object]) -> None:
    data = resolve(str(case["text"])).data
    assert data == case["data"]
    assert repr(data).count("True") == repr(case["data"]).count("True")  # which is no 1


@pytest.mark.parametrize("case", FIXTURES["errors"], ids=lambda case: case["text"])
def test_errors(case: dict[str, object]) -> None:
    with pytest.raises(ReconcilerError) as caught:
        resolve(str(case["text"]))
    errors = caught.value.errors if isinstance(caught.value, HclErrors) else (caught.value,)
    assert [f"{each.where}: {each.what}" for each in errors] == case["errors"]


def test_where_repeated_blocks_come_from() -> None:
    resolved = resolve(
        'volume "a" {}\ndynamic "volume" {\n  for_each = aws_x.list\n  labels = [volume.value]\n'
        '  content {\n    host { source_path = "/" }\n  }\n}\n'
    )
    data = {"volumes": [{"name": "a"}, *({"name": n, "host": {"sourcePath": "/"}} for n in "ab")]}
    assert resolved.data == data
    from_list = {"tfstate aws_x.list"}
    for path, origins in {
        ("volumes", 0): set(),
        ("volumes", 1): from_list,
        ("volumes", 1, "name"): from_list,
        ("volumes", 2, "host", "sourcePath"): from_list,
    }.items():
        assert {str(origin.address) for origin in resolved.origins_of(path)} == origins
    places = {("volumes",): "1:1", ("volumes", 2): "2:1", ("volumes", 2, "name"): "4:13",
              ("volumes", 2, "host", "sourcePath"): "6:12"}  # fmt: skip
    assert {path: str(resolved.where(path)) for path in places} == {
        path: f"task.hcl:{place}" for path, place in places.items()
    }


def test_what_a_secret_decides_is_secret() -> None:
    resolved = resolve(
        "volume {\n  for_each = { a = aws_x.secret }\n  name = each.key\n  driver = each.value\n}\n"
        'dynamic "tmpfs" {\n  for_each = [for x in [aws_x.secret] : 1 if x == "hush"]\n'
        "  content {\n    size = 1\n  }\n}\n"
        'ulimit {\n  count = aws_x.secret == "hush" ? 1 : 0\n}\n'
    )
    assert resolved.sensitive == {("volumes", 0, "driver"), ("tmpfs", 0, "size"), ("ulimits", 0)}


def test_where_the_pairs_of_a_map_come_from() -> None:
    resolved = resolve('tags = {\n  b = aws_x.secret\n  a = "${aws_x.first}"\n}\nenvironment = aws_x.map')
    assert resolved.data == {
        "tags": [{"key": "a", "value": "a"}, {"key": "b", "value": "hush"}],
        "environment": [{"name": "k", "value": "v"}],
    }
    assert resolved.sensitive == {("tags", 1, "value")}
    assert not resolved.origins_of(("tags", 0, "key"))
    for path, origin, place in (
        (("tags", 0, "value"), "tfstate aws_x.first", "3:3"),
        (("tags", 1, "value"), "tfstate aws_x.secret", "2:3"),
        (("environment", 0, "value"), "tfstate aws_x.map", "5:1"),
    ):
        assert [str(each.address) for each in resolved.origins_of(path)] == [origin]
        assert str(resolved.where(path)) == f"task.hcl:{place}"
    assert str(resolved.where(("tags", 1))) == "task.hcl:2:3"


def test_iterators_are_no_references() -> None:
    text = (
        'dynamic "port_mapping" {\n  for_each = aws_x.list\n  iterator = my_port\n  labels = [my_port.key]\n'
        "  content {\n    a = my_port.value\n    b = port_mapping.value\n    c = each.key\n  }\n}\n"
    )
    document = Document(Path("task.hcl"), text, "hcl")
    found = listings.listing(document, FUNCTIONS, STATE, Options()).uses
    assert [each.text for each in found] == ["aws_x.list", "port_mapping.value"]


def test_plugins_may_be_repeated() -> None:
    text = (
        'plugin {\n  for_each = ["a_", "b_"]\n  name = "tfstate"\n  func_prefix = each.value\n'
        "  config {\n    count = 3\n    for_each = each.key\n  }\n}\n"
        'dynamic "plugin" {\n  for_each = ["ssm"]\n  content {\n    name = plugin.value\n  }\n}\n'
    )
    document = Document(Path("reconciler.hcl"), text, "hcl-project")
    uses = project.outline(document, Options())
    assert [(use.name, use.func_prefix, use.config) for use in uses] == [
        ("tfstate", "a_", {"count": 3, "for_each": 0}),
        ("tfstate", "b_", {"count": 3, "for_each": 1}),
        ("ssm", "", {}),
    ]


def test_plugins_that_only_a_plugin_could_name() -> None:
    text = 'dynamic "plugin" {\n  for_each = ssm("/x")\n  content {\n    name = plugin.value\n  }\n}\n'
    with pytest.raises(ReconcilerError, match="plugins calls ssm, a function that only a plugin can offer"):
        project.outline(Document(Path("reconciler.hcl"), text, "hcl-project"), Options())


def test_lists_of_pairs_are_those_of_the_api() -> None:
    assert pairs.of(lambda: ECS) == {
        "environment": ("name", "value"),
        "extraHosts": ("hostname", "ipAddress"),
        "inferenceAccelerators": ("deviceName", "deviceType"),
        "properties": ("name", "value"),
        "secretOptions": ("name", "valueFrom"),
        "secrets": ("name", "valueFrom"),
        "systemControls": ("namespace", "value"),
        "tags": ("key", "value"),
    }


def test_the_api_has_no_member_that_repeats() -> None:
    found = {name for each in pairs.OPERATIONS for name in shapes.names(ECS.input(each))}
    assert "containerDefinitions" in found
    assert found.isdisjoint({repetitions.DYNAMIC, *repetitions.REPEATING, "forEach"})


@given(st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=4))
@settings(deadline=None)
def test_all_ways_to_say_it_mean_the_same(given: dict[str, str]) -> None:
    items = ", ".join(f"{traversals.quoted(k)} = {traversals.quoted(v)}" for k, v in given.items())
    over = f"locals {{\n  all = {{ {items} }}\n}}\n"
    block = "    name = {0}.key\n    value = {0}.value\n"
    ways = (
        "environment = [for k, v in local.all : { name = k, value = v }]",
        'dynamic "environment" {\n  for_each = local.all\n  content {\n'
        + block.format("environment")
        + "  }\n}",
        "environment {\n  for_each = local.all\n" + block.format("each") + "}",
    )
    listed, *repeated = (resolve(over + way).data for way in ways)
    if given and set(given) != {"name", "value"}:
        assert resolve(f"{over}environment = local.all").data == listed
    assert repeated == [listed if given else {}] * 2


def test_the_documented_example() -> None:
    text = (ROOT / "docs/hcl.md").read_text().split("```hcl\n")[1].split("```")[0]
    assert resolve(text).data == {
        "containerDefinitions": [
            {"name": "app", "image": "nginx", "environment": [
                {"name": "LOG_LEVEL", "value": "info"}, {"name": "PORT", "value": 80}]},
            {"name": "envoy", "image": "envoyproxy/envoy:v1.34"},
            {"name": "log", "image": "fluent/fluent-bit:3.2"},
        ]
    }  # fmt: skip
