"""Rust: Debian's compiler, the binaries alone on the runtime base."""

import re

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.packages import packages_of
from seaway.builders.debian.series import numbers
from seaway.builders.debian.work import IGNORED, SHELL, Image, Work, assets_copied
from seaway.core.errors import Invalid
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.toolchain import APP_UID, CA_BUNDLE, base_tag
from seaway.core.tree import Tree

VERSION = "1.85"
"""What Debian 13 has."""
_MUSL = "x86_64-unknown-linux-musl"
_ASKED = re.compile(r'rust-bin\.stable\."([\d.]+)"')
_HANDLED = frozenset({"binutils", "gcc", "musl", "musl.dev"})


class RustVersionUnavailable(Invalid):
    code = "builder.rust_version_unavailable"

    def __init__(self, asked: str) -> None:
        super().__init__(
            f"The app asks for Rust {asked}, and the builder `debian` has Rust {VERSION}.",
            remedy=f"Ask for {VERSION} or below (rust-version in Cargo.toml, or NIXPACKS_RUST_VERSION), or build with "
            "`--builder nix`.",
        )


class Rust:
    name = "rust"

    def is_responsible(self, plan: Plan) -> bool:
        names = _names(plan)
        return (
            any(name.startswith(("rust-bin", "(rust-bin", "((rust-bin")) for name in names) and "lunatic" not in names
        )

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        work = Work(plan, tree, wanted)
        note = _version_note(work)
        handled = [name for name in _names(plan) if "rust-bin" in name]
        packages = packages_of(plan, [*handled, *_HANDLED], ["cargo", "gcc", "libc6-dev", "pkg-config", "rustc"])
        caches = [df.cache(wanted.app, f"/root/.cargo/{name}") for name in ("git", "registry")]
        head = [SHELL, df.apt_install(packages.build), "WORKDIR /app"]
        head += [*df.env({**df.TRUST, "CARGO_HTTP_CAINFO": CA_BUNDLE, **work.variables}), *work.argument]
        lines = [*head, df.copy(".", "."), *work.phases(rewrite=_glibc, mounts=caches), df.run("rm -rf target")]
        image = Image(
            work,
            packages,
            copies=[*assets_copied(work), df.copy("/app", "/app", stage="build", owner=APP_UID)],
        )
        return Recipe(
            dockerfile=df.written([df.Stage(base_tag(), lines, "build"), *image.stages()]),
            context_files=work.assets,
            ignored=(*IGNORED, "target"),
            wants_env=bool(wanted.env),
            port=work.port,
            notes=(note,),
        )


def _names(plan: Plan) -> list[str]:
    return [name for phase in (plan.phases or {}).values() for name in phase.nix_pkgs or ()]


def _glibc(command: str) -> str:
    """Debian's compiler builds for the C library that the runtime base has."""
    return command.replace(f" --target {_MUSL}", "").replace(f"target/{_MUSL}/release", "target/release")


def _version_note(work: Work) -> str:
    for name in _names(work.plan):
        asked = _ASKED.search(name)
        if asked and numbers(asked[1])[:2] > numbers(VERSION):
            raise RustVersionUnavailable(asked[1])
        if "wasm32" in name:
            raise RustVersionUnavailable("with the target wasm32-wasi")
    return f"Rust {VERSION}, the distribution's."


language = Rust()
