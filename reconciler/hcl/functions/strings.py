"""Functions of texts."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.hcl import kinds
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions import graphemes
from reconciler.hcl.functions.signatures import Parameter, check_text, function, text, whole
from reconciler.hcl.values import Set, Value, described, normal

SPACE = "".join(map(chr, (*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B))))
SPACE += "\u2028\u2029\u202f\u205f\u3000"
"""Unicode's white space, as Go's `unicode.IsSpace` has it; Python's `strip` also takes U+001C to U+001F."""


def chomp(given: str) -> Value:
    """Take the line ends off the end."""
    return given.rstrip("\r\n")


def endswith(given: str, suffix: str) -> Value:
    """Tell whether a text ends with another."""
    return given.endswith(suffix)


def indent(spaces: int, given: str) -> Value:
    """Begin every line but the first with so many spaces."""
    if spaces < 0:
        raise Fault("it must not be negative", argument=0)
    check_text(len(given) + spaces * given.count("\n"))
    return given.replace("\n", "\n" + " " * spaces)


def join(separator: str, *lists: Value) -> Value:
    """Put the texts of lists one after the other, with a separator between two."""
    if not lists:
        raise Fault("at least one list is required")
    parts = [part for index, given in enumerate(lists, 1) for part in texts(given, index)]
    check_text(sum(map(len, parts)) + len(separator) * len(parts))
    return normal(separator.join(parts))


def texts(given: Value, argument: int) -> list[str]:
    """Give the members of a list of strings, none of which may be null."""
    assert isinstance(given, tuple)
    result: list[str] = []
    for index, item in enumerate(given):
        if not isinstance(item, str):
            raise Fault(f"element {index}: a string is required, not {described(item)}", argument=argument)
        result.append(item)
    return result


def lower(given: str) -> Value:
    """Write in small letters, letter by letter."""
    return normal("".join(map(_lower, given)))


def upper(given: str) -> Value:
    """Write in capitals, letter by letter: `ß` stays, which has no single capital."""
    return normal("".join(map(_upper, given)))


def title(given: str) -> Value:
    """Begin each word with a capital. A word begins after anything that is no letter, digit or underscore."""
    result, before = [], " "
    for letter in given:
        result.append(_title(letter) if _divides(before) else letter)
        before = letter
    return normal("".join(result))


def _lower(letter: str) -> str:
    # Go maps letter to letter; of the long forms in Unicode's SpecialCasing it knows none.
    return small if len(small := letter.lower()) == 1 else small[0]


def _upper(letter: str) -> str:
    # Where Unicode's capital is several letters, the one for titles may still be a single one: `ᾗ`.
    return capital if len(capital := letter.upper()) == 1 else _title(letter)


def _title(letter: str) -> str:
    return capital if len(capital := letter.title()) == 1 else letter


def _divides(letter: str) -> bool:
    """Tell whether a word may begin after a character, as Go's `strings.Title` has it."""
    if letter < "\x80":
        return not (letter.isalnum() or letter == "_")
    return letter in SPACE


def split(separator: str, given: str) -> Value:
    """Divide at a separator; an empty one divides into characters."""
    return tuple(given.split(separator)) if separator else tuple(given)


def startswith(given: str, prefix: str) -> Value:
    """Tell whether a text begins with another."""
    return given.startswith(prefix)


def strcontains(given: str, part: str) -> Value:
    """Tell whether a text holds another."""
    return part in given


def strrev(given: str) -> Value:
    """Turn a text around, character by character as a reader sees them."""
    return normal("".join(reversed(graphemes.clusters(given))))


def substr(given: str, offset: int, length: int) -> Value:
    """Give so many characters from an offset on, which counts from the end where it is negative; all for length < 0."""
    clusters = graphemes.clusters(given)
    start = offset if offset >= 0 else max(0, offset + len(clusters))
    # Terraform also gives all that is left for a length of 0 from an offset that counts from the end.
    rest = length < 0 or (not length and offset < 0)
    return "".join(clusters[start:] if rest else clusters[start : start + length])


def trim(given: str, cutset: str) -> Value:
    """Take the characters of a set off both ends."""
    return given.strip(cutset) if cutset else given


def trimprefix(given: str, prefix: str) -> Value:
    """Take a text off the beginning, once."""
    return given.removeprefix(prefix)


def trimspace(given: str) -> Value:
    """Take white space off both ends."""
    return given.strip(SPACE)


def trimsuffix(given: str, suffix: str) -> Value:
    """Take a text off the end, once."""
    return given.removesuffix(suffix)


def sort(given: Value) -> Value:
    """Order texts by their code points."""
    return tuple(sorted(texts(given, 0)))


def compact(given: Value) -> Value:
    """Leave out what is empty or null."""
    assert isinstance(given, tuple)
    return tuple(item for item in given if item not in {None, ""})


def length(value: Value) -> Value:
    """Count the elements of a collection, the characters of a text."""
    match value:
        case str():
            return graphemes.count(value)
        case tuple() | Set() | Mapping():
            return len(value)
        case _:
            raise Fault(f"a string or a collection is required, not {described(value)}", argument=0)


_STRINGS = Parameter("list", kinds.ListOf(kinds.STRING))

FUNCTIONS = (
    function("chomp", chomp, text()),
    function("compact", compact, _STRINGS),
    function("endswith", endswith, text(), text("suffix")),
    function("indent", indent, whole("spaces"), text()),
    function("join", join, text("separator"), rest=Parameter("lists", kinds.ListOf(kinds.STRING))),
    function("length", length, Parameter("value", members=True)),
    function("lower", lower, text()),
    function("sort", sort, _STRINGS),
    function("split", split, text("separator"), text()),
    function("startswith", startswith, text(), text("prefix")),
    function("strcontains", strcontains, text(), text("substr")),
    function("strrev", strrev, text()),
    function("substr", substr, text(), whole("offset"), whole("length")),
    function("title", title, text()),
    function("trim", trim, text(), text("cutset")),
    function("trimprefix", trimprefix, text(), text("prefix")),
    function("trimspace", trimspace, text()),
    function("trimsuffix", trimsuffix, text(), text("suffix")),
    function("upper", upper, text()),
)
