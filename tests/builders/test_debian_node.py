"""The builder `debian` on Node apps: plans in, Dockerfiles out; nothing is built here."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from seaway.builders import debian
from seaway.builders.debian.node.version import NodeVersionUnavailable, table
from seaway.builders.debian.packages import UnknownPackage
from seaway.core.app import EnvironmentSettings
from seaway.core.plan import NoStartCommand
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.toolchain import base_tag, runtime_tag
from seaway.doors.folder import FolderTree
from seaway.packs.nixpacks import plan

Make = Callable[..., Recipe]

NEXT = {
    "package.json": {
        "engines": {"node": ">=22.12"},
        "scripts": {"build": "next build", "start": "next start"},
        "dependencies": {"next": "16.0.0"},
        "devDependencies": {"typescript": "5"},
    },
    "package-lock.json": {"lockfileVersion": 3},
    "next.config.mjs": "export default { output: 'standalone' };\n",
    "public/icon.svg": "<svg/>",
}
SERVER = {
    "package.json": {"scripts": {"start": "node server.js"}, "dependencies": {"express": "5"}},
    "package-lock.json": {"lockfileVersion": 3},
    "server.js": "",
}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """The recipe of an app made of these files."""

    def recipe(files: Mapping[str, Any], env: Mapping[str, str] | None = None, port: int | None = None) -> Recipe:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
        tree = FolderTree(tmp_path)
        wanted = PlanRequest("shop", env or {}, EnvironmentSettings(port=port))
        return debian.recipe(plan(tree, wanted.env).plan, tree, wanted)

    return recipe


def with_package(**changes: object) -> dict[str, Any]:
    return {**SERVER, "package.json": {**SERVER["package.json"], **changes}}  # type: ignore[dict-item]


def node_of(recipe: Recipe) -> str:
    return recipe.toolchains[0].version.partition("-")[0]


def newest(major: int) -> str:
    return [version for version in table()["node"] if version.startswith(f"{major}.")][-1]


def final_stage(recipe: Recipe) -> list[str]:
    return recipe.dockerfile.rstrip().rpartition("\n\n")[2].splitlines()


def lines(recipe: Recipe) -> list[str]:
    return recipe.dockerfile.splitlines()


# The whole -----------------------------------------------------------------------------------------------------------


def test_nothing_is_taken_from_a_registry(make: Make) -> None:
    recipe = make(NEXT)
    assert recipe.bases == ()
    assert {line.split()[1].partition(":")[0] for line in lines(recipe) if line.startswith("FROM")} == {
        "seaway/node",
        "seaway/runtime",
        "dependencies",
    }
    assert "# syntax" not in recipe.dockerfile


def test_a_standalone_next_app_runs_on_what_next_left_and_node_alone(make: Make) -> None:
    stage = final_stage(make(NEXT))
    assert stage[0] == f"FROM {runtime_tag()}"
    assert [line for line in stage if line.startswith("COPY")][1:] == [
        'COPY --from=build --chown=1000:1000 ["/app/.next/standalone", "./"]',
        'COPY --from=build --chown=1000:1000 ["/app/.next/static", ".next/static/"]',
        'COPY --from=build --chown=1000:1000 ["/app/public", "public/"]',
    ]
    assert stage[-3:] == ["USER app", "EXPOSE 3000", 'CMD ["node", "server.js"]']
    assert 'ENV HOSTNAME="0.0.0.0"' in stage


def test_next_without_standalone_keeps_its_production_modules(make: Make) -> None:
    recipe = make({**NEXT, "next.config.mjs": "// output: 'standalone'\nexport default {};\n"})
    assert 'CMD ["next", "start"]' in final_stage(recipe)
    assert "npm prune --omit=dev" in recipe.dockerfile
    assert 'COPY --from=production --chown=1000:1000 ["/app/node_module[s]", "./node_modules"]' in final_stage(recipe)


def test_the_same_app_gives_the_same_recipe(make: Make) -> None:
    assert make(NEXT).digest == make(NEXT).digest


# Layers --------------------------------------------------------------------------------------------------------------


def test_dependencies_are_installed_before_any_source_is_copied(make: Make) -> None:
    text = make(NEXT).dockerfile
    assert text.index('COPY ["package.json", "package-lock.json", "./"]') < text.index("npm ci")
    assert text.index("npm ci") < text.index('COPY [".", "."]')


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"scripts": {"start": "node server.js", "postinstall": "node setup.js"}}, "a script runs at the install"),
        ({"workspaces": ["packages/*"]}, "the app has workspaces"),
        ({"dependencies": {"mine": "file:./mine"}}, "a dependency is a folder"),
        ({"dependencies": {"@prisma/client": "6"}}, "Prisma reads its schema at the install"),
    ],
)
def test_an_install_that_may_look_at_sources_comes_after_them(make: Make, changes: dict[str, object], why: str) -> None:
    recipe = make(with_package(**changes))
    assert recipe.dockerfile.index('COPY [".", "."]') < recipe.dockerfile.index("npm ci")
    assert any(why in note for note in recipe.notes)


def test_a_git_hook_at_the_install_changes_nothing(make: Make) -> None:
    recipe = make(with_package(scripts={"start": "node server.js", "prepare": "husky"}))
    assert recipe.dockerfile.index("npm ci") < recipe.dockerfile.index('COPY [".", "."]')


def test_caches_are_those_of_the_app_alone(make: Make) -> None:
    ids = {line.partition("id=")[2].partition(",")[0] for line in lines(make(NEXT)) if "type=cache" in line}
    assert ids == {"seaway-shop-root-.npm", "seaway-shop-next-cache", "seaway-shop-node_modules-.cache"}


# Secrets -------------------------------------------------------------------------------------------------------------


def test_values_of_the_apps_variables_never_enter_the_recipe(make: Make) -> None:
    recipe = make(NEXT, env={"API_TOKEN": "hunter2-value"})
    assert recipe.wants_env
    assert "hunter2-value" not in repr(recipe)


def test_a_changed_variable_builds_again_and_does_not_install_again(make: Make) -> None:
    text = make(NEXT, env={"API_TOKEN": "x"}).dockerfile
    assert (
        text.index("npm ci") < text.index("ARG SEAWAY_ENV_DIGEST") < text.index(". /run/secrets/seaway-env && npm run")
    )


def test_a_variable_that_an_npmrc_names_counts_at_the_install(make: Make) -> None:
    text = make({**NEXT, ".npmrc": "//npm.example.org/:_authToken=${TOKEN}\n"}, env={"TOKEN": "x"}).dockerfile
    assert text.index("ARG SEAWAY_ENV_DIGEST") < text.index(". /run/secrets/seaway-env && npm ci")


def test_without_variables_nothing_waits_for_them(make: Make) -> None:
    recipe = make(NEXT)
    assert not recipe.wants_env
    assert "seaway-env" not in recipe.dockerfile


def test_variables_of_a_configuration_file_are_written_with_quotes(make: Make) -> None:
    recipe = make({**SERVER, "nixpacks.toml": "[variables]\nGREETING = 'say \"$HOME\" \\ bye'\n"})
    assert r'ENV GREETING="say \"\$HOME\" \\ bye"' in final_stage(recipe)


# Versions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("20.11.1", "20.11.1"),
        ("v22.3.0", "22.3.0"),
        ("20.11", "20.11.1"),
        ("~22.4", "22.4.1"),
        (">=18 <19", newest(18)),
        (">=20.9.0", newest(22)),
        ("^20 || ^22", newest(22)),
        ("18 - 20", newest(20)),
        ("23.x", newest(23)),
        ("24", newest(24)),
        (">22", newest(24)),
        ("lts/jod", newest(22)),
        ("20 lts", newest(20)),
    ],
)
def test_the_version_asked_for_is_the_version_given(make: Make, asked: str, given: str) -> None:
    files = {**SERVER, ".nvmrc": asked} if asked.startswith("lts") else with_package(engines={"node": asked})
    assert node_of(make(files)) == given


@pytest.mark.parametrize("asked", ["16", "^14.17", "26", "23.99.0", "<=17"])
def test_a_version_that_is_not_to_be_had_is_an_error_that_names_those_that_are(make: Make, asked: str) -> None:
    with pytest.raises(NodeVersionUnavailable, match=r"18, 19, 20, 21, 22, 23, 24") as raised:
        make(with_package(engines={"node": asked}))
    assert asked in raised.value.what


def test_the_variable_beats_the_files(make: Make) -> None:
    files = {**with_package(engines={"node": "20"}), ".nvmrc": "18"}
    assert node_of(make(files, env={"NIXPACKS_NODE_VERSION": "22.1.0"})) == "22.1.0"


def test_a_wish_that_is_no_version_is_told(make: Make) -> None:
    recipe = make({**SERVER, ".nvmrc": "latest-and-greatest"})
    assert node_of(recipe) == newest(18)
    assert any("latest-and-greatest" in note and "no version" in note for note in recipe.notes)


def test_where_nobody_asks_the_apps_dependencies_rule_out_a_version_too_old_for_them(make: Make) -> None:
    lock = {"lockfileVersion": 3, "packages": {"node_modules/express": {"engines": {"node": ">=20.9"}}}}
    recipe = make({**SERVER, "package-lock.json": lock})
    assert node_of(recipe) == newest(24)
    assert any("express takes no 18" in note for note in recipe.notes)


# Package managers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "tools"),
    [
        ({"package-lock.json": "{}"}, f"npm{table()['npm']['10']}"),
        ({"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, f"pnpm{table()['pnpm']['9']}"),
        ({"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, f"pnpm{table()['pnpm']['8']}"),
        ({"yarn.lock": "# yarn lockfile v1\n"}, f"yarn{table()['yarn']['1']}"),
        ({"yarn.lock": "__metadata:\n  version: 8\n"}, f"yarn{table()['berry']['4']}"),
        ({"bun.lock": "{}"}, f"bun{table()['bun']['1']}"),
    ],
)
def test_the_lock_file_says_which_package_manager_comes_along(make: Make, files: dict[str, str], tools: str) -> None:
    assert make({**with_package(engines={"node": "22"}), **files}).toolchains[0].version.endswith(tools)


def test_the_exact_package_manager_comes_along_instead_of_corepack(make: Make) -> None:
    files = {**with_package(packageManager="pnpm@9.1.0+sha512.abc"), "pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}
    recipe = make(files)
    assert recipe.toolchains[0].version.endswith("-pnpm9.1.0")
    assert "corepack" not in recipe.dockerfile


# Starting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "command"),
    [
        ("node server.js", '["node", "server.js"]'),
        ("NODE_ENV=production node server.js", '["env", "NODE_ENV=production", "node", "server.js"]'),
        ("cross-env A=1 node server.js", '["env", "A=1", "node", "server.js"]'),
        ("express -p $PORT", '["/bin/bash", "-c", "exec express -p $PORT"]'),
        ("node migrate.js && node server.js", '["/bin/bash", "-c", "node migrate.js && exec node server.js"]'),
        ("node a.js & node b.js", '["/bin/bash", "-c", "node a.js & node b.js"]'),
    ],
)
def test_a_signal_reaches_the_app_without_a_package_manager_in_between(make: Make, script: str, command: str) -> None:
    stage = final_stage(make(with_package(scripts={"start": script})))
    assert stage[-1] == f"CMD {command}"
    assert not any("lib/node_modules" in line for line in stage)


def test_a_start_command_that_needs_npm_gets_npm(make: Make) -> None:
    stage = final_stage(make(with_package(scripts={"start": "npm run migrate && node server.js", "migrate": "x"})))
    assert any('"/usr/local/lib/node_modules"' in line for line in stage)


def test_development_packages_stay_when_the_start_command_uses_one(make: Make) -> None:
    recipe = make(with_package(scripts={"start": "tsx server.ts"}, devDependencies={"tsx": "4"}))
    assert "npm prune" not in recipe.dockerfile
    assert any("the start command uses tsx" in note for note in recipe.notes)


def test_the_port_is_the_one_set_then_the_one_that_the_command_names(make: Make) -> None:
    files = with_package(scripts={"start": "express --port 4100"})
    assert [make(files).port, make(files, port=5000).port, make(SERVER).port] == [4100, 5000, 3000]


def test_an_app_that_nothing_starts_is_an_error(make: Make) -> None:
    with pytest.raises(NoStartCommand):
        make({"package.json": {"dependencies": {"express": "5"}}})


def test_a_single_page_app_is_served_by_caddy_without_node(make: Make) -> None:
    package = {
        "scripts": {"build": "vite build"},
        "dependencies": {"react": "19"},
        "devDependencies": {"vite": "7"},
    }
    recipe = make({"package.json": package, "package-lock.json": "{}", "index.html": ""})
    stage = final_stage(recipe)
    assert 'COPY --from=caddy ["/usr/bin/caddy", "/usr/bin/caddy"]' in stage
    assert 'COPY --from=build --chown=1000:1000 ["/app/dist", "/app/dist"]' in stage
    assert set(recipe.context_files) == {"assets/Caddyfile"}
    assert "local/bin/node" not in "".join(stage)


# Packages of the distribution ----------------------------------------------------------------------------------------


def test_what_the_app_runs_with_is_in_both_images_and_compilers_in_the_first_only(make: Make) -> None:
    setup = '[phases.setup]\nnixPkgs = ["...", "ffmpeg-headless", "gcc"]\naptPkgs = ["tini"]\n'
    recipe = make({**SERVER, "nixpacks.toml": setup})
    assert "install -q -y --no-install-recommends ffmpeg g++ make tini" in recipe.dockerfile
    stage = "\n".join(final_stage(recipe))
    assert stage.startswith(f"FROM {base_tag()}\n")
    assert "--no-install-recommends ffmpeg tini" in stage


def test_a_dependency_that_compiles_finds_a_compiler_and_nodes_own_headers(make: Make) -> None:
    recipe = make(with_package(dependencies={"better-sqlite3": "12"}))
    assert "--no-install-recommends g++ make python3" in recipe.dockerfile
    assert 'ENV npm_config_nodedir="/usr/local"' in recipe.dockerfile
    assert final_stage(recipe)[0] == f"FROM {runtime_tag()}"


def test_an_unknown_package_is_named_with_both_ways_out(make: Make) -> None:
    with pytest.raises(UnknownPackage, match=r"obscure-tool.*aptPkgs.*--builder nix"):
        make({**SERVER, "nixpacks.toml": '[phases.setup]\nnixPkgs = ["...", "obscure-tool"]\n'})


def test_a_command_of_several_lines_stays_one_step(make: Make) -> None:
    recipe = make({**SERVER, "nixpacks.toml": '[phases.build]\ncmds = ["""if true; then\n  echo yes\nfi"""]\n'})
    assert "<<'SEAWAY_END'\nset -e\nif true; then\n  echo yes\nfi\nSEAWAY_END\n" in recipe.dockerfile


def test_several_commands_that_read_variables_read_them_once(make: Make) -> None:
    files = {**SERVER, "nixpacks.toml": '[phases.build]\ncmds = ["node a.js # first", "node b.js"]\n'}
    text = make(files, env={"TOKEN": "x"}).dockerfile
    assert text.count("id=seaway-env") == 1
    assert ". /run/secrets/seaway-env\n(\nnode a.js # first\n) || exit\n(\nnode b.js\n) || exit\n" in text
