"""What people are told about a plan: who decided, and what was asked for and not granted."""

from pathlib import Path

import pytest

from seaway.doors.folder import FolderTree
from seaway.packs import nixpacks


def notes_of(root: Path, files: dict[str, str], env: dict[str, str] | None = None) -> str:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return "\n".join(nixpacks.plan(FolderTree(root), env or {}).notes)


@pytest.mark.parametrize(
    ("files", "env", "note"),
    [
        ({"package.json": "{}"}, {}, "Node.js 18 is the default: nothing in the app asks for a version."),
        ({"package.json": "{}", ".nvmrc": "v20\n"}, {}, "Node.js 20: .nvmrc asks for '20'."),
        (
            {"package.json": '{"engines": {"node": "21"}}'},
            {},
            "Node.js 18 is used although engines.node in package.json asks for '21': "
            "there are packages for 14, 16, 18, 20, 22 only.",
        ),
        (
            {"package.json": "{}", "yarn.lock": "", "bun.lock": ""},
            {},
            "The package manager is yarn: there is a yarn.lock.\nbun.lock has no effect on that.",
        ),
        (
            {"package.json": '{"packageManager": "deno@2"}'},
            {},
            "package.json asks for the package manager deno@2, which is not known.",
        ),
        ({"requirements.txt": "", "runtime.txt": "python-3.12.1"}, {}, "Python 3.12: runtime.txt asks for"),
        (
            {"requirements.txt": "", ".python-version": "3.14"},
            {},
            "Python 3 in its default version is used although .python-version asks for '3.14'",
        ),
        (
            {"requirements.txt": "", "runtime.txt": "3.12"},
            {"NIXPACKS_PYTHON_VERSION": "3.11"},
            "Python 3.12: runtime.txt asks for '3.12'. runtime.txt beats NIXPACKS_PYTHON_VERSION.",
        ),
        ({"pyproject.toml": "", "uv.lock": ""}, {}, "Packages are installed from pyproject.toml by uv"),
        ({"go.mod": "module x\n\ngo 1.21.3\n"}, {}, "Go 1.22 is used although go.mod asks for 1.21.3"),
        ({"composer.json": '{"require": {"php": "^8.1"}}'}, {}, "PHP 8.1: composer.json asks for '^8.1'."),
        ({"pom.xml": ""}, {"NIXPACKS_JDK_VERSION": "21"}, "JDK 21: NIXPACKS_JDK_VERSION asks for it."),
        ({"package.json": "{}", "Procfile": "web: x"}, {}, "The start command comes from the Procfile."),
        ({"package.json": "{}"}, {}, "Nothing says how the app starts"),
        ({"notes.txt": ""}, {}, "No provider knows the files of this folder."),
        ({"inner/package.json": "{}"}, {}, "The app is planned in its folder inner."),
        (
            {"package.json": "{}", "nixpacks.toml": '[variables]\nA = "file"\n'},
            {"A": "settings"},
            "nixpacks.toml sets A; that beats the value in the app's settings.",
        ),
        (
            {"package.json": "{}", "nixpacks.toml": '[variables]\nNIXPACKS_START_CMD = "x"\n'},
            {},
            "NIXPACKS_START_CMD has no effect in nixpacks.toml",
        ),
        (
            {"package.json": "{}", "nixpacks.toml": "[phases.build]\nnix_pkgs = []\n"},
            {},
            "phases.build.nix_pkgs in nixpacks.toml is not known and has no effect.",
        ),
    ],
)
def test_the_notes_say_who_decided(tmp_path: Path, files: dict[str, str], env: dict[str, str], note: str) -> None:
    assert note in notes_of(tmp_path, files, env)


def test_the_values_of_variables_are_never_in_the_notes(tmp_path: Path) -> None:
    text = '[variables]\nTOKEN = "hidden-in-file"\n'
    notes = notes_of(tmp_path, {"package.json": "{}", "nixpacks.toml": text}, {"TOKEN": "hidden-in-settings"})
    assert "hidden" not in notes
