"""`seaway explain [FILE]`: what a tool's output says about an image that cannot be had. Needs no server."""

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
    from seaway.cli.show import finding_lines

    if not found:
        yield from _NOTHING
        return
    best, *others = found
    yield from finding_lines(best.finding, colour=colour)
    if best.doctor:
        yield "  To find out for certain, on the machine that failed:"
        yield f"    {best.doctor}"
    for other in others:
        likely = "The text alone cannot tell it from this" if other.finding.cause in best.acceptable else "Less likely"
        yield ""
        yield f"{likely}: {other.finding.title}"
        yield f"  Do: {other.finding.remedy}"
        yield from (f"    {command}" for command in other.finding.commands)
