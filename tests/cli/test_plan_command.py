"""`seaway plan`, which runs alone: no server is known in any of these."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

NEXT = {"name": "shop", "scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "15.0.0"}}


@pytest.fixture
def node_app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps(NEXT))
    (folder / "package-lock.json").write_text('{"lockfileVersion": 3}')
    return folder


def test_json_is_the_plan_as_nixpacks_prints_it(alone: dict[str, str], seaway: Run, node_app: Path) -> None:
    done = seaway(alone, "plan", str(node_app), "--env", "COLOUR=red", "--json")
    plan = json.loads(done.stdout)
    assert done.returncode == 0
    assert plan["phases"]["install"]["cmds"] == ["npm ci"]
    assert plan["start"] == {"cmd": "npm run start"}
    assert plan["variables"]["COLOUR"] == "red"


def test_the_summary_has_the_phases_in_order_and_no_value_of_a_variable(
    alone: dict[str, str], seaway: Run, node_app: Path
) -> None:
    told = seaway(alone, "plan", str(node_app), "--env", "API_KEY=hunter2-x").stdout
    lines = told.splitlines()
    assert [line for line in lines if line in ("setup", "install", "build")] == ["setup", "install", "build"]
    assert "start      npm run start" in lines
    assert "API_KEY" in told
    assert "hunter2-x" not in told


@pytest.mark.parametrize("as_file", [True, False])
def test_a_given_plan_is_laid_over_what_is_found(
    as_file: bool, alone: dict[str, str], seaway: Run, node_app: Path, tmp_path: Path
) -> None:
    text = '{"start": {"cmd": "node server.js"}}'
    if as_file:
        (tmp_path / "plan.json").write_text(text)
    given = str(tmp_path / "plan.json") if as_file else text
    done = seaway(alone, "plan", str(node_app), "--plan", given, "--json")
    assert json.loads(done.stdout)["start"]["cmd"] == "node server.js"


def test_the_dockerfile_is_the_builders(alone: dict[str, str], seaway: Run, node_app: Path) -> None:
    done = seaway(alone, "plan", str(node_app), "--dockerfile")
    assert (done.returncode, done.stderr) == (0, "")
    assert "FROM " in done.stdout
    assert "npm ci" in done.stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nowhere"], "nowhere cannot be read: it is not a folder."),
        ([".", "--config", "gone.toml"], "gone.toml"),
        ([".", "--plan", "{broken"], "--plan, line 1: not JSON"),
        ([".", "--plan", "gone.json"], "gone.json cannot be read: no such file or directory."),
    ],
)
def test_what_is_wrong_is_one_sentence(
    args: list[str], told: str, alone: dict[str, str], seaway: Run, node_app: Path
) -> None:
    done = seaway(alone, "plan", *args, cwd=node_app)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_configuration_is_told_with_file_and_line(alone: dict[str, str], seaway: Run, node_app: Path) -> None:
    (node_app / "nixpacks.toml").write_text("[phases.build]\ncmds = 3\n")
    done = seaway(alone, "plan", str(node_app))
    assert done.returncode == 1
    assert "nixpacks.toml, line 2" in done.stderr


def test_a_dockerfile_in_the_folder_is_said_to_come_first(alone: dict[str, str], seaway: Run, node_app: Path) -> None:
    (node_app / "Dockerfile").write_text("FROM scratch\n")
    assert "`seaway deploy` builds that" in seaway(alone, "plan", str(node_app)).stderr
