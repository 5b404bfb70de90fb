"""Colours of seaway.css, in light and in dark: text needs 4.5 to 1, lines of controls and shapes 3 to 1 (WCAG AA)."""

import re
from itertools import product

import pytest

from seaway.web.rendering import static_files

CSS = static_files()["seaway.css"].content.decode()
PAIRS = dict(re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", CSS))
THEMES = {"light": 0, "dark": 1}

STATES = ["live", "working", "attention", "broken"]
TEXTS = [
    *product(["text", "muted", "accent", *STATES], ["ground", "sunk"]),
    *product(["text", "muted", "accent", "broken"], ["broken-ground"]),
    *product(["text", "muted", "accent", "attention"], ["attention-ground"]),
    ("on-accent", "accent"),
    ("text", "hit"),
]


def colour(name: str, theme: str) -> str:
    return str(PAIRS[name].split(", ")[THEMES[theme]])


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_defined() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read(text: str, ground: str, theme: str) -> None:
    assert contrast(colour(text, theme), colour(ground, theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["ground", "sunk"])
def test_edges_of_controls_can_be_seen(ground: str, theme: str) -> None:
    assert contrast(colour("edge", theme), colour(ground, theme)) >= 3


def test_colours_are_named_in_one_place_only() -> None:
    after_names = CSS[CSS.index("--mono:") :]
    assert not re.findall(r": #[0-9a-f]{3,8}\b|rgba?\(", after_names)
