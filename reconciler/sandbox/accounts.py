"""Account settings, as far as tools look at them."""

from typing import Final

from reconciler.sandbox import pages, rules
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


@rules.documented(
    "model, ListAccountSettings: effectiveSettings shows defaults too; model, PutAccountSettingDefault"
)
def list_account_settings(world: World, request: Body) -> Body:
    """List settings: those that were put, or with `effectiveSettings` all of them."""
    held = (_DEFAULTS if request.get("effectiveSettings") else {}) | world.settings
    settings = [
        {"name": name, "value": value, "principalArn": CALLER, "type": "user"}
        for name, value in sorted(held.items())
        if request.get("name") in (None, name) and request.get("value") in (None, value)
    ]
    return pages.cut(settings, "settings", request)


@rules.documented("model, PutAccountSetting and PutAccountSettingDefault; one user is the whole account here")
def put_account_setting(world: World, request: Body) -> Body:
    """Set an account setting."""
    world.settings[request["name"]] = request["value"]
    return {
        "setting": {
            "name": request["name"],
            "value": request["value"],
            "principalArn": CALLER,
            "type": "user",
        }
    }
