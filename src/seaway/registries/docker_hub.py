"""Docker Hub: refuses a wrong login even for official images, and limits pulls."""

from seaway.core.credential import TokenKind
from seaway.core.observed import Observed
from seaway.core.registry_kind import Advice, Sign
from seaway.core.verdict import dead

_TOKENS = "https://app.docker.com/settings/personal-access-tokens"


class DockerHub:
    name = "docker_hub"
    title = "Docker Hub"

    def matches(self, sign: Sign) -> bool:
        return sign.host == "docker.io" or sign.service == "registry.docker.io"

    def cause(self, seen: Observed) -> str | None:
        tried = seen.with_credential
        if tried is None or tried.last is None or seen.credential is None:
            return None
        if tried.last.says("insufficient scopes"):
            return "missing_scope_write" if seen.push else "missing_scope_read"
        is_token = seen.credential.kind in (TokenKind.DOCKER_PERSONAL, TokenKind.DOCKER_ORGANISATION)
        return dead(seen) if is_token and tried.token is not None and tried.token.status == 401 else None

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        name = seen.credential.name if seen.credential else "NAME"
        rotate = (f"seaway credentials rotate {name}",)
        return {
            "stale_credential_blocks_public": Advice(
                f"Nothing is blocked: the image was taken without a login. Renew {name} at {_TOKENS} or remove it; "
                "where other tools fail on this image, log out there.",
                ("docker logout", *rotate),
            ),
            "bad_credentials": Advice(
                f"The user is the Docker ID, not the e-mail address; the secret best a token from {_TOKENS}.", rotate
            ),
            "credential_expired_or_revoked": Advice(f"Make a new token at {_TOKENS} and store it.", rotate),
            "missing_scope_read": Advice(
                f"The token reads public repositories only. Make one with Read access at {_TOKENS}.", rotate
            ),
            "missing_scope_write": Advice(f"Make a token with Read & Write access at {_TOKENS}.", rotate),
            "no_credential_sent": Advice(
                "Docker Hub says the same of a private repository and of none. If the image lives elsewhere, write its "
                "host before the name; if it is private, add a login.",
                ("seaway credentials add docker.io --username DOCKER_ID --password-stdin",),
            ),
            "rate_limited": Advice(
                "A login raises the limit; it is counted per address without one. `You have reached your pull rate "
                "limit` ends with its window, a bare `Too Many Requests` is for the address whoever asks.",
                ("seaway credentials add docker.io --username DOCKER_ID --password-stdin",),
            ),
            "registry_outage": Advice("Look at https://www.dockerstatus.com and try again."),
        }.get(cause)


plugin = DockerHub()
