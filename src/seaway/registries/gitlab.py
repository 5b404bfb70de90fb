"""GitLab's registry: its token service refuses what an identity may not do, and hides what does not exist."""

from seaway.core.credential import TokenKind
from seaway.core.observed import Observed
from seaway.core.registry_kind import Advice, Sign
from seaway.core.verdict import dead


class GitLab:
    name = "gitlab"
    title = "GitLab's container registry"

    def matches(self, sign: Sign) -> bool:
        return sign.host.startswith("registry.gitlab.") or sign.realm_path.endswith("/jwt/auth")

    def cause(self, seen: Observed) -> str | None:
        tried = seen.with_credential
        if tried is None or tried.token is None or seen.credential is None:
            return None
        if tried.token.status == 403 or tried.token.says("access forbidden"):
            reads = tried.read_only
            return (
                "missing_scope_write" if reads is not None and (reads.ok or reads.status == 404) else "no_role_on_repo"
            )
        is_token = seen.credential.kind is not TokenKind.PASSWORD
        return dead(seen) if tried.token.status == 401 and is_token else None

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        project = "/".join(seen.image.repository.split("/")[:2])
        name = seen.credential.name if seen.credential else "NAME"
        rotate = (f"seaway credentials rotate {name}",)
        needed = "read_registry and write_registry" if seen.push else "read_registry"
        new = f"Make a deploy token with {needed} under Settings > Repository of {project} and store it."
        return {
            "credential_expired_or_revoked": Advice(new, rotate),
            "bad_credentials": Advice(f"{new} A user with two-factor login needs a token.", rotate),
            "short_lived_token_expired": Advice(f"A job token ends with its job. {new}", rotate),
            "missing_scope_write": Advice(new, rotate),
            "no_role_on_repo": Advice(
                f"The token needs {needed}, and its owner a role in {project}. GitLab answers alike when the project "
                "does not exist or its registry is off; a member of the group can tell."
            ),
            "no_credential_sent": Advice(
                f"{new} GitLab answers alike for a private project and for none.",
                (f"seaway credentials add {seen.image.registry}/{project} --username USER --password-stdin",),
            ),
        }.get(cause)


plugin = GitLab()
