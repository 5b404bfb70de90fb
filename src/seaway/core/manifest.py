"""Manifests: which types are asked for, and which platforms an image is for."""

from collections.abc import Mapping
from typing import Any

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES, "application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1"))

_VARIANTS_OF_ONE = {"amd64": {"v1"}, "arm64": {"v8"}}
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm/v7", "armv6l": "arm/v6", "i686": "386"}


def platforms_of_index(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The platforms of an index, without the attestations that builders add as `unknown/unknown`."""
    entries = manifest.get("manifests")
    rows = entries if isinstance(entries, list) else []
    found = [_platform(entry.get("platform")) for entry in rows if isinstance(entry, dict)]
    return tuple(dict.fromkeys(name for name in found if name is not None and not name.startswith("unknown/")))


def config_digest(manifest: Mapping[str, Any]) -> str | None:
    """Of a manifest for one platform, the digest of the configuration that tells which."""
    config = manifest.get("config")
    digest = config.get("digest") if isinstance(config, dict) else None
    return digest if isinstance(digest, str) else None


def platform_of_config(config: Mapping[str, Any]) -> tuple[str, ...]:
    name = _platform(config)
    return (name,) if name else ()


def is_index(manifest: Mapping[str, Any]) -> bool:
    return isinstance(manifest.get("manifests"), list)


def platform_of_machine(system: str, machine: str) -> str:
    """What `uname` says, in the words of images: `linux/amd64`."""
    return f"{system.lower()}/{_MACHINES.get(machine, machine)}"


def _platform(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    system, machine, variant = value.get("os"), value.get("architecture"), value.get("variant")
    if not isinstance(system, str) or not isinstance(machine, str):
        return None
    plain = not isinstance(variant, str) or not variant or variant in _VARIANTS_OF_ONE.get(machine, ())
    return f"{system}/{machine}" if plain else f"{system}/{machine}/{variant}"
