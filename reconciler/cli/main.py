"""The group of commands, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler import __version__
from reconciler.cli import exits, logs, options
from reconciler.errors import Interrupted, ReconcilerError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS: Final[Mapping[str, str]] = {
    "init": "Write files for a service that runs already.",
    "plan": "Show what would change.",
    "apply": "Carry out a plan, and watch the rollout.",
    "drift": "Say how AWS differs from the files, and who moved.",
    "diff": "Compare the definitions with what runs, as a textual diff.",
    "deploy": "Plan and apply without asking, with ecspresso's flags.",
    "refresh": "Start new tasks of what runs.",
    "scale": "Set the number of tasks, and the limits of what scales them.",
    "render": "Print the evaluated files.",
    "references": "List every reference, with its value or what is wrong with it.",
    "explain": "Say where a value comes from, and who uses a reference.",
    "console": "Evaluate expressions in the project's scope.",
    "verify": "Check that everything the definitions refer to is there and fits.",
    "wait": "Wait for the rollout that is running.",
    "continue": "Let a paused rollout go on, or have it go back.",
    "rollback": "Go back to what completed before.",
    "status": "Show the service: deployments, tasks, events.",
    "run": "Run a task that no service starts.",
    "tasks": "List tasks, or show, stop or trace one.",
    "exec": "Run a command in a container, forward a port, copy files.",
    "logs": "Show what the service's containers write.",
    "register": "Register a revision of the task definition.",
    "revisions": "List the registered revisions, or show one.",
    "deregister": "Deregister revisions that nothing uses.",
    "appspec": "Print what CodeDeploy would be told.",
    "delete": "Delete the service.",
    "prune": "Delete an owner's services that no file declares any more.",
    "iam-policy": "Print the smallest IAM policy for commands of the project.",
    "sandbox": "Run a simulated AWS, or a command against one.",
    "docs": "Show the manual.",
    "completion": "Print what makes a shell complete commands and flags.",
    "version": "Print the version.",
}


_MODULES: Final[Mapping[str, str]] = {
    "continue": "resume",
    "iam-policy": "iam_policy",
    "logs": "tail",
}  # a module cannot be called as a keyword is


class Commands(click.Group):
    """Imports a command's module when the command is called, and not for `--help`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"reconciler.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; Ctrl-C without click's empty line on stderr, which no JSON log may have."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise click.Abort from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names from the table."""
        from click.shell_completion import CompletionItem

        named = [
            CompletionItem(name, help=COMMANDS[name]) for name in COMMANDS if name.startswith(incomplete)
        ]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and name the nearest one where there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"there is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="reconciler %(version)s")
@options.common
def group(common: options.Common) -> None:
    """Plan and apply Amazon ECS services and task definitions beside Terraform.

    A folder that deploys with ecspresso works as it is:

    \b
      reconciler plan                 what would change, and why
      reconciler apply                change it, and watch the rollout
      reconciler plan --out p.json    save a plan; `reconciler apply p.json` does exactly that
      reconciler sandbox run --seed seed.yml -- reconciler apply    try it without AWS
    """
    del common  # the commands find it in the context


def run(arguments: Sequence[str]) -> int:
    """Run the command line; give the exit code. Errors of ours become one message on stderr."""
    logs.configure(debug="--debug" in arguments)
    try:
        result: Any = group.main(list(arguments), prog_name="reconciler", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return exits.ERROR
    except (click.Abort, KeyboardInterrupt):
        logs.failed("interrupted; nothing was changed by this command unless it said so")
        return exits.INTERRUPTED
    except ReconcilerError as error:
        logs.error(error)
        return exits.INTERRUPTED if isinstance(error, Interrupted) else exits.ERROR
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone, as `| head` does
        return exits.ERROR
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a message and not a traceback
        logs.fault(error)
        return exits.ERROR
    return result if isinstance(result, int) else exits.OK
