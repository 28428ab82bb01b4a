"""States that are read resource by resource: they answer as those that are decoded at once."""

from __future__ import annotations

import copy
import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ResolveError, Unavailable
from reconciler.hcl import numerals
from reconciler_tfstate import answers, indexes, lazies, states, stores
from reconciler_tfstate.addresses import Resource
from reconciler_tfstate.states import State
from reconciler_tfstate.stores import InFile, Memory

STATES = Path(__file__).parents[2] / "fixtures" / "tfstate"
FIXTURES = {path.name: path.read_bytes() for path in STATES.glob("*.tfstate")}

#: What a state's bytes look like: as Terraform writes them, as Go escapes them, and as other tools do.
LAYOUTS: Mapping[str, Callable[[Any], str]] = {
    "terraform": lambda tree: json.dumps(tree, indent=2, ensure_ascii=False) + "\n",
    "escaped": lambda tree: json.dumps(tree, indent=2).replace("name", "n\\u0061me"),
    "windows": lambda tree: json.dumps(tree, indent=2).replace("\n", "\r\n"),
    "tabs": lambda tree: json.dumps(tree, indent="\t", separators=(",", " : ")),
    "wide": lambda tree: json.dumps(tree, indent=1, separators=(" , ", "\n:\n")),
    "compact": lambda tree: json.dumps(tree, separators=(",", ":"), ensure_ascii=False),
    "flush left": lambda tree: json.dumps(tree, indent=0),
    "one compact resource": lambda tree: json.dumps(tree, indent=2, ensure_ascii=False).replace(
        "\n        ", ""
    ),
}


@pytest.fixture(autouse=True, scope="module")
def small_states_are_large() -> Iterator[None]:
    """Let the reader take what is made here for large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(states, "LARGE", 1)
        yield


texts = st.text(st.characters(codec="utf-8"), max_size=6) | st.text('{}[]"\\,:\n a', max_size=8)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
instances = st.fixed_dictionaries(
    {"attributes": st.dictionaries(texts, jsons, max_size=3)},
    optional={
        "index_key": st.integers(0, 3) | texts,
        "deposed": st.just("d"),
        "sensitive_attributes": st.lists(st.lists(jsons, max_size=2), max_size=2),
        "private": st.just("bnVsbA=="),
    },
)
modules = st.sampled_from(["module.a", 'module.a["k.1"].module.b[0]', 'module.a["{[\\"x]}"]'])


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a resource, mostly with its members in Terraform's order."""
    members: dict[str, Any] = {
        "module": draw(st.none() | modules),
        "mode": draw(st.sampled_from(["managed", "data"])),
        "type": draw(st.sampled_from(["aws_vpc", "terraform_data"])),
        "name": draw(st.sampled_from(["main", "größe", "a"]) | texts),
        "each": draw(st.sampled_from([None, "map"])),
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": draw(st.lists(instances, max_size=3)),
    }
    if draw(st.integers(0, 4)) == 0:
        members = dict(draw(st.permutations(list(members.items()))))
        members["later"] = draw(jsons)
    return {name: value for name, value in members.items() if value is not None}


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a state; resources that are listed twice are among them."""
    members = {
        "version": 4,
        "serial": draw(st.integers(0, 10**6)),
        "lineage": "l",
        "outputs": draw(st.dictionaries(texts, st.fixed_dictionaries({"value": jsons}), max_size=2)),
        "resources": draw(st.lists(resources(), max_size=5)),
        "check_results": draw(st.none() | st.lists(jsons, max_size=2)),
    }
    return dict(draw(st.permutations(list(members.items())))) if draw(st.booleans()) else members


windows = st.sampled_from([1, 7, 64, 4096])
layouts = st.sampled_from(list(LAYOUTS.values()))


def lazy(data: bytes, window: int) -> State | None:
    """Read a state lazily, so many bytes at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexes, "WINDOW", window)
        return lazies.read(Memory(data), "x")


def held(state: State) -> list[object]:
    """Give all that a state holds, in its order."""
    found: list[object] = [state.source, list(state.outputs.items()), list(answers.listing(state))]
    for resource, members in state.resources.items():
        found += [(resource, one.key, one.attributes, one.sensitive_paths) for one in members]
    return found


@given(trees(), layouts, windows)
def test_answers_as_the_plain_reader(tree: Any, layout: Callable[[Any], str], window: int) -> None:
    data = layout(tree).encode()
    state = lazy(data, window)
    assert state is not None
    assert held(state) == held(states.decode(data, "x"))


@given(trees(), layouts, windows, st.data())
def test_damage_is_refused_or_does_not_matter(
    tree: Any, layout: Callable[[Any], str], window: int, data: st.DataObject
) -> None:
    whole = layout(tree).encode()
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, min(len(whole), begin + 3)) | st.just(len(whole)))
    inserted = data.draw(st.binary(max_size=2) | st.text('{}[]",:\\ 1', max_size=3).map(str.encode))
    damaged = whole[:begin] + inserted + whole[end:]
    state = lazy(damaged, window)
    try:
        plain = held(states.decode(damaged, "x"))
    except ResolveError:
        plain = None
    try:
        found = held(state) if state else None
    except ResolveError:
        found = None
    if plain is None:
        assert found is None, "all was looked at, so all damage was seen"
    elif state:
        assert found == plain


@pytest.mark.parametrize("fixture", FIXTURES)
@pytest.mark.parametrize("window", [1, 100, 1 << 18])
def test_fixtures(fixture: str, window: int) -> None:
    state = lazy(FIXTURES[fixture], window)
    assert state is not None
    assert held(state) == held(states.decode(FIXTURES[fixture], "x"))


def many(count: int, instances: int = 1) -> dict[str, Any]:
    """Give a state with so many resources."""
    policy = json.dumps({"Statement": [{"Resource": 'a"\\b'}]})
    return {
        "version": 4,
        "serial": 1,
        "lineage": "l",
        "outputs": {},
        "resources": [
            {
                "mode": "managed",
                "type": "aws_x",
                "name": f"x{number}",
                "provider": 'provider["aws"]',
                "instances": [{"index_key": key, "attributes": {"id": f"i-{number}", "policy": policy}}
                              for key in range(instances)],
            }
            for number in range(count)
        ],
    }  # fmt: skip


@pytest.mark.parametrize("layout", ["terraform", "windows", "tabs"])
def test_of_an_indented_state_next_to_nothing_is_decoded(
    layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = LAYOUTS[layout](many(1_000)).encode()
    decoded: list[int] = []
    decoder = indexes._DECODER

    class Counting:
        def raw_decode(self, text: str, at: int) -> tuple[Any, int]:
            value, stop = decoder.raw_decode(text, at)
            decoded.append(stop - at)
            return value, stop

    monkeypatch.setattr(indexes, "_DECODER", Counting())
    assert lazies.read(Memory(data), "x")
    assert sum(decoded) < len(data) / 500


def test_what_is_no_json_in_a_resource_is_said_to_whoever_asks_for_it() -> None:
    data = LAYOUTS["terraform"](many(1_000)).encode().replace(b'"i-500"', b"hush-500")
    state = states.read(data, "x")
    assert state.resources[Resource((), "managed", "aws_x", "x7")][0].attributes["id"] == "i-7"
    line = data[: data.index(b"hush")].count(b"\n") + 1
    with pytest.raises(Unavailable, match=rf"no valid JSON at line {line}, column 19") as caught:
        state.resources[Resource((), "managed", "aws_x", "x500")]
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("cut", [1, 2, 100, 100_000])
def test_a_large_state_that_ends_too_early(cut: int) -> None:
    data = LAYOUTS["terraform"](many(1_000)).encode().rstrip()
    with pytest.raises(Unavailable, match="truncated or being written") as caught:
        states.read(data[:-cut], "x")
    assert caught.value.retry_after == states.WRITTEN_AFTER


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
        {"version": True},
        {"outputs": [1]},
        {"outputs": {"a": 1}},
        {"resources": None},
        {"resources": {}},
        {"resources": [{"mode": "managed"}]},
        {"resources": [{"module": "a", "mode": "managed", "type": "t", "name": "n", "instances": []}]},
        {"resources": [{"module": 1, "mode": "managed", "type": "t", "name": "n", "instances": []}]},
    ],
)
@pytest.mark.parametrize("layout", ["terraform", "compact"])
def test_odd_documents_are_left_to_the_plain_reader(change: dict[str, Any], layout: str) -> None:
    assert lazies.read(Memory(LAYOUTS[layout](many(2)).encode()), "x")
    assert lazies.read(Memory(LAYOUTS[layout]({**many(2), **change}).encode()), "x") is None


def test_nothing_is_quadratic_where_the_layout_changes_on_the_way() -> None:
    """Every resource is guessed to end where the last one does; the first wrong guess is the last."""
    compact = json.dumps(many(20_000)["resources"])[1:-1]
    indented = json.dumps(many(2), indent=2)
    first, last = indented.split("\n    },", 1)
    state = lazies.read(Memory(f"{first}\n    }},{compact},{last}".encode()), "x")
    assert state is not None
    assert len(state.resources) == 20_000


def test_a_file_that_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.tfstate"
    path.write_text(LAYOUTS["terraform"](many(1_000, instances=2)))
    state = states.read(stores.opened(path), "x")
    assert held(state) == held(states.decode(path.read_bytes(), "x"))
    path.unlink()
    assert state.resources[Resource((), "managed", "aws_x", "x7")][1].attributes["id"] == "i-7"


def test_a_file_that_is_written_to_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "x.tfstate"
    path.write_text(LAYOUTS["terraform"](many(1_000)))
    state = states.read(stores.opened(path), "x")
    path.write_text(LAYOUTS["terraform"](many(1_001)))
    with pytest.raises(Unavailable, match="written to while it was read"):
        state.resources[Resource((), "managed", "aws_x", "x7")]


def test_a_file_is_closed_with_its_state(tmp_path: Path) -> None:
    path = tmp_path / "x.tfstate"
    path.write_text(LAYOUTS["terraform"](many(1_000)))
    store = stores.opened(path)
    descriptor = store._descriptor
    os.fstat(descriptor)
    del store
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_large_file_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.tfstate"
    path.write_text(LAYOUTS["terraform"](many(1_000)))
    assert isinstance(stores.stored(path), bytes)
    monkeypatch.setattr(stores, "IN_FILE", 100_000)
    monkeypatch.delattr(Path, "read_bytes")
    state = states.read(stores.stored(path), "x")
    assert state.resources[Resource((), "managed", "aws_x", "x7")][0].attributes["id"] == "i-7"


@pytest.mark.parametrize("sizes", [(), (1,), (3, 4), (5, 0, 1, 9), (8, 8, 8)])
def test_what_a_server_sends_is_kept_as_it_came(
    sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "IN_FILE", 8)
    pieces = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    whole = b"".join(pieces)
    found = stores.received(iter(pieces))
    assert isinstance(found, bytes) == (len(whole) < 8)
    assert len(found) == len(whole)
    for start, stop in ((0, len(whole)), (2, 5), (3, 3), (0, 99)):
        read = found[start:stop] if isinstance(found, bytes) else found.read(start, stop)
        assert read == whole[start:stop]


def test_what_a_server_sends_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(stores, "IN_FILE", 8)
    found = stores.received([b"hush" * 10])
    assert isinstance(found, InFile)
    assert list(tmp_path.iterdir()) == []
    assert os.fstat(found._descriptor).st_mode & 0o077 == 0


def test_where_no_file_can_be_written_what_a_server_sends_stays_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "IN_FILE", 8)
    pieces = [b"abc", b"defgh", b"ijklm", b"no"]

    def full(descriptor: int, data: bytes) -> None:
        if data == b"ijklm":
            os.write(descriptor, data[:2])
            raise OSError(errno.ENOSPC, "No space left on device")
        os.write(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(stores, "_write", full)
        assert stores.received(pieces) == b"".join(pieces)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert stores.received(pieces) == b"".join(pieces)


def test_a_server_that_breaks_off_is_no_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"abcdefghij"
        raise ConnectionResetError

    monkeypatch.setattr(stores, "IN_FILE", 8)
    with pytest.raises(ConnectionResetError):
        stores.received(pieces())


@pytest.mark.parametrize(
    ("digits", "exactly"),
    [("0.1", "0.1"), ("1e3", "1000.0"), ("-0.12345678901234567890", "-0.12345678901234567890")],
)
def test_a_number_keeps_its_digits(digits: str, exactly: str) -> None:
    for found in (states.number(digits), indexes.decode(digits.encode())):
        assert isinstance(found, float)
        assert found == float(digits)
        assert json.loads(json.dumps(found)) == found
        assert numerals.from_float(found) == Decimal(exactly)
        assert numerals.from_float(copy.deepcopy(found)) == Decimal(exactly)
