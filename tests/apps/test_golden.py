"""Small real apps: each is planned as its expected_plan.json says; those whose packages can be had are built and run.

`SEAWAY_GOLDEN=write` writes the plans anew.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from seaway.core.plan import to_json
from seaway.doors.docker import DockerDoor
from seaway.doors.folder import FolderTree
from seaway.packs.nixpacks import plan
from workshop import opened

HERE = Path(__file__).parent
APPS = [path for path in sorted(HERE.iterdir()) if path.is_dir() and "__" not in path.name]
EXPECTED = "expected_plan.json"


@dataclass(frozen=True)
class Golden:
    """What a running app must answer: a part of the text at each path, and how big its image may be."""

    name: str
    answers: dict[str, str]
    megabytes: int
    types: Sequence[tuple[str, str]] = ()


BUILT = [
    Golden("go", {"/": "High water", "/api/health": '"zone":"Europe/Zurich"'}, 20),
    Golden("go-newer", {"/": '"flag":"vendored","go":"go1.26'}, 20),
    Golden("static", {"/": "As they are"}, 60, [("/assets/style.css", "text/css"), ("/assets/app.mjs", "javascript")]),
    Golden("php", {"/": "0 guests, PHP 8.4"}, 260, [("/style.css", "text/css")]),
    Golden("ruby", {"/": '"ruby":"3.3.'}, 130),
    Golden("rust", {"/": '"from":"rust"'}, 60),
    Golden("deno", {"/x": '"pathname":"/x"'}, 190),
    Golden("django", {"/": '"sessions": 0'}, 180),
    Golden("python-psycopg2", {"/": '"libpq"'}, 180),
    Golden("poetry", {"/": '"ok": true'}, 100),
    Golden("pdm", {"/": '"bottle": "0.13.4"'}, 100),
    Golden("uv", {"/": '"venv": "/opt/venv"'}, 100),
    Golden("pipenv", {"/": '"bottle": "0.13.4"'}, 100),
]


def printed(folder: Path) -> str:
    return json.dumps(to_json(plan(FolderTree(folder), {}).plan), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    "folder", [p for p in sorted(HERE.iterdir()) if p.is_dir() and "__" not in p.name], ids=lambda p: p.name
)
def test_an_app_is_planned_as_expected(folder: Path) -> None:
    expected = folder / EXPECTED
    if os.environ.get("SEAWAY_GOLDEN") == "write":
        expected.write_text(printed(folder))
    assert json.loads(expected.read_text()) == json.loads(printed(folder))


@pytest.mark.docker
@pytest.mark.parametrize("golden", BUILT, ids=lambda golden: golden.name)
async def test_an_app_is_built_and_answers(golden: Golden, tmp_path: Path, docker: DockerDoor) -> None:
    folder = copytree(HERE / golden.name, tmp_path / golden.name, ignore=ignore_patterns(EXPECTED))
    async with opened(folder, golden.name, tmp_path, docker) as workshop:
        await workshop.build()
        size = (await docker.facts(workshop.tag)).size_bytes / 1e6
        assert size < golden.megabytes
        with workshop.running() as instance:
            for path, text in golden.answers.items():
                status, _, body = instance.get(path)
                assert (status, text in body) == (200, True), body
            for path, kind in golden.types:
                assert kind in instance.get(path)[1]
            assert instance.uid() == 1000
            seconds = instance.stop_seconds()
            assert seconds < 3
        print(f"{golden.name}: {size:.1f} MB")
