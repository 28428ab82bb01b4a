"""Places in a JSON document: tuples of keys and indices, and RFC 6901 JSON pointers as text."""

from __future__ import annotations

from reconciler.core.values import Json, JsonObject, Path


def text(path: Path) -> str:
    """Write a path as a JSON pointer: ``("a/b", 0)`` is ``/a~1b/0``, the empty path is the empty string."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def get(document: Json, path: Path) -> Json:
    """Give what stands at a path. KeyError where nothing does."""
    for key in path:
        if isinstance(document, dict):
            document = document[str(key)]
        elif isinstance(document, list | tuple) and int(key) < len(document):
            document = document[int(key)]
        else:
            raise KeyError(text(path))
    return document


def leaves(document: Json, path: Path = ()) -> list[tuple[Path, Json]]:
    """Give every scalar and every empty container with its path, in document order."""
    children: list[tuple[str | int, Json]] = []
    if isinstance(document, dict):
        children = list(document.items())
    elif isinstance(document, list | tuple):
        children = list(enumerate(document))
    if not children:
        return [(path, document)]
    return [leaf for key, child in children for leaf in leaves(child, (*path, key))]


def objects(document: Json) -> JsonObject:
    """Give a document that is known to be an object. TypeError where it is not."""
    if not isinstance(document, dict):
        raise TypeError(f"an object was expected, not {type(document).__name__}")
    return document
