"""Configuration files, variables and Procfile: what they change, and one clear sentence where they are broken."""

from pathlib import Path

import pytest

from seaway.core.errors import SeawayError
from seaway.core.plan import Phase, Plan, Start, to_json
from seaway.doors.folder import FolderTree
from seaway.packs import nixpacks
from seaway.packs.nixpacks.config import config_path, environment_plan, file_plan, procfile_plan, variables_from
from seaway.packs.nixpacks.context import Context


@pytest.fixture
def app(tmp_path: Path):
    def write(files: dict[str, str]) -> FolderTree:
        for name, text in files.items():
            path = tmp_path / "app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return FolderTree(tmp_path / "app")

    return write


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ({"nixpacks.toml": "[phases.setup\n"}, "plan.config_broken", "nixpacks.toml, line 1: not valid TOML"),
        (
            {"nixpacks.toml": '[variables]\nA = "a"\nPORT = 3000\n'},
            "plan.config_broken",
            "nixpacks.toml, line 3: variables.PORT must be a text, not the number 3000",
        ),
        (
            {"nixpacks.toml": '[phases.build]\ncmds = "make"\n'},
            "plan.config_broken",
            "nixpacks.toml, line 2: phases.build.cmds must be a list, not a text",
        ),
        (
            {"nixpacks.toml": '[phases.build]\ncmds = ["make"]\ncommands = ["x"]\n'},
            "plan.config_broken",
            "line 3: cmds and commands are two names of one thing",
        ),
        ({"nixpacks.json": '{\n "start": {"cmd": 1}}'}, "plan.config_broken", "nixpacks.json, line 2: start.cmd"),
        ({"nixpacks.json": '{"a": 1,}'}, "plan.config_broken", "nixpacks.json, line 1: not valid JSON"),
        ({"nixpacks.json": "[]"}, "plan.config_broken", "nixpacks.json: the whole must be a table, not a list"),
        ({"package.json": '{\n"name": 1\n}'}, "plan.file_broken", "package.json, line 2: name must be a text"),
        ({"package.json": '{\n"name": "a",\n}'}, "plan.file_broken", "package.json, line 3: not valid JSON"),
        ({"package.json": '{"main": "\\ud800"}'}, "plan.file_broken", "half of a surrogate pair"),
        ({"package.json": '{"a": NaN}'}, "plan.file_broken", "NaN is not a JSON value"),
        ({"package.json": "{}", "Procfile": "web: a: b\n"}, "plan.file_broken", "Procfile, line 1: not valid YAML"),
        ({"nixpacks.toml": 'providers = ["cobol85"]'}, "plan.unknown_provider", "no provider called cobol85"),
        ({"requirements.txt": "x", ".tool-versions": "python 3\n"}, "plan.cannot_decide", ".tool-versions"),
        ({"Cargo.toml": "[package]\nversion = '1'"}, "plan.file_broken", "[package] has no name"),
        ({"go.mod": "module x\ngo\n"}, "plan.cannot_decide", "go.mod has the line 'go'"),
        ({"Gemfile": "gem 'x'"}, "plan.cannot_decide", "which Ruby"),
        ({"pubspec.yaml": "name: x"}, "plan.file_broken", "name and version are needed"),
    ],
)
def test_a_broken_app_gets_one_sentence_and_a_remedy(app, files: dict[str, str], code: str, words: str) -> None:
    with pytest.raises(SeawayError) as failure:
        nixpacks.plan(app(files), {})
    assert failure.value.code == code
    assert words in failure.value.what
    assert failure.value.remedy


def test_a_configuration_file_that_is_named_must_be_there(app) -> None:
    tree = app({"nixpacks.toml": ""})
    with pytest.raises(SeawayError, match=r"The settings name the configuration file other\.toml"):
        nixpacks.plan(tree, {}, config_file="other.toml")
    with pytest.raises(SeawayError, match=r"NIXPACKS_CONFIG_FILE names .* \.\./other\.toml"):
        nixpacks.plan(tree, {"NIXPACKS_CONFIG_FILE": "../other.toml"})


def test_a_configuration_file_ends_with_toml_or_json(app) -> None:
    with pytest.raises(SeawayError, match=r"ends with \.toml or \.json"):
        nixpacks.plan(app({"a.yaml": ""}), {}, config_file="a.yaml")


@pytest.mark.parametrize(
    ("files", "env", "asked", "path"),
    [
        ({}, {}, None, None),
        ({"nixpacks.json": "{}"}, {}, None, "nixpacks.json"),
        ({"nixpacks.json": "{}", "nixpacks.toml": ""}, {}, None, "nixpacks.toml"),
        ({"nixpacks.toml": "", "a.toml": ""}, {"NIXPACKS_CONFIG_FILE": "a.toml"}, None, "a.toml"),
        ({"b.toml": "", "a.toml": ""}, {"NIXPACKS_CONFIG_FILE": "a.toml"}, "b.toml", "b.toml"),
    ],
)
def test_one_configuration_file_is_read(app, files, env, asked, path) -> None:
    assert path == config_path(Context(app({"x": "", **files}), env), asked)


def test_aliases_are_read_and_unknown_keys_are_told(app) -> None:
    text = '[phases.setup]\nnixPackages = ["a"]\nnix_pkgs = ["b"]\nname = "x"\n[start]\ncommand = "c"\n'
    plan, unknown = file_plan(app({"nixpacks.toml": text}), "nixpacks.toml")
    assert plan == Plan(phases={"setup": Phase(nix_pkgs=("a",))}, start=Start())
    assert unknown == ("phases.setup.nix_pkgs", "start.command")


def test_variables_become_phases(app) -> None:
    env = {
        "NIXPACKS_PKGS": "a, b  c",
        "NIXPACKS_LIBS": "x  y",
        "NIXPACKS_INSTALL_CMD": "make\n deps",
        "NIXPACKS_INSTALL_CACHE_DIRS": "b,a b",
        "NIXPACKS_BUILD_CACHE_DIRS": "ignored",
        "NIXPACKS_START_CMD": "run",
    }
    assert environment_plan(Context(app({"x": ""}), env)) == Plan(
        phases={
            "setup": Phase(nix_pkgs=("a", "b", "c", "..."), nix_libs=("x", "", "y", "...")),
            "install": Phase(depends_on=("setup",), cmds=("make deps",), cache_directories=("a", "b")),
        },
        start=Start(cmd="run"),
    )


@pytest.mark.parametrize(
    ("text", "start", "release"),
    [
        ("web: a\nworker: b\n", "a", None),
        ("worker: b\nabc: c\n", "b", None),
        ("zzz: z\nabc: c\nrelease: r\n", "c", "r"),
        ("release: r\n", None, "r"),
        ("# nothing\n", None, None),
        ("web: 0123 # five\n", "0123", None),
    ],
)
def test_the_procfile_starts_one_process_and_releases_before(app, text, start, release) -> None:
    plan = procfile_plan(Context(app({"Procfile": text}), {}))
    assert plan.start == (None if start is None else Start(cmd=start))
    phases = None
    if release is not None:
        phases = {"release": Phase(depends_on=("setup", "install", "build"), cmds=("...", release))}
    assert phases == plan.phases


def test_variables_are_split_at_the_first_sign_after_the_name() -> None:
    items = ["A=1=2", "B=x\ny", "HOME", "GONE=", "X.Y=1", "A-B=2"]
    assert variables_from(items, {"HOME": "/root"}) == {
        "A": "1=2",
        "B": "x\ny",
        "HOME": "/root",
        "X": ".Y=1",
        "A-B": "2",
    }


def test_a_plan_given_beats_everything(app) -> None:
    tree = app({"package.json": "{}", "nixpacks.toml": '[start]\ncmd = "file"\n', "Procfile": "web: proc"})
    planned = nixpacks.plan(tree, {"NIXPACKS_START_CMD": "env"}, given=Plan(start=Start(cmd="given")))
    assert planned.plan.start == Start(cmd="given")


def test_planning_twice_gives_the_same(app) -> None:
    tree = app({"package.json": '{"scripts": {"build": "b"}}', "requirements.txt": ""})
    assert to_json(nixpacks.plan(tree, {}).plan) == to_json(nixpacks.plan(FolderTree(tree._root), {}).plan)
