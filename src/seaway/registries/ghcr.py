"""GitHub's container registry: refuses a dead token even for public images, and takes classic tokens only."""

from seaway.core.credential import TokenKind
from seaway.core.observed import Observed, Tried
from seaway.core.registry_kind import Advice, Sign
from seaway.core.verdict import dead

_NEW_TOKEN = "https://github.com/settings/tokens/new?description=Seaway&scopes="  # noqa: S105
_WRONG_KINDS = frozenset({TokenKind.GITHUB_FINE_GRAINED, TokenKind.GITHUB_REFRESH, TokenKind.GITHUB_APP_USER})
_RETIRED = "docker.pkg.github.com"


class Ghcr:
    name = "ghcr"
    title = "GitHub's container registry"

    def matches(self, sign: Sign) -> bool:
        return sign.host in ("ghcr.io", _RETIRED) or sign.service == "ghcr.io"

    def cause(self, seen: Observed) -> str | None:
        if seen.image.registry == _RETIRED:
            return "registry_retired_or_moved"
        tried = seen.with_credential
        if seen.credential is None or tried is None or not tried.refused:
            return None
        if seen.credential.kind in _WRONG_KINDS:
            return "token_type_unsupported"
        return self._said(seen, tried) or self._refused_at(seen, tried)

    def _said(self, seen: Observed, tried: Tried) -> str | None:
        answer = tried.last
        if answer is None:
            return None
        if answer.says("write_package"):
            return "package_not_linked"
        if answer.says("installation not allowed"):
            return "missing_scope_write"
        if answer.says("does not match expected scopes"):
            return "missing_scope_write" if seen.push else "missing_scope_read"
        return dead(seen) if answer.says("cannot be authenticated") else None

    def _refused_at(self, seen: Observed, tried: Tried) -> str | None:
        issuer_vouches = seen.issuer is not None and seen.issuer.alive is True
        if tried.token_refused and not issuer_vouches:
            # Read by a narrower token that was taken: then the credential lives and lacks the right to write.
            reads = tried.read_only
            return "missing_scope_write" if reads is not None and (reads.ok or reads.status == 404) else dead(seen)
        if seen.credential is not None and seen.credential.kind is TokenKind.GITHUB_INSTALLATION:
            return "package_not_linked"
        return "no_role_on_repo" if not seen.push else None

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        owner, _, package = seen.image.repository.partition("/")
        settings = f"https://github.com/orgs/{owner}/packages/container/{package.replace('/', '%2F')}/settings"
        name = seen.credential.name if seen.credential else "NAME"
        rotate = (f"seaway credentials rotate {name}",)
        scopes = "write:packages" if seen.push else "read:packages"
        new = f"Make a classic token with {scopes} at {_NEW_TOKEN}{scopes} and store it in place of {name}."
        known = {
            "stale_credential_blocks_public": Advice(
                f"Nothing is blocked: the image was taken without a login. Renew {name} at {_NEW_TOKEN}{scopes} or "
                "remove it; where other tools fail on this image, log out there.",
                ("docker logout ghcr.io", *rotate),
            ),
            "credential_expired_or_revoked": Advice(f"{new} An expired token cannot be brought back.", rotate),
            "short_lived_token_expired": Advice(f"A token of an installation lives an hour at most. {new}", rotate),
            "bad_credentials": Advice(f"Paste the token again, whole. If it is lost: {new}", rotate),
            "token_type_unsupported": Advice(
                f"Only classic tokens open ghcr.io from outside of a workflow. {new}", rotate
            ),
            "missing_scope_read": Advice(f"Tick read:packages on the token's page, or: {new}", rotate),
            "missing_scope_write": Advice(
                f"In a workflow set `permissions: packages: write`. Elsewhere: {new}", rotate
            ),
            "no_role_on_repo": Advice(
                f"Give the token's account read access to the package at {settings} (for a person's package: "
                f"github.com/users/{owner}/packages/...), or correct the name. GitHub hides whether it exists; "
                f"somebody of {owner} can tell."
            ),
            "package_not_linked": Advice(
                f"Under Manage Actions access at {settings} add the repository with the Write role."
            ),
            "no_credential_sent": Advice(
                f"If the package is private, make a classic token with {scopes} at {_NEW_TOKEN}{scopes} and add it; "
                "else check the spelling.",
                (f"seaway credentials add ghcr.io/{owner} --username USER --password-stdin",),
            ),
            "registry_retired_or_moved": Advice(f"Its packages are at ghcr.io now: ghcr.io/{seen.image.repository}."),
            "rate_limited": Advice("It is the edge's throttle, not your quota: once more in some seconds will do."),
            "registry_outage": Advice("Look at https://www.githubstatus.com before touching a token, and try again."),
        }
        return known.get(cause)


plugin = Ghcr()
