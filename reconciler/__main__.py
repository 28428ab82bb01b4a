"""The command. `--version` is answered here, before anything is imported: scripts ask for it often."""

import sys

from reconciler import __version__


def main() -> int:
    """Run the command line and give its exit code."""
    if sys.argv[1:] in (["--version"], ["version"]):
        sys.stdout.write(f"reconciler {__version__}\n")
        return 0
    from reconciler.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
