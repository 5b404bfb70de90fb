"""Versions as people write them, and the JDKs that several providers share."""

import re

# Words, then major.minor and perhaps a patch: "python-3.12.1", "v1.17", "'3.9'".
_VERSION = re.compile(r"""^[\sa-zA-Z\-"']*(\d*)\.*(\d*)(?:\.*\d*)["']?\Z""")

JDK_PACKAGES = {21: "jdk21", 20: "jdk20", 19: "jdk", 17: "jdk17", 11: "jdk11", 8: "jdk8"}


def version_parts(text: str) -> tuple[str, str] | None:
    """Major and minor as written, each perhaps empty; None if the text is no version."""
    match = _VERSION.match(text)
    return (match[1], match[2]) if match else None


def whole_number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
