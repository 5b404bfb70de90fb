"""Amazon's registries: a password of twelve hours, and rights told in words of IAM."""

import base64
from datetime import datetime

from seaway.core.aws_signature import signed_headers
from seaway.core.credential import Credential, TokenKind
from seaway.core.exchange import Request, Response
from seaway.core.minting import Minted
from seaway.core.observed import Observed
from seaway.core.registry_kind import Advice, Sign
from seaway.core.secret import Secret

_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
}

_WRITES = ("PutImage", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "BatchCheckLayerAvailability")


class Ecr:
    name = "ecr"
    title = "Amazon ECR"

    def matches(self, sign: Sign) -> bool:
        host = sign.host
        own = ".dkr.ecr." in host or ".dkr.ecr-fips." in host
        return host == "public.ecr.aws" or (own and host.endswith((".amazonaws.com", ".amazonaws.com.cn")))

    def cause(self, seen: Observed) -> str | None:
        for answer in seen.answers:
            if answer.says("authorization token has expired"):
                return "short_lived_token_expired"
            if answer.says("not authorized to perform"):
                return "missing_scope_write" if answer.says(*_WRITES) else "missing_scope_read"
        return None

    def mint(self, credential: Credential, now: datetime) -> Request | None:
        """An access key mints a password of twelve hours, with the right ecr:GetAuthorizationToken."""
        if credential.kind is not TokenKind.AWS_KEY or not self.matches(Sign(credential.host)):
            return None
        if credential.host == "public.ecr.aws":
            return None
        url, body = token_url(credential.host), b"{}"
        headers, authorization = signed_headers(
            url,
            _HEADERS,
            body,
            key_id=credential.username,
            secret=credential.secret,
            scope=(region_of(credential.host), "ecr"),
            now=now,
        )
        return Request("POST", url, tuple(headers.items()), body, authorization)

    def minted(self, response: Response, now: datetime) -> Minted | None:
        try:
            (told, *_) = response.json()["authorizationData"]
            user, colon, password = base64.b64decode(told["authorizationToken"]).decode().partition(":")
            life_s = float(told["expiresAt"]) - now.timestamp()
        except (TypeError, KeyError, ValueError):
            return None
        return Minted(user, Secret(password), life_s) if response.status == 200 and colon and password else None

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        region = region_of(seen.image.registry)
        password = f"aws ecr get-login-password --region {region}"
        name = seen.credential.name if seen.credential else "NAME"
        add = f"seaway credentials add {seen.image.registry} --username AKIA... --password-stdin"
        return {
            "short_lived_token_expired": Advice(
                "An ECR password lives 12 hours. Store an access key that mints it (--username AKIA...), or a fresh "
                "password for now.",
                (f"{password} | seaway credentials rotate {name} --password-stdin",),
            ),
            "no_credential_sent": Advice(
                "ECR is never open to everybody. Add an access key for exactly this host, its id as user, its secret "
                "as password: logins are minted from it.",
                (add,),
            ),
            "missing_scope_read": Advice(
                "Allow ecr:GetAuthorizationToken on *, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on this "
                "repository; from another account its repository policy must allow it too."
            ),
            "missing_scope_write": Advice(f"Allow {', '.join('ecr:' + each for each in _WRITES)} on this repository."),
            "repository_not_found": Advice(
                "ECR does not make a repository at a push. Create it, or correct account and region in the name.",
                (f"aws ecr create-repository --region {region} --repository-name {seen.image.repository}",),
            ),
        }.get(cause)


def token_url(host: str) -> str:
    """Where the registry `ACCOUNT.dkr.ecr.REGION.amazonaws.com` has its passwords from."""
    _, _, service, region, *domain = host.split(".")
    name = "ecr-fips" if service == "ecr-fips" else "api.ecr"
    return f"https://{name}.{region}.{'.'.join(domain)}/"


def region_of(host: str) -> str:
    parts = host.split(".")
    return parts[3] if len(parts) > 4 and parts[1] == "dkr" else "us-east-1"


plugin = Ecr()
