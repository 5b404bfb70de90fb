from dataclasses import fields
from pathlib import Path

import pytest

from seaway.settings import InvalidConfiguration, Settings, read_settings

DOCS = Path(__file__).parent.parent / "docs" / "settings.md"


def test_each_setting_is_described():
    text = DOCS.read_text()
    assert [f.name for f in fields(Settings) if f"`SEAWAY_{f.name.upper()}`" not in text] == []


def test_what_is_not_set_keeps_its_default():
    assert read_settings({}) == Settings()
    read = read_settings({"SEAWAY_PORT": "7200", "SEAWAY_HOME": "/srv/x", "SEAWAY_INSECURE_REGISTRIES": "a:1, b"})
    assert (read.port, read.home, read.insecure_registries) == (7200, Path("/srv/x"), ("a:1", "b"))


def test_a_wrong_number_names_the_variable():
    with pytest.raises(InvalidConfiguration, match="SEAWAY_PORT"):
        read_settings({"SEAWAY_PORT": "many"})
