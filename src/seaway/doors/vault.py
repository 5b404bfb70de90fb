"""Secrets at rest: an AES-GCM envelope whose key-encryption keys live in a file outside of the database.

A sealed value is `version(1) | key id(4) | nonce(12) | wrapped data key(48) | nonce(12) | ciphertext and tag`. The
data key is used once; both layers are bound to a place (`table|row|column`), so that a value moved to another row
does not open. Renewing the key-encryption key rewraps data keys only.
"""

import base64
import hashlib
import hmac
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seaway.core.errors import Failed, Unavailable
from seaway.core.secret import Secret

_VERSION = b"\x01"
_HEAD = 1 + 4 + 12 + 48


class VaultUnreadable(Unavailable):
    code = "vault.unreadable"
    temporary = False


class VaultMismatch(Failed):
    code = "vault.mismatch"


class Vault:
    """Seals and opens; `mac` gives a keyed digest that says whether values changed and nothing else."""

    def __init__(self, keys: dict[bytes, bytes], current: bytes, mac_key: bytes, path: Path | None = None) -> None:
        self._keys = keys
        self._current = current
        self._mac_key = mac_key
        self._path = path

    @property
    def key_id(self) -> str:
        """The name of the key that seals now."""
        return self._current.hex()

    def seal(self, text: Secret, place: str) -> bytes:
        data_key = AESGCM.generate_key(256)
        outer, inner = os.urandom(12), os.urandom(12)
        wrapped = AESGCM(self._keys[self._current]).encrypt(outer, data_key, place.encode())
        body = AESGCM(data_key).encrypt(inner, text.reveal().encode(), place.encode())
        return _VERSION + self._current + outer + wrapped + inner + body

    def open(self, sealed: bytes, place: str) -> Secret:
        key = self._keys.get(sealed[1:5])
        if sealed[:1] != _VERSION or key is None:
            raise _mismatch(place)
        try:
            data_key = AESGCM(key).decrypt(sealed[5:17], sealed[17:65], place.encode())
            return Secret(AESGCM(data_key).decrypt(sealed[65:77], sealed[77:], place.encode()).decode())
        except InvalidTag:
            raise _mismatch(place) from None

    def rewrapped(self, sealed: bytes, place: str) -> bytes:
        """The same value under the current key; the payload is not touched."""
        key = self._keys.get(sealed[1:5])
        if sealed[:1] != _VERSION or key is None:
            raise _mismatch(place)
        try:
            data_key = AESGCM(key).decrypt(sealed[5:17], sealed[17:65], place.encode())
        except InvalidTag:
            raise _mismatch(place) from None
        outer = os.urandom(12)
        wrapped = AESGCM(self._keys[self._current]).encrypt(outer, data_key, place.encode())
        return _VERSION + self._current + outer + wrapped + sealed[_HEAD:]

    def is_current(self, sealed: bytes) -> bool:
        return sealed[1:5] == self._current

    def renew(self) -> None:
        """From now on a new key seals. The old ones stay, so that what they sealed can be rewrapped."""
        new = os.urandom(4)
        keys = {**self._keys, new: AESGCM.generate_key(256)}
        self._write(keys, new)
        self._keys, self._current = keys, new

    def forget_old_keys(self) -> None:
        """Only when nothing is sealed with them any more."""
        keys = {self._current: self._keys[self._current]}
        self._write(keys, self._current)
        self._keys = keys

    def _write(self, keys: dict[bytes, bytes], current: bytes) -> None:
        if self._path is not None:
            _write(self._path, keys, current, self._mac_key)

    def mac(self, text: str) -> str:
        return hmac.new(self._mac_key, text.encode(), hashlib.sha256).hexdigest()


def open_vault(path: Path) -> Vault:
    """Read the key file, or make it (0600) when there is none yet. Raises VaultUnreadable."""
    try:
        if not path.exists():
            _create(path)
        data = json.loads(path.read_text())
        keys = {bytes.fromhex(k): base64.b64decode(v) for k, v in data["keys"].items()}
        return Vault(keys, bytes.fromhex(data["current"]), base64.b64decode(data["mac"]), path)
    except (OSError, ValueError, KeyError) as error:
        raise VaultUnreadable(
            f"The key file {path} cannot be read: {error}.",
            remedy="Restore it from a backup; without it the stored secrets cannot be opened.",
        ) from error


def _create(path: Path) -> None:
    key_id = os.urandom(4)
    _write(path, {key_id: AESGCM.generate_key(256)}, key_id, os.urandom(32))


def _write(path: Path, keys: dict[bytes, bytes], current: bytes, mac_key: bytes) -> None:
    """Whole or not at all: beside it first, on the disk, then in its place."""
    data = {
        "current": current.hex(),
        "keys": {key_id.hex(): base64.b64encode(key).decode() for key_id, key in keys.items()},
        "mac": base64.b64encode(mac_key).decode(),
    }
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _mismatch(place: str) -> VaultMismatch:
    return VaultMismatch(
        f"A stored secret ({place}) does not open with the key file.",
        remedy="The database and the key file belong together: restore both from the same backup.",
    )
