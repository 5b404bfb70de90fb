"""The table of packages: every name of every vector is mapped, or its error shows both ways out."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from packs.nixpacks.compare import VECTORS, full_expectation, lay_out, read_vector
from seaway.builders import debian
from seaway.builders.debian.packages import UnknownPackage, is_unpackable, packages_of, table
from seaway.core.app import EnvironmentSettings
from seaway.core.errors import SeawayError
from seaway.core.plan import Phase, Plan, Start, from_json
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.doors.folder import FolderTree

PLANNED = [path for path in VECTORS if read_vector(path)["expected_plan"] is not None]


def outcome(path: Path, folder: Path) -> Recipe | SeawayError:
    vector = read_vector(path)
    tree = FolderTree(lay_out(vector, folder))
    env = dict(entry.partition("=")[::2] for entry in vector["options"]["env"])
    plan = from_json(full_expectation(vector))
    if plan.start is None or not plan.start.cmd:
        plan = replace(plan, start=Start(cmd="./run"))
    try:
        return debian.recipe(plan, tree, PlanRequest("app", env, EnvironmentSettings()))
    except SeawayError as error:
        return error


@pytest.mark.parametrize("path", PLANNED, ids=lambda path: path.stem)
def test_every_vector_is_carried_out_or_says_why_not(path: Path, tmp_path: Path) -> None:
    found = outcome(path, tmp_path)
    if isinstance(found, SeawayError):
        assert found.what
        assert found.remedy
        return
    images = {line.split()[1].partition("/")[0] for line in found.dockerfile.splitlines() if line.startswith("FROM ")}
    assert images <= {"seaway", "scratch", "dependencies"}
    assert found.bases == ()


def test_most_vectors_are_carried_out(tmp_path: Path) -> None:
    found = [outcome(path, tmp_path / path.stem) for path in PLANNED]
    built = [each for each in found if isinstance(each, Recipe)]
    assert len(built) >= 165, Counter(each.code for each in found if isinstance(each, SeawayError))
    assert all("--builder nix" in each.remedy for each in found if isinstance(each, UnknownPackage))


def test_a_name_that_is_not_mapped_is_told_with_both_ways_out() -> None:
    plan = Plan(phases={"setup": Phase(nix_pkgs=("haunt",))})
    with pytest.raises(UnknownPackage, match="haunt") as failure:
        packages_of(plan, [])
    assert 'aptPkgs = ["..."]' in failure.value.remedy
    assert "--builder nix" in failure.value.remedy


def test_an_entry_has_packages_for_the_build_and_to_run_and_nothing_else() -> None:
    for kind in ("packages", "libraries", "pypi"):
        for name, entry in table()[kind].items():
            assert set(entry) <= {"build", "run", "wheel_since"}, name


@pytest.mark.parametrize(
    ("package", "does"), [("libpq5", True), ("python3", True), ("chromium", False), ("libgtk-3-0t64", False)]
)
def test_libraries_work_unpacked_and_programs_do_where_the_table_says_so(package: str, does: bool) -> None:
    assert is_unpackable(package) is does
