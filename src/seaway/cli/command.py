"""What all commands share: `--json`, and errors told as what happened, what was seen and what to do."""

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from seaway.core.errors import SeawayError

_F = TypeVar("_F", bound=Callable[..., Any])

INTERRUPTED = 130


class Command(click.Command):
    """A command whose errors are ours: with `--json` the last line on stdout is `{"error": {...}}`."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SeawayError as error:
            complain(error, as_json=bool(ctx.params.get("as_json")))
            ctx.exit(1)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


def json_option(command: _F) -> _F:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")(command)


def print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def complain(error: SeawayError, *, as_json: bool = False) -> None:
    from seaway.cli.show import finding_lines
    from seaway.core.finding import finding_of

    finding = finding_of(error)
    for line in finding_lines(finding, colour=sys.stderr.isatty()):
        click.echo(line, err=True)
    if as_json:
        print_json({"error": finding.as_json()})
