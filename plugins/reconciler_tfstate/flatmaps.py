"""The flat attributes (``attributes_flat``) of instances that no provider has touched since Terraform 0.11.

``{"tags.%": "1", "tags.Name": "x", "ids.#": "2", "ids.0": "a", "ids.1": "b"}`` stands for
``{"tags": {"Name": "x"}, "ids": ["a", "b"]}``; ``#`` counts a list or set, ``%`` a map. Sets use hashes in
place of indices. Every leaf is text.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.plugin import Json


def unfold(flat: Mapping[str, Json]) -> dict[str, Json]:
    """Give flat attributes as a tree. Keys of maps may hold dots."""
    return {name: _node(flat, name) for name in dict.fromkeys(key.split(".")[0] for key in flat)}


def _node(flat: Mapping[str, Json], path: str) -> Json:
    if path in flat:
        return flat[path]
    below = [key[len(path) + 1 :] for key in flat if key.startswith(f"{path}.")]
    if "%" in below:
        return {key: flat[f"{path}.{key}"] for key in below if key != "%"}
    heads = dict.fromkeys(key.split(".")[0] for key in below)
    if "#" in heads:
        return [_node(flat, f"{path}.{head}") for head in heads if head != "#"]
    return {head: _node(flat, f"{path}.{head}") for head in heads}
