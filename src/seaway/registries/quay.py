"""Quay: robot accounts with rights per repository; new repositories are private."""

from seaway.core.observed import Observed
from seaway.core.registry_kind import Advice, Sign
from seaway.core.verdict import dead


class Quay:
    name = "quay"
    title = "Quay"

    def matches(self, sign: Sign) -> bool:
        return sign.host == "quay.io" or sign.host.startswith("quay.")

    def cause(self, seen: Observed) -> str | None:
        tried = seen.with_credential
        if tried is None or tried.token is None or not tried.token_refused:
            return None
        return dead(seen) if tried.token.says("disabled", "expired", "robot") else None

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        settings = f"https://{seen.image.registry}/repository/{seen.image.repository}?tab=settings"
        owner = seen.image.repository.partition("/")[0]
        name = seen.credential.name if seen.credential else "NAME"
        level = "Write" if seen.push else "Read"
        return {
            "no_role_on_repo": Advice(
                f"Give the robot {level} at {settings}. Quay answers alike when the repository does not exist."
            ),
            "missing_scope_write": Advice(f"Give the robot Write at {settings}."),
            "credential_expired_or_revoked": Advice(
                f"Look at the robot under https://{seen.image.registry}/organization/{owner}?tab=robots and store its "
                "token again.",
                (f"seaway credentials rotate {name}",),
            ),
            "no_credential_sent": Advice(
                f"Make it public at {settings}, or add a robot account.",
                (f"seaway credentials add {seen.image.registry}/{owner} --username '{owner}+ROBOT' --password-stdin",),
            ),
        }.get(cause)


plugin = Quay()
