"""What went wrong with projects: each message once, with all that it is true of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.render import texts
from reconciler.render.styles import Style


def human(wrong: Iterable[tuple[str, str]], style: Style) -> Iterator[str]:
    """Write messages, given as pairs of a project's path and what is wrong with it, with an empty line after each.

    What is wrong with many for one reason, such as credentials that have expired, is said once, at the first.
    """
    paths: dict[str, list[str]] = {}
    for path, said in wrong:
        found = paths.setdefault(said, [])
        if path not in found:
            found.append(path)
    for said, (first, *others) in paths.items():
        lines = texts.about(first, said).split("\n")
        yield style.paint("bad", "Error:") + " " + "\n".join(map(texts.safe, lines))
        if others:
            yield style.paint("dim", f"  the same in {texts.safe(', '.join(others))}")
        yield ""
