"""The Nixpacks-compatible planner: a folder in, a plan and notes for people out; no network, no clock."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from seaway.core.errors import Invalid
from seaway.core.plan import MARKERS, Phase, Plan, extend, merge, pin
from seaway.core.tree import Tree
from seaway.packs.nixpacks import config
from seaway.packs.nixpacks.config import variables_from
from seaway.packs.nixpacks.context import Context, Draft, Provider

__all__ = ["Planned", "UnknownProvider", "known_providers", "plan", "variables_from"]


class UnknownProvider(Invalid):
    """A configuration names a provider that does not exist."""

    code = "plan.unknown_provider"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no provider called {name}.", remedy=f"Under providers, name some of {', '.join(known)}."
        )
        self.name = name


@dataclass(frozen=True)
class Planned:
    """`plan` is finished (pinned); `notes` say in short sentences why it is so; `provider` is the first of `names`.

    `names` are the providers that took part, the one whose start command counts first. `folder` is the folder
    inside of the tree that was planned, "" for the tree itself.
    """

    plan: Plan
    notes: tuple[str, ...]
    provider: str | None
    names: tuple[str, ...] = ()
    folder: str = ""


def plan(tree: Tree, env: Mapping[str, str], *, config_file: str | None = None, given: Plan | None = None) -> Planned:
    """Plan an app; if nothing is known about it and it holds one folder only, that folder is planned instead.

    `config_file` is relative to the app, `given` is laid over everything that is found. Raises a subclass of
    SeawayError: ConfigBroken, ConfigMissing, FileBroken, UnreadableFile, UnknownProvider, UnsupportedVersion,
    CannotPlan. A plan without phases is no error here; `seaway.core.plan.buildable` tells.
    """
    planned = _plan_folder(tree, env, config_file, given or Plan())
    while not planned.plan.phases and len(folders := tree.top_folders()) == 1:
        inner = "/".join(part for part in (planned.folder, folders[0]) if part)
        tree = tree.subtree(folders[0])
        planned = replace(_plan_folder(tree, env, config_file, given or Plan()), folder=inner)
    if planned.folder:
        planned = replace(planned, notes=(f"The app is planned in its folder {planned.folder}.", *planned.notes))
    return planned


def _plan_folder(tree: Tree, env: Mapping[str, str], config_file: str | None, given: Plan) -> Planned:
    asked = Context(tree, env)
    path = config.config_path(asked, config_file)
    from_file, unknown = config.file_plan(tree, path)
    before = merge(from_file, config.environment_plan(asked), given)
    ctx = Context(tree, {**env, **(before.variables or {})})
    chosen = _chosen(ctx, before)
    drafts = [(provider.name, provider.plan(ctx)) for provider in chosen]
    procfile = config.procfile_plan(ctx)
    whole = merge(_provider_plan(drafts), procfile, before)
    if ctx.env:
        whole = replace(whole, variables={**(whole.variables or {}), **ctx.env})
    pinned = pin(whole, debian=ctx.is_truthy("DEBIAN"))
    names = tuple(provider.name for provider in chosen)
    notes = (
        *_provider_notes(names, drafts),
        *(_file_notes(path, from_file.variables or {}, unknown, env) if path else ()),
        *_start_notes(pinned, before, procfile),
    )
    return Planned(pinned, notes, names[0] if names else None, names)


def _chosen(ctx: Context, before: Plan) -> list[Provider]:
    """The providers that plan this app, in order. Raises UnknownProvider."""
    by_name = {provider.name: provider for provider in known_providers()}
    detected = next((provider.name for provider in known_providers() if provider.detects(ctx)), None)
    wish = ("...",) if before.providers is None else before.providers
    names = [name for name in extend(() if detected is None else (detected,), wish) or () if name not in MARKERS]
    for name in names:
        if name not in by_name:
            raise UnknownProvider(name, [provider.name for provider in known_providers()])
    return [by_name[name] for name in names]


def _provider_plan(drafts: Sequence[tuple[str, Draft | None]]) -> Plan:
    """All providers' plans in one; the earlier one wins, the later ones' phases carry their provider's name."""
    whole = Plan()
    for position, (name, draft) in enumerate(drafts):
        if draft:
            whole = merge(_prefixed(draft.plan, name) if position else draft.plan, whole)
    if not drafts:
        return whole
    metadata = ",".join(part for name, draft in drafts for part in (name, *(draft.tags if draft else ())))
    return replace(whole, variables={**(whole.variables or {}), "NIXPACKS_METADATA": metadata})


def _prefixed(plan: Plan, provider: str) -> Plan:
    def prefixed(phase: Phase) -> Phase:
        if phase.depends_on is None:
            return phase
        return replace(phase, depends_on=tuple(f"{provider}:{name}" for name in phase.depends_on))

    return replace(plan, phases={f"{provider}:{name}": prefixed(phase) for name, phase in (plan.phases or {}).items()})


def _provider_notes(names: Sequence[str], drafts: Sequence[tuple[str, Draft | None]]) -> Iterator[str]:
    yield f"Planned as {', '.join(names)}." if names else "No provider knows the files of this folder."
    for _name, draft in drafts:
        yield from draft.notes if draft else ()


def _file_notes(
    path: str, variables: Mapping[str, str], unknown: Sequence[str], env: Mapping[str, str]
) -> Iterator[str]:
    """What the configuration file changes, and what in it has no effect."""
    yield f"{path} is laid over what was found."
    for name in sorted(variables):
        if name in env and env[name] != variables[name]:
            yield f"{path} sets {name}; that beats the value in the app's settings."
        if name in config.EARLY_VARIABLES:
            yield f"{name} has no effect in {path}: set it in the app's settings, or write the phase or start itself."
    for key in unknown:
        yield f"{key} in {path} is not known and has no effect."


def _start_notes(pinned: Plan, before: Plan, procfile: Plan) -> Iterator[str]:
    """Who decided how the app starts, where it was not the provider."""
    if before.start and before.start.cmd is not None:
        yield "The start command is the one of the configuration."
    elif procfile.start:
        yield "The start command comes from the Procfile."
    elif pinned.phases and (pinned.start is None or pinned.start.cmd is None):
        yield "Nothing says how the app starts: set NIXPACKS_START_CMD or write a Procfile."


@cache
def known_providers() -> tuple[Provider, ...]:
    """All plug-ins of the folder `providers`, the ones that are asked first in front."""
    folder = importlib.import_module("seaway.packs.nixpacks.providers")
    modules = (
        importlib.import_module(f"{folder.__name__}.{module.name}") for module in pkgutil.iter_modules(folder.__path__)
    )
    found = [cast("Provider", module.provider) for module in modules if hasattr(module, "provider")]
    return tuple(sorted(found, key=lambda provider: provider.order))
