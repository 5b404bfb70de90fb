"""Java: Maven, or Gradle where there is a wrapper."""

import re

from seaway.core.plan import Phase, Plan, Start
from seaway.packs.nixpacks.context import AFTER_SETUP, Context, Draft, UnsupportedVersion, build, phases, setup
from seaway.packs.nixpacks.tables import JDK_PACKAGES, version_parts, whole_number

_ARCHIVE = "59dc10b5a6f2a592af36375c68fda41246794b86"
_GRADLE_PACKAGES = {8: "gradle", 7: "gradle_7", 6: "gradle_6", 5: "gradle_5", 4: "gradle_4"}
_WRAPPER = "gradle/wrapper/gradle-wrapper.properties"
_DISTRIBUTION = re.compile(r"(distributionUrl[\S].*[gradle])(-)([0-9|\.]*)")
_POM_FILES = ("pom.xml", "pom.rb", "pom.scala", "pom.yaml", "pom.yml", "gradlew")
_POM_FOLDERS = ("pom.atom", "pom.clj", "pom.groovy")
_SPRING_GRADLE = ("org.springframework.boot", "spring-boot-gradle-plugin", "org.grails:grails-")
_SPRING_MAVEN = ("<groupId>org.springframework.boot", "<artifactId>spring-boot")


class Java:
    name = "java"
    order = 120

    def detects(self, ctx: Context) -> bool:
        return ctx.first_having(*_POM_FILES) is not None or any(ctx.tree.has_folder(name) for name in _POM_FOLDERS)

    def plan(self, ctx: Context) -> Draft:
        gradle = _gradle_version(ctx) if ctx.has("gradlew") else None
        jdk, why = _jdk(ctx, gradle)
        tool = "maven" if gradle is None else _package(_GRADLE_PACKAGES, gradle, "Gradle", "NIXPACKS_GRADLE_VERSION")
        plan = Plan(
            phases=phases(
                setup=setup(_package(JDK_PACKAGES, jdk, "JDK", "NIXPACKS_JDK_VERSION"), tool, archive=_ARCHIVE),
                build=_maven_build(ctx) if gradle is None else _gradle_build(ctx),
            ),
            start=Start(cmd=_maven_start(ctx) if gradle is None else _gradle_start(ctx)),
        )
        notes = (f"JDK {jdk}: {why}.", *(() if gradle is None else (f"Gradle {gradle} builds it.",)))
        return Draft(plan, notes=notes)


provider = Java()


def _package(packages: dict[int, str], version: int, what: str, variable: str) -> str:
    if version not in packages:
        known = ", ".join(str(number) for number in sorted(packages))
        raise UnsupportedVersion(
            f"There is no package for {what} {version}.", remedy=f"Set {variable} to one of {known}."
        )
    return packages[version]


def _number_in(ctx: Context, name: str) -> int | None:
    """The variable as a whole number, None if it is not set. Raises UnsupportedVersion."""
    value = ctx.variable(name)
    if value is None:
        return None
    number = whole_number(value)
    if number is None:
        raise UnsupportedVersion(
            f"NIXPACKS_{name} is {value!r}, which is no whole number.",
            remedy="Give the major version only, such as 17.",
        )
    return number


def _gradle_version(ctx: Context) -> int:
    given = _number_in(ctx, "GRADLE_VERSION")
    if given is not None:
        return given
    match = _DISTRIBUTION.search(ctx.text(_WRAPPER) or "")
    parts = version_parts(match[3]) if match else None
    return int(parts[0]) if parts and parts[0] else max(_GRADLE_PACKAGES)


def _jdk(ctx: Context, gradle: int | None) -> tuple[int, str]:
    """The JDK's version, and why."""
    given = _number_in(ctx, "JDK_VERSION")
    if given is not None:
        return given, "NIXPACKS_JDK_VERSION asks for it"
    if gradle is not None and gradle <= 6:
        return (11 if gradle == 6 else 8), f"Gradle {gradle} needs it"
    return 17, "it is the default, NIXPACKS_JDK_VERSION chooses another"


def _gradle_build(ctx: Context) -> Phase:
    program = "./gradlew" if ctx.has(_WRAPPER) else "gradle"
    chmod = () if ctx.tree.is_executable("gradlew") else ("chmod +x gradlew",)
    return build(*chmod, f"{program} clean build -x check -x test", after=AFTER_SETUP, cache=["/root/.gradle"])


def _maven_build(ctx: Context) -> Phase:
    has_wrapper = ctx.has("mvnw") and ctx.has(".mvn/wrapper/maven-wrapper.properties")
    program = "chmod +x ./mvnw && ./mvnw" if has_wrapper else "mvn"
    command = f"{program} -DoutputFile=target/mvn-dependency-list.log -B -DskipTests clean dependency:list install"
    return build(command, after=AFTER_SETUP, cache=[".m2/repository"])


def _gradle_start(ctx: Context) -> str:
    text = ctx.text(ctx.first_having("build.gradle", "build.gradle.kts") or "build.gradle") or ""
    port = "-Dserver.port=$PORT" if any(word in text for word in _SPRING_GRADLE) else ""
    return f"java $JAVA_OPTS -jar {port} $(ls -1 build/libs/*jar | grep -v plain)"


def _maven_start(ctx: Context) -> str:
    text = ctx.text("pom.xml")
    if text is None:
        return "java $JAVA_OPTS -jar target/*jar"
    port = ""
    if "<groupId>org.wildfly.swarm" in text:
        port = "-Dswarm.http.port=$PORT"
    elif all(word in text for word in _SPRING_MAVEN):
        port = "-Dserver.port=$PORT"
    return f"java {port} $JAVA_OPTS -jar target/*jar"
