#!/usr/bin/env python3
"""Prints how big images are and how long a changed line of source takes, against the bars of docs/building.md.

A changed line is built twice in turn: with the recipe of the builder `debian`, and as Nixpacks orders the same plan,
with all sources copied first and everything in one image.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from seaway.builders import debian
from seaway.core.app import EnvironmentSettings
from seaway.core.plan import Plan
from seaway.core.ports import BuildJob, PlanRequest
from seaway.core.recipe import Recipe
from seaway.doors.bases import LocalBases
from seaway.doors.buildkit import BuildkitDoor
from seaway.doors.folder import FolderTree
from seaway.packs.nixpacks import plan
from seaway.packs.nixpacks.dockerfile import FOLDER, dockerfile
from seaway.packs.nixpacks.pack import NixpacksPack

ROOT = Path(__file__).resolve().parent.parent
INSTANCE = f"seaway-bench-build-{os.getpid()}"
ROUNDS = 3
FASTER_BAR = 3.0


@dataclass(frozen=True)
class App:
    name: str
    folder: Path
    bar_mb: int
    changed: str | None = None


APPS = (
    App("Next.js", ROOT / "examples/nextjs", 300, "app/page.tsx"),
    App("FastAPI", ROOT / "examples/fastapi", 180, "main.py"),
    App("static", ROOT / "tests/apps/static", 60),
    App("Go", ROOT / "tests/apps/go", 20),
)


class Bench:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.bases = LocalBases(os.environ, home / "cache")
        self.builder = BuildkitDoor(home, os.environ)
        self.tags: set[str] = set()

    async def build(self, name: str, folder: Path, recipe: Recipe) -> tuple[str, float]:
        """The image's tag, and seconds."""
        tag = f"{INSTANCE}/{name.lower().replace('.', '')}:1"
        self.tags.add(tag)
        job = BuildJob(f"bench-{name.lower()}", 1, folder, recipe, tag, {}, {})
        began = time.monotonic()
        await self.builder.build(job, lambda *_: None, lambda *_: None)
        return tag, time.monotonic() - began

    async def recipe(self, app: App, folder: Path) -> Recipe:
        wanted = PlanRequest(f"bench-{app.name.lower()}", {}, EnvironmentSettings())
        recipe = NixpacksPack({"debian": debian.recipe}).recipe(FolderTree(folder), wanted).recipe
        await self.bases.ensure(recipe.toolchains, print)
        return recipe


def everything_first(recipe: Recipe, planned: Plan, app: str) -> Recipe:
    """The plan as Nixpacks orders it: all sources, then each phase, in one image; on our base, since Nix would have to
    be fetched. Caches are mounts on both sides."""
    head: list[str] = []
    for line in recipe.dockerfile.partition("\n\n")[0].splitlines():
        if "WORKDIR /app" in head and not line.startswith(("ENV", "WORKDIR")):
            break
        # The environment that the recipe has ready is made by the plan's own command here.
        head += [line] if "/opt/venv" not in line else []
    body = dockerfile(planned, cache_key=f"bench-{app}").splitlines()
    of_nix = ("FROM ", "ENTRYPOINT", "WORKDIR", f"COPY {FOLDER}/nixpkgs", "RUN nix-env", "RUN sudo")
    lines = [*head, *(line for line in body if not line.startswith(of_nix))]
    return replace(recipe, dockerfile="\n".join(lines) + "\n", build_args=dict(planned.variables or {}))


async def changed_line(bench: Bench, app: App, folder: Path) -> tuple[float, float]:
    """Median seconds with the recipe, and with everything copied first."""
    recipe = await bench.recipe(app, folder)
    both = (recipe, everything_first(recipe, plan(FolderTree(folder), {}).plan, app.name.lower()))
    for index, one in enumerate(both):
        await bench.build(f"{app.name}-{index}", folder, one)
    seconds: tuple[list[float], list[float]] = ([], [])
    source = folder / str(app.changed)
    for _ in range(ROUNDS):
        for index, one in enumerate(both):
            mark = "#" if source.suffix == ".py" else "//"
            source.write_text(source.read_text() + f"\n{mark} changed {time.time_ns()}\n")
            seconds[index].append((await bench.build(f"{app.name}-{index}", folder, one))[1])
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def megabytes(tag: str) -> float:
    said = subprocess.run(["docker", "image", "inspect", "--format", "{{.Size}}", tag], capture_output=True, check=True)
    return int(said.stdout) / 1e6


async def rows(bench: Bench, work: Path) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for app in APPS:
        folder = work / app.folder.name
        shutil.copytree(app.folder, folder, ignore=shutil.ignore_patterns("node_modules", ".next", ".venv"))
        tag, cold = await bench.build(app.name, folder, await bench.recipe(app, folder))
        size = megabytes(tag)
        text = f"image {size:6.1f} MB   bar {app.bar_mb} MB   first build {cold:5.1f} s"
        found.append(told((f"  {app.name:<9} {text}", size < app.bar_mb)))
        if app.changed:
            ours, theirs = await changed_line(bench, app, folder)
            ratio = theirs / ours
            text = f"changed line {ours:5.2f} s   as Nixpacks orders it {theirs:5.2f} s   {ratio:4.1f} times"
            found.append(told((f"  {app.name:<9} {text}   bar {FASTER_BAR:.0f} times", ratio >= FASTER_BAR)))
    return found


def told(row: tuple[str, bool]) -> tuple[str, bool]:
    print(f"{row[0]}  {'ok' if row[1] else 'MISSED'}", flush=True)
    return row


async def main() -> int:
    work = Path(tempfile.mkdtemp(prefix="seaway-bench-build-"))
    bench = Bench(work / "home")
    try:
        return 0 if all(ok for _, ok in await rows(bench, work)) else 1
    finally:
        clean(bench, work)


def clean(bench: Bench, work: Path) -> None:
    for tag in bench.tags:
        subprocess.run(["docker", "image", "rm", "--force", tag], capture_output=True, check=False)
    shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
