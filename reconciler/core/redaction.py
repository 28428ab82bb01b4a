"""What must not be shown: marks in place of values, by provenance, by name and by content."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Container, Iterable
from functools import lru_cache
from typing import Final

from reconciler.core.values import Json, Path
from reconciler.records import dataclass

MASK: Final = "(sensitive value)"

# Environment variables that hold a secret by their name: no origin marks them in what AWS describes.
SECRET_NAMES: Final = (
    "*PASSWORD*",
    "*PASSWD*",
    "*PASSPHRASE*",
    "*_PASS",
    "*_PWD",
    "*SECRET*",
    "*TOKEN*",
    "*_KEY",
    "*CREDENTIAL*",
    "APIKEY",
    "*_APIKEY",
)
_SECRET_NAME: Final = re.compile("|".join(fnmatch.translate(pattern) for pattern in SECRET_NAMES))
# What tells apart items of one name in what AWS describes (`API_KEY#2`): no part of the name.
_NUMBER: Final = re.compile(r"#[0-9]+\Z")
# Options of log drivers that name a field of a record, or of a stream, by a name like that of a secret (Fluent Bit's
# output plugins).
_FIELD_NAME: Final = re.compile(
    r"(?:.*_)?(?:DATE|EVENT|GELF_.*|HOST|ID|LEVEL|LOG|MESSAGE|PARTITION|RECORD|TAG|TIME|TIMESTAMP|TOPIC|TYPE)_KEY"
)
# A shorter secret would mask syllables of ordinary words.
SHORTEST: Final = 4
# What a text has to hold so that it is worth reading it as JSON.
_HINT: Final = re.compile(r"pass|pwd|secret|token|key|credential|\\u", re.IGNORECASE)
# Of a JSON document the strings, those that are names apart, and the brackets.
_TOKEN: Final = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}\[\]]')
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.\s]")
# The password of `scheme://user:password@host`. Of people who do not encode it, it may hold `@`, or a slash where no
# port could stand; in JSON each slash may stand behind a backslash.
_PASSWORD: Final = re.compile(
    r"""(:(?:\\?/){2}[^\s/?#:@"'\\]*:)(?!\d+[/?#\\])([^\s/"'<>\\]+|[^\s@"'<>]+)(?=@)"""
)

# A name and what it is set to, as programs write it: `password=hunter2`.
_ASSIGNED: Final = re.compile(r"""([A-Za-z][\w.-]*)=("[^"]*"|'[^']*'|[^\s,;&"'()\[\]{}]+)""")


@lru_cache(maxsize=32768)  # of a variable it is asked in the file, in the description and in the plan
def secret_name(name: str) -> bool:
    """Tell whether a variable's name says that its value is secret; of twins each, whatever their numbers."""
    return _SECRET_NAME.match(_NUMBER.sub("", name.upper())) is not None


@lru_cache(maxsize=4096)
def secret_member(name: str) -> bool:
    """Tell whether the name of a member says so, in the spellings of JSON: `apiToken`, `api-token`, `api.token`."""
    return secret_name(_HUMP.sub("_", name))


@lru_cache(maxsize=4096)
def secret_option(name: str) -> bool:
    """Tell the same of an option of a log driver or a label (`splunk-token`), of which some only name a field."""
    folded = _HUMP.sub("_", name)
    return secret_name(folded) and _FIELD_NAME.fullmatch(folded.upper()) is None


def numbered(name: str, taken: Container[str]) -> str:
    """Give a name that is not taken yet: the name with the next number, which `secret_name` looks past."""
    number = 2
    while f"{name}#{number}" in taken:
        number += 1
    return f"{name}#{number}"


def unnumbered(path: Path) -> Path:
    """Give the place of the item that a numbered one repeats; any other place as it is."""
    if not any(isinstance(key, str) and "#" in key for key in path):
        return path
    return tuple(_NUMBER.sub("", key) if isinstance(key, str) else key for key in path)


def _masked(_value: Json) -> str:
    return MASK


@dataclass(frozen=True, slots=True)
class Masker:
    """Masks known secrets wherever they turn up. An open masker (`--show-sensitive`) changes nothing.

    `hide` is given each value or piece of text that is masked, and gives its mark: so it can be told what was hidden.
    """

    secrets: tuple[str, ...] = ()
    open: bool = False
    hide: Callable[[Json], str] = _masked

    @classmethod
    def of(cls, values: Iterable[Json], *, show: bool = False) -> Masker:
        """Collect the texts in sensitive values, longest first, so that no remainder of one is left over.

        Of each also how it stands inside a JSON document.
        """
        plain = {text for value in values for text in _texts(value) if len(text) >= SHORTEST}
        texts = plain | {
            json.dumps(text, ensure_ascii=ascii_only)[1:-1] for text in plain for ascii_only in (True, False)
        }
        return cls(tuple(sorted(texts, key=lambda text: (-len(text), text))), show)

    def text(self, text: str) -> str:
        """Mask known secrets inside a text."""
        if not self.open:
            for secret in self.secrets:
                if secret in text:
                    text = text.replace(secret, self.hide(secret))
        return text

    def leaf(self, text: str) -> str:
        """Mask secrets inside a value that is a text: known ones, and those that the text itself says to be secret.

        These are the strings under a secret name in a JSON document, and the passwords in URLs. The rest of the text
        stays as it is, byte for byte.
        """
        if self.open:
            return text
        if not text[:1].isalnum() and text.lstrip()[:1] in ("{", "[") and _HINT.search(text):
            text = self._document(text)
        if "@" in text:
            text = _PASSWORD.sub(lambda found: found[1] + self.hide(found[2]), text)
        return self.text(text)

    def line(self, text: str) -> str:
        """Mask secrets inside a line that a program wrote: as `leaf`, and what it assigns to a secret name."""
        text = self.leaf(text)
        if self.open or "=" not in text:
            return text
        return _ASSIGNED.sub(
            lambda found: f"{found[1]}={self.hide(found[2])}" if secret_member(found[1]) else found[0], text
        )

    def _document(self, text: str) -> str:
        """Mask the strings under secret names in a text that is a JSON document; any other text stays."""
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return text
        pieces: list[str] = []
        above = [False]  # for each object or list around: does it stand under a secret name?
        named, done = False, 0
        for token in _TOKEN.finditer(text):
            string, is_name = token[1], token[2]
            if string is None:
                if token[0] in "{[":
                    above.append(named or above[-1])
                else:
                    above.pop()
                named = False
            elif is_name:
                named = secret_member(str(json.loads(string)))
            else:
                pieces += text[done : token.start()], self._string(string, secret=named or above[-1])
                named, done = False, token.end()
        return "".join(pieces) + text[done:]

    def _string(self, written: str, *, secret: bool) -> str:
        """Mask a string of a JSON document, which may hold another one."""
        if not secret and "\\" not in written:
            return written
        value = str(json.loads(written, strict=False))
        masked = self.hide(value) if secret else self.leaf(value)
        return written if masked == value else json.dumps(masked, ensure_ascii=False)

    def texts(self, value: Json) -> Json:
        """Mask every text in a value that stands under a secret name; what else it holds says as little there."""
        if isinstance(value, str):
            return value if self.open else self.hide(value)
        if isinstance(value, dict):
            names = self.names(value)
            return {names[name]: self.texts(member) for name, member in value.items()}
        return [self.texts(member) for member in value] if isinstance(value, list | tuple) else value

    def names(self, members: Iterable[str]) -> dict[str, str]:
        """Mask known secrets inside the names of an object's members; two that become alike are numbered."""
        names: dict[str, str] = {}
        taken: set[str] = set()
        for name in members:
            called = self.text(name)
            if called in taken:
                called = numbered(called, taken)
            names[name] = called
            taken.add(called)
        return names

    def value(self, value: Json, *, sensitive: bool = False, ours: bool = False) -> Json:
        """Mask secrets inside a value, names of members among it; all of its leaves where it is sensitive as a whole.

        Names that are `ours`, as in a record of this tool's, stay, whatever secret has the same text.
        """
        if self.open:
            return value
        if isinstance(value, str):
            return self.hide(value) if sensitive else self.leaf(value)
        if isinstance(value, dict):
            names = self.names(value) if self.secrets and not ours else None
            return {
                names[name] if names else name: self.value(
                    member, sensitive=sensitive or (secret_name(name) and isinstance(member, str)), ours=ours
                )
                for name, member in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(member, sensitive=sensitive, ours=ours) for member in value]
        return self.hide(value) if sensitive and value is not None else value

    def described(self, value: Json) -> Json:
        """Mask secrets inside what AWS describes: as `value`, with the variables whose names say that they are secret.

        These are pairs there, ``{"name": …, "value": …}``. The names of members stay.
        """
        return value if self.open else self.value(self._pairs(value), ours=True)

    def _pairs(self, value: Json) -> Json:
        if isinstance(value, dict):
            named = secret_name(str(value["name"])) if {"name", "value"} <= value.keys() else False
            return {
                name: self.texts(member) if named and name == "value" else self._pairs(member)
                for name, member in value.items()
            }
        return [self._pairs(member) for member in value] if isinstance(value, list | tuple) else value


def _texts(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [text for member in value.values() for text in _texts(member)]
    if isinstance(value, list | tuple):
        return [text for member in value for text in _texts(member)]
    return [] if value is None or isinstance(value, bool) else [str(value)]
