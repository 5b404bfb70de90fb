"""Scala: sbt's stage task, run on a Java runtime image."""

from seaway.core.plan import Plan, Start
from seaway.packs.nixpacks.context import AFTER_SETUP, Context, Draft, UnsupportedVersion, build, phases, setup
from seaway.packs.nixpacks.tables import JDK_PACKAGES, whole_number

_DEFAULT = 17
# JDK to the tag of eclipse-temurin that runs it.
_RUNTIMES = {
    21: "21.0.1_12",
    20: "20.0.2_9",
    19: "19.0.2_7",
    17: "17.0.9_9",
    11: "11.0.21_9",
    8: "8u392-b08",
}


class Scala:
    name = "scala"
    order = 140

    def detects(self, ctx: Context) -> bool:
        return ctx.has("build.sbt")

    def plan(self, ctx: Context) -> Draft:
        asked = _asked(ctx)
        jdk = asked if asked in JDK_PACKAGES else _DEFAULT
        cache = ("/root/.sbt", "/root/.ivy2/cache", "/root/.cache/coursier")
        plan = Plan(
            phases=phases(
                setup=setup(f"(sbt.override {{ jre = {JDK_PACKAGES[jdk]}; }})"),
                build=build("sbt stage", after=AFTER_SETUP, cache=cache),
            ),
            start=Start(
                cmd="./target/universal/stage/bin/main",
                run_image=f"eclipse-temurin:{_RUNTIMES[jdk]}-jre-jammy",
                only_include_files=("./target/universal",),
            ),
        )
        refused = f" although NIXPACKS_JDK_VERSION asks for {asked}, which has no package" if asked != jdk else ""
        return Draft(plan, notes=(f"JDK {jdk} is used{refused}.",))


provider = Scala()


def _asked(ctx: Context) -> int:
    value = ctx.variable("JDK_VERSION")
    if value is None:
        return _DEFAULT
    number = whole_number(value)
    if number is None:
        raise UnsupportedVersion(
            f"NIXPACKS_JDK_VERSION is {value!r}, which is no whole number.",
            remedy=f"Set it to one of {', '.join(str(known) for known in sorted(JDK_PACKAGES))}.",
        )
    return number
