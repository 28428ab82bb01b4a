"""What must not be shown: marks in place of values, by provenance, by name and by content."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reconciler.core.values import Json

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
# A shorter secret would mask syllables of ordinary words.
SHORTEST: Final = 4


@lru_cache(maxsize=4096)  # of a variable it is asked in the file, in the description and in the plan
def secret_name(name: str) -> bool:
    """Tell whether a variable's name says that its value is secret."""
    return _SECRET_NAME.match(name.upper()) is not None


@dataclass(frozen=True, slots=True)
class Masker:
    """Masks known secrets wherever they turn up. An open masker (`--show-sensitive`) changes nothing."""

    secrets: tuple[str, ...] = ()
    open: bool = False

    @classmethod
    def of(cls, values: Iterable[Json], *, show: bool = False) -> Masker:
        """Collect the texts in sensitive values, longest first, so that no remainder of one is left over."""
        texts = {text for value in values for text in _texts(value) if len(text) >= SHORTEST}
        return cls(tuple(sorted(texts, key=lambda text: (-len(text), text))), show)

    def text(self, text: str) -> str:
        """Mask secrets inside a text."""
        if not self.open:
            for secret in self.secrets:
                text = text.replace(secret, MASK)
        return text

    def value(self, value: Json, *, sensitive: bool = False) -> Json:
        """Mask secrets inside a value; all of its leaves where it is sensitive as a whole."""
        if self.open:
            return value
        if isinstance(value, str):
            return MASK if sensitive else self.text(value)
        if isinstance(value, dict):
            return {
                name: self.value(
                    member, sensitive=sensitive or (secret_name(name) and isinstance(member, str))
                )
                for name, member in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(member, sensitive=sensitive) for member in value]
        return MASK if sensitive and value is not None else value


def _texts(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [text for member in value.values() for text in _texts(member)]
    if isinstance(value, list | tuple):
        return [text for member in value for text in _texts(member)]
    return [] if value is None or isinstance(value, bool) else [str(value)]
