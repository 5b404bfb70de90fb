"""Amazon's registries: a password of twelve hours, and rights told in words of IAM."""

from seaway.core.observed import Observed
from seaway.core.registry_kind import Advice, Sign

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

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        region = region_of(seen.image.registry)
        password = f"aws ecr get-login-password --region {region}"
        name = seen.credential.name if seen.credential else "NAME"
        add = f"{password} | seaway credentials add {seen.image.registry} --username AWS --password-stdin"
        return {
            "short_lived_token_expired": Advice(
                "An ECR password lives 12 hours. Store an access key that mints it, or a fresh one for now.",
                (f"{password} | seaway credentials rotate {name} --password-stdin",),
            ),
            "no_credential_sent": Advice("ECR is never open to everybody; add a login for exactly this host.", (add,)),
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


def region_of(host: str) -> str:
    parts = host.split(".")
    return parts[3] if len(parts) > 4 and parts[1] == "dkr" else "us-east-1"


plugin = Ecr()
