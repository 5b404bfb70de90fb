"""Clojure: Leiningen, or tools.build where there is a build.clj."""

from seaway.core.plan import Plan, Start
from seaway.packs.nixpacks.context import AFTER_SETUP, Context, Draft, build, phases, setup

_JDKS = {"latest": "jdk", "11": "jdk11"}
_MOVE_JARS = (
    '; if [ -d /app/target/default+uberjar ]; then find /app/target/default+uberjar -name "*.jar" '
    "-exec mv -t /app/target/ {} +; fi"
)
_START = (
    'JAR_FILE=$(find /app/target -name "*-standalone.jar" -o -name "*.jar" ! -name "*-SNAPSHOT.jar" | head -n 1) '
    '&& bash -c "java $JAVA_OPTS -jar $JAR_FILE"'
)


class Clojure:
    name = "clojure"
    order = 70

    def detects(self, ctx: Context) -> bool:
        return ctx.first_having("project.clj", "build.clj") is not None

    def plan(self, ctx: Context) -> Draft:
        has_build = ctx.has("build.clj")
        asked = ctx.variable("JDK_VERSION")
        asked = ctx.text(".jdk-version") if asked is None else asked
        jdk = _JDKS.get((asked or "").strip(), "jdk8")
        plan = Plan(
            phases=phases(
                setup=setup("clojure" if has_build else "leiningen", jdk),
                build=build(_build_command(ctx) + _MOVE_JARS, after=AFTER_SETUP),
            ),
            start=Start(cmd=_START),
        )
        return Draft(plan, notes=(_note(asked, jdk),))


provider = Clojure()


def _build_command(ctx: Context) -> str:
    if ctx.has("build.clj"):
        return "clojure -T:build uber"
    is_ring = "[lein-ring " in (ctx.text("project.clj") or "").lower()
    return "lein ring uberjar" if is_ring else "lein uberjar"


def _note(asked: str | None, jdk: str) -> str:
    if asked is None:
        return "JDK 8 is the default; .jdk-version or NIXPACKS_JDK_VERSION chooses 11 or latest."
    if jdk == "jdk8" and asked.strip() != "8":
        return f"JDK 8 is used although {asked.strip()!r} is asked for: only 8, 11 and latest are known."
    return f"The JDK is {jdk}, as asked for."
