"""Every vector: the same plan, down to the archive, or a failure where there must be one."""

from pathlib import Path

import pytest

from seaway.core.errors import SeawayError
from seaway.core.plan import from_json, to_json
from seaway.doors.folder import FolderTree
from seaway.packs import nixpacks

from .compare import VECTORS, differences, lay_out, read_vector


def planned(vector: dict, parent: Path) -> nixpacks.Planned:
    options = vector["options"]
    return nixpacks.plan(
        FolderTree(lay_out(vector, parent)),
        nixpacks.variables_from(options["env"], {}),
        config_file=options["config_file"],
        given=None if options["plan"] is None else from_json(options["plan"]),
    )


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_vector_is_planned_as_expected(path: Path, tmp_path: Path) -> None:
    vector = read_vector(path)
    if vector["expected_plan"] is None:
        with pytest.raises(SeawayError) as failure:
            planned(vector, tmp_path)
        assert failure.value.what
        assert failure.value.remedy
        return
    found = planned(vector, tmp_path)
    assert differences(to_json(found.plan), vector) == []
    if not found.folder:
        assert vector["expected_providers"] == list(found.names)


def test_there_are_vectors() -> None:
    assert len(VECTORS) >= 226
    assert (VECTORS[0].parent / "LICENSE-nixpacks").is_file()


@pytest.mark.parametrize("path", VECTORS[::10], ids=lambda path: path.stem)
def test_a_plan_that_was_written_reads_back_the_same(path: Path, tmp_path: Path) -> None:
    vector = read_vector(path)
    if vector["expected_plan"] is not None:
        plan = planned(vector, tmp_path).plan
        assert plan == from_json(to_json(plan))
