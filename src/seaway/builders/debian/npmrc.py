"""What of the machine's npm configuration a build needs: where packages come from, and the login for it."""

import re
from collections.abc import Iterable

# Only these: `cafile`, `nodedir`, `prefix` and the like name places of this machine, which a build does not see.
_KEPT = re.compile(r"\s*(?:@[^:=\s]+:registry|//\S+?:\w+|registry|proxy|https?-proxy|noproxy|strict-ssl)\s*=")


def for_builds(files: Iterable[str]) -> str:
    """The lines that count, of npmrc files in npm's order (the machine's before the user's: the last one wins)."""
    lines = [line.strip() for text in files for line in text.splitlines() if _KEPT.match(line)]
    return "".join(f"{line}\n" for line in lines)
