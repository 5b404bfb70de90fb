"""Follows one deployment to its end, and says how it ended.

The first Ctrl-C asks the server to cancel and goes on watching; the second leaves. Leaving stops nothing.
"""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from seaway.cli.answers import DeploymentAnswer, read_deployment, read_log_line, read_progress
from seaway.cli.client import Client, Event, EventStream, ServerSaid
from seaway.cli.command import INTERRUPTED, print_json
from seaway.cli.show import PlainReporter, Reporter, outcome_lines
from seaway.core.errors import SeawayError
from seaway.core.finding import Finding

_CONFLICT = 409


class Left(Exception):
    """A second Ctrl-C."""


def ask_and_accompany(
    client: Client, ask: Callable[[], DeploymentAnswer], *, detach: bool = False, as_json: bool = False
) -> int:
    """Asks for a deployment, watches it unless told not to, and returns the exit code."""
    with _interrupts_later() as interrupts:
        deployment = ask()
    if detach:
        return _detached(client, deployment, as_json)
    reporter = reporter_for(as_json)
    try:
        ended = watch(client, deployment.id, reporter, cancel=bool(interrupts))
    except Left:
        reporter.close()
        click.echo(f"Deployment {deployment.id} goes on without us: {client.page_of(deployment.id)}", err=True)
        return INTERRUPTED
    finally:
        reporter.close()
    _tell_outcome(client, ended, reporter, as_json)
    return 0 if ended.succeeded else 1


def _detached(client: Client, deployment: DeploymentAnswer, as_json: bool) -> int:
    if as_json:
        print_json(summary(deployment))
    else:
        click.echo(f"Deployment {deployment.id} of {deployment.app} is {deployment.status}.")
        click.echo(f"  {client.page_of(deployment.id)}")
    return 0


def reporter_for(as_json: bool) -> Reporter:
    """With `--json` stdout belongs to the object, so people read stderr."""
    out = sys.stderr if as_json else sys.stdout
    if not out.isatty():
        return PlainReporter(out)
    from rich.console import Console

    from seaway.cli.live import LiveReporter

    return LiveReporter(Console(file=out, highlight=False))


def watch(client: Client, deployment: int, reporter: Reporter, *, cancel: bool = False) -> DeploymentAnswer:
    stream = client.events(deployment)
    asked = cancel
    while True:
        try:
            if asked:
                _ask_to_cancel(client, deployment)
            return _to_the_end(stream, reporter)
        except KeyboardInterrupt:
            if asked:
                raise Left from None
            asked = True
            reporter.note("Cancelling. Ctrl-C again leaves without waiting.")


def _ask_to_cancel(client: Client, deployment: int) -> None:
    try:
        client.cancel(deployment)
    except ServerSaid as error:
        # It has ended meanwhile: the stream tells how.
        if error.status != _CONFLICT:
            raise


def _to_the_end(stream: EventStream, reporter: Reporter) -> DeploymentAnswer:
    for event in stream:
        ended = _show(event, reporter)
        if ended is not None:
            return ended
    raise AssertionError("an event stream ends with `end` or raises")


def _show(event: Event, reporter: Reporter) -> DeploymentAnswer | None:
    match event.name:
        case "lines":
            reporter.lines([read_log_line(line) for line in event.data])
        case "progress":
            reporter.progress(read_progress(event.data))
        case "state":
            reporter.state(read_deployment(event.data))
        case "end":
            ended = read_deployment(event.data)
            reporter.state(ended)
            return ended
    return None


def _tell_outcome(client: Client, ended: DeploymentAnswer, reporter: Reporter, as_json: bool) -> None:
    out = sys.stderr if as_json else sys.stdout
    last = reporter.last_lines(ended.failed_step) if ended.failed_step else ()
    still = "" if ended.succeeded else _what_still_works(client, ended.app)
    for line in outcome_lines(ended, last, page=client.page_of(ended.id), still=still, colour=out.isatty()):
        click.echo(line, file=out)
    if as_json:
        print_json(summary(ended))


def _what_still_works(client: Client, name: str) -> str:
    try:
        app = client.app(name)
    except SeawayError:
        return ""
    return (
        f"Release {app.release} goes on serving."
        if app.state in ("live", "attention") and app.release is not None
        else ""
    )


def summary(deployment: DeploymentAnswer) -> dict[str, Any]:
    """The object that `--json` promises as the last line on stdout."""
    return {
        "deployment": deployment.id,
        "app": deployment.app,
        "status": deployment.status,
        "url": deployment.url,
        "image": deployment.image,
        "seconds": dict(deployment.seconds),
        "finding": None if deployment.finding is None else deployment.finding.as_json(),
    }


def failed_summary(app: str | None, finding: Finding) -> dict[str, Any]:
    """The same object for what failed before there was a deployment."""
    nothing: Mapping[str, Any] = {"deployment": None, "app": app, "status": "failed", "url": None, "image": None}
    return {**nothing, "seconds": {}, "finding": finding.as_json()}


@contextmanager
def _interrupts_later() -> Iterator[list[int]]:
    """Collects Ctrl-C: between asking for a deployment and knowing its id there is nothing to cancel."""
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, before)
