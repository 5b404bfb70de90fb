#!/usr/bin/env python3
"""Measures the registry chain: the doctor against `skopeo inspect` over a long line, and what a proof adds on loopback.

The registry is Debian's docker-registry with token login, reached over TLS through the tests' slow line; its token
server answers under another name. Both tools take turns on the same image.
"""

# The tests' parts are found by sys.path, which the type checker does not see.
# mypy: disable-error-code="import-not-found"

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from registry_fixtures import (  # noqa: E402 - the tests' parts are found by the line above
    Registry,
    push_image,
    running_registry,
)
from seaway.core.credential import Credential  # noqa: E402
from seaway.core.image import ImageRef, parse_image  # noqa: E402
from seaway.core.secret import Secret  # noqa: E402
from seaway.doors.http import HttpPipe  # noqa: E402
from seaway.doors.network import Trust  # noqa: E402
from seaway.doors.registry import RegistryDoor  # noqa: E402
from seaway.registries import all_kinds  # noqa: E402
from simulators.authority import Authority  # noqa: E402
from simulators.registry_front import GHCR, Account, Package, RegistryFront  # noqa: E402
from simulators.slow_line import SlowLine  # noqa: E402

SEAWAY = Path(sys.executable).parent / "seaway"
ROUND_TRIP_S = 0.05
ROUNDS = 9
IMAGES = 8
CHAIN_BAR_MS, PROOF_BAR_MS, PROCESS_BAR_MS = 60, 50, 150


@dataclass(frozen=True)
class Line:
    """A registry, how it is reached, and what a process needs to trust it."""

    host: str
    ca_file: Path
    certificates: Path


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(f"over a line with a round trip of {ROUND_TRIP_S * 1000:.0f} ms, medians of {ROUNDS}")
        with long_line(Path(folder)) as line:
            compare(line)
        print("on loopback")
        with running_registry(Path(folder) / "near") as registry:
            asyncio.run(near(registry))
    print("as processes")
    start_up()


@contextlib.contextmanager
def long_line(folder: Path) -> Iterator[Line]:
    """Two names of this machine: one for the registry, one for its token server, each at the end of its own line."""
    authority = Authority(folder)
    tls = authority.issue("127.0.0.1", "localhost").server_context()
    with running_registry(folder / "far") as registry:
        names = {"acme/public": True, "acme/private": False}
        for name in names:
            push_image(registry, name, "1", "amd64")
        packages = {name: Package(public) for name, public in names.items()}
        accounts = [Account("live", rights=dict.fromkeys(names, frozenset({"pull"})))]
        with (
            RegistryFront(GHCR, packages, accounts, behind=registry.host, tls=tls) as front,
            SlowLine(front.port, ROUND_TRIP_S) as near_end,
            SlowLine(front.port, ROUND_TRIP_S) as token_end,
        ):
            front.realm = f"https://localhost:{token_end.port}/token"
            # skopeo takes every key in the folder for a client's.
            trusted = folder / "trusted"
            trusted.mkdir()
            (trusted / "ca.crt").write_bytes(authority.ca_file.read_bytes())
            yield Line(f"127.0.0.1:{near_end.port}", authority.ca_file, trusted)


def compare(line: Line) -> None:
    image = f"{line.host}/acme/public:1"
    private = f"{line.host}/acme/private:1"
    env = {**os.environ, "SSL_CERT_FILE": str(line.ca_file)}
    login = ["--username", "me", "--password-stdin"]
    doctor = [str(SEAWAY), "doctor", "--json"]
    skopeo = ["skopeo", "inspect", "--cert-dir", str(line.certificates), "--authfile", str(empty_authfile(line))]
    pairs = (
        ("as anybody", [*doctor, image], [*skopeo, "--no-creds", f"docker://{image}"], b""),
        ("(it: --no-tags)", [*doctor, image], [*skopeo, "--no-creds", "--no-tags", f"docker://{image}"], b""),
        ("with a login", [*doctor, private, *login], [*skopeo, "--creds", "me:live", f"docker://{private}"], b"live"),
    )
    for words, ours, theirs, secret in pairs:
        mine, others = turns(partial(run, ours, env, secret), partial(run, theirs, env, b""))
        verdict = "ok" if mine <= others else "MISSED"
        print(f"  seaway doctor {words:16} {mine:6.0f} ms   skopeo inspect {others:6.0f} ms   {verdict}")


def empty_authfile(line: Line) -> Path:
    path = line.ca_file.parent / "auth.json"
    path.write_text("{}")
    return path


def turns(ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, float]:
    """Medians in milliseconds; the first round of each only warms the machine."""
    pairs = [(ours(), theirs()) for _ in range(ROUNDS + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def run(argv: Sequence[str], env: dict[str, str], typed: bytes) -> float:
    began = time.perf_counter()
    done = subprocess.run(argv, env=env, input=typed, capture_output=True, check=False)
    took = (time.perf_counter() - began) * 1000
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(argv[:3])}: {done.stdout.decode()}{done.stderr.decode()}")
    return took


async def near(registry: Registry) -> None:
    """What a proof costs a deployment when the registry is close: the first of a process, and one of several."""
    names = [f"acme/base{n}" for n in range(IMAGES)]
    for name in names:
        push_image(registry, name, "1")
    accounts = [Account("live", rights=dict.fromkeys(names, frozenset({"pull"})))]
    packages = {name: Package(False) for name in names}
    with RegistryFront(GHCR, packages, accounts, behind=registry.host) as front:
        credential = Credential("bench", front.host, "me", Secret("live"))
        images = [parse_image(f"{front.host}/{name}:1") for name in names]
        first, each = [], []
        for _ in range(ROUNDS):
            async with HttpPipe(Trust()) as http:
                door = RegistryDoor(http, kinds=all_kinds())
                first.append(await timed(door, images[:1], credential))
                each.append(await timed(door, images, credential) / len(images))
    show("the chain of one image, first time", statistics.median(first), CHAIN_BAR_MS)
    show(f"each of {IMAGES} images, login shown anew", statistics.median(each), PROOF_BAR_MS)


async def timed(door: RegistryDoor, images: Sequence[ImageRef], credential: Credential) -> float:
    began = time.perf_counter()
    proofs = await asyncio.gather(*(door.prove(image, credential, fresh=True) for image in images))
    assert all(proof.credential == "bench" for proof in proofs)
    return (time.perf_counter() - began) * 1000


def start_up() -> None:
    log = "\n".join(f"#{n} [internal] load build definition" for n in range(19)) + "\n#20 ERROR: denied: denied\n"
    env = dict(os.environ)
    for words, argv, typed in (
        ("seaway doctor --help", [str(SEAWAY), "doctor", "--help"], b""),
        ("seaway explain, 20 lines", [str(SEAWAY), "explain"], log.encode()),
    ):
        taken = [run(argv, env, typed) for _ in range(ROUNDS + 1)][1:]
        show(words, statistics.median(taken), PROCESS_BAR_MS)


def show(words: str, took_ms: float, bar_ms: float) -> None:
    print(f"  {words:36} {took_ms:6.1f} ms   bar {bar_ms:.0f} ms   {'ok' if took_ms <= bar_ms else 'MISSED'}")


if __name__ == "__main__":
    main()
