"""npm's version ranges, as npm reads them."""

import pytest

from seaway.builders.debian.node.semver import newest, parse_range

VERSIONS = ("18.0.0", "18.20.8", "20.9.0", "20.19.1", "20.19.2", "22.0.0", "22.4.1", "22.20.0", "24.1.0")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("20.19.1", "20.19.1"),
        ("=20.19.1", "20.19.1"),
        ("v20", "20.19.2"),
        ("20.x", "20.19.2"),
        ("20.*.*", "20.19.2"),
        ("^20.9.0", "20.19.2"),
        ("~20.19.1", "20.19.2"),
        ("~20", "20.19.2"),
        ("<22", "20.19.2"),
        ("<=22.0.0", "22.0.0"),
        ("<=20", "20.19.2"),
        (">=18 <20.10", "20.9.0"),
        (">= 18 < 20", "18.20.8"),
        ("18 - 20.9", "20.9.0"),
        ("18 || 22.0", "22.0.0"),
        (">20", "24.1.0"),
        (">=20.9.0", "24.1.0"),
        ("*", "24.1.0"),
        ("x", "24.1.0"),
        ("20 lts", "20.19.2"),
        (">=20.0.0-rc.1 <21", "20.19.2"),
        ("19", None),
        ("^22.21", None),
    ],
)
def test_the_newest_version_that_fits_is_found(text: str, version: str | None) -> None:
    wanted = parse_range(text)
    assert wanted is not None
    assert newest(VERSIONS, wanted) == version


@pytest.mark.parametrize("text", ["", "latest", "lts/*", "node"])
def test_what_names_no_version_is_no_range(text: str) -> None:
    assert parse_range(text) is None
