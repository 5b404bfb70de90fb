"""Azure's registry: refuses at the token service, whether the login is wrong or a role is missing."""

from seaway.core.observed import Observed
from seaway.core.registry_kind import Advice, Sign


class Acr:
    name = "acr"
    title = "Azure Container Registry"

    def matches(self, sign: Sign) -> bool:
        return sign.host.endswith((".azurecr.io", ".azurecr.cn", ".azurecr.us"))

    def cause(self, seen: Observed) -> str | None:
        if any(answer.says("client with ip") for answer in seen.answers):
            return "policy_denied"
        return None

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        registry = seen.image.registry.partition(".")[0]
        role = "AcrPush" if seen.push else "AcrPull"
        grant = (
            f"az role assignment create --assignee ACCOUNT --role {role} "
            f"--scope $(az acr show --name {registry} --query id --output tsv)"
        )
        return {
            "bad_credentials": Advice(
                f"Azure answers alike for a wrong secret and for a missing {role} role, which also takes minutes to "
                "become effective. Check the secret's expiry first, then the role.",
                (f"az acr check-health --name {registry} --yes", grant),
            ),
            "no_role_on_repo": Advice(f"Give the account the {role} role.", (grant,)),
            "missing_scope_write": Advice("Give the account the AcrPush role.", (grant,)),
            "short_lived_token_expired": Advice(
                "A token of `az acr login` lives three hours. Store a service principal or a repository token instead.",
                (f"az acr token create --name seaway --registry {registry} --scope-map _repositories_pull",),
            ),
            "policy_denied": Advice(
                "Allow this machine's address in the registry's firewall.",
                (f"az acr network-rule add --name {registry} --ip-address ADDRESS",),
            ),
        }.get(cause)


plugin = Acr()
