"""The resolver `secretsmanager`: ARNs of secrets in AWS Secrets Manager, which `valueFrom` of a container takes.

``secretsmanager_arn NAME`` gives the whole ARN, with the six characters that Secrets Manager adds to the name;
``secretsmanager_arnf FORMAT ARG…`` makes the name with Go's Sprintf. NAME may be an ARN, also one without these
characters. No secret's value is read. The path of an address is the name.
"""

from __future__ import annotations

from contextlib import suppress
from difflib import get_close_matches

from reconciler.plugin import (
    Address,
    AwsDenied,
    AwsError,
    AwsNotFound,
    Config,
    ConfigError,
    Context,
    Denied,
    Json,
    NotFound,
    Remembering,
    Resolver,
    ResolverPlugin,
    Source,
    Value,
    check_settings,
    named,
    refusal,
)

_HINT = "secretsmanager_arn `app/token`"


def secretsmanager_arn(name: Json, /) -> str:
    """Give the path of a secret's ARN."""
    return named(name, "the name of a secret", _HINT)


def secretsmanager_arnf(template: Json, /, *args: Json) -> str:
    """Give the path of the ARN of a secret whose name is made with Go's Sprintf."""
    from reconciler_tfstate import formats

    if not isinstance(template, str):
        raise ConfigError("a format is text", hint="secretsmanager_arnf `%s/token` $app")
    return secretsmanager_arn(formats.sprintf(template, args))


class SecretResolver(Remembering):
    """Answers addresses by DescribeSecret."""

    def __init__(self, context: Context) -> None:
        """Use the run's shared client."""
        super().__init__()
        self._context = context

    def read(self, address: Address, /) -> Value:
        """Give a secret's ARN. One that is scheduled for deletion is NotFound: ECS could not read it."""
        name = address.path
        try:
            found = self._context.client("secretsmanager").call("DescribeSecret", SecretId=name)
        except AwsDenied:
            raise Denied(
                f"AWS does not let the secret {name} be described",
                hint="allow secretsmanager:DescribeSecret on its ARN",
                address=str(address),
            ) from None
        except AwsNotFound:
            raise self._missing(name, address) from None
        except AwsError as error:
            if error.code in {"ValidationException", "InvalidParameterException", "ParamValidationError"}:
                what = f"{name} is no secret's name: {error.what}"
                raise NotFound(what, hint=error.hint, address=str(address)) from None
            raise refusal(error, address) from error
        if found.get("DeletedDate"):
            raise NotFound(
                f"the secret {name} is scheduled for deletion, and ECS could not read it",
                hint=f"aws secretsmanager restore-secret --secret-id {name}",
                address=str(address),
            )
        return Value(found["ARN"], source=Source(found.get("Name") or name))

    def _missing(self, name: str, address: Address) -> NotFound:
        folder = name.rpartition("/")[0]
        names: list[str] = []
        with suppress(AwsError):  # near misses are a courtesy, which takes a right of its own
            by_folder = {"Filters": [{"Key": "name", "Values": [f"{folder}/"]}]} if folder else {}
            listed = self._context.client("secretsmanager").call("ListSecrets", MaxResults=100, **by_folder)
            names = [str(each.get("Name", "")) for each in listed.get("SecretList", ())]
        return NotFound(
            f"there is no secret {name}",
            hint="check its name, the region and the account; aws secretsmanager list-secrets shows what there is",
            address=str(address),
            near=tuple(get_close_matches(name, names, n=3)),
        )


def _open(context: Context, config: Config) -> Resolver:
    check_settings("secretsmanager", config)
    return SecretResolver(context)


def _actions(_config: Config) -> tuple[str, ...]:
    return ("secretsmanager:DescribeSecret", "secretsmanager:ListSecrets")


plugin = ResolverPlugin(
    open=_open,
    functions={"secretsmanager_arn": secretsmanager_arn, "secretsmanager_arnf": secretsmanager_arnf},
    actions=_actions,
    always=True,
    common=True,
)
