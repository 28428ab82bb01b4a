"""Which attributes of an instance are sensitive, as paths into them.

Terraform marks what the configuration made sensitive in ``sensitive_attributes``; what a provider's schema
declares sensitive is marked there only in states written by Terraform 1.8 and later, and the outputs that a
``terraform_remote_state`` copies are never marked. `SCHEMA` and their names stand in for both. They are
applied to every state: an instance that nothing touched since an upgrade keeps its old marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple, TypeAlias

from reconciler.plugin import Json, secret_name

Path: TypeAlias = "tuple[str | int, ...]"


class Rule(NamedTuple):
    """A path of patterns (`*` matches anything) under attributes; `when` narrows it to such instances."""

    path: tuple[str, ...]
    when: tuple[str, str] | None = None


def _rules(*paths: str) -> tuple[Rule, ...]:
    return tuple(Rule(tuple(path.split("."))) for path in paths)


#: Resource and data source type (a pattern) → what its provider's schema declares sensitive.
SCHEMA: Mapping[str, tuple[Rule, ...]] = {
    # hashicorp/random, tls, local
    "random_password": _rules("result", "bcrypt_hash"),
    "random_bytes": _rules("base64", "hex"),
    "tls_private_key": _rules("private_key_*"),
    "tls_*_cert": _rules("private_key_*", "ca_private_key_*"),
    "tls_cert_request": _rules("private_key_*"),
    "local_sensitive_file": _rules("content", "content_base64"),
    "local_file": _rules("sensitive_content"),
    # hashicorp/aws: databases and caches
    "aws_db_instance": _rules("password"),
    "aws_rds_cluster": _rules("master_password"),
    "aws_docdb_cluster": _rules("master_password"),
    "aws_neptune_cluster": _rules("master_password"),
    "aws_redshift_cluster": _rules("master_password"),
    "aws_redshiftserverless_namespace": _rules("admin_user_password"),
    "aws_redshiftserverless_credentials": _rules("db_password"),
    "aws_elasticache_replication_group": _rules("auth_token"),
    "aws_elasticache_user": _rules("passwords", "authentication_mode.*.passwords"),
    "aws_memorydb_user": _rules("authentication_mode.*.passwords"),
    "aws_opensearch_domain": _rules("advanced_security_options.*.master_user_options.*.master_user_password"),
    "aws_elasticsearch_domain": _rules(
        "advanced_security_options.*.master_user_options.*.master_user_password"
    ),
    "aws_mq_broker": _rules("user.*.password", "ldap_server_metadata.*.service_account_password"),
    "aws_dms_endpoint": _rules("password"),
    "aws_glue_connection": _rules("connection_properties"),
    # hashicorp/aws: secrets, keys and tokens
    "aws_ssm_parameter": (Rule(("value",), when=("type", "SecureString")),),
    "aws_ssm_parameters_by_path": _rules("values"),
    "aws_secretsmanager_secret_version": _rules("secret_string", "secret_binary"),
    "aws_secretsmanager_random_password": _rules("random_password"),
    "aws_secretsmanager_secrets": _rules("values"),
    "aws_kms_secrets": _rules("plaintext"),
    "aws_kms_ciphertext": _rules("plaintext"),
    "aws_iam_access_key": _rules("secret", "ses_smtp_password_v4"),
    "aws_iam_user_login_profile": _rules("password"),
    "aws_iam_server_certificate": _rules("private_key"),
    "aws_acm_certificate": _rules("private_key"),
    "aws_key_pair": _rules("private_key"),
    "aws_api_gateway_api_key": _rules("value"),
    "aws_appsync_api_key": _rules("key"),
    "aws_cognito_user_pool_client": _rules("client_secret"),
    "aws_ecr_authorization_token": _rules("authorization_token", "password"),
    "aws_eks_cluster_auth": _rules("token"),
    "aws_codebuild_source_credential": _rules("token"),
    "aws_directory_service_directory": _rules("password"),
    "aws_instance": _rules("password_data"),
    "aws_lb_listener": _rules("default_action.*.authenticate_oidc.*.client_secret"),
    "aws_alb_listener": _rules("default_action.*.authenticate_oidc.*.client_secret"),
    "aws_lb_listener_rule": _rules("action.*.authenticate_oidc.*.client_secret"),
    "aws_alb_listener_rule": _rules("action.*.authenticate_oidc.*.client_secret"),
    "aws_lightsail_database": _rules("master_password"),
    "aws_vpn_connection": _rules("tunnel*_preshared_key", "customer_gateway_configuration"),
    # others
    "kubernetes_secret*": _rules("data", "binary_data"),
    "tfe_outputs": _rules("values"),
    "vault_generic_secret": _rules("data", "data_json"),
    "vault_kv_secret*": _rules("data", "data_json"),
    # the credentials of a backend
    "terraform_remote_state": _rules(
        *(
            f"config.{name}"
            for name in ("access_key", "secret_key", "token", "password", "sas_token", "credentials")
        )
    ),
}

#: Attributes that repeat another one without its marks.
_COPIES = {"terraform_data": ("input", "output")}


def paths(resource_type: str, marked: Json, attributes: Mapping[str, Json]) -> tuple[Path, ...]:
    """Give the sensitive paths of an instance; `marked` is its ``sensitive_attributes``."""
    found = {_path(steps, attributes) for steps in marked} if isinstance(marked, list) else set()
    return completed(resource_type, found, attributes)


def completed(resource_type: str, marked: Iterable[Path], attributes: Mapping[str, Json]) -> tuple[Path, ...]:
    """Add to the paths that Terraform marks those that it leaves out."""
    found = set(marked)
    if resource_type in _COPIES:
        original, copy = _COPIES[resource_type]
        found |= {(copy, *path[1:]) for path in found if path[:1] == (original,)}
    for pattern, rules in SCHEMA.items():
        if fnmatchcase(resource_type, pattern):
            for rule in rules:
                if rule.when is None or attributes.get(rule.when[0]) == rule.when[1]:
                    found |= set(_matches(attributes, rule.path))
    if resource_type == "terraform_remote_state":
        found |= set(_secretly_named(attributes.get("outputs"), ("outputs",)))
    return tuple(sorted(found, key=lambda path: [str(key) for key in path]))


def _path(steps: Json, attributes: Json) -> Path:
    """Read one path of ``sensitive_attributes``; a step that is no name or index marks what it is in."""
    path: list[str | int] = []
    data = attributes
    for step in steps if isinstance(steps, list) else ():
        key = step.get("value") if isinstance(step, dict) else None
        if isinstance(key, dict):  # an index step holds a value with its type
            key = key.get("value")
        children = dict(_children(data))
        if not isinstance(key, str | int) or key not in children:
            break
        data = children[key]
        path.append(key)
    return tuple(path)


def _matches(data: Json, patterns: Sequence[str]) -> Iterator[Path]:
    if not patterns:
        if data is not None:
            yield ()
        return
    for key, child in _children(data):
        if fnmatchcase(str(key), patterns[0]):
            yield from ((key, *path) for path in _matches(child, patterns[1:]))


def _secretly_named(data: Json, at: Path) -> Iterator[Path]:
    for key, child in _children(data):
        # An object named `kms_key` describes a key, a text of that name is one.
        named = str(key).lower()
        if secret_name(named.removesuffix("_key") if isinstance(child, dict | list) else named):
            yield (*at, key)
        else:
            yield from _secretly_named(child, (*at, key))


def _children(data: Json) -> Iterator[tuple[str | int, Json]]:
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list):
        yield from enumerate(data)
