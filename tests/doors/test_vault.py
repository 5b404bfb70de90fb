import json

import pytest

from seaway.core.secret import Secret
from seaway.doors.vault import VaultMismatch, VaultUnreadable, open_vault


def test_what_is_sealed_opens_in_its_place(vault):
    assert vault.open(vault.seal(Secret("hunter2"), "a|1|env"), "a|1|env") == Secret("hunter2")


def test_a_value_moved_to_another_place_does_not_open(vault):
    sealed = vault.seal(Secret("hunter2"), "a|1|env")
    with pytest.raises(VaultMismatch):
        vault.open(sealed, "a|2|env")


def test_a_changed_value_does_not_open(vault):
    sealed = bytearray(vault.seal(Secret("hunter2"), "a|1|env"))
    sealed[-1] ^= 1
    with pytest.raises(VaultMismatch):
        vault.open(bytes(sealed), "a|1|env")


def test_the_text_is_not_in_what_is_stored_and_no_two_are_alike(vault):
    one, two = (vault.seal(Secret("hunter2"), "a|1|env") for _ in range(2))
    assert b"hunter2" not in one
    assert one != two


def test_another_key_file_does_not_open_it(vault, tmp_path):
    sealed = vault.seal(Secret("hunter2"), "a|1|env")
    with pytest.raises(VaultMismatch):
        open_vault(tmp_path / "other.key").open(sealed, "a|1|env")


def test_the_key_file_is_for_its_owner_alone_and_is_made_once(tmp_path):
    open_vault(tmp_path / "new.key")
    text = (tmp_path / "new.key").read_text()
    open_vault(tmp_path / "new.key")
    assert (tmp_path / "new.key").read_text() == text
    assert (tmp_path / "new.key").stat().st_mode & 0o777 == 0o600


def test_a_broken_key_file_says_what_to_do(tmp_path):
    (tmp_path / "broken.key").write_text(json.dumps({"keys": {}}))
    with pytest.raises(VaultUnreadable, match="Restore it from a backup"):
        open_vault(tmp_path / "broken.key")


def test_a_renewed_key_rewraps_without_touching_the_payload(vault):
    sealed = vault.seal(Secret("hunter2"), "a|1|env")
    again = vault.rewrapped(sealed, "a|1|env")
    assert again[65:] == sealed[65:]
    assert vault.open(again, "a|1|env") == Secret("hunter2")
