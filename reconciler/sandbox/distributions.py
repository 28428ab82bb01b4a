"""The registry itself, besides ECR's API: manifests and blobs over HTTP, and the URLs that layers are fetched from."""

import base64
import binascii
from typing import Any, Final

from reconciler.sandbox import rules
from reconciler.sandbox.registries import password
from reconciler.sandbox.sandboxes import Sandbox
from reconciler.sandbox.wire import Answer
from reconciler.sandbox.worlds import World

PATHS: Final = ("/v2/", "/_layers/")
_VERSION: Final = ("Docker-Distribution-Api-Version", "registry/2.0")


def answer(sandbox: Sandbox, environ: dict[str, Any]) -> Answer:
    """Answer a request for one of `PATHS`."""
    path = environ["PATH_INFO"]
    with sandbox.lock:
        if path.startswith("/_layers/"):
            region, _, rest = path.removeprefix("/_layers/").partition("/")
            name, _, digest = rest.rpartition("/")
            return _blob(sandbox.world(region), name, digest)
        region = _signed_in(environ.get("HTTP_AUTHORIZATION", ""))
        if not region:
            challenge = ("WWW-Authenticate", f'Basic realm="{sandbox.address}/",service="ecr.amazonaws.com"')
            return Answer(401, (_VERSION, challenge), b"Not Authorized\n")
        return _fetched(sandbox.world(region), path.removeprefix("/v2/"))


@rules.documented("ecr model, AuthorizationData: user and password of Basic authentication")
def _signed_in(header: str) -> str:
    kind, _, value = header.partition(" ")
    try:
        user, _, given = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    region = given.removeprefix("sandbox-")
    return region if kind == "Basic" and (user, given) == ("AWS", password(region)) else ""


@rules.documented(
    "OCI distribution specification: /v2/, NAME/manifests/REFERENCE, NAME/blobs/DIGEST; error codes"
)
def _fetched(world: World, path: str) -> Answer:
    if not path:
        return Answer(200, (_VERSION,), b"")
    rest, _, reference = path.rpartition("/")
    name, _, kind = rest.rpartition("/")
    if name not in world.repositories:
        return _unknown("NAME_UNKNOWN")
    if kind == "blobs":
        return _blob(world, name, reference)
    image = world.repositories[name].find(reference) if kind == "manifests" else None
    if image is None:
        return _unknown("MANIFEST_UNKNOWN")
    headers = ("Content-Type", image.media_type), ("Docker-Content-Digest", image.digest), _VERSION
    return Answer(200, headers, image.manifest.encode())


def _blob(world: World, name: str, digest: str) -> Answer:
    repository = world.repositories.get(name)
    if repository is None or digest not in repository.blobs:
        return _unknown("BLOB_UNKNOWN")
    return Answer(200, (("Content-Type", "application/octet-stream"), _VERSION), repository.blobs[digest])


def _unknown(code: str) -> Answer:
    body = f'{{"errors":[{{"code":"{code}","message":"not found"}}]}}'
    return Answer(404, (("Content-Type", "application/json"), _VERSION), body.encode())
