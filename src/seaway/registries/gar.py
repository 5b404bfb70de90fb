"""Google's Artifact Registry, and the closed gcr.io."""

import base64
import json
from datetime import datetime
from urllib.parse import urlencode

from seaway.core.credential import Credential, TokenKind
from seaway.core.exchange import Request, Response
from seaway.core.minting import Minted
from seaway.core.observed import Observed
from seaway.core.registry_kind import Advice, Sign
from seaway.core.secret import Secret

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class Gar:
    name = "gar"
    title = "Google Artifact Registry"

    def matches(self, sign: Sign) -> bool:
        return sign.host.endswith(("-docker.pkg.dev", ".gcr.io")) or sign.host == "gcr.io"

    def cause(self, seen: Observed) -> str | None:
        if any(answer.status == 412 or answer.says("shutting down") for answer in seen.answers):
            return "registry_retired_or_moved"
        for answer in seen.answers:
            if seen.with_credential is None:
                continue
            if answer.says("uploadArtifacts"):
                return "missing_scope_write"
            if answer.says("downloadArtifacts"):
                return "missing_scope_read"
        return None

    def mint(self, credential: Credential, now: datetime) -> Request | None:
        """A service account's key mints an access token of an hour, so that the key itself goes to Google's token
        service only."""
        if credential.kind is not TokenKind.GOOGLE_KEY or not self.matches(Sign(credential.host)):
            return None
        assertion = _assertion(credential, now)
        if assertion is None:
            return None
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        headers = (("Content-Type", "application/x-www-form-urlencoded"),)
        return Request("POST", TOKEN_URL, headers, urlencode(form).encode())

    def minted(self, response: Response, now: datetime) -> Minted | None:
        data = response.json() if response.status == 200 else None
        if not isinstance(data, dict):
            return None
        token, life = data.get("access_token"), data.get("expires_in")
        if not isinstance(token, str) or not token:
            return None
        return Minted("oauth2accesstoken", Secret(token), float(life) if isinstance(life, int | float) else 3600.0)

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        project = seen.image.repository.partition("/")[0]
        name = seen.credential.name if seen.credential else "NAME"
        role = (
            "gcloud projects add-iam-policy-binding {} --member serviceAccount:ACCOUNT --role roles/artifactregistry.{}"
        )
        return {
            "short_lived_token_expired": Advice(
                "A Google access token lives an hour. Store a service account's key (user _json_key) instead.",
                (f"gcloud auth print-access-token | seaway credentials rotate {name} --password-stdin",),
            ),
            "missing_scope_read": Advice(
                "Give the account the reader role; Google says the same of a repository that does not exist.",
                (role.format(project, "reader"),),
            ),
            "missing_scope_write": Advice("Give the account the writer role.", (role.format(project, "writer"),)),
            "no_credential_sent": Advice(
                "Add a service account's key for exactly this regional host.",
                (f"seaway credentials add {seen.image.registry} --username _json_key --password-stdin < key.json",),
            ),
            "registry_retired_or_moved": Advice(
                "Container Registry closed in March 2025. If it was moved, the image is at "
                "REGION-docker.pkg.dev/PROJECT/REPOSITORY now."
            ),
        }.get(cause)


def _assertion(credential: Credential, now: datetime) -> str | None:
    """A statement signed with the account's key; None when the secret is no such key, which the registry will say."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = credential.secret.reveal()
    try:
        document = base64.b64decode(text) if credential.username == "_json_key_base64" else text
        account = json.loads(document)
        key = load_pem_private_key(account["private_key"].encode(), None)
        email, key_id = str(account["client_email"]), str(account.get("private_key_id", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(key, rsa.RSAPrivateKey):
        return None
    issued = int(now.timestamp())
    head = {"alg": "RS256", "typ": "JWT", "kid": key_id}
    claims = {"iss": email, "scope": _SCOPE, "aud": TOKEN_URL, "iat": issued - 10, "exp": issued + 600}
    said = f"{_url64(json.dumps(head).encode())}.{_url64(json.dumps(claims).encode())}"
    return f"{said}.{_url64(key.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


plugin = Gar()
