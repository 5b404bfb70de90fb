"""What the command line sends of a folder is what Docker itself would take of it."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from seaway.cli.pack import ALWAYS_SENT, look_at

FILES = ("a", "a.log", "b/a", "b/a.log", "b/c/a", "b/c/d.txt", "c/b/a.log", "d.txt", "x y", "e/[a]", "g/h/i/j.md")
NAMES = ("a", "b", "c", "*", "*.log", "**", "?", "[ab]", "[^a]", "[a-c]*", "x y", "b*", "**.md", "h", "a?", "*/*")


def some_patterns(seed: int) -> str:
    chosen = random.Random(seed)

    def line() -> str:
        names = "/".join(chosen.choice(NAMES) for _ in range(chosen.randint(1, 3)))
        return chosen.choice(["", "", "!"]) + chosen.choice(["", "", "/"]) + names + chosen.choice(["", "/"])

    return "\n".join(line() for _ in range(chosen.randint(1, 5)))


@pytest.mark.docker
@pytest.mark.parametrize("seed", range(20))
def test_dockerignore_leaves_out_what_docker_leaves_out(seed: int, tmp_path: Path) -> None:
    root, taken_to = tmp_path / "app", tmp_path / "taken"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    # The last line keeps one file in any case: a folder of which nothing is left is an error of its own.
    (root / ".dockerignore").write_text(some_patterns(seed) + "\n!d.txt\n")
    build = ["docker", "buildx", "build", "--quiet", "--output", f"type=local,dest={taken_to}", str(root)]
    subprocess.run(build, check=True, capture_output=True)
    taken = {
        os.path.relpath(os.path.join(folder, name), taken_to)
        for folder, _, names in os.walk(taken_to)
        for name in names
    }
    sent = {entry.path for entry in look_at(root).entries if not entry.is_folder}
    assert sent - ALWAYS_SENT == taken - ALWAYS_SENT
