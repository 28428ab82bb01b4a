"""A diagnosis as people read it."""

from __future__ import annotations

from reconciler.core.causes import Cause, Diagnosis, Kind, Logged
from reconciler.core.events import Diagnosed
from reconciler.render import diagnoses, progress
from reconciler.render.styles import Style

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"


def cause(number: int = 1, **more: object) -> Cause:
    given: dict[str, object] = {"kind": Kind.EXIT, "what": f"what {number}", "hint": f"hint {number}", **more}
    return Cause(**given)  # type: ignore[arg-type]


def test_the_reason_comes_first_then_what_shows_it_then_what_to_try() -> None:
    full = cause(
        tasks=("0f1e2d3c4b5a69788796a5b4c3d2e1f0",),
        evidence=(f"(task 0f1e2d3c4b5a69788796a5b4c3d2e1f0) is unhealthy in (target-group {GROUP})",),
        logs=(
            Logged("app", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", ("one", "two")),
            Logged("proxy", "0f1e2d3c", ()),
        ),
    )
    found = Diagnosis(causes=(full, cause(2, times=3)), unread=("the running tasks: not allowed",))
    assert diagnoses.text(found).splitlines() == [
        "Why: what 1 (1 task)",
        "  AWS: (task 0f1e2d3c) is unhealthy in (target-group web)",
        "  `app` of task 0f1e2d3c wrote last:",
        "  | one",
        "  | two",
        "  `proxy` of task 0f1e2d3c wrote nothing",
        "  try: hint 1",
        "Also: what 2 (×3)",
        "  try: hint 2",
        "Could not be read: the running tasks: not allowed",
    ]


def test_of_many_causes_the_likeliest_are_told_and_the_rest_counted() -> None:
    lines = diagnoses.text(Diagnosis(causes=tuple(cause(number) for number in range(7)))).splitlines()
    assert [line for line in lines if line.startswith(("Why", "Also"))] == [
        "Why: what 0",
        "Also: what 1",
        "Also: what 2",
        "Also: what 3",
    ]
    assert lines[-1] == "… and 3 more"


def test_nothing_found_is_said() -> None:
    assert diagnoses.text(Diagnosis()).startswith("Why: nothing that could be read says it")
    assert diagnoses.line(Diagnosis()).startswith("nothing that could be read says it")


def test_what_a_container_wrote_cannot_write_to_the_terminal() -> None:
    shown = diagnoses.text(Diagnosis(causes=(cause(logs=(Logged("app", "t", ("\x1b[2J\u202egnp",)),)),)))
    assert shown.replace("\n", "").isprintable()
    assert diagnoses.text(Diagnosis(causes=(cause(),)), Style(color=True)).startswith("\x1b[31mWhy:\x1b[0m")


def test_a_rollout_that_stands_still_is_told_with_its_service() -> None:
    event = Diagnosed(unit="service.main/web", diagnosis=Diagnosis(causes=(cause(),)))
    assert progress.text(event).splitlines()[:2] == ["service.main/web: it does not move.", "Why: what 1"]
    assert progress.fields(event)["kind"] == "Diagnosed"
