from dataclasses import replace
from datetime import UTC, datetime

import pytest

from seaway.core.app import EnvironmentKey, EnvironmentSettings, InvalidSetting, SettingsChange, changed
from seaway.core.configuring import build_saw_env, configuring
from seaway.core.deployment import Kind, Release, StepRecord
from seaway.core.image import parse_image
from seaway.core.secret import Secret
from seaway.core.source import FolderSource, GitSource, ImageSource, ReleaseSource

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
FOLDER = FolderSource("sha256:" + "a" * 64)
BEFORE = EnvironmentSettings(env={"A": Secret("1"), "B": Secret("2")}, runtime_only=frozenset({"B"}))


def release(source=FOLDER, commit=None) -> Release:
    return Release(7, EnvironmentKey("shop"), 3, "sha256:1", 3000, None, BEFORE, NOW, source, commit)


@pytest.mark.parametrize(
    ("change", "wants_env", "then"),
    [
        (SettingsChange(env={"B": Secret("3")}), True, (Kind.CONFIGURE, ReleaseSource(7))),
        (SettingsChange(env={"A": Secret("3")}), False, (Kind.CONFIGURE, ReleaseSource(7))),
        (SettingsChange(env={"A": Secret("3")}), True, (Kind.DEPLOY, FOLDER)),
        (SettingsChange(env={"A": None}), True, (Kind.DEPLOY, FOLDER)),
        (SettingsChange(env={"C": Secret("3")}, runtime_only={"C": True}), True, (Kind.CONFIGURE, ReleaseSource(7))),
        (SettingsChange(runtime_only={"A": True}), True, (Kind.DEPLOY, FOLDER)),
        (SettingsChange(domains=("a.example.org",)), True, (Kind.CONFIGURE, ReleaseSource(7))),
        (SettingsChange(instances=3), True, (Kind.SCALE, ReleaseSource(7))),
        (SettingsChange(builder="nix"), False, (Kind.DEPLOY, FOLDER)),
    ],
)
def test_only_what_a_build_sees_takes_a_build(change, wants_env, then):
    assert configuring(release(), changed(BEFORE, change), wants_env=wants_env) == then


def test_a_git_source_is_built_from_the_commit_that_runs():
    after = replace(BEFORE, env={"A": Secret("9")})
    git = GitSource("https://example.org/a.git", "main")
    assert configuring(release(git, "c0ffee"), after, wants_env=True) == (Kind.DEPLOY, GitSource(git.url, "c0ffee"))


def test_whether_a_build_saw_variables_is_what_its_plan_said():
    record = StepRecord("plan", NOW, NOW, {"wants_env": False})
    assert not build_saw_env(release(), record)
    assert build_saw_env(release(), None)
    assert not build_saw_env(release(ImageSource(parse_image("ghcr.io/acme/shop:1"))), None)


def test_marks_stay_until_they_are_changed_and_go_with_their_variable():
    assert changed(BEFORE, SettingsChange(env={"B": Secret("9")})).runtime_only == {"B"}
    assert changed(BEFORE, SettingsChange(runtime_only={"B": False})).runtime_only == frozenset()
    assert changed(BEFORE, SettingsChange(env={"B": None})).runtime_only == frozenset()


def test_how_many_instances_there_may_be():
    with pytest.raises(InvalidSetting):
        changed(BEFORE, SettingsChange(instances=0))
