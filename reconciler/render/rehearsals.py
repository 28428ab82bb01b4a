"""What a rehearsal told, for people: the story if all goes well, and what would happen if no new task came up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reconciler.core.rehearsals import Rehearsed, Story
from reconciler.render.styles import PLAIN, Style

_MOST = 24


def human(found: tuple[Rehearsed, ...], style: Style = PLAIN) -> str:
    """Write rehearsals, clearly as what they are: the word of a model."""
    if not found:
        return "Rehearsal: nothing is deployed."
    lines = [
        style.paint("bold", "Rehearsal, by a model of ECS: times and order are its guesses, not AWS's word.")
    ]
    for each in found:
        lines += ["", f"  {each.address}", *_story(each.well), f"    {style.paint(*_ending(each.well))}"]
        if each.badly is not None:
            lines.append(f"    {style.paint('warn', _badly(each.badly, breaks=each.breaks))}")
    return "\n".join(lines)


def _story(story: Story) -> Iterator[str]:
    told = Counter(story.moments)  # each target of a group is registered by itself
    for number, (moment, times) in enumerate(told.items()):
        if number == _MOST - 1 and len(told) > _MOST:
            yield f"    {'…':>7}  and {len(told) - number} more"
            return
        counts = f"{moment.healthy} healthy of {moment.tasks}"
        yield f"    {duration(moment.at):>7}  {counts:<18} {moment.text}" + (
            f" ×{times}" if times > 1 else ""
        )


def _ending(story: Story) -> tuple[str, str]:
    counts = (
        f"at most {_tasks(story.peak)} at a time, never fewer than {story.lowest} healthy of {story.desired}"
    )
    match story.ending:
        case "completed":
            return "good", f"Completed after {duration(story.seconds)}: {counts}."
        case "no deployment":
            return "good", f"No new deployment: {counts}."
        case "stuck":
            return "bad", (
                "It would be stuck: minimumHealthyPercent and maximumPercent leave no room to start or stop a task."
            )
        case _:
            return "bad", f"It would not complete ({story.ending}): {counts}."


def _badly(story: Story, *, breaks: bool) -> str:
    healthy = f"never fewer than {story.lowest} healthy of {story.desired}"
    match story.ending:
        case "rolled back":
            return (
                f"If no new task came up: the circuit breaker trips after {story.failed} failed tasks, and ECS goes "
                f"back; over after {duration(story.seconds)}, {healthy}."
            )
        case "failed":
            return (
                f"If no new task came up: the circuit breaker trips after {story.failed} failed tasks, and nothing "
                f"goes back by itself (rollback is off); {healthy}."
            )
        case "endless" if not breaks:
            return f"If no new task came up: ECS would try without end, no circuit breaker is enabled; {healthy}."
        case _:
            return f"If no new task came up: it would be {story.ending}; {healthy}."


def _tasks(number: int) -> str:
    return f"{number} task" if number == 1 else f"{number} tasks"


def duration(seconds: float) -> str:
    """Write a duration: ``45s``, ``2m05s``, ``1h02m``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    return f"{minutes // 60}h{minutes % 60:02}m"
