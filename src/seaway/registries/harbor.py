"""Harbor: robots whose names hold a dollar sign, and projects that must exist before a push."""

from seaway.core.observed import Observed
from seaway.core.registry_kind import Advice, Sign


class Harbor:
    name = "harbor"
    title = "Harbor"

    def matches(self, sign: Sign) -> bool:
        return sign.host.startswith("harbor.") or sign.realm_path.endswith("/service/token")

    def cause(self, seen: Observed) -> str | None:
        return None

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        host, project = seen.image.registry, seen.image.repository.partition("/")[0]
        name = seen.credential.name if seen.credential else "NAME"
        needed = "Push and Pull" if seen.push else "Pull"
        return {
            "no_role_on_repo": Advice(
                f"Give the robot {needed} on project {project} at https://{host}/harbor/projects. Harbor answers alike "
                "when the project does not exist; create it there first."
            ),
            "missing_scope_write": Advice(
                f"Give the robot Push and Pull on project {project}; Push alone is not enough."
            ),
            "bad_credentials": Advice(
                f"A robot's name is robot${project}+NAME, the dollar sign in single quotes in a shell; it lives 30 "
                "days unless told otherwise.",
                (f"seaway credentials rotate {name}",),
            ),
            "no_credential_sent": Advice(
                f"Make project {project} public, or add a robot account.",
                (f"seaway credentials add {host}/{project} --username 'robot${project}+NAME' --password-stdin",),
            ),
            "registry_misconfigured": Advice("Compare external_url in harbor.yml with the name that clients use."),
        }.get(cause)


plugin = Harbor()
