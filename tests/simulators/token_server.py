"""A token server that the real docker-registry trusts: signs ES256 or RS256 JWTs for what a user may do.

By the specification it gives a token for what may be done of what was asked, possibly nothing, and answers 401 to a
wrong password only.
"""

import base64
import hashlib
import json
import secrets
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from simulators.small_server import Asked, Reply, SmallServer

Rights = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class User:
    """`rights`: actions by repository."""

    password: str
    rights: Rights = field(default_factory=dict)


class TokenServer(SmallServer):
    """`users` by name; `anybody` is what may be done without a login. Both may be changed while it runs."""

    issuer = "seaway-tests"
    service = "registry.test"

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, User],
        anybody: Rights | None = None,
        *,
        algorithm: str = "ES256",
        life_s: int = 300,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.users, self.anybody, self.life_s = dict(users), dict(anybody or {}), life_s
        self.tokens_given = 0
        self._key = (
            ec.generate_private_key(ec.SECP256R1())
            if algorithm == "ES256"
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )
        self.certificate = folder / f"token-{algorithm}.crt"
        self.certificate.write_bytes(_self_signed(self._key))
        super().__init__(self._give, tls=tls)

    @property
    def realm(self) -> str:
        return f"{self.url}/token"

    def _give(self, asked: Asked) -> Reply:
        if asked.path != "/token" or asked.method != "GET":
            return Reply(404)
        user, rights = self._who(asked.authorization)
        if user is None:
            return _json(401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
        access = [each for scope in asked.query.get("scope", []) for each in granted(scope, rights)]
        self.tokens_given += 1
        return _json(200, {"token": self._signed(user, access), "expires_in": self.life_s})

    def _who(self, authorization: str | None) -> tuple[str | None, Rights]:
        if authorization is None:
            return "", self.anybody
        name, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        user = self.users.get(name)
        if user is None or not secrets.compare_digest(user.password, password):
            return None, {}
        return name, {**self.anybody, **user.rights}

    def _signed(self, subject: str, access: list[dict[str, object]]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": subject,
            "aud": self.service,
            "iat": now,
            "nbf": now - 10,
            "exp": now + self.life_s,
            "jti": secrets.token_hex(8),
            "access": access,
        }
        is_ec = isinstance(self._key, ec.EllipticCurvePrivateKey)
        head = {"typ": "JWT", "alg": "ES256" if is_ec else "RS256", "kid": key_id(self._key)}
        text = f"{_url64(json.dumps(head).encode())}.{_url64(json.dumps(claims).encode())}"
        return f"{text}.{_url64(self._signature(text.encode()))}"

    def _signature(self, text: bytes) -> bytes:
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self._key.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self._key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def granted(scope: str, rights: Rights) -> list[dict[str, object]]:
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    allowed = [action for action in actions.split(",") if action in rights.get(name, ())]
    return [{"type": kind, "name": name, "actions": allowed}] if allowed else []


def key_id(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """How docker-registry names a key: its hash in base32, in groups of four."""
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = base64.b32encode(hashlib.sha256(der).digest()[:30]).decode()
    return ":".join(text[at : at + 4] for at in range(0, len(text), 4))


def _self_signed(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "token signer")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=5))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(status: int, value: object) -> Reply:
    return Reply(status, json.dumps(value).encode(), (("Content-Type", "application/json"),))
