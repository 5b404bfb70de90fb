"""Plug-ins: found by listing the folder, asked in order; and decisions that no vector pins down."""

from pathlib import Path

import pytest

from seaway.core.plan import to_json
from seaway.doors.folder import FolderTree
from seaway.packs import nixpacks

NAMES = (
    "crystal c# dart elixir deno f# clojure gleam go haskell scheme java lunatic scala php ruby node python rust swift "
    "staticfile zig cobol"
)


def plan_of(root: Path, files: dict[str, str], env: dict[str, str] | None = None) -> dict:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return to_json(nixpacks.plan(FolderTree(root), env or {}).plan)


def test_providers_are_asked_in_the_known_order() -> None:
    assert " ".join(provider.name for provider in nixpacks.known_providers()) == NAMES


def test_every_provider_has_its_own_name_and_place() -> None:
    known = nixpacks.known_providers()
    assert len({provider.name for provider in known}) == len({provider.order for provider in known}) == len(known)


def test_a_file_that_is_not_text_does_not_stop_detection(tmp_path: Path) -> None:
    (tmp_path / "latin.js").write_bytes(b"// \xe9")
    assert plan_of(tmp_path, {"package.json": "{}"})["variables"]["NIXPACKS_METADATA"] == "node"


def test_a_link_that_leads_back_is_not_descended_for_ever(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to(tmp_path)
    assert plan_of(tmp_path, {}) == {"providers": [], "buildImage": plan_of(tmp_path, {})["buildImage"], "phases": {}}


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"package.json": '{"main": "./a.js"}', "a.js": ""}, {"cmd": "node ./a.js"}),
        ({"package.json": '{"main": "../a.js"}'}, None),
        ({"package.json": '{"main": "/etc/passwd"}'}, None),
    ],
)
def test_the_main_file_must_be_inside_of_the_app(tmp_path: Path, files: dict[str, str], start: dict | None) -> None:
    (tmp_path / "a.js").write_text("")
    assert start == plan_of(tmp_path / "app", files).get("start")


def test_nx_needs_a_sound_project(tmp_path: Path) -> None:
    project = '{"targets": {"build": {"executor": "x"}, "start": {"executor": 1}}}'
    plan = plan_of(
        tmp_path, {"package.json": "{}", "nx.json": '{"defaultProject": "web"}', "apps/web/project.json": project}
    )
    assert "cmds" not in plan["phases"]["build"]


def test_a_rust_member_may_inherit_its_version(tmp_path: Path) -> None:
    member = '[package]\nname = "m"\nrust-version.workspace = true\n'
    files = {"Cargo.toml": '[workspace]\nmembers = ["m"]\n', "m/Cargo.toml": member, "m/src/main.rs": ""}
    assert plan_of(tmp_path, files)["start"]["cmd"] == "./bin/m"


@pytest.mark.parametrize(
    ("toml", "sources", "package"),
    [
        ("[lib]\n[[bin]]\nname='x'\n", [], "m"),
        ("", ["src/lib.rs", "src/bin/tool/main.rs"], "m"),
        ("", ["src/lib.rs", "src/bin/tool/helper.rs"], None),
        ("", ["src/lib.rs"], None),
        ("", [], "m"),
    ],
)
def test_a_workspace_starts_its_first_program(tmp_path: Path, toml: str, sources: list[str], package: str) -> None:
    files = {"Cargo.toml": '[workspace]\nmembers = ["./m"]\n', "m/Cargo.toml": f'{toml}\n[package]\nname = "m"\n'}
    plan = plan_of(tmp_path, files | {f"m/{path}": "" for path in sources})
    assert plan.get("start", {}).get("cmd") == (package and f"./bin/{package}")


def test_a_static_site_shows_what_its_staticfile_says(tmp_path: Path) -> None:
    text = "root:\ngzip: off\ndirectory: 'on'\nstatus_code:\n  404: /404.html\n  500: /500.html\n"
    conf = plan_of(tmp_path, {"Staticfile": text, "mime.types": "types {}", "dist/a": ""})["staticAssets"]["nginx.conf"]
    for line in ("root /app/dist;", "gzip off;", "autoindex on;", "error_page 404 /404.html;", "include mime.types;"):
        assert line in conf


@pytest.mark.parametrize("text", ["status_code:\n  a: b\nroot: x\n", "- x\n", "a: b: c\n", "root: [1]\n"])
def test_a_static_site_with_a_broken_staticfile_gets_the_defaults(tmp_path: Path, text: str) -> None:
    conf = plan_of(tmp_path, {"Staticfile": text})["staticAssets"]["nginx.conf"]
    assert "root /app/;" in conf


def test_deno_json_with_comments_is_read_only_with_the_right_name(tmp_path: Path) -> None:
    text = '{ // why\n "tasks": {"start": "deno run a.ts"} /* so */ }'
    assert plan_of(tmp_path / "a", {"deno.jsonc": text})["start"] == {"cmd": "deno run a.ts"}
    with pytest.raises(nixpacks.config.FileBroken, match=r"deno\.json, line 1"):
        plan_of(tmp_path / "b", {"deno.json": text})
