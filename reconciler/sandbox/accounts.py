"""Account settings, as far as tools look at them."""

from typing import Final

from reconciler.sandbox import pages, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import CALLER, Body, World

_DEFAULTS: Final = {
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "containerInstanceLongArnFormat": "enabled",
    "defaultLogDriverMode": "non-blocking",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "off",
    "serviceLongArnFormat": "enabled",
    "tagResourceAuthorization": "off",
    "taskLongArnFormat": "enabled",
}

_ALLOWED: Final = {
    "containerInsights": ("enabled", "disabled", "enhanced"),
    "defaultLogDriverMode": ("blocking", "non-blocking"),
    "fargateTaskRetirementWaitPeriod": ("0", "7", "14"),
}


@rules.documented(
    "model, ListAccountSettings: effectiveSettings shows defaults too; model, PutAccountSettingDefault"
)
def list_account_settings(world: World, request: Body) -> Body:
    """List settings: those that were put, or with `effectiveSettings` all of them."""
    held = (_DEFAULTS if request.get("effectiveSettings") else {}) | world.settings
    settings = [
        _setting(name, value)
        for name, value in sorted(held.items())
        if request.get("name") in (None, name) and request.get("value") in (None, value)
    ]
    return pages.cut(settings, "settings", request)


@rules.documented(
    "model, PutAccountSetting.name and value: enabled or disabled, and what else there is by setting"
)
@rules.guessed("the wording")
def _check(name: str, value: str) -> None:
    allowed = _ALLOWED.get(name, ("enabled", "disabled", "on", "off"))
    if value not in allowed:
        raise Refusal("InvalidParameterException", f"The value {value} is not valid for the setting {name}.")


@rules.documented("model, PutAccountSetting and PutAccountSettingDefault; one user is the whole account here")
def put_account_setting(world: World, request: Body) -> Body:
    """Set an account setting."""
    _check(request["name"], request["value"])
    world.settings[request["name"]] = request["value"]
    return {"setting": _setting(request["name"], request["value"])}


@rules.documented("model, DeleteAccountSetting: the setting is as if it had never been put")
def delete_account_setting(world: World, request: Body) -> Body:
    """Forget an account setting that was put."""
    value = world.settings.pop(request["name"], _DEFAULTS.get(request["name"], "disabled"))
    return {"setting": _setting(request["name"], value)}


@rules.documented("model, Setting")
def _setting(name: str, value: str) -> Body:
    return {"name": name, "value": value, "principalArn": CALLER, "type": "user"}
