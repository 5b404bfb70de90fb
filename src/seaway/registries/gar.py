"""Google's Artifact Registry, and the closed gcr.io."""

from seaway.core.observed import Observed
from seaway.core.registry_kind import Advice, Sign


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


plugin = Gar()
