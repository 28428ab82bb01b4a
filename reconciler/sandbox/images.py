"""Images as a registry holds them: manifests, one or an index of several, made up from what a seed says of tags.

repositories   {repository: {tag: image}}, or a list of tags; an image is nothing (one for linux/amd64) or has
               platform    `OS/ARCHITECTURE[/VARIANT]` of a single image
               platforms   those of an index
               docker      true for Docker's media types in place of OCI's
               manifest    the manifest itself, in place of all that; an object, or text that is kept as it is
               An image may be text: then it is that of another tag.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.sandbox import readings
from reconciler.sandbox.errors import SandboxError

_OCI: Final = "application/vnd.oci.image"
_DOCKER: Final = "application/vnd.docker"
_PLATFORM: Final = "linux/amd64"
_MEMBERS: Final = ("platform", "platforms", "docker", "manifest")
_LAYER_SIZE: Final = 2_813_316


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest by its bytes: its digest is theirs. `platforms` are those of what it leads to."""

    manifest: str
    media_type: str
    size: int
    platforms: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The digest of the manifest."""
        return digest(self.manifest.encode())


@dataclass(slots=True)
class Repository:
    """A repository: images by digest, digests by tag, and configurations and layers by digest, each as bytes."""

    name: str
    images: dict[str, Image] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)

    def put(self, image: Image, tag: str = "") -> None:
        """Hold an image, under a tag if there is one."""
        self.images[image.digest] = image
        if tag:
            self.tags[tag] = image.digest

    def find(self, reference: str) -> Image | None:
        """Give the image with a tag or a digest."""
        return self.images.get(self.tags.get(reference, reference))


def digest(content: bytes) -> str:
    """Give the digest that content is addressed by."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def read(given: object) -> dict[str, Repository]:
    """Read the member `repositories` of a seed; anything wrong is a `SandboxError` that names the place."""
    return {name: _repository(name, each) for name, each in readings.mapping(given, "repositories").items()}


def received(text: str, kind: str | None = None) -> Image:
    """Give a manifest as an image; what is no manifest is a `ValueError`."""
    try:
        return _parsed(text, kind)
    except (AttributeError, KeyError, TypeError):
        raise ValueError(text) from None


def _parsed(text: str, kind: str | None) -> Image:
    content = json.loads(text)
    parts = [content.get("config", {}), *content.get("layers", [])]
    size = sum(int(each.get("size", 0)) for each in parts)
    media_type = kind or content.get("mediaType") or f"{_OCI}.manifest.v1+json"
    platforms = [_named(each["platform"]) for each in content.get("manifests", []) if "platform" in each]
    return Image(text, media_type, size, tuple(platforms))


def _repository(name: str, given: object) -> Repository:
    place = f"repositories.{name}"
    if isinstance(given, list):
        given = {str(tag): None for tag in given}
    repository, others = Repository(name), []
    for tag, each in readings.mapping(given, place).items():
        if isinstance(each, str):
            others.append((tag, each))
        else:
            _fill(repository, tag, each, f"{place}.{tag}")
    for tag, other in others:
        if other not in repository.tags:
            raise SandboxError(f"names the tag {other!r}, which there is not", f"{place}.{tag}")
        repository.tags[tag] = repository.tags[other]
    return repository


def _fill(repository: Repository, tag: str, content: object, place: str) -> None:
    given = readings.members(content, place, _MEMBERS)
    if "manifest" in given:
        manifest = given["manifest"]
        try:
            repository.put(received(manifest if isinstance(manifest, str) else _written(manifest)), tag)
        except ValueError:
            raise SandboxError("is no manifest", f"{place}.manifest") from None
        return
    docker = given.get("docker") is True
    named = given.get("platforms")
    if named is None:
        repository.put(
            _single(repository, tag, _platform(given.get("platform", _PLATFORM), place), docker=docker), tag
        )
        return
    if not isinstance(named, list) or not named:
        raise SandboxError("must be a list of platforms", f"{place}.platforms")
    parts = [_single(repository, tag, _platform(each, place), docker=docker) for each in named]
    for each in parts:
        repository.put(each)
    repository.put(_index(parts, docker=docker), tag)


def _single(repository: Repository, tag: str, platform: str, *, docker: bool) -> Image:
    system, architecture, *variant = platform.split("/")
    layer = f"{repository.name}:{tag} for {platform}".encode()
    config = _written(
        {
            "architecture": architecture,
            "os": system,
            **({"variant": variant[0]} if variant else {}),
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
        }
    ).encode()
    repository.blobs |= {digest(config): config, digest(layer): layer}
    kinds = (
        (f"{_DOCKER}.container.image.v1+json", f"{_DOCKER}.image.rootfs.diff.tar.gzip")
        if docker
        else (f"{_OCI}.config.v1+json", f"{_OCI}.layer.v1.tar+gzip")
    )
    media_type = f"{_DOCKER}.distribution.manifest.v2+json" if docker else f"{_OCI}.manifest.v1+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": {"mediaType": kinds[0], "size": len(config), "digest": digest(config)},
        "layers": [{"mediaType": kinds[1], "size": _LAYER_SIZE, "digest": digest(layer)}],
    }
    return Image(_written(manifest), media_type, len(config) + _LAYER_SIZE, (platform,))


def _index(parts: list[Image], *, docker: bool) -> Image:
    media_type = f"{_DOCKER}.distribution.manifest.list.v2+json" if docker else f"{_OCI}.index.v1+json"
    manifests = [
        {
            "mediaType": each.media_type,
            "size": len(each.manifest),
            "digest": each.digest,
            "platform": dict(
                zip(("os", "architecture", "variant"), each.platforms[0].split("/"), strict=False)
            ),
        }
        for each in parts
    ]
    text = _written({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests})
    return Image(
        text, media_type, max(each.size for each in parts), tuple(each.platforms[0] for each in parts)
    )


def _written(content: object) -> str:
    return json.dumps(content, separators=(",", ":"))


def _named(platform: Mapping[str, str]) -> str:
    parts = (platform.get("os", ""), platform.get("architecture", ""), platform.get("variant", ""))
    return "/".join(each for each in parts if each)


def _platform(value: object, place: str) -> str:
    if not isinstance(value, str) or value.count("/") not in (1, 2):
        raise SandboxError("a platform is OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT", place)
    return value
