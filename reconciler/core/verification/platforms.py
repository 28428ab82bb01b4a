"""For which platforms an image is built, by its manifest, and whether the task's is among them.

Media types: OCI image-spec (index, manifest, config) and Docker's registry v2 schema 2; schema 1 says it itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import Json, JsonObject
from reconciler.core.verification.checks import Verdict, failed, passed
from reconciler.core.verification.scenes import Scene


class Platform(NamedTuple):
    """An operating system and an architecture, as images call them; empty where any will do."""

    os: str
    architecture: str

    def __str__(self) -> str:
        """Write it as Docker does."""
        return f"{self.os or 'any'}/{self.architecture or 'any'}"

    def takes(self, other: Platform) -> bool:
        """Tell whether an image for another platform runs on this one."""
        return all(not own or own == its for own, its in zip(self, other, strict=True))


def wanted(scene: Scene) -> Platform:
    """Give the platform of the tasks: `runtimePlatform`, on Fargate LINUX and X86_64 where it says nothing."""
    given = scene.task.get("runtimePlatform")
    system, cpu = at(given, "operatingSystemFamily"), at(given, "cpuArchitecture")
    if scene.express and not scene.task:
        cpu = scene.express.get("cpuArchitecture")
    if scene.on_fargate:
        system, cpu = system or "LINUX", cpu or "X86_64"
    os = "linux" if system == "LINUX" else "windows" if system else ""
    return Platform(os, {"ARM64": "arm64", "X86_64": "amd64"}.get(str(cpu), ""))


def built(manifest: JsonObject, config: Json = None) -> tuple[Platform, ...] | None:
    """Give the platforms that an image is built for; None where neither manifest nor config says it."""
    listed = manifest.get("manifests")
    if isinstance(listed, list | tuple):
        found = [each.get("platform") for each in objects(listed)]
        if not all(isinstance(each, dict) for each in found):
            return None  # an entry without a platform is for any
        named = [_platform(each) for each in found]
        return tuple(
            dict.fromkeys(each for each in named if each.os != "unknown")
        )  # attestations are for none
    if manifest.get("architecture"):
        return (_platform({"os": "linux", **manifest}),)
    return (_platform(config),) if isinstance(config, dict) and config.get("architecture") else None


def config_digest(manifest: JsonObject) -> str:
    """Give the digest of the document that says for which platform a single image is built, empty without one."""
    digest = at(manifest, "config", "digest")
    return digest if isinstance(digest, str) else ""


def judge(image: str, platform: Platform, there: Sequence[Platform]) -> Verdict:
    """Judge an image by the platforms that it is built for."""
    if any(platform.takes(each) for each in there):
        return passed(f"built for {platform}")
    builds = ", ".join(map(str, there)) or "no platform"
    return failed(
        f"{image} is built for {builds}, and the task is {platform}",
        f"build it for {platform} (`docker buildx build --platform {platform}`), or change cpuArchitecture",
    )


def _platform(body: Json) -> Platform:
    return Platform(str(at(body, "os") or ""), str(at(body, "architecture") or ""))
