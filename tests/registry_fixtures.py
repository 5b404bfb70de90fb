"""The real docker-registry for tests, images in it, and a certificate authority. Everything listens on loopback."""

import contextlib
import hashlib
import http.client
import json
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.authority import Authority

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Registry:
    """A running docker-registry; `log` is where it writes."""

    host: str
    log: Path

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        content_type: str = "application/octet-stream",
        login: str | None = None,
        authorization: str | None = None,
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self.host, timeout=10)
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), "Accept": f"{MANIFEST}, {INDEX}"}
        if login is not None:
            headers["Authorization"] = "Basic " + b64encode(login.encode()).decode()
        if authorization is not None:
            headers["Authorization"] = authorization
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response


@contextlib.contextmanager
def running_registry(folder: Path, auth: str = "") -> Iterator[Registry]:
    """Start it and wait until it answers; `auth` is the lines below `auth:` of its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    config = folder / "config.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}', relativeurls: true, secret: not-secret}}\n"
        + (f"auth:\n{auth}" if auth else "")
    )
    log = folder / "registry.log"
    with log.open("wb") as out:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=out, stderr=out)
    try:
        _wait_for(port, process, log)
        yield Registry(f"127.0.0.1:{port}", log)
    finally:
        process.terminate()
        process.wait(10)


def htpasswd_auth(folder: Path, users: dict[str, str]) -> str:
    file = folder / "htpasswd"
    lines = [
        subprocess.run(
            ["htpasswd", "-niBC", "4", name], input=password.encode(), capture_output=True, check=True
        ).stdout.decode()
        for name, password in users.items()
    ]
    file.write_text("".join(line.strip() + "\n" for line in lines))
    return f"  htpasswd: {{realm: test, path: {file}}}\n"


def token_auth(realm: str, service: str, issuer: str, certificate: Path) -> str:
    return f"  token: {{realm: '{realm}', service: {service}, issuer: {issuer}, rootcertbundle: {certificate}}}\n"


def image_parts(architecture: str = "amd64") -> tuple[bytes, bytes, bytes]:
    """A layer, a configuration and a manifest, each as bytes. The layer is no archive; nobody unpacks it."""
    layer = f"layer for {architecture}".encode()
    config = json.dumps(
        {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]}}
    ).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    }
    return layer, config, json.dumps(manifest).encode()


def push_image(registry: Registry, repository: str, tag: str, *architectures: str, **auth: str) -> str:
    """Put an image there over the API, for several architectures as an index; returns its digest."""
    children = []
    for architecture in architectures or ("amd64",):
        layer, config, manifest = image_parts(architecture)
        for blob in (layer, config):
            _push_blob(registry, repository, blob, auth)
        digest = digest_of(manifest)
        _put(registry, f"/v2/{repository}/manifests/{digest}", manifest, MANIFEST, auth)
        platform = {"os": "linux", "architecture": architecture}
        children.append({**_descriptor(MANIFEST, manifest), "platform": platform})
    if len(children) == 1:
        _put(registry, f"/v2/{repository}/manifests/{tag}", manifest, MANIFEST, auth)
        return digest
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()
    _put(registry, f"/v2/{repository}/manifests/{tag}", index, INDEX, auth)
    return digest_of(index)


def put_blob(registry: Registry, repository: str, blob: bytes, media_type: str, **auth: str) -> dict[str, object]:
    """Its descriptor, for a manifest."""
    _push_blob(registry, repository, blob, auth)
    return _descriptor(media_type, blob)


def put_manifest(registry: Registry, repository: str, tag: str, manifest: bytes, **auth: str) -> str:
    """Returns its digest."""
    _put(registry, f"/v2/{repository}/manifests/{tag}", manifest, MANIFEST, auth)
    return digest_of(manifest)


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _push_blob(registry: Registry, repository: str, blob: bytes, auth: dict[str, str]) -> None:
    opened = registry.request("POST", f"/v2/{repository}/blobs/uploads/", **auth)
    assert opened.status == 202, opened.status
    location = opened.getheader("Location") or ""
    done = registry.request("PUT", f"{location}&digest={digest_of(blob)}", blob, **auth)
    assert done.status == 201, done.status


def _put(registry: Registry, path: str, body: bytes, content_type: str, auth: dict[str, str]) -> None:
    response = registry.request("PUT", path, body, content_type=content_type, **auth)
    assert response.status == 201, response.status


def _descriptor(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"docker-registry ended: {log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("docker-registry does not listen")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def open_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Anybody may do anything."""
    with running_registry(tmp_path_factory.mktemp("open-registry")) as registry:
        yield registry


@pytest.fixture(scope="session")
def basic_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Takes `alice` with `wonderland`, nobody else."""
    folder = tmp_path_factory.mktemp("basic-registry")
    with running_registry(folder, htpasswd_auth(folder, {"alice": "wonderland"})) as registry:
        yield registry
