"""Other settings for what runs: whether that takes a build, and of what."""

from seaway.core.app import EnvironmentSettings
from seaway.core.deployment import Kind, Release, StepRecord
from seaway.core.source import GitSource, ImageSource, ReleaseSource, Source


def configuring(current: Release, after: EnvironmentSettings, *, wants_env: bool) -> tuple[Kind, Source]:
    """How to get from the current release to these settings: the same image, or its source built once more.

    A git source is built from the commit that runs: new code is deployed by `seaway deploy` alone.
    """
    if not needs_build(current.settings, after, wants_env=wants_env):
        only_count = _without_count(current.settings) == _without_count(after)
        return (Kind.SCALE if only_count else Kind.CONFIGURE), ReleaseSource(current.id)
    if isinstance(current.source, GitSource) and current.commit is not None:
        return Kind.DEPLOY, GitSource(current.source.url, current.commit)
    return Kind.DEPLOY, current.source


def needs_build(before: EnvironmentSettings, after: EnvironmentSettings, *, wants_env: bool) -> bool:
    """Another image comes of another builder, or of another variable that the build looks at."""
    sees_more = wants_env and before.build_env != after.build_env
    return sees_more or before.builder != after.builder


def build_saw_env(release: Release, planned: StepRecord | None) -> bool:
    """As its plan said; a plan that says nothing, or that nobody has any more, is taken for one that looks."""
    if isinstance(release.source, ImageSource):
        return False
    facts = (planned.result if planned is not None else None) or {}
    return bool(facts.get("wants_env", True))


def _without_count(settings: EnvironmentSettings) -> dict[str, object]:
    return {name: value for name, value in vars(settings).items() if name != "instances"}
