"""How long the command line takes to begin."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

HEAVY = ("httpx2", "rich", "pathspec", "fastapi", "sqlalchemy", "asyncio", "seaway.api", "seaway.doors")


def best_of_five(env: dict[str, str], code: str, *args: str) -> float:
    took = []
    for _ in range(6):  # the first one writes the byte code
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, *args], env=env, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - began)
    return min(took[1:])


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(tmp_path)}


@pytest.mark.parametrize("args", [["--help"], ["deploy", "--help"], ["plan", "--help"]])
def test_help_comes_at_once(args: Sequence[str], env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    bare = best_of_five(env, "pass")
    ours = best_of_five(env, "from seaway.cli import main; main()", *args)
    with capsys.disabled():
        print(f" seaway {' '.join(args)}: {ours * 1000:.0f} ms, bare Python {bare * 1000:.0f} ms", end="")
    # 150 ms on a quiet machine; a busy one is slow at starting Python too.
    assert ours < max(0.150, 12 * bare)


@pytest.mark.parametrize("args", [["--help"], ["deploy", "--help"], ["apps", "--help"], ["serve", "--help"]])
def test_help_imports_nothing_heavy(args: Sequence[str]) -> None:
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr))\n"
        "from seaway.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_every_command_is_described_and_can_be_loaded() -> None:
    import click

    from seaway.cli import group

    context = click.Context(group)
    for name in group.list_commands(context):
        if name not in ("doctor", "explain"):
            command = group.get_command(context, name)
            assert command is not None
            assert command.help
