"""The resolver `s3`: texts and JSON out of objects in S3.

``s3_object URL [VERSION]`` gives the text of an object, ``s3_json URL [VERSION]`` its JSON, which templates index:
``{{ (s3_json `s3://releases/app.json`).tag }}``. URL is ``s3://BUCKET/KEY``, and may end in ``?versionId=VERSION``.
``config.max_bytes`` is how large an object may be (1 MiB), ``config.sensitive`` hides what is read; members of JSON,
and objects, with names like those of secrets are hidden anyway. The path of an address is the URL, behind ``json``
for JSON.
"""

from __future__ import annotations

from reconciler.plugin import (
    Config,
    ConfigError,
    Context,
    Json,
    Resolver,
    ResolverPlugin,
    check_settings,
    named,
)
from reconciler_s3 import objects


def s3_object(url: Json, version: Json = None, /) -> str:
    """Give the path of an object's text."""
    return str(objects.Object.parse(_url(url, version)))


def s3_json(url: Json, version: Json = None, /) -> str:
    """Give the path of an object's JSON."""
    return f"{objects.JSON}{s3_object(url, version)}"


def _url(url: Json, version: Json) -> str:
    text = named(url, "the URL of an object", objects.HINT)
    if version is None:
        return text
    return f"{text}{objects.VERSION}{named(version, 'the version of an object', objects.HINT)}"


def _open(context: Context, config: Config) -> Resolver:
    check_settings("s3", config, max_bytes=int, sensitive=bool)
    limit = config.get("max_bytes", objects.LIMIT)
    assert isinstance(limit, int), "it was checked"
    if limit < 1:
        raise ConfigError("max_bytes of the s3 plugin is at least 1")
    return objects.ObjectResolver(context, limit, sensitive=bool(config.get("sensitive")))


def _actions(_config: Config) -> tuple[str, ...]:
    return ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "kms:Decrypt")


plugin = ResolverPlugin(
    open=_open,
    functions={"s3_object": s3_object, "s3_json": s3_json},
    actions=_actions,
    structured=True,
    common=True,
)
