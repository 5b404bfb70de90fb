"""Rust: cargo, against musl where nothing needs OpenSSL, so that the binary runs on a plain image."""

import posixpath
import re
from dataclasses import dataclass

from seaway.core.plan import Phase, Plan, Start
from seaway.packs.nixpacks.context import CannotPlan, Context, Draft, build, phases
from seaway.packs.nixpacks.providers.rust.cargo import Manifest, read_manifest, workspace_member

OVERLAY = "https://github.com/oxalica/rust-overlay/archive/master.tar.gz"
ARCHIVE = "ef56e777fedaa4da8c66a150081523c5de1e0171"
MUSL_TARGET = "x86_64-unknown-linux-musl"
WASI_TARGET = "wasm32-wasi"
_WASI = re.compile(r'target\s*=\s*"wasm32-wasi"')
_CACHE = ("/root/.cargo/git", "/root/.cargo/registry")


@dataclass(frozen=True)
class Crate:
    """What is built: a member of a workspace, or the binaries of the root's package.

    `target`: the target triple, None for the machine's own; `suffix`: what the compiler appends to a binary.
    """

    manifest: Manifest
    toolchain_file: str | None
    openssl: bool
    target: str | None
    workspace: str | None
    bins: tuple[str, ...]

    @property
    def suffix(self) -> str:
        return ".wasm" if self.target == WASI_TARGET else ""


class Rust:
    name = "rust"
    order = 190

    def detects(self, ctx: Context) -> bool:
        return ctx.has("Cargo.toml")

    def plan(self, ctx: Context) -> Draft:
        crate = read_crate(ctx)
        start = start_command(ctx, crate)
        plan = Plan(
            phases=phases(setup=setup_phase(ctx, crate), build=build_phase(crate)),
            variables={"ROCKET_ADDRESS": "0.0.0.0"},  # noqa: S104  (inside the container)
            start=None if start is None else _start(start, crate),
        )
        return Draft(plan, notes=notes(ctx, crate))


provider = Rust()


def read_crate(ctx: Context) -> Crate:
    """Raises FileBroken, UnreadableFile."""
    manifest = read_manifest(ctx.tree, "Cargo.toml")
    toolchain = ctx.first_having("rust-toolchain", "rust-toolchain.toml")
    openssl = "openssl" in manifest.dependencies or "openssl" in (ctx.text("Cargo.lock") or "")
    wasi = ctx.contains(".cargo/config.toml", _WASI)
    musl = not (wasi or ctx.is_truthy("NO_MUSL") or toolchain or openssl)
    named = ctx.variable("CARGO_WORKSPACE")
    return Crate(
        manifest,
        toolchain_file=toolchain,
        openssl=openssl,
        target=WASI_TARGET if wasi else MUSL_TARGET if musl else None,
        workspace=workspace_member(ctx.tree, manifest) if named is None else named,
        bins=_bins(ctx, manifest),
    )


def _bins(ctx: Context, manifest: Manifest) -> tuple[str, ...]:
    main = [manifest.package] if manifest.package is not None and ctx.has("src/main.rs") else []
    others = (posixpath.splitext(posixpath.basename(path))[0] for path in ctx.tree.find("src/bin/*"))
    return (*main, *others)


def setup_phase(ctx: Context, crate: Crate) -> Phase:
    musl = ("musl", "musl.dev") if crate.target == MUSL_TARGET else ()
    return Phase(
        nix_pkgs=("binutils", "gcc", _toolchain(ctx, crate), *musl),
        nix_libs=("openssl", "openssl.dev") if crate.openssl else None,
        nix_overlays=(OVERLAY,),
        nixpkgs_archive=ARCHIVE,
        only_include_files=(crate.toolchain_file,) if crate.toolchain_file else None,
    )


def _toolchain(ctx: Context, crate: Crate) -> str:
    """The Nix expression of the compiler. Raises CannotPlan."""
    asked = ctx.variable("RUST_VERSION")
    if asked is None and crate.toolchain_file:
        expression = f"(rust-bin.fromRustupToolchainFile ../{crate.toolchain_file})"
    else:
        version = _manifest_version(crate.manifest) if asked is None else asked
        channel = "latest" if version is None else f'"{version}"'
        expression = f"rust-bin.stable.{channel}.default"
    return f'({expression}.override {{ targets = ["{crate.target}"]; }})' if crate.target else expression


def _manifest_version(manifest: Manifest) -> str | None:
    if manifest.inherits_rust_version:
        raise CannotPlan(
            "Cargo.toml inherits rust-version from its workspace, which is not followed.",
            remedy="Write the version into [package], or set NIXPACKS_RUST_VERSION.",
        )
    return manifest.rust_version


def build_phase(crate: Crate) -> Phase:
    target = f" --target {crate.target}" if crate.target else ""
    folder = f"target/{crate.target}/release" if crate.target else "target/release"
    cmds = ["mkdir -p bin"]
    if crate.workspace is not None:
        cmds.append(f"cargo build --release --package {crate.workspace}{target}")
        cmds.append(f"cp {folder}/{crate.workspace}{crate.suffix} bin")
    elif crate.bins:
        cmds.append(f"cargo build --release{target}")
        cmds.extend(f"cp {folder}/{name}{crate.suffix} bin" for name in crate.bins)
    own = () if crate.manifest.package is None else ("target",)
    return build(*cmds, after=("setup",), cache=(*_CACHE, *own))


def start_command(ctx: Context, crate: Crate) -> str | None:
    """None if nothing says which of several binaries is the app. Raises CannotPlan."""
    if crate.workspace is not None:
        return f"./bin/{crate.workspace}"
    name = _started_bin(ctx, crate)
    return None if name is None else f"./bin/{name}{crate.suffix}"


def _started_bin(ctx: Context, crate: Crate) -> str | None:
    if len(crate.bins) == 1:
        return crate.bins[0]
    named = ctx.variable("RUST_BIN")
    if named is None:
        return crate.manifest.default_run
    if named not in crate.bins:
        known = ", ".join(crate.bins) or "none"
        raise CannotPlan(
            f"NIXPACKS_RUST_BIN names {named}, which the package does not build.", remedy=f"Its binaries are: {known}."
        )
    return named


def _start(cmd: str, crate: Crate) -> Start:
    if crate.target is None:
        return Start(cmd=cmd)
    return Start(cmd=cmd, run_image="ubuntu:noble", only_include_files=(cmd,))


def notes(ctx: Context, crate: Crate) -> tuple[str, ...]:
    asked = ctx.variable("RUST_VERSION")
    if asked is not None:
        version = f"Rust {asked}: NIXPACKS_RUST_VERSION asks for it."
    elif crate.toolchain_file:
        version = f"The Rust toolchain is the one that {crate.toolchain_file} names."
    elif crate.manifest.rust_version is not None:
        version = f"Rust {crate.manifest.rust_version}: rust-version in Cargo.toml asks for it."
    else:
        version = "Rust in its latest stable version: nothing in the app asks for another."
    several = crate.workspace is None and len(crate.bins) > 1 and _started_bin(ctx, crate) is None
    choice = f"Several binaries ({', '.join(crate.bins)}): NIXPACKS_RUST_BIN chooses which one is started."
    return (version, *((choice,) if several else ()))
