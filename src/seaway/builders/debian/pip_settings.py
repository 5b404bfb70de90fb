"""What of the machine's pip configuration a build needs: where packages come from."""

import configparser
from collections.abc import Iterable

# Only these: `find-links`, `cert`, `cache-dir` and the like name places of this machine, which a build does not see.
_KEPT = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries", "no-index")


def for_builds(files: Iterable[str]) -> str:
    """A pip.conf with what counts, of files in pip's order (the last one wins). A file that is no pip.conf is none."""
    kept: dict[str, str] = {}
    for text in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(text)
        except configparser.Error:
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                kept |= {name: value for name, value in parser.items(section) if name in _KEPT}
    lines = (f"{name} = {value}".replace("\n", "\n    ") for name, value in sorted(kept.items()))
    return "[global]\n" + "".join(f"{line}\n" for line in lines) if kept else ""
