"""Java: Debian's JDK with Maven, or with the Gradle that the app's own wrapper gets; a headless JRE in the end."""

import re

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.packages import packages_of
from seaway.builders.debian.work import IGNORED, SHELL, Image, Work, assets_copied
from seaway.core.errors import Invalid
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.toolchain import APP_UID, base_tag
from seaway.core.tree import Tree

DEFAULT = "21"
VERSIONS = (DEFAULT, "25")
"""What Debian 13 has."""
_JDK = re.compile(r"jdk(\d*)\Z")
_GRADLE = re.compile(r"gradle(?:_(\d+))?\Z")
_GRADLE_OF_DEBIAN = "4"
_VARIABLE = "NIXPACKS_JDK_VERSION"
_CACHES = ("/root/.gradle", "/root/.m2/repository")


class JavaVersionUnavailable(Invalid):
    code = "builder.java_version_unavailable"

    def __init__(self, asked: str) -> None:
        super().__init__(
            f"The app asks for Java {asked}, and the builder `debian` has Java {' and '.join(VERSIONS)}.",
            remedy=f"Set {_VARIABLE}={DEFAULT} if the app runs on it, or build with `--builder nix`.",
        )


class GradleUnavailable(Invalid):
    code = "builder.gradle_unavailable"

    def __init__(self, asked: str) -> None:
        super().__init__(
            f"The app is built with Gradle {asked} and has no complete wrapper, and Debian has Gradle 4 only.",
            remedy="Add the wrapper (`gradle wrapper`: gradlew and gradle/wrapper), or build with `--builder nix`.",
        )


class Java:
    name = "java"

    def is_responsible(self, plan: Plan) -> bool:
        names = _names(plan)
        return any(_GRADLE.match(name) or name == "maven" for name in names)

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        work = Work(plan, tree, wanted)
        version, note = _version(work)
        handled = [name for name in _names(plan) if _JDK.match(name) or _GRADLE.match(name) or name == "maven"]
        packages = packages_of(plan, handled, [f"openjdk-{version}-jdk-headless", *_tool(work)])
        mounts = [df.cache(wanted.app, folder) for folder in _CACHES]
        head = [SHELL, df.apt_install(packages.build), "WORKDIR /app", *df.env(work.variables), *work.argument]
        build = df.Stage(base_tag(), [*head, df.copy(".", "."), *work.phases(mounts=mounts)], "build")
        image = Image(
            work,
            packages,
            copies=[*assets_copied(work), df.copy("/app", "/app", stage="build", owner=APP_UID)],
            own=[f"openjdk-{version}-jre-headless"],
            always_installed=True,
        )
        return Recipe(
            dockerfile=df.written([build, *image.stages()]),
            context_files=work.assets,
            ignored=(*IGNORED, ".gradle", "build", "target"),
            wants_env=bool(wanted.env),
            port=work.port,
            notes=(note,),
        )


def _names(plan: Plan) -> list[str]:
    return [name for phase in (plan.phases or {}).values() for name in phase.nix_pkgs or ()]


def _version(work: Work) -> tuple[str, str]:
    named = next((match[1] for name in _names(work.plan) if (match := _JDK.match(name))), "")
    asked = _VARIABLE in {**(work.plan.variables or {}), **work.wanted.env}
    version = named or "19"
    if version in VERSIONS:
        return version, f"Java {version}, the distribution's."
    # 17 is what Nixpacks takes when nobody asks; 21 runs what was written for it.
    if asked or int(version) > int(DEFAULT):
        raise JavaVersionUnavailable(version)
    return DEFAULT, f"Java {DEFAULT}: the plan names {version}, which the distribution no longer has."


def _tool(work: Work) -> list[str]:
    """The package with the tool that builds, unless the app's wrapper gets it."""
    if "maven" in _names(work.plan):
        return ["maven"]
    if work.tree.has("gradle/wrapper/gradle-wrapper.properties"):
        return []
    wanted = next((match[1] or "8" for name in _names(work.plan) if (match := _GRADLE.match(name))), "8")
    if wanted != _GRADLE_OF_DEBIAN:
        raise GradleUnavailable(wanted)
    return ["gradle"]


language = Java()
