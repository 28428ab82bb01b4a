"""States in S3: the backend ``s3`` and ``s3://`` URLs.

Settings and variables are those of Terraform's backend, the older flat ones (``role_arn``, ``endpoint``) too. The
run's client reads the object unless the backend asks for another region, endpoint or other credentials.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.plugin import (
    Address,
    AwsClient,
    AwsDenied,
    AwsError,
    AwsOptions,
    Context,
    Denied,
    Json,
    ResolveError,
    Unavailable,
    refusal,
)
from reconciler_tfstate import stores
from reconciler_tfstate.backends.configurations import DEFAULT, Backend
from reconciler_tfstate.locations import Missing, holder
from reconciler_tfstate.states import WRITTEN_AFTER
from reconciler_tfstate.stores import Store

#: IAM actions that reading a state in a bucket may take.
ACTIONS = ("s3:GetObject", "kms:Decrypt", "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity")

_SESSION = "reconciler-tfstate"
_BROKE_OFF = {"IncompleteReadError", "ResponseStreamingError"}  # names of botocore's
_PIECE = 16 << 20  # bytes that are asked for at once
_KEY_BYTES = 32  # of a customer's key, which is an AES-256 key


@dataclass(frozen=True, slots=True)
class Role:
    """A role to assume: the operation of STS, its parameters, and the file of a web identity's token."""

    operation: str
    parameters: Mapping[str, Any] = field(repr=False)
    token_file: str = ""

    @property
    def arn(self) -> str:
        """Give the role's ARN."""
        return str(self.parameters["RoleArn"])


@dataclass(frozen=True, slots=True)
class Object:
    """A state in a bucket; `customer_key` is the key of SSE-C."""

    name: str
    bucket: str
    key: str
    options: AwsOptions | None = None
    role: Role | None = None
    customer_key: bytes = field(default=b"", repr=False)

    def read(self, context: Context, address: Address) -> bytes | Store:
        """Get the object, a large one in pieces."""
        try:
            return stores.received(self._pieces(self._client(context, address)))
        except AwsDenied:
            raise Denied(
                f"S3 does not let the object {self.key} of the bucket {self.bucket} be read",
                hint=f"allow s3:GetObject on arn:aws:s3:::{self.bucket}/{self.key} (and kms:Decrypt if a key of "
                "your own encrypts it); S3 answers the same for an object that does not exist unless "
                f"s3:ListBucket on arn:aws:s3:::{self.bucket} is allowed"
                + ", and where sse_customer_key is not the key that it was written with"
                * bool(self.customer_key),
            ) from None
        except AwsError as error:
            match error.code:
                case "NoSuchKey":
                    hint = (
                        "correct the key or the workspace, run terraform apply first, or set optional: true"
                    )
                    raise Missing(f"the bucket {self.bucket} has no object {self.key}", hint=hint) from None
                case "NoSuchBucket":
                    hint = "correct the bucket in the plugin's url, or check the account of the credentials"
                    raise Unavailable(f"there is no bucket {self.bucket}", hint=hint) from None
                case "PreconditionFailed":
                    what = f"the state {self.name} was written to while it was read"
                    hint = "run again once terraform has finished"
                    raise Unavailable(what, hint=hint, retry_after=WRITTEN_AFTER) from None
                case "InvalidRequest" if not self.customer_key:
                    hint = "set sse_customer_key in the backend, or AWS_SSE_CUSTOMER_KEY"
                    what = (
                        f"S3 cannot decrypt the object {self.key} of the bucket {self.bucket} without its key"
                    )
                    raise Denied(what, hint=hint) from None
            raise _refused(error, address) from error

    def lock(self, context: Context) -> str | None:
        """Read the object ``KEY.tflock`` that `use_lockfile` keeps during an apply."""
        try:
            client = self._client(context, Address("", ""))
            return holder(client.call("GetObject", Bucket=self.bucket, Key=f"{self.key}.tflock")["Body"])
        except (AwsError, Denied, Unavailable):
            return None

    def _pieces(self, client: AwsClient) -> Iterator[bytes]:
        """Get the object a range at a time, all of the same version of it."""
        get = partial(client.call, "GetObject", Bucket=self.bucket, Key=self.key, **self._encryption())
        try:
            found = get(Range=f"bytes=0-{_PIECE - 1}")
        except AwsError as error:
            if error.code != "InvalidRange":  # an empty object has none
                raise
            found = get()
        body, at = found["Body"], 0
        told = found.get("ContentRange", "").rpartition("/")[2]
        size = int(told) if told.isdecimal() else len(body)
        same = {"IfMatch": found["ETag"]} if "ETag" in found else {}
        while True:
            yield body
            at += len(body)
            if at == size:
                return
            if len(body) != _PIECE:
                what = f"the answer of S3 for {self.name} broke off"
                raise Unavailable(what, hint="check the network", retry_after=WRITTEN_AFTER)
            body = get(Range=f"bytes={at}-{at + _PIECE - 1}", **same)["Body"]

    def _encryption(self) -> dict[str, Any]:
        if not self.customer_key:
            return {}
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": self.customer_key}

    def _client(self, context: Context, address: Address) -> AwsClient:
        if self.role is not None:
            return context.client("s3", self._assumed(context, self.role, address))
        return context.client("s3", self.options) if self.options is not None else context.client("s3")

    def _assumed(self, context: Context, role: Role, address: Address) -> AwsOptions:
        """Assume the role; a state is read once, so its credentials need no renewal."""
        options = replace(self.options or AwsOptions(), ambient=True)
        parameters = dict(role.parameters)
        if role.token_file:
            try:
                parameters["WebIdentityToken"] = Path(role.token_file).read_text().strip()
            except (OSError, ValueError):
                raise Unavailable(
                    f"the token of the role {role.arn}, {role.token_file}, cannot be read"
                ) from None
        try:
            found = context.client("sts", options).call(role.operation, **parameters)["Credentials"]
        except AwsDenied:
            raise Denied(
                f"AWS does not let the role {role.arn} of the state's backend be assumed",
                hint="allow sts:AssumeRole on it to your own role, and your role in its trust policy",
            ) from None
        except AwsError as error:
            raise _refused(error, address) from error
        keys = _keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        return replace(options, profile="", variables=(*options.variables, *keys))


def _refused(error: AwsError, address: Address) -> ResolveError:
    """Give the error for a failed call. AWS's clients have asked often enough, but for an answer that broke off."""
    refused = refusal(error, address)
    if isinstance(refused, Unavailable) and error.code not in _BROKE_OFF:
        return replace(refused, retry_after=None)
    return refused


def open_(backend: Backend) -> Object:
    """Open the backend ``s3``: ``KEY``, and ``PREFIX/WORKSPACE/KEY`` of any workspace but the default one."""
    bucket, key = backend.need("bucket"), backend.need("key")
    if backend.workspace != DEFAULT:
        key = f"{backend.text('workspace_key_prefix', default='env:')}/{backend.workspace}/{key}"
    return Object(
        f"s3://{bucket}/{key}", bucket, key, _options(backend), _role(backend), _customer_key(backend)
    )


def _options(backend: Backend) -> AwsOptions | None:
    endpoints = backend.inner("endpoints")
    variables = {
        "AWS_ENDPOINT_URL_S3": endpoints.text("s3")
        or backend.text("endpoint", variables=("AWS_S3_ENDPOINT",)),
        "AWS_ENDPOINT_URL_STS": endpoints.text("sts")
        or backend.text("sts_endpoint", variables=("AWS_STS_ENDPOINT",)),
        "AWS_SHARED_CREDENTIALS_FILE": _file(backend, "shared_credentials_files", "shared_credentials_file"),
        "AWS_CONFIG_FILE": _file(backend, "shared_config_files"),
        "AWS_CA_BUNDLE": backend.text("custom_ca_bundle"),
    }
    access, secret = backend.text("access_key"), backend.text("secret_key")
    if bool(access) != bool(secret):
        backend.refuse("has only one of access_key and secret_key")
    given = [(name, value) for name, value in variables.items() if value]
    if access:
        given += _keys(access, secret, backend.text("token"))
    options = AwsOptions(
        region=backend.text("region"), profile=backend.text("profile"), variables=tuple(given)
    )
    return None if options == AwsOptions() else options


def _keys(access: str, secret: str, token: str) -> tuple[tuple[str, str], ...]:
    """Give access keys as variables; an empty token outdoes that of the environment."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return tuple(zip(names, (access, secret, token), strict=True))


def _file(backend: Backend, plural: str, singular: str | None = None) -> str:
    """Give the first file of a list; botocore reads one of each kind."""
    files = backend.config.get(plural)
    if isinstance(files, list) and files and isinstance(files[0], str):
        return str(Path(files[0]).expanduser())
    return str(Path(found).expanduser()) if singular and (found := backend.text(singular)) else ""


def _role(backend: Backend) -> Role | None:
    web, block = backend.inner("assume_role_with_web_identity"), backend.inner("assume_role")
    if web.config:
        parameters = {"RoleArn": web.need("role_arn"), **_session(web, web.text("session_name"))}
        token = web.text("web_identity_token")
        if token:
            return Role("AssumeRoleWithWebIdentity", {**parameters, "WebIdentityToken": token})
        file = web.text("web_identity_token_file", variables=("AWS_WEB_IDENTITY_TOKEN_FILE",))
        if not file:
            web.refuse("has neither web_identity_token nor web_identity_token_file")
        return Role("AssumeRoleWithWebIdentity", parameters, str(web.folder / Path(file).expanduser()))
    if block.config:
        arn = block.need("role_arn")
    else:
        arn = backend.text("role_arn")
        older = {
            name: backend.config.get(f"assume_role_{name}")
            for name in ("policy", "policy_arns", "tags", "transitive_tag_keys")
        }
        seconds = backend.text("assume_role_duration_seconds")
        older |= {name: backend.config.get(name) for name in ("external_id", "session_name")}
        block = replace(
            backend, config={**older, **({"duration": f"{seconds}s"} if seconds not in {"", "0"} else {})}
        )
    if not arn:
        return None
    tags, keys = block.block("tags"), _texts(block, "transitive_tag_keys")
    more: dict[str, Any] = {
        "ExternalId": block.text("external_id"),
        "SourceIdentity": block.text("source_identity"),
        "Tags": [{"Key": key, "Value": str(value)} for key, value in tags.items()],
        "TransitiveTagKeys": keys,
    }
    given = {name: value for name, value in more.items() if value}
    return Role("AssumeRole", {"RoleArn": arn, **_session(block, block.text("session_name")), **given})


def _session(block: Backend, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "RoleSessionName": name or _SESSION,
        "DurationSeconds": _seconds(block, block.text("duration")),
        "Policy": block.text("policy"),
        "PolicyArns": [{"arn": arn} for arn in _texts(block, "policy_arns")],
    }
    return {name: value for name, value in found.items() if value}


def _seconds(block: Backend, duration: str) -> int:
    """Read a duration as Go writes it, ``1h30m``."""
    seconds, number = 0, ""
    for character in duration:
        if character.isdecimal():
            number += character
        elif character in "hms" and number:
            seconds += int(number) * {"h": 3600, "m": 60, "s": 1}[character]
            number = ""
        else:
            block.refuse("has a duration that is none", "1h30m, say")
    if number:
        block.refuse("has a duration without its unit", "1h30m, say")
    return seconds


def _texts(block: Backend, name: str) -> list[str]:
    value: Json = block.config.get(name) or []
    if not isinstance(value, list):
        block.refuse(f"has {name} that are no list")
    return [str(item) for item in value]


def _customer_key(backend: Backend) -> bytes:
    text = backend.text("sse_customer_key", variables=("AWS_SSE_CUSTOMER_KEY",))
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b"none"
    if key and len(key) != _KEY_BYTES:
        backend.refuse("has an sse_customer_key that is none", "32 bytes in base64, 44 characters")
    return key
