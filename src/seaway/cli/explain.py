"""`seaway explain [FILE]`: what a tool's output says about an image that cannot be had. Needs no server.

It prints by itself: `cli/show.py` knows deployments too, and bringing them in takes longer than explaining a log.
"""

import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from seaway.cli.command import Command, json_option, print_json

if TYPE_CHECKING:
    from seaway.core.diagnosis import Diagnosis

_LONGEST_READ = 64 * 1024
_NOTHING = (
    "Nothing in this is about pulling, pushing or logging in to a registry.",
    "If an image cannot be had, give the whole output of the command that failed, from its first line:",
    "  docker pull IMAGE 2>&1 | seaway explain",
    "To try an image from this machine: seaway doctor IMAGE",
)
# A log must not move the cursor, retitle the window or forge a line.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])?|[\x00-\x08\x0a-\x1f\x7f-\x9f]"
)


@click.command(cls=Command, name="explain")
@click.argument("file", type=click.File("rb", lazy=False), default="-")
@click.option("--context", default="", metavar="TEXT", help='What you know beside it, as "the image is public".')
@json_option
def command(file: BinaryIO, context: str, as_json: bool) -> None:
    """Explain why an image could not be pulled, pushed or built, from the output of any tool.

    FILE is a log of docker, BuildKit, compose, containerd, kubelet, podman, skopeo, helm, kaniko or crane;
    without it, standard input is read.
    """
    from seaway.core.diagnosis import diagnose_lines

    found = diagnose_lines(_lines(file), context)
    if as_json:
        print_json({"findings": [_as_json(diagnosis) for diagnosis in found]})
        return
    for line in _report(found, colour=sys.stdout.isatty()):
        click.echo(line)


def _lines(file: BinaryIO) -> Iterator[str]:
    """A line without an end is read in pieces, so that memory stays bounded."""
    while piece := file.readline(_LONGEST_READ):
        yield from piece.decode("utf-8", "replace").splitlines()


def _as_json(diagnosis: "Diagnosis") -> dict[str, Any]:
    return {
        **diagnosis.finding.as_json(),
        "acceptable": list(diagnosis.acceptable),
        "doctor": diagnosis.doctor,
    }


def _report(found: "list[Diagnosis]", *, colour: bool) -> Iterator[str]:
    if not found:
        yield from _NOTHING
        return
    best, *others = found
    yield _painted(f"✕ {best.finding.title}", colour, fg="red", bold=True)
    yield from (f"    {_ESCAPES.sub('', line)}" for line in best.finding.evidence)
    yield from _what_to_do(best, colour=colour)
    if best.doctor:
        yield "  To find out for certain, on the machine that failed:"
        yield f"    {best.doctor}"
    for other in others:
        likely = "The text alone cannot tell it from this" if other.finding.cause in best.acceptable else "Less likely"
        yield ""
        yield f"{likely}: {other.finding.title}"
        yield from _what_to_do(other, colour=colour)


def _what_to_do(diagnosis: "Diagnosis", *, colour: bool) -> Iterator[str]:
    yield f"  Do: {diagnosis.finding.remedy}"
    yield from (f"    {_painted(command, colour, fg='cyan')}" for command in diagnosis.finding.commands)


def _painted(text: str, colour: bool, **style: Any) -> str:
    return click.style(text, **style) if colour else text
