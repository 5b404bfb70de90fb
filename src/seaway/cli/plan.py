"""`seaway plan`: how a folder would be built. Runs alone, without a server."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seaway.cli.command import Command, json_option

if TYPE_CHECKING:
    from seaway.core.plan import Phase, Plan
    from seaway.core.tree import Tree
    from seaway.packs.nixpacks import Planned


@click.command(cls=Command)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--env", multiple=True, metavar="K=V", help="A variable; `K` alone takes its value from here.")
@click.option("--config", "config_file", metavar="FILE", help="Read this instead of nixpacks.toml; relative to PATH.")
@click.option("--plan", "given", metavar="FILE|JSON", help="Lay this plan over what is found.")
@click.option("--builder", type=click.Choice(["debian", "nix"]), default="debian", help="Whose Dockerfile to print.")
@click.option("--dockerfile", "as_dockerfile", is_flag=True, help="Print the Dockerfile that carries the plan out.")
@json_option
def command(
    path: Path,
    env: tuple[str, ...],
    config_file: str | None,
    given: str | None,
    builder: str,
    as_dockerfile: bool,
    as_json: bool,
) -> None:
    """Show how a folder would be built: as a summary, as Nixpacks' JSON, or as a Dockerfile."""
    from seaway.core.plan import to_json
    from seaway.doors.folder import FolderTree
    from seaway.packs import nixpacks

    if as_json and as_dockerfile:
        raise click.UsageError("--json and --dockerfile exclude each other.")
    _check_folder(path)
    tree = FolderTree(path)
    variables = nixpacks.variables_from(env, os.environ)
    planned = nixpacks.plan(tree, variables, config_file=config_file, given=_given(given))
    if as_json:
        click.echo(json.dumps(to_json(planned.plan), indent=2, ensure_ascii=False))
        return
    if as_dockerfile:
        click.echo(_dockerfile(tree.subtree(planned.folder) if planned.folder else tree, planned, variables, builder))
        return
    if tree.has("Dockerfile"):
        click.echo("! The folder has a Dockerfile: `seaway deploy` builds that, not this plan.", err=True)
    for line in plan_lines(planned):
        click.echo(line)


def _check_folder(path: Path) -> None:
    from seaway.core.plan import UnreadableFile

    if not path.is_dir():
        raise UnreadableFile(str(path), "it is not a folder", remedy="Name the folder that holds the app.")


def _given(given: str | None) -> "Plan | None":
    """A plan from a file, or as it stands. Raises ConfigBroken or UnreadableFile."""
    from seaway.core.plan import ConfigBroken, UnreadableFile, from_json

    if given is None:
        return None
    text, name = given, "--plan"
    if not given.lstrip().startswith("{"):
        name = given
        try:
            text = Path(given).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = (error.strerror or "it cannot be opened").lower() if isinstance(error, OSError) else "it is not UTF-8"
            raise UnreadableFile(given, why, remedy="Check --plan: it takes a file or JSON.") from None
    try:
        return from_json(json.loads(text), file=name, text=text)
    except json.JSONDecodeError as error:
        raise ConfigBroken(name, f"not JSON: {error.msg.lower()}", line=error.lineno) from None


def _dockerfile(tree: "Tree", planned: "Planned", variables: Mapping[str, str], builder: str) -> str:
    from seaway.builders import debian
    from seaway.core.app import EnvironmentSettings
    from seaway.core.ports import PlanRequest
    from seaway.packs.nixpacks import nix

    make = {"debian": debian.recipe, "nix": nix.recipe}[builder]
    recipe = make(planned.plan, tree, PlanRequest(tree.name, variables, EnvironmentSettings()))
    return recipe.dockerfile.rstrip()


def plan_lines(planned: "Planned") -> Iterator[str]:
    """The plan for people; of variables only the names, since values may be secrets."""
    plan = planned.plan
    yield from planned.notes
    for name, phase in _in_order(plan.phases or {}):
        yield ""
        yield name
        yield from (f"  {line}" for line in _phase_lines(phase))
    yield ""
    yield (
        f"start      {plan.start.cmd}"
        if plan.start and plan.start.cmd
        else "start      nothing says how: write a Procfile"
    )
    if plan.variables:
        yield f"variables  {' '.join(sorted(plan.variables))}"


def _in_order(phases: "Mapping[str, Phase]") -> "list[tuple[str, Phase]]":
    """Each phase after those that it depends on."""
    done: dict[str, Phase] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in phases and name not in done and name not in above:
            for needed in phases[name].depends_on or ():
                visit(needed, (*above, name))
            done[name] = phases[name]

    for name in sorted(phases):
        visit(name, ())
    return list(done.items())


def _phase_lines(phase: "Phase") -> Iterator[str]:
    if phase.nix_pkgs:
        yield f"packages {' '.join(phase.nix_pkgs)}"
    if phase.apt_pkgs:
        yield f"apt      {' '.join(phase.apt_pkgs)}"
    for cmd in phase.cmds or ():
        yield f"run      {cmd}"
    if phase.cache_directories:
        yield f"cache    {' '.join(phase.cache_directories)}"
