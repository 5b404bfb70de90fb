"""What serves a Node app whose plan does not say, or names a development server."""

from pathlib import Path
from typing import Any

import pytest

from builders.app_recipe import recipe_of
from seaway.builders.debian.node.workspace import SeveralApps
from seaway.core.plan import NoStartCommand
from seaway.core.recipe import Recipe


def made(folder: Path, scripts: dict[str, str], dependencies: dict[str, str], **files: Any) -> Recipe:
    package = {"engines": {"node": "22"}, "scripts": scripts, "dependencies": dependencies}
    named = {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    return recipe_of(folder, {"package.json": package, **named})


def command(recipe: Recipe) -> str:
    return recipe.dockerfile.rstrip().rpartition("CMD ")[2]


def served(recipe: Recipe) -> str:
    """The folder whose files the small server serves."""
    assert "caddy" in command(recipe), recipe.dockerfile
    return recipe.dockerfile.partition('NIXPACKS_SPA_OUTPUT_DIR="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("start", "build", "name", "folder"),
    [
        ("react-scripts start", "react-scripts build", "react-scripts", "build"),
        ("gatsby develop", "gatsby build", "gatsby", "public"),
        ("astro dev", "astro check && astro build", "astro", "dist"),
        ("npx @11ty/eleventy --serve --quiet", "npx @11ty/eleventy", "@11ty/eleventy", "_site"),
        ("vue-cli-service serve", "vue-cli-service build", "@vue/cli-service", "dist"),
        ("docusaurus start", "docusaurus build", "@docusaurus/core", "build"),
        ("vite", "vite build --outDir out", "vite", "out"),
        (None, "vitepress build docs", "vitepress", "docs/.vitepress/dist"),
        (None, "vite build", "vite", "dist"),
    ],
)
def test_a_framework_that_leaves_files_gets_the_small_server(
    tmp_path: Path, start: str | None, build: str, name: str, folder: str
) -> None:
    recipe = made(tmp_path, {"build": build} | ({"start": start} if start else {}), {name: "1"})
    assert served(recipe) == folder
    assert "/usr/local/bin/node" not in recipe.dockerfile.rpartition("\n\nFROM ")[2]
    assert any(folder in note and "served" in note for note in recipe.notes)


@pytest.mark.parametrize(
    ("start", "build", "name", "wanted"),
    [
        ("next dev", "next build", "next", '["next", "start"]'),
        (None, "nuxt build", "nuxt", '["node", ".output/server/index.mjs"]'),
        ("nest start", "nest build", "@nestjs/core", '["node", "dist/main"]'),
    ],
)
def test_a_framework_that_leaves_a_server_gets_it_started(
    tmp_path: Path, start: str | None, build: str, name: str, wanted: str
) -> None:
    scripts = {"build": build} | ({"start": start} if start else {})
    assert command(made(tmp_path, scripts, {name: "4"}, src__main_ts="")) == wanted


def test_what_the_app_calls_its_start_in_production_comes_first(tmp_path: Path) -> None:
    scripts = {"build": "nest build", "start": "nest start", "start:prod": "node dist/src/main"}
    assert command(made(tmp_path, scripts, {"@nestjs/core": "11"})) == '["node", "dist/src/main"]'


def test_a_start_command_that_is_no_development_server_stays(tmp_path: Path) -> None:
    scripts = {"build": "astro build", "start": "node dist/server/entry.mjs"}
    assert command(made(tmp_path, scripts, {"astro": "5"})) == '["node", "dist/server/entry.mjs"]'


def test_a_server_is_told_by_the_adapter_in_the_configuration(tmp_path: Path) -> None:
    config = "import node from '@astrojs/node';\nexport default {adapter: node({mode: 'standalone'})}\n"
    recipe = made(tmp_path, {"build": "astro build", "start": "astro dev"}, {"astro": "5"}, astro_config_mjs=config)
    assert command(recipe) == '["node", "./dist/server/entry.mjs"]'
    assert 'HOST="0.0.0.0"' in recipe.dockerfile


@pytest.mark.parametrize(
    ("adapter", "wanted"), [("node", '["node", "build"]'), ("auto", "vite preview --host 0.0.0.0 --port $PORT")]
)
def test_sveltekit_is_started_as_its_adapter_wants(tmp_path: Path, adapter: str, wanted: str) -> None:
    config = f"import adapter from '@sveltejs/adapter-{adapter}';\n"
    recipe = made(tmp_path, {"build": "vite build"}, {"@sveltejs/kit": "2", "vite": "6"}, svelte_config_js=config)
    assert wanted in command(recipe)


def test_an_exported_next_app_is_served_as_files(tmp_path: Path) -> None:
    config = "export default {\n  output: 'export',\n};\n"
    recipe = made(tmp_path, {"build": "next build", "start": "next start"}, {"next": "15"}, next_config_mjs=config)
    assert served(recipe) == "out"


@pytest.mark.parametrize(
    ("builder", "options", "folder"),
    [
        ("@angular-devkit/build-angular:application", {}, "dist/shop/browser"),
        ("@angular-devkit/build-angular:browser", {"outputPath": "dist/web"}, "dist/web"),
        ("@angular/build:application", {"outputPath": {"base": "out", "browser": ""}}, "out"),
    ],
)
def test_angular_says_in_its_workspace_where_files_are(
    tmp_path: Path, builder: str, options: dict[str, Any], folder: str
) -> None:
    project = {"projectType": "application", "architect": {"build": {"builder": builder, "options": options}}}
    workspace = {"projects": {"shop": project}}
    recipe = made(tmp_path, {"build": "ng build", "start": "ng serve"}, {"@angular/core": "20"}, angular_json=workspace)
    assert served(recipe) == folder


def test_a_site_answers_404_and_a_page_answers_for_all(tmp_path: Path) -> None:
    site = made(tmp_path / "site", {"build": "astro build"}, {"astro": "5"}).context_files["assets/Caddyfile"]
    page = made(tmp_path / "page", {"build": "vite build"}, {"vite": "7"}).context_files["assets/Caddyfile"]
    assert "/404.html" in site
    assert "/index.html" not in site
    assert "/index.html" in page
    assert "/404.html" not in page


def test_a_file_by_the_usual_name_is_started(tmp_path: Path) -> None:
    recipe = made(tmp_path, {"dev": "nodemon src/index.js"}, {"express": "5"}, src__index_js="")
    assert command(recipe) == '["node", "src/index.js"]'


def test_a_framework_that_nothing_builds_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(NoStartCommand):
        made(tmp_path, {"dev": "vite"}, {"vite": "7"})


def test_where_no_lock_file_tells_what_dependencies_take_it_is_a_newer_node(tmp_path: Path) -> None:
    package = {"scripts": {"start": "node a.js"}, "dependencies": {"express": "5"}}
    recipe = recipe_of(tmp_path, {"package.json": package, "a.js": ""})
    assert recipe.toolchains[0].version.startswith("22.")


def test_pnpms_lock_file_tells_what_dependencies_take(tmp_path: Path) -> None:
    package = {"scripts": {"start": "node a.js"}, "devDependencies": {"@tools/vite": "7"}}
    lock = (
        "lockfileVersion: '9.0'\n\npackages:\n\n  '@tools/vite@7.1.0(x@1)':\n"
        "    resolution: {integrity: sha512-x}\n    engines: {node: '>=20.19.0'}\n"
    )
    recipe = recipe_of(tmp_path, {"package.json": package, "pnpm-lock.yaml": lock, "a.js": ""})
    assert recipe.toolchains[0].version.startswith("24.")
    assert any("@tools/vite takes no 18" in note for note in recipe.notes)


def workspace(folder: Path, *names: str) -> Recipe:
    apps = {f"apps/{name}/package.json": {"name": name, "scripts": {"start": "next start"}} for name in names}
    root = {"scripts": {"build": "turbo build"}, "workspaces": ["apps/*"], "devDependencies": {"turbo": "2"}}
    turbo = {"tasks": {"build": {}}}
    return recipe_of(folder, {"package.json": root, "turbo.json": turbo, "package-lock.json": {}, **apps})


def test_the_only_app_of_a_workspace_is_started(tmp_path: Path) -> None:
    assert command(workspace(tmp_path, "web")) == '["npm", "--workspace", "web", "run", "start"]'


def test_of_several_apps_somebody_must_say_which(tmp_path: Path) -> None:
    with pytest.raises(SeveralApps, match=r"docs, web"):
        workspace(tmp_path, "web", "docs")
