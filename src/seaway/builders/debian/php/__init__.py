"""PHP: php-fpm behind nginx, both out of the distribution; composer and Node in the build only."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.node import beside
from seaway.builders.debian.packages import UnknownPackage, packages_of
from seaway.builders.debian.work import IGNORED, SHELL, Image, Work, assets_copied, first_provider
from seaway.core.errors import Invalid
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe, Toolchain
from seaway.core.toolchain import APP_UID, base_tag, toolchain_tag
from seaway.core.tree import Tree

SERIES = "8.4"
"""What Debian 13 has."""
_PHP = re.compile(r"\(?php(\d*)(?:\.withExtensions .*)?\Z|\(php(\d*)\.withExtensions .*\)\Z")
_OF_PHP = re.compile(r"php\d*(?:Packages|Extensions)\.([\w-]+)\Z")
_DEFAULT_START = re.compile(
    r"node /assets/scripts/prestart\.mjs (\S+) /nginx\.conf && "
    r"\(php-fpm -y /assets/php-fpm\.conf & nginx -c /nginx\.conf\)"
)
_HOME = "/opt/seaway"
_PREPARE = (
    f"ln -sf /usr/sbin/php-fpm{SERIES} /usr/local/bin/php-fpm && ln -s /etc/nginx {_HOME}/conf "
    f"&& chmod 755 {_HOME}/start.sh && chown -R {APP_UID}:{APP_UID} /var/lib/nginx /var/log/nginx"
)


class PhpVersionUnavailable(Invalid):
    code = "builder.php_version_unavailable"

    def __init__(self, asked: str) -> None:
        super().__init__(
            f"composer.json asks for PHP {asked}, and the builder `debian` has PHP {SERIES}.",
            remedy=f'Let it in ("php": "^{SERIES}" under require) if the app runs on it, or build with '
            "`--builder nix`.",
        )


class Php:
    name = "php"

    def is_responsible(self, plan: Plan) -> bool:
        return first_provider(plan) in (self.name, "") and any(map(_PHP.match, _names(plan)))

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        work = Work(plan, tree, wanted)
        note = _version_note(work)
        toolchain, of_node = beside(plan, tree, wanted) if tree.has("package.json") else (None, _node_names(plan))
        handled = [n for n in _names(plan) if _PHP.match(n) or _OF_PHP.match(n) or n in ("nginx", "libmysqlclient")]
        packages = packages_of(plan, [*handled, *of_node])
        own = [f"php{SERIES}-{name}" for name in ("cli", "fpm", *sorted(_extensions(plan)))]
        template = _DEFAULT_START.fullmatch(work.start)
        image = Image(
            work,
            packages,
            copies=[*assets_copied(work), df.copy("/app", "/app", stage="build", owner=APP_UID)],
            own=["nginx-light", *own],
            prepared=[df.copy("php", _HOME, stage=df.CONTEXT), df.run(_PREPARE)],
            words=[f"{_HOME}/start.sh", template[1]] if template else None,
            always_installed=True,
        )
        folder = resources.files(__package__)
        return Recipe(
            dockerfile=df.written([_build(work, packages.build, own, toolchain), *image.stages()]),
            toolchains=(toolchain,) if toolchain else (),
            context_files={**work.assets, **{f"php/{n}": (folder / n).read_text() for n in ("fill.php", "start.sh")}},
            ignored=(*IGNORED, "vendor"),
            wants_env=bool(wanted.env),
            port=work.port,
            notes=(note,),
        )


def _names(plan: Plan) -> list[str]:
    phases = (plan.phases or {}).values()
    return [name for phase in phases for name in (*(phase.nix_pkgs or ()), *(phase.nix_libs or ()))]


def _node_names(plan: Plan) -> list[str]:
    """Node is there for the plan's own start script only; that is done without it here."""
    return [name for name in _names(plan) if re.match(r"nodejs_\d+\Z|(?:npm|pnpm|yarn)-\d+_x\Z|bun\Z", name)]


def _build(work: Work, packages: tuple[str, ...], own: list[str], toolchain: Toolchain | None) -> df.Stage:
    wanted = sorted({*packages, *own, "composer", "git", "unzip"})
    node = [df.copy("/usr/local", "/usr/local", stage=toolchain_tag(toolchain))] if toolchain else []
    # Scripts of packages run as on any machine; composer itself asks whether root is meant.
    env = {**df.TRUST, "COMPOSER_ALLOW_SUPERUSER": "1", "COMPOSER_NO_INTERACTION": "1"}
    mounts = [df.cache(work.wanted.app, folder) for folder in ("/root/.cache/composer", "/root/.npm")]
    if toolchain:
        mounts = [df.secret(df.NPMRC_SECRET, "/root/.npmrc"), *mounts]
    lines = [SHELL, df.apt_install(wanted), *node, "WORKDIR /app", *df.env({**env, **work.variables})]
    lines += [*work.argument, df.copy(".", "."), *work.phases(rewrite=_here, mounts=mounts)]
    return df.Stage(base_tag(), [*lines, df.run("rm -rf node_modules")], "build")


def _here(command: str) -> str:
    return f"{command} --no-dev --optimize-autoloader" if command.startswith("composer install --ignore") else command


def _version_note(work: Work) -> str:
    asked = _asked(work)
    if not asked:
        return f"PHP {SERIES}, the distribution's."
    if not _takes(asked):
        raise PhpVersionUnavailable(asked)
    return f"PHP {SERIES}: composer.json asks for {asked}."


def _asked(work: Work) -> str:
    match = (
        re.search(r'"php"\s*:\s*"([^"]+)"', work.tree.read("composer.json")) if work.tree.has("composer.json") else None
    )
    return match[1] if match else ""


def _takes(wanted: str) -> bool:
    joined = re.sub(r"([<>=^~!])\s+", r"\1", wanted.replace(",", " "))
    return any(all(map(_meets, part.split())) for part in re.split(r"\|\|?", joined))


def _meets(text: str) -> bool:
    match = re.match(r"(>=|<=|>|<|\^|~|=|!=)?v?(\d+)(?:\.(\d+|\*))?(?:\.(\d+|\*))?", text)
    if not match:
        return True
    operator, major, minor, patch = match[1] or "=", int(match[2]), match[3], match[4]
    ours = tuple(map(int, SERIES.split(".")))
    low = (major, int(minor) if minor and minor != "*" else 0)
    match operator:
        case ">=" | ">":
            return ours >= low
        case "<":
            return ours < low
        case "<=":
            return ours <= low
        case "^":
            return ours[0] == major and ours >= low
        case "~":
            return ours == low if patch else ours[0] == major and ours >= low
        case "=":
            return ours == low if minor and minor != "*" else ours[0] == major
        case _:
            return True


def _extensions(plan: Plan) -> set[str]:
    """Debian's names of all extensions that the image gets."""
    data = _table()
    found = set(data["standard"])
    for name in _names(plan):
        match = _OF_PHP.match(name)
        if match and match[1] != "composer" and match[1] not in data["built_in"]:
            if match[1] not in data["package"]:
                raise UnknownPackage(name)
            found.add(data["package"][match[1]])
    return found


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((resources.files(__package__) / "extensions.toml").read_text())


language = Php()
