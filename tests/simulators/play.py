"""`make simulators`: the fronts before a real docker-registry that holds an image which runs, until Ctrl-C.

The image is busybox that serves a page: it can be pulled, deployed and built upon through every front.
"""

import argparse
import contextlib
import json
import ssl
import tempfile
import threading
from pathlib import Path

from docker_fixtures import busybox_root
from registry_fixtures import MANIFEST, Registry, digest_of, put_blob, put_manifest, running_registry
from simulators.authority import Authority
from simulators.registry_front import ALL_MANNERS, Account, Package, RegistryFront

NAMES = {"acme/public": True, "acme/private": False, "other/private": False}
SERVES = "mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 0.0.0.0:${PORT:-3000} -h /www"
BOTH = frozenset({"pull", "push"})
ACCOUNTS = (
    Account("live", rights=dict.fromkeys(NAMES, BOTH)),
    Account("acme", rights={name: BOTH for name in NAMES if name.startswith("acme/")}),
    Account("other", rights={"other/private": BOTH}),
    Account("stranger"),
    Account("dead", alive=False),
)


def push_busybox(registry: Registry, repository: str, tag: str = "1") -> str:
    """An image of 2 MB that runs, over the registry's API; returns its digest."""
    layer = busybox_root()
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["sh", "-c", SERVES], "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]},
        }
    ).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": put_blob(registry, repository, config, "application/vnd.oci.image.config.v1+json"),
        "layers": [put_blob(registry, repository, layer, "application/vnd.oci.image.layer.v1.tar")],
    }
    return put_manifest(registry, repository, tag, json.dumps(manifest).encode())


def play(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Simulated registries for playing; Ctrl-C ends them.")
    parser.add_argument("--tls", metavar="FOLDER", type=Path, help="serve https; the authority's ca.crt goes to FOLDER")
    options = parser.parse_args(argv)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        registry = stack.enter_context(running_registry(folder))
        for name in NAMES:
            push_busybox(registry, name)
        tls = _context(options.tls) if options.tls else None
        fronts = {}
        for kind, manners in sorted(ALL_MANNERS.items()):
            packages = {name: Package(public) for name, public in NAMES.items()}
            front = RegistryFront(manners, packages, list(ACCOUNTS), behind=registry.host, tls=tls)
            fronts[kind] = stack.enter_context(front)
        print(_how_to(fronts), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


def _context(folder: Path) -> ssl.SSLContext:
    folder.mkdir(parents=True, exist_ok=True)
    return Authority(folder).issue("127.0.0.1", "localhost").server_context()


def _how_to(fronts: dict[str, RegistryFront]) -> str:
    ghcr = fronts["ghcr"].host
    lines = [
        *(f"{kind:12} {front.host}" for kind, front in fronts.items()),
        "",
        "Each holds acme/public:1, acme/private:1 and other/private:1. Any user may log in with one of these secrets:",
        "live (may all), acme (acme/ alone), other (other/ alone), stranger (no right), dead (refused).",
        "",
        "Try:",
        f"  echo dead | seaway doctor {ghcr}/acme/public:1 --username me --password-stdin",
        f"  echo acme | seaway credentials add {ghcr}/acme --username me --password-stdin",
        f"  seaway deploy --image {ghcr}/acme/private:1 --app shop",
        f"  docker pull {ghcr}/acme/private:1 2>&1 | seaway explain",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    play()
