"""Secrets by reference: cut out of values, bound to what they were, and masked wherever they turn up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import redaction, secrets
from reconciler.core.redaction import MASK, Masker
from reconciler.core.values import Address, Json, JsonObject, Origin, Source, Value
from reconciler.errors import Refused, StalePlan
from tests.core.test_tables import rows

A, B = Address("tfstate", "output.a"), Address("ssm", "/b")
STATE = Source("terraform.tfstate", "lineage", "42")
PARAMETER = Source("ssm", "", "7")
KNOWN = {
    A: Value("alpha-secret", ((),), source=STATE),
    B: Value("beta-secret", ((),), source=PARAMETER),
}
ORIGINS = {A: Origin(A, STATE), B: Origin(B, PARAMETER)}


def made(value: Json, *addresses: Address, printed: tuple[tuple[str, Address], ...] = ()) -> secrets.Secret:
    texts = printed or tuple((str(KNOWN[address].data), address) for address in addresses)
    return secrets.make(
        "task.json /x",
        value,
        [ORIGINS[a] for a in addresses],
        KNOWN,
        "salt",
        [(text, frozenset({ORIGINS[address]})) for text, address in texts],
    )


@pytest.mark.parametrize(
    ("value", "addresses", "pieces"),
    [
        ("alpha-secret", (A,), (A,)),
        ("postgres://u:alpha-secret@db", (A,), ("postgres://u:", A, "@db")),
        ("alpha-secret/beta-secret", (A, B), (A, "/", B)),
        ("alpha-secretalpha-secret", (A,), (A, A)),
        ("ALPHA-SECRET", (A,), ()),
        ("alpha-secret", (A, B), ()),
        ("YWxwaGEtc2VjcmV0", (A,), ()),
    ],
)
def test_a_value_is_cut_into_text_and_references(
    value: str, addresses: tuple[Address, ...], pieces: tuple[object, ...]
) -> None:
    secret = made(value, *addresses)
    assert secret.pieces == pieces
    if pieces:
        assert secrets.fill(secrets.slot(0), [secret], KNOWN) == value


@pytest.mark.parametrize(
    "printed",
    [(("alpha%2Dsecret", A), ("alpha-secret", A)), (("alpha", A), ("alpha-secret", A))],
    ids=["escaped beside the secret itself", "a part of it"],
)
def test_a_secret_in_another_form_is_never_cut(printed: tuple[tuple[str, Address], ...]) -> None:
    value = "/".join(text for text, _ in printed)
    assert made(value, A, printed=printed).pieces == ()


def test_a_secret_escaped_for_its_string_is_still_the_secret() -> None:
    known = {A: Value('quo"te', ((),), source=STATE)}
    made_of = [('quo\\"te', frozenset({ORIGINS[A]}))]
    secret = secrets.make("x", 'u:quo"te', [ORIGINS[A]], known, "salt", made_of)
    assert secret.pieces == ("u:", A)


def test_without_knowledge_of_the_text_only_a_whole_secret_is_cut() -> None:
    origins = [ORIGINS[A]]
    assert secrets.make("x", "alpha-secret", origins, KNOWN, "salt").pieces == (A,)
    assert secrets.make("x", "u:alpha-secret", origins, KNOWN, "salt").pieces == ()


@pytest.mark.parametrize(
    ("addresses", "by_digest"), [((A,), True), ((B,), False), ((A, B), True)], ids=["state", "ssm", "both"]
)
def test_a_version_of_its_own_binds_and_a_serial_does_not(
    addresses: tuple[Address, ...], by_digest: bool
) -> None:
    secret = made("".join(str(KNOWN[a].data) for a in addresses), *addresses)
    assert bool(secret.digest) == bool(secret.salt) == by_digest


@pytest.mark.parametrize(
    ("address", "now"),
    [
        (A, Value("gamma-secret", ((),), source=STATE)),
        (B, Value("beta-secret", ((),), source=Source("ssm", "", "8"))),
        (B, Value("beta-secret", ((),), source=None)),
    ],
    ids=["value of a state", "version of a parameter", "version that is not told"],
)
def test_what_moved_is_refused_without_showing_it(address: Address, now: Value) -> None:
    secret = made(KNOWN[address].data, address)
    with pytest.raises(StalePlan) as caught:
        secrets.fill({"x": [secrets.slot(0)]}, [secret], KNOWN | {address: now})
    assert caught.value.moved == (str(address),)
    assert "task.json /x" in str(caught.value)
    assert not {"gamma-secret", "alpha-secret", "beta-secret"} & set(str(caught.value).split())


def test_a_state_that_moved_around_the_value_is_fine() -> None:
    later = {A: Value("alpha-secret", ((),), source=Source("terraform.tfstate", "lineage", "43"))}
    assert secrets.fill({"x": secrets.slot(0)}, [made("alpha-secret", A)], later) == {"x": "alpha-secret"}


def test_a_number_is_a_number_again() -> None:
    known = {A: Value(5432, ((),), source=STATE)}
    secret = secrets.make("p", 5432, [ORIGINS[A]], known, "salt")
    assert secrets.fill(secrets.slot(0), [secret], known) == 5432


def test_what_references_cannot_make_again_is_refused() -> None:
    with pytest.raises(Refused, match="computed from a secret"):
        secrets.fill(secrets.slot(0), [made("ALPHA", A)], KNOWN)


@pytest.mark.parametrize("value", [{"$secret": "0"}, {"$secret": 0, "x": 1}, {}, "$secret", None])
def test_only_a_slot_is_a_slot(value: Any) -> None:
    assert secrets.slot_of(value) is None
    assert secrets.put(value, ["s"]) == value


def test_a_digest_depends_on_salt_and_value() -> None:
    digests = {secrets.digest(salt, value) for salt in ("a", "b") for value in ("x", "y", 1, "1")}
    assert len(digests) == 8


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("DB_PASSWORD", True),
        ("passwd", True),
        ("GITHUB_TOKEN", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("api_key", True),
        ("APIKEY", True),
        ("GOOGLE_CREDENTIALS", True),
        ("KEYBOARD", False),
        ("MONKEY", False),
        ("PATH", False),
    ],
)
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert redaction.secret_name(name) == secret


def test_secrets_are_masked_by_content_the_longest_first() -> None:
    masker = Masker.of(["pass", "password", {"a": ["deeper"]}, None, True, "abc"])
    assert masker.secrets == ("password", "deeper", "pass")
    assert masker.text("password pass deeper abc") == f"{MASK} {MASK} {MASK} abc"


@pytest.mark.parametrize("row", rows("masked"))
def test_what_a_text_itself_says_to_be_secret(row: dict[str, str]) -> None:
    masker = Masker.of(["known-one"])
    masked = masker.leaf(row["text"])
    assert masked == row["masked"].replace("***", MASK)
    assert masker.leaf(masked) == masked
    assert Masker(open=True).leaf(row["text"]) == row["text"]


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("password=hunter2 starting", "password=*** starting"),
        ('level=info DB_PASSWORD="two words" port=80', "level=info DB_PASSWORD=*** port=80"),
        ("connect(host='db', api_token='abc')", "connect(host='db', api_token=***)"),
        ("GET /login?token=abc&next=/ 200", "GET /login?token=***&next=/ 200"),
        ("KeyError: 'DB_PASSWORD'", "KeyError: 'DB_PASSWORD'"),
        ("sort_key: name, key=7, tokens = 12", "sort_key: name, key=7, tokens = 12"),
        ("known-one and postgres://web:hunter2@db/x", "*** and postgres://web:***@db/x"),
    ],
)
def test_what_a_line_of_a_program_says_to_be_secret(line: str, masked: str) -> None:
    masker = Masker.of(["known-one"])
    assert masker.line(line) == masked.replace("***", MASK)
    assert Masker(open=True).line(line) == line


names = st.sampled_from(["password", "dbToken", "a", "pass word", ""])
values: st.SearchStrategy[Json] = st.recursive(
    st.text(max_size=4) | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(values, st.sampled_from([None, 1]))
def test_a_document_is_masked_where_its_names_say_so(value: Json, indent: int | None) -> None:
    """What is masked is the same document, with marks for the texts below secret names and nothing else."""
    wrapped = [value]
    hidden: list[Json] = []

    def hide(part: Json) -> str:
        hidden.append(part)
        return MASK

    masker = Masker(hide=hide)
    assert json.loads(masker.leaf(json.dumps(wrapped, indent=indent))) == marked(wrapped, secret=False)
    assert len(hidden) == json.dumps(marked(wrapped, secret=False)).count(MASK)


def marked(value: Json, *, secret: bool) -> Json:
    if isinstance(value, dict):
        return {
            name: marked(inner, secret=secret or name in ("password", "dbToken"))
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [marked(inner, secret=secret) for inner in value]
    return MASK if secret and isinstance(value, str) else value


def test_masking_of_values() -> None:
    masker = Masker.of(["alpha"])
    value: JsonObject = {"x": ["an alpha", 1, None], "MY_TOKEN": "t", "y": {"z": True}}
    assert masker.value(value) == {"x": [f"an {MASK}", 1, None], "MY_TOKEN": MASK, "y": {"z": True}}
    assert masker.value(value, sensitive=True) == {
        "x": [MASK, MASK, None],
        "MY_TOKEN": MASK,
        "y": {"z": MASK},
    }
    assert Masker.of(["alpha"], show=True).value(value, sensitive=True) == value


def test_masking_of_names() -> None:
    masker = Masker.of(["alpha", "beta-ray"])
    value: JsonObject = {"alpha": 1, "x": [{"an alpha": "y", "beta-ray": "y"}], "beta-ray": {"alpha": 2}}
    assert masker.value(value) == {
        MASK: 1,
        "x": [{f"an {MASK}": "y", MASK: "y"}],
        f"{MASK}#2": {MASK: 2},
    }
    assert masker.value({"alpha": {"x": "alpha"}}, ours=True) == {"alpha": {"x": MASK}}
    assert masker.texts({"alpha": "y"}) == {MASK: MASK}
    assert Masker.of(["alpha"], show=True).value(value) == value
