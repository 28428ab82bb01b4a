"""The command line: click, one small module a command, each imported when it is called.

A module `reconciler/cli/<name>.py` offers one click command as `command`; `main.COMMANDS` lists the names
with a line of help, so that `--help` imports no command.
"""
