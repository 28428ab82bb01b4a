"""Playing the part of a script that happens by itself: alarms that go off, and what others do meanwhile."""

from functools import partial

from reconciler.sandbox import interventions, services, shapes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.scripts import Alarm, Meanwhile, Script
from reconciler.sandbox.worlds import Deployment, Service, World


def begin(world: World, script: Script) -> None:
    """Put a script in force in a region that has been seeded."""
    world.script = script
    world.alarms = {each.name: each.state if each.after is None else "OK" for each in script.alarms}
    world.begun = partial(_begun, world)


def _begun(world: World, service: Service, deployment: Deployment) -> None:
    family, _, revision = deployment.task_definition.rpartition("/")[2].partition(":")
    for alarm in world.script.alarms:
        wanted = alarm.task_definition in ("", family, f"{family}:{revision}")
        if alarm.after is not None and wanted:
            world.agenda.after(alarm.after, partial(_sound, world, alarm))
    for each in world.script.meanwhile:
        if each.left > 0 and (each.cluster, each.service) == (service.cluster, service.name):
            each.left -= 1
            world.agenda.after(each.after, partial(_send, world, each))


def _sound(world: World, alarm: Alarm) -> None:
    interventions.set_alarm_state(world, alarm.name, alarm.state)


def _send(world: World, each: Meanwhile) -> None:
    """Send somebody else's update; what is refused then has simply not happened."""
    try:
        request = {"cluster": each.cluster, "service": each.service, **each.update}
        services.update_service(world, shapes.accept("UpdateService", request))
    except Refusal as refusal:
        world.refused.append(str(refusal))
