"""The command line. It speaks to the API only; doctor, explain and plan run alone.

The commands are listed here without being imported, so that help and completion start at once.
"""

import importlib
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import click

from seaway import __version__
from seaway.core.errors import SeawayError

# Command: its module, its name there, and its line in `seaway --help`.
_COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "deploy": ("deploy", "command", "Deploy a folder, a git repository or an image."),
    "apps": ("apps", "apps", "List the apps."),
    "show": ("apps", "show", "Show one app: its release, instances and settings."),
    "logs": ("logs", "command", "Show what an app writes."),
    "deployments": ("history", "deployments", "List the deployments of an app."),
    "rollback": ("history", "rollback", "Go back to an earlier release."),
    "restart": ("lifecycle", "restart", "Restart an app, without a gap."),
    "scale": ("scale", "command", "Run an app with more or fewer instances."),
    "env": ("env", "group", "Set, unset and list the variables of an app."),
    "stop": ("lifecycle", "stop", "Stop an app and keep its releases."),
    "start": ("lifecycle", "start", "Start a stopped app."),
    "cancel": ("lifecycle", "cancel", "Cancel a deployment that is queued or running."),
    "destroy": ("lifecycle", "destroy", "Remove an app and all that belongs to it."),
    "open": ("open", "command", "Print a link to the pages that signs you in."),
    "credentials": ("credentials", "group", "Keep the logins for registries."),
    "vault": ("credentials", "vault", "Renew the key that secrets are sealed with."),
    "plan": ("plan", "command", "Show how a folder would be built."),
    "doctor": ("doctor", "command", "Find out why an image cannot be pulled."),
    "explain": ("explain", "command", "Explain a failed build's log."),
    "serve": ("serve", "command", "Run the server."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        found = getattr(importlib.import_module(f"seaway.cli.{module}"), name)
        assert isinstance(found, click.Command)  # noqa: S101 - the table names commands only
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SeawayError as error:
            from seaway.cli.command import complain

            complain(error)
            ctx.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="seaway")
def group() -> None:
    """Seaway puts applications on machines that you own."""


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        _survive_odd_terminals(stream)
    group(prog_name="seaway")


def _survive_odd_terminals(stream: TextIO) -> None:
    """A mark that the terminal cannot show becomes `?`; its word stands beside it."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
