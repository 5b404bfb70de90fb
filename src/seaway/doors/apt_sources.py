"""The machine's own sources of packages: its release, and those entries that serve this release."""

import re
from pathlib import Path

from seaway.core.errors import Invalid

_PROXY = re.compile(r"""\s*Acquire::(https?)::Proxy\s+["']?(https?://[^"';\s]+)""", re.IGNORECASE)


class UnknownSystem(Invalid):
    code = "bases.unknown_system"


def suite_of(root: Path) -> str:
    """The code name of the machine's release of Debian: `trixie`."""
    release = root / "etc/os-release"
    for line in release.read_text().splitlines() if release.exists() else []:
        name, _, value = line.partition("=")
        if name == "VERSION_CODENAME" and value:
            return value.strip().strip('"')
    raise UnknownSystem(
        f"{release} does not name the release of this system (VERSION_CODENAME).",
        remedy="Builds need Debian 12 or newer on the machine that builds.",
    )


def written(root: Path, suite: str, folder: Path) -> list[Path]:
    """Files in `folder` with the entries of the machine that serve this release; none means the distribution's own.

    Entries for other releases, for local folders and for other products are left out.
    """
    apt = root / "etc/apt"
    lists = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]
    lines = [line for path in lists if path.exists() for line in path.read_text().splitlines() if serves(line, suite)]
    stanzas = [
        stanza
        for path in sorted(apt.glob("sources.list.d/*.sources"))
        for stanza in path.read_text().split("\n\n")
        if stanza_serves(stanza, suite)
    ]
    files = []
    for name, text in (("machine.list", "\n".join(lines)), ("machine.sources", "\n\n".join(stanzas))):
        if text:
            (folder / name).write_text(text + "\n")
            files.append(folder / name)
    return files


def proxies(root: Path) -> list[str]:
    """The machine's proxies for apt as options: `Acquire::http::Proxy "http://proxy:3128"`.

    One with a login in it is left out: the base image keeps what it is given, and images of apps start from it.
    """
    apt = root / "etc/apt"
    files = [*sorted(apt.glob("apt.conf.d/*")), apt / "apt.conf"]
    texts = [path.read_text(errors="replace") for path in files if path.is_file()]
    lines = (line for text in texts for line in text.splitlines())
    found = {match[1].lower(): match[2] for line in lines if (match := _PROXY.match(line))}
    return [f'Acquire::{scheme}::Proxy "{proxy}"' for scheme, proxy in sorted(found.items()) if "@" not in proxy]


def serves(line: str, suite: str) -> bool:
    """Whether a line of the one-line format gives binary packages of this release."""
    words = line.split("#")[0].replace("[", " [").split()
    if not words or words[0] != "deb":
        return False
    options_end = next((i for i, word in enumerate(words) if word.endswith("]")), 0)
    where = words[options_end + 1 :]
    return len(where) > 1 and not where[0].startswith(("file:", "cdrom:")) and _is_of(where[1], suite)


def stanza_serves(stanza: str, suite: str) -> bool:
    """The same for a stanza of the deb822 format."""
    fields = {
        name.strip().lower(): value.split()
        for name, colon, value in (line.partition(":") for line in stanza.splitlines() if not line.startswith("#"))
        if colon and not name.startswith((" ", "\t"))
    }
    return (
        "deb" in fields.get("types", [])
        and fields.get("enabled", ["yes"]) != ["no"]
        and not any(uri.startswith(("file:", "cdrom:")) for uri in fields.get("uris", []))
        and bool(fields.get("suites"))
        and all(_is_of(name, suite) for name in fields["suites"])
    )


def _is_of(name: str, suite: str) -> bool:
    return name == suite or name.startswith(f"{suite}-")
