"""The pack `dockerfile`: the images that a Dockerfile starts from, and its port."""

from pathlib import Path

import pytest

from seaway.core.app import EnvironmentSettings
from seaway.core.ports import Planned, PlanRequest
from seaway.doors.folder import FolderTree
from seaway.packs.dockerfile import BrokenDockerfile, plugin


def planned(folder: Path, text: str, **env: str) -> Planned:
    (folder / "Dockerfile").write_text(text)
    return plugin.recipe(FolderTree(folder), PlanRequest("shop", env, EnvironmentSettings()))


def bases(folder: Path, text: str) -> list[str]:
    return [str(image) for image in planned(folder, text).recipe.bases]


def test_an_app_with_a_dockerfile_is_built_by_it(tmp_path: Path) -> None:
    assert not plugin.detects(FolderTree(tmp_path))
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    assert plugin.detects(FolderTree(tmp_path))


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("FROM node:22\n", ["docker.io/library/node:22"]),
        ("from --platform=$BUILDPLATFORM golang:1.24 as build\n", ["docker.io/library/golang:1.24"]),
        ("ARG V=22\nARG BASE=node:${V}-slim\nFROM ${BASE}\n", ["docker.io/library/node:22-slim"]),
        ("FROM ${BASE:-alpine:3}\n", ["docker.io/library/alpine:3"]),
        ("FROM scratch\n", []),
        ("FROM alpine AS Base\nFROM base\n", ["docker.io/library/alpine:latest"]),
        ("FROM a/b AS x\nFROM scratch\nCOPY --from=0 /a /a\n", ["docker.io/a/b:latest"]),
        ("FROM scratch\nCOPY --chown=1:1 --from=ghcr.io/o/tool:1 /a /a\n", ["ghcr.io/o/tool:1"]),
        ("FROM scratch\nRUN --mount=type=bind,from=ghcr.io/o/t:1,target=/x true\n", ["ghcr.io/o/t:1"]),
        ("FROM scratch\nCOPY --from=seaway env /env\n", []),
        ("FROM unused AS dev\nFROM used\n", ["docker.io/library/used:latest"]),
        ("FROM a AS x\n# FROM b\nRUN echo \\\n  # a comment\n  FROM c\nFROM x\n", ["docker.io/library/a:latest"]),
        ("FROM a\nCOPY <<EOF /x\nFROM b\nEOF\nRUN true\n", ["docker.io/library/a:latest"]),
        ("# escape=`\nFROM a AS `\n  x\nFROM x\n", ["docker.io/library/a:latest"]),
        ("FROM r.example:5000/a@sha256:" + "0" * 64 + "\n", ["r.example:5000/a@sha256:" + "0" * 64]),
    ],
)
def test_every_image_that_the_last_stage_needs_is_named(tmp_path: Path, text: str, images: list[str]) -> None:
    assert bases(tmp_path, text) == images


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("FROM a\nEXPOSE 8080/tcp 9090\n", 8080),
        ("FROM a\nEXPOSE 53/udp 80\n", 80),
        ("FROM a\nENV PORT=4000\nEXPOSE $PORT\n", 4000),
        ("FROM a AS x\nEXPOSE 5000\nFROM x\n", 5000),
        ("FROM a AS x\nEXPOSE 5000\nFROM b\n", None),
    ],
)
def test_the_port_is_the_one_exposed(tmp_path: Path, text: str, port: int | None) -> None:
    assert planned(tmp_path, text).recipe.port == port


def test_the_standard_syntax_image_is_not_fetched_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    recipe = planned(tmp_path, "# syntax=docker/dockerfile:1.7\n# escape=`\nFROM a\n").recipe
    assert recipe.dockerfile == "# escape=`\n#\nFROM a\n"
    assert [str(image) for image in recipe.bases] == ["docker.io/library/a:latest"]
    assert any("not fetched" in note for note in recipe.notes)


def test_another_syntax_image_is_proved_like_a_base(tmp_path: Path) -> None:
    assert bases(tmp_path, "# syntax=docker/dockerfile:1-labs\nFROM a\n") == [
        "docker.io/docker/dockerfile:1-labs",
        "docker.io/library/a:latest",
    ]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("\nRUN true\n", 2, "RUN comes before any FROM"),
        ("", 1, "there is no FROM"),
        ("FROM $BASE\n", 1, r"FROM \$BASE has no value"),
        ("FROM a\nFROM b as\n", 2, "cannot be read"),
        ("FROM UPPER/case\n", 1, "lower case"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    with pytest.raises(BrokenDockerfile, match=why) as raised:
        planned(tmp_path, text)
    assert raised.value.line == line


def test_the_apps_variables_do_not_become_build_arguments(tmp_path: Path) -> None:
    found = planned(tmp_path, "FROM a\nARG TOKEN\n", TOKEN="hunter2-value")
    assert found.recipe.build_args == {}
    assert "hunter2-value" not in repr(found)
    assert any("ARG TOKEN" in note for note in found.notes)


def test_a_mount_of_the_variables_is_seen(tmp_path: Path) -> None:
    assert planned(tmp_path, "FROM a\nRUN --mount=type=secret,id=seaway-env true\n").recipe.wants_env
