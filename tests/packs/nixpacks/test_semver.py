"""npm ranges: which of the packaged Node.js versions they let in."""

import pytest

from seaway.packs.nixpacks.semver import major_interval, overlaps, parse_range


def majors(text: str) -> list[int] | None:
    alternatives = parse_range(text)
    if alternatives is None:
        return None
    return [major for major in (14, 16, 18, 20, 22) if overlaps(alternatives, major_interval(major))]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("18", [18]),
        ("v18", [18]),
        ("=18.2", [18]),
        ("18.x.x", [18]),
        ("18.*", [18]),
        ("x", [14, 16, 18, 20, 22]),
        ("*", [14, 16, 18, 20, 22]),
        (">=18", [18, 20, 22]),
        (">= 18.1.0", [18, 20, 22]),
        (">18", [20, 22]),
        (">18.4", [18, 20, 22]),
        (">22", []),
        ("<18", [14, 16]),
        ("<=18.5.0", [14, 16, 18]),
        ("^16.3.1", [16]),
        ("~16", [16]),
        ("~>16.3", [16]),
        ("^16.3 || ^20", [16, 20]),
        ("16 - 18", [16, 18]),
        ("16.1.0 - 18.0.0", [16, 18]),
        (">=16 <20", [16, 18]),
        (">=16, <20", [14, 16, 18]),
        ("19", []),
        ("0.10", []),
        ("^0.2.3", []),
    ],
)
def test_a_range_lets_in_the_versions_that_npm_would(text: str, allowed: list[int]) -> None:
    assert allowed == majors(text)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("<=18", [14, 16]),
        ("<=18.0", [14, 16]),
        ("<=20.1", [14, 16, 18, 20]),
        ("20 lts", [20]),
        ("node 20", [20]),
        (">20 <16", [14, 22]),
        ("^18.0.0-rc.1", [18]),
        (">=18.0.0-rc.1 <18.0.0", []),
        ("18.0.0-rc.1", []),
    ],
)
def test_a_range_keeps_the_oddities_of_the_vectors(text: str, allowed: list[int]) -> None:
    assert allowed == majors(text)


@pytest.mark.parametrize("text", ["", "lts", "latest", "lts/*", "|| ||", "1.2.3.4", ">=", "🐟"])
def test_a_range_without_any_version_is_none(text: str) -> None:
    assert majors(text) is None
