"""Vectors: reading them, laying their apps out on disk, and saying where a plan differs from the expected one."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

VECTORS = sorted((Path(__file__).parent / "vectors").glob("*.json"))

_OUR_OWN_TEXTS = re.compile(r"Caddyfile|get-gleam\.sh|nginx\.template\.conf|php-fpm\.conf|scripts/.*")
_NGINX_FACT = re.compile(r"^\s*(root|gzip|autoindex|error_page|auth_basic_user_file|include)\s+([^;]+);", re.MULTILINE)


def read_vector(path: Path) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return vector


def lay_out(vector: Mapping[str, Any], parent: Path) -> Path:
    """Write the vector's app below `parent`; gives its folder."""
    root = parent / vector["app_dir"]
    for name, text in vector["files"].items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")
        path.chmod(0o755 if name in vector["executable"] else 0o644)
    return root


def full_expectation(vector: Mapping[str, Any]) -> dict[str, Any]:
    """The expected plan with the real base image and archives instead of the redacted ones."""
    expected: dict[str, Any] = json.loads(json.dumps(vector["expected_plan"]))
    observed = vector["observed"]
    expected.setdefault("phases", {})
    expected["buildImage"] = observed["build_image"]
    for name, phase in expected["phases"].items():
        phase.pop("name", None)
        assert ("nixpkgsArchive" in phase) == (name in observed["nixpkgs_archive"])
        if "nixpkgsArchive" in phase:
            phase["nixpkgsArchive"] = observed["nixpkgs_archive"][name]
    return expected


def differences(plan: Mapping[str, Any], vector: Mapping[str, Any]) -> list[str]:
    """Lines `path: ours != expected`; absent and empty differ, order in lists counts, order of keys does not."""
    return list(_differing("plan", _comparable(plan), _comparable(full_expectation(vector))))


def _comparable(plan: Mapping[str, Any]) -> dict[str, Any]:
    assets = plan.get("staticAssets")
    if assets is None:
        return dict(plan)
    return {**plan, "staticAssets": {name: _comparable_asset(name, text) for name, text in assets.items()}}


def _comparable_asset(name: str, text: str) -> object:
    if _OUR_OWN_TEXTS.fullmatch(name):
        return "our own"
    if name == "nginx.conf":
        return sorted([fact, " ".join(value.split())] for fact, value in _NGINX_FACT.findall(text))
    return text


def _differing(path: str, ours: object, expected: object) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(expected, dict):
        for key in sorted(ours.keys() | expected.keys()):
            yield from _differing(f"{path}.{key}", ours.get(key, ...), expected.get(key, ...))
    elif ours != expected:
        yield f"{path}: {ours!r} != {expected!r}"


def instructions(dockerfile: str) -> list[str]:
    """A Dockerfile's lines without comments, blank lines and doubled spaces."""
    lines = (re.sub(" {2,}", " ", line).rstrip() for line in dockerfile.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
