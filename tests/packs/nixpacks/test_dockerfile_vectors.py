"""The Dockerfile and the Nix files of every vector's plan, and of plans that no vector has."""

from pathlib import Path

import pytest

from seaway.core.plan import Phase, Plan, Start, from_json
from seaway.packs.nixpacks.dockerfile import CircularPhases, build_files, dockerfile, nix_environments

from .compare import VECTORS, full_expectation, instructions, read_vector

PLANNED = [path for path in VECTORS if read_vector(path)["observed"]]


@pytest.mark.parametrize("path", PLANNED, ids=lambda path: path.stem)
def test_every_vector_gives_the_observed_dockerfile(path: Path) -> None:
    vector = read_vector(path)
    text = dockerfile(from_json(full_expectation(vector)), cache_key="CACHEKEY")
    assert instructions(vector["observed"]["dockerfile"]) == instructions(text)


@pytest.mark.parametrize("path", PLANNED, ids=lambda path: path.stem)
def test_every_vector_gives_the_observed_nix_files(path: Path) -> None:
    vector = read_vector(path)
    found = {
        each.file: {
            "pkgs": " ".join(each.pkgs),
            "libs": list(each.libs),
            "overlays": list(each.overlays),
            "openssl_dirs_from": each.openssl,
        }
        for each in nix_environments(from_json(full_expectation(vector)))
    }
    assert vector["observed"]["nix_files"] == found


def phase_lines(**fields: object) -> list[str]:
    text = dockerfile(Plan(phases={"setup": Phase(cmds=("x",), **fields)}), cache_key="a.b")
    return text.split("# setup phase\n")[1].split("\n\n")[0].splitlines()


def test_cache_folders_are_mounted_below_the_app_or_where_they_are() -> None:
    assert phase_lines(cache_directories=("~/.cache", "my dir/.x"))[-1] == (
        "RUN --mount=type=cache,id=ab-/root/cache,target=/root/.cache "
        "--mount=type=cache,id=ab-my-dir/x,target=/app/my dir/.x x"
    )


def test_only_the_named_files_are_copied_and_an_empty_list_copies_none() -> None:
    assert phase_lines(only_include_files=("./a", "/b")) == ["COPY ./a /app/a", "COPY /b /b", "RUN  x"]
    assert phase_lines(only_include_files=()) == ["RUN  x"]


def test_without_a_cache_key_nothing_is_kept() -> None:
    text = dockerfile(Plan(phases={"build": Phase(cmds=("make",), cache_directories=("/c",))}))
    assert "RUN  make" in text
    assert "--mount" not in text


def test_phases_come_level_by_level_and_by_name() -> None:
    plan = Plan(
        phases={
            "setup": Phase(),
            "b": Phase(depends_on=("setup", "not there")),
            "a": Phase(depends_on=("setup",)),
            "early": Phase(depends_on=("install",)),
        }
    )
    names = [line.split()[1] for line in dockerfile(plan).splitlines() if line.endswith(" phase")]
    assert names == ["early", "setup", "a", "b"]


@pytest.mark.parametrize(
    "phases",
    [
        {"a": Phase(depends_on=("b",)), "b": Phase(depends_on=("a",))},
        {"a": Phase(depends_on=("b", "b")), "b": Phase()},
    ],
)
def test_phases_that_wait_for_each_other_are_an_error(phases: dict[str, Phase]) -> None:
    with pytest.raises(CircularPhases, match=r"The phases a.* dependsOn"):
        dockerfile(Plan(phases=phases))


def test_the_start_command_is_quoted_and_runs_as_the_user() -> None:
    lines = dockerfile(Plan(start=Start(cmd='sh -c "x"', user="web"))).splitlines()
    assert lines[-4:] == [
        "COPY . /app",
        "RUN useradd -m -s /bin/bash web",
        "USER web",
        r'CMD ["sh -c \"x\""]',
    ]


def test_values_of_variables_are_not_in_the_file() -> None:
    text = dockerfile(Plan(variables={"B": "secret-b", "A": "secret-a"}))
    assert "ARG A B\nENV A=$A B=$B" in text
    assert "secret" not in text


def test_files_beside_the_dockerfile_are_nix_files_and_assets() -> None:
    plan = Plan(
        static_assets={"scripts/x.mjs": "text"},
        phases={"setup": Phase(nix_pkgs=("b", "a"), nix_libs=("openssl",), nixpkgs_archive="abc", nix_overlays=("u",))},
    )
    files = build_files(plan).files
    assert sorted(files) == [".nixpacks/assets/scripts/x.mjs", ".nixpacks/nixpkgs-abc.nix"]
    nix = files[".nixpacks/nixpkgs-abc.nix"]
    assert "https://github.com/NixOS/nixpkgs/archive/abc.tar.gz" in nix
    assert '(import (fetchTarball "u"))' in nix
    assert "    a b\n" in nix
    assert 'export OPENSSL_DIR="${openssl.dev}"' in nix
