"""The builder `nix`: the Dockerfile of Nixpacks, without a value of the app's variables."""

from pathlib import Path

from seaway.core.app import EnvironmentSettings
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.doors.folder import FolderTree
from seaway.packs.nixpacks import nix, plan
from seaway.packs.nixpacks.dockerfile import dockerfile


def recipe_of(folder: Path, env: dict[str, str], **files: str) -> Recipe:
    for name, text in {"main.py": "", "requirements.txt": "x", **files}.items():
        (folder / name).write_text(text)
    tree = FolderTree(folder)
    return nix.recipe(plan(tree, env).plan, tree, PlanRequest("shop", env, EnvironmentSettings()))


def test_its_base_image_is_named_so_that_it_is_proved(tmp_path: Path) -> None:
    assert [str(base) for base in recipe_of(tmp_path, {}).bases] == ["ghcr.io/railwayapp/nixpacks:ubuntu-1745885067"]


def test_the_image_that_it_runs_on_is_a_base_too(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, {}, **{"nixpacks.toml": '[start]\nrunImage = "ghcr.io/example/run:1"\n'})
    assert str(recipe.bases[1]) == "ghcr.io/example/run:1"


def test_no_variable_of_the_app_is_an_argument_or_in_the_environment_of_the_image(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, {"API_TOKEN": "s3cr3t"})
    assert "API_TOKEN" not in recipe.dockerfile
    assert "API_TOKEN" not in recipe.build_args
    assert "s3cr3t" not in recipe.dockerfile + str(recipe)
    assert recipe.wants_env
    install = next(line for line in recipe.dockerfile.splitlines() if "pip install" in line)
    assert install.startswith("RUN --mount=type=secret,id=seaway-env ")
    assert " . /run/secrets/seaway-env; python -m venv" in install
    assert "ARG SEAWAY_ENV_DIGEST" in recipe.dockerfile


def test_without_variables_it_is_line_by_line_what_nixpacks_writes(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, {})
    written = dockerfile(plan(FolderTree(tmp_path), {}).plan, cache_key="seaway-shop")
    assert recipe.dockerfile.replace("COPY --from=seaway ", "COPY ") == written
    assert recipe.build_args["PYTHONUNBUFFERED"] == "1"


def test_the_files_beside_it_come_from_a_context_of_their_own(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, {})
    [name] = recipe.context_files
    assert f"COPY --from=seaway {name} {name}" in recipe.dockerfile


def test_nothing_is_kept_between_builds_where_the_app_says_so(tmp_path: Path) -> None:
    assert "type=cache" not in recipe_of(tmp_path, {"NIXPACKS_NO_CACHE": "1"}).dockerfile
