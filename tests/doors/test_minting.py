"""Short-lived logins minted from a parent: ECR passwords of an access key, Google tokens of a service account's key.

The issuers are simulated; the registry that takes what they gave is the real docker-registry. ECR's signatures are
compared with those that botocore made of the same requests.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.conftest import NOW

from registry_fixtures import basic_registry, push_image
from seaway.core.credential import Credential, TokenKind
from seaway.core.destination import ANY_MACHINE
from seaway.core.image import parse_image
from seaway.core.secret import Secret
from seaway.doors.http import HttpPipe
from seaway.doors.minting import Minting, NotMinted
from seaway.doors.registry import RegistryDoor
from seaway.registries.ecr import Ecr, token_url
from seaway.registries.gar import Gar
from simulators.small_server import Asked, Reply, SmallServer

__all__ = ["basic_registry"]

KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GAR = "europe-docker.pkg.dev"


def aws(prefix: str = ECR) -> Credential:
    return Credential("aws", prefix, KEY[0], Secret(KEY[1]))


@pytest.mark.parametrize(
    ("host", "url", "signature"),
    [
        (
            ECR,
            "https://api.ecr.eu-west-1.amazonaws.com/",
            "095bec2d546e6cde4f8701a539c1542898598b71b9bd0cfe237493989d3b7c01",
        ),
        (
            "1.dkr.ecr-fips.us-east-1.amazonaws.com",
            "https://ecr-fips.us-east-1.amazonaws.com/",
            "01f36fd03898833a46a80cc0bd4522dc457215c1edf9ecc2bc789bcc7412a253",
        ),
        (
            "1.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "https://api.ecr.cn-north-1.amazonaws.com.cn/",
            "37e1fd735af38c64bb78851ab2ec2f756ec8abeb6e370dce908756c569468ddd",
        ),
    ],
)
def test_the_signature_is_botocores(host, url, signature):
    request = Ecr().mint(aws(host), NOW)
    assert (request.url, token_url(host)) == (url, url)
    assert dict(request.headers)["X-Amz-Date"] == "20261124T030000Z"
    assert request.authorization.reveal().endswith(
        f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={signature}"
    )
    assert KEY[1] not in repr(request)


def test_what_mints_is_told_from_what_is_shown_as_it_is():
    assert aws().kind is TokenKind.AWS_KEY
    assert Ecr().mint(Credential("old", ECR, "AWS", Secret("a password of twelve hours")), NOW) is None
    assert Ecr().mint(aws("ghcr.io"), NOW) is None
    assert Gar().mint(Credential("g", GAR, "_json_key", Secret("no key at all")), NOW) is None
    assert Gar().mint(Credential("g", GAR, "oauth2accesstoken", Secret("ya29.token")), NOW) is None


class LocalEcr(Ecr):
    """Takes the registry of a test for ECR, and a server of the test for its issuer."""

    def __init__(self, host: str, issuer: SmallServer) -> None:
        self.host, self.issuer = host, issuer

    def matches(self, sign) -> bool:
        return sign.host == self.host

    def mint(self, credential: Credential, now: datetime):
        if credential.prefix != self.host or credential.kind is not TokenKind.AWS_KEY:
            return None
        return replace(Ecr().mint(replace(credential, prefix=ECR), now), url=self.issuer.url)


@contextmanager
def issuing(reply: Reply) -> Iterator[SmallServer]:
    with SmallServer(lambda _asked: reply) as server:
        yield server


def ecr_password(password: str, until: datetime) -> Reply:
    token = base64.b64encode(f"alice:{password}".encode()).decode()
    data = [{"authorizationToken": token, "expiresAt": until.timestamp(), "proxyEndpoint": "https://x"}]
    return Reply(200, json.dumps({"authorizationData": data}).encode())


async def test_an_access_key_opens_an_image_by_the_password_that_it_mints_once(basic_registry):
    push_image(basic_registry, "acme/base", "1", login="alice:wonderland")
    with issuing(ecr_password("wonderland", NOW + timedelta(hours=12))) as issuer:
        kind = LocalEcr(basic_registry.host, issuer)
        async with HttpPipe() as http:
            minting = Minting(http, [kind], ANY_MACHINE, lambda: NOW)
            door = RegistryDoor(http, kinds=[kind], minting=minting)
            image, login = parse_image(f"{basic_registry.host}/acme/base:1"), aws(basic_registry.host)
            proofs = [await door.prove(image, login, fresh=True) for _ in range(3)]
            ready = await door.ready(login)
            alive = await door.prove_login(login)
        assert [proof.credential for proof in (*proofs, alive)] == ["aws"] * 4
        assert (ready.username, ready.name) == ("alice", "aws")
        assert len(issuer.asked) == 1
        assert KEY[1] not in repr(issuer.asked[0].headers) + repr(proofs)


async def test_a_password_is_minted_anew_before_it_ends(basic_registry):
    now = [NOW]
    with issuing(ecr_password("wonderland", NOW + timedelta(minutes=5))) as issuer:
        async with HttpPipe() as http:
            minting = Minting(http, [LocalEcr(basic_registry.host, issuer)], ANY_MACHINE, lambda: now[0])
            await minting.ready(aws(basic_registry.host))
            await minting.ready(aws(basic_registry.host))
        assert len(issuer.asked) == 2, "one that ends within a pull's time is not used again"


@pytest.mark.parametrize(
    ("status", "told", "cause"),
    [
        (
            400,
            {"__type": "UnrecognizedClientException", "message": "The token is invalid."},
            "credential_expired_or_revoked",
        ),
        (
            400,
            {
                "__type": "com.amazon#AccessDeniedException",
                "message": "User: arn:x is not authorized to perform: ecr:GetAuthorizationToken",
            },
            "missing_scope_read",
        ),
        (503, {"message": "later"}, "registry_outage"),
    ],
)
async def test_what_the_issuer_says_instead_is_the_cause(basic_registry, status, told, cause):
    push_image(basic_registry, "acme/base", "1", login="alice:wonderland")
    with issuing(Reply(status, json.dumps(told).encode(), (("Content-Type", "application/json"),))) as issuer:
        kind = LocalEcr(basic_registry.host, issuer)
        async with HttpPipe() as http:
            minting = Minting(http, [kind], ANY_MACHINE, lambda: NOW)
            door = RegistryDoor(http, kinds=[kind], minting=minting)
            image = parse_image(f"{basic_registry.host}/acme/base:1")
            proof = await door.prove(image, aws(basic_registry.host))
            assert isinstance(await minting.ready(aws(basic_registry.host)), NotMinted)
    assert (proof.allowed, proof.finding.cause) == (False, cause)
    assert told["message"] in " ".join(proof.finding.evidence)
    assert KEY[1] not in repr(proof)


def test_a_service_accounts_key_signs_for_a_token_of_an_hour():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {"type": "service_account", "client_email": "bot@acme.iam", "private_key": pem, "private_key_id": "k1"}
    request = Gar().mint(Credential("g", GAR, "_json_key", Secret(json.dumps(account))), NOW)
    assert request.url == "https://oauth2.googleapis.com/token"
    asked = Asked("POST", "/token", {}, {}, request.body)
    head, claims, signature = asked.form()["assertion"].split(".")
    key.public_key().verify(_from_url64(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    told = json.loads(_from_url64(claims))
    assert (told["iss"], told["aud"]) == ("bot@acme.iam", request.url)
    assert told["exp"] - NOW.timestamp() == 600
    encoded = base64.b64encode(json.dumps(account).encode()).decode()
    assert Gar().mint(Credential("g", GAR, "_json_key_base64", Secret(encoded)), NOW) is not None
    assert pem not in repr(request)


def test_googles_answer_becomes_a_login():
    from seaway.core.exchange import Response

    good = Gar().minted(Response(200, (), b'{"access_token": "ya29.x", "expires_in": 3599}'), NOW)
    assert (good.username, good.secret, good.life_s) == ("oauth2accesstoken", Secret("ya29.x"), 3599.0)
    assert Gar().minted(Response(400, (), b'{"error": "invalid_grant"}'), NOW) is None
    assert Gar().minted(Response(200, (), b"<html>"), NOW) is None


def _from_url64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
