"""The machine's own sources of packages: its release, and those entries that serve this release."""

from pathlib import Path

from seaway.core.errors import Invalid


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
