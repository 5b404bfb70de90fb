"""Titles and remedies for what a probe found out, about this image, this host and this credential."""

from collections.abc import Callable

from seaway.core.observed import Answered, Observed
from seaway.core.registry_kind import Advice

Say = Callable[[Observed], str]


def who(seen: Observed) -> str:
    return f"the credential {seen.credential.name}" if seen.credential else "no credential"


def login_command(seen: Observed) -> str:
    user = seen.credential.username if seen.credential else "USER"
    return f"seaway credentials add {seen.image.registry} --username {user} --password-stdin"


def renew_command(seen: Observed) -> str:
    return f"seaway credentials rotate {seen.credential.name if seen.credential else 'NAME'}"


def logout_command(seen: Observed) -> str:
    host = "" if seen.image.registry == "docker.io" else f" {seen.image.registry}"
    return f"docker logout{host}"


def _last(seen: Observed) -> Answered | None:
    found = [tried.last for tried in seen.attempts if tried.last is not None]
    return found[0] if found else seen.ping


def _status(seen: Observed) -> str:
    answer = _last(seen)
    return f" ({answer.status})" if answer is not None else ""


def _host(seen: Observed) -> str:
    broken = seen.broken or next((tried.broken for tried in seen.attempts if tried.broken), None)
    return broken.host if broken is not None else seen.image.api_host


TITLES: dict[str, Say] = {
    "stale_credential_blocks_public": lambda s: (
        f"{s.image.registry} refuses {who(s)}, and {s.image.name} is public: it was taken without a login"
    ),
    "credential_expired_or_revoked": lambda s: f"{s.image.registry} no longer accepts {who(s)}{_status(s)}",
    "short_lived_token_expired": lambda s: f"{who(s).capitalize()} is short-lived and its time is over{_status(s)}",
    "bad_credentials": lambda s: (
        f"{who(s).capitalize()} is not what GitHub issued: its checksum is wrong"
        if s.credential and s.credential.mistyped
        else f"{s.image.registry} does not know the user or password of {who(s)}{_status(s)}"
    ),
    "token_type_unsupported": lambda s: (
        f"{s.image.registry} does not take a {s.credential.kind.value if s.credential else 'token of this kind'}"
    ),
    "missing_scope_read": lambda s: f"{who(s).capitalize()} lacks the right to read packages",
    "missing_scope_write": lambda s: f"{who(s).capitalize()} may read and not write {s.image.name}",
    "no_role_on_repo": lambda s: (
        f"{who(s).capitalize()} is accepted and has no right on {s.image.name}, or there is no such repository"
    ),
    "package_not_linked": lambda s: f"{s.image.name} is not linked to the repository whose token is used",
    "sso_not_authorized": lambda s: f"{who(s).capitalize()} is not authorised for the organisation's single sign-on",
    "no_credential_sent": lambda s: (
        f"{s.image.name} is private or does not exist, and there is no credential for it{_status(s)}"
    ),
    "credential_wrong_key": lambda s: f"There is a login, kept under another name than {s.image.registry}",
    "tag_not_found": lambda s: f"{s.image.name} has no {'digest' if s.image.digest else 'tag'} {s.image.reference}",
    "repository_not_found": lambda s: f"{s.image.registry} has no repository {s.image.repository}",
    "invalid_reference": lambda s: f"{s.image.registry} does not take the name {s.image}",
    "platform_mismatch": lambda s: f"{s.image} has no variant for {s.wanted_platform}",
    "digest_mismatch": lambda s: f"{s.image.registry} sends something else than {s.image.digest}",
    "manifest_format_unsupported": lambda s: f"{s.image} is in a format that is no longer supported",
    "registry_retired_or_moved": lambda s: f"{s.image.registry} is closed; its images have moved",
    "rate_limited": lambda s: f"{s.image.registry} gets too many requests from here",
    "policy_denied": lambda s: f"A rule refuses access to {_host(s)} from here, whatever the credential",
    "quota_or_billing": lambda s: f"A limit of the plan or the storage at {s.image.registry} is reached",
    "plain_http_registry": lambda s: f"{_host(s)} speaks plain http, and https was expected",
    "tls_unknown_authority": lambda s: f"The certificate of {_host(s)} is signed by nobody this machine trusts",
    "tls_hostname_mismatch": lambda s: f"The certificate of {_host(s)} is for another name",
    "cert_expired_or_clock_skew": lambda s: (
        "This machine's clock is wrong" if s.clock_skew_s else f"The certificate of {_host(s)} is not valid today"
    ),
    "dns_failure": lambda s: f"The name {_host(s)} does not resolve",
    "proxy_misconfigured": lambda s: f"The proxy does not let requests to {_host(s)} through",
    "network_timeout": lambda s: f"{_host(s)} cannot be reached",
    "registry_outage": lambda s: f"{s.image.registry} or its token service is failing{_status(s)}",
    "registry_misconfigured": lambda s: f"{_host(s)} does not answer as a registry must{_status(s)}",
}

_ADVICE: dict[str, Callable[[Observed], Advice]] = {
    "stale_credential_blocks_public": lambda s: Advice(
        f"Nothing is blocked. Renew or remove {who(s)}; for other tools, log out of {s.image.registry}.",
        (logout_command(s), renew_command(s)),
    ),
    "credential_expired_or_revoked": lambda s: Advice(
        f"Issue a new token for {s.image.registry} and store it in place of {who(s)}.", (renew_command(s),)
    ),
    "short_lived_token_expired": lambda s: Advice(
        "Store what mints such tokens instead of the token, or mint a new one before each use.", (renew_command(s),)
    ),
    "bad_credentials": lambda s: Advice(
        "Compare user and secret with the issuer's page, also for a cut-off paste, and store them again. If it worked "
        "before, it has expired or was revoked.",
        (renew_command(s),),
    ),
    "token_type_unsupported": lambda s: Advice("Use the kind of token that this registry takes.", (renew_command(s),)),
    "missing_scope_read": lambda s: Advice("Issue a token that may read packages and store it.", (renew_command(s),)),
    "missing_scope_write": lambda s: Advice(
        "Issue a token that may write packages (and read them), and store it.", (renew_command(s),)
    ),
    "no_role_on_repo": lambda s: Advice(
        f"Give the account {s.credential.username if s.credential else ''} a role on {s.image.repository}, or correct "
        "the name. The registry hides whether it exists; only somebody with a right on it can tell."
    ),
    "sso_not_authorized": lambda s: Advice(
        "Open this page and authorise the token for the organisation: "
        f"{s.issuer.sso_url if s.issuer and s.issuer.sso_url else 'token settings, Configure SSO'}"
    ),
    "no_credential_sent": lambda s: Advice(
        f"Add a credential for {s.image.registry}, or make the repository public; check the spelling of the name.",
        (login_command(s),),
    ),
    "credential_wrong_key": lambda s: Advice(
        f"Store the login under {s.image.registry}, exactly as the image name begins.",
        (login_command(s),),
    ),
    "tag_not_found": lambda s: Advice(
        f"Use a tag that exists: {', '.join(s.tags)}." if s.tags else "Use a tag that exists; mind v and latest."
    ),
    "repository_not_found": lambda s: Advice("Correct the name, or create the repository first."),
    "invalid_reference": lambda s: Advice("Write host/owner/name:tag in lower case."),
    "platform_mismatch": lambda s: Advice(
        f"Use a tag that has {s.wanted_platform}, or publish the image for several platforms.",
        (f"docker buildx build --platform {s.wanted_platform} --tag {s.image} --push .",),
    ),
    "digest_mismatch": lambda s: Advice("Look for a cache or proxy in between that is damaged, and ask again."),
    "manifest_format_unsupported": lambda s: Advice("Push the image again with a current tool."),
    "registry_retired_or_moved": lambda s: Advice("Change the image name to its new home."),
    "rate_limited": lambda s: Advice(
        _wait(s) + f"Log in to {s.image.registry} for a higher limit, or keep a copy of the image."
    ),
    "policy_denied": lambda s: Advice(
        "Allow this machine's address at the registry or the firewall; a new token will not help."
    ),
    "quota_or_billing": lambda s: Advice("Free space, enlarge the plan, or make the repository public."),
    "plain_http_registry": lambda s: Advice(
        f"Give {_host(s)} a certificate, or allow plain http for it on purpose.",
        (f"seaway doctor {s.image} --insecure",),
    ),
    "tls_unknown_authority": lambda s: Advice(
        "Put its CA where Docker and Seaway look for it, or let the server send the whole chain.",
        (
            f"sudo mkdir -p /etc/docker/certs.d/{_host(s)}",
            f"sudo cp ca.crt /etc/docker/certs.d/{_host(s)}/ca.crt",
        ),
    ),
    "tls_hostname_mismatch": lambda s: Advice("Use the name that is in the certificate, or issue one for this name."),
    "cert_expired_or_clock_skew": lambda s: Advice(
        "Compare this machine's clock with the registry's first; if it is right, renew the certificate.",
        ("timedatectl status",),
    ),
    "dns_failure": lambda s: Advice(
        "Check the spelling and this machine's resolver.", (f"getent hosts {_host(s).partition(':')[0]}",)
    ),
    "proxy_misconfigured": lambda s: Advice("Check HTTPS_PROXY, NO_PROXY and the proxy's own login."),
    "network_timeout": lambda s: Advice(
        "Check that it runs, its port, the route and the firewall.", (f"curl -v https://{_host(s)}/v2/",)
    ),
    "registry_outage": lambda s: Advice(
        "Wait and try again, and look at its status page before touching a credential."
    ),
    "registry_misconfigured": lambda s: Advice(
        "Correct the server: its public URL, its token service's realm, or the reverse proxy before it. Nothing on "
        "this side will help."
    ),
}


def _wait(seen: Observed) -> str:
    waits = [answer.retry_after for answer in seen.answers if answer.retry_after]
    return f"Wait {waits[0]} s. " if waits and waits[0].isdigit() else "Wait a moment and try once more. "


def title_of(cause: str, seen: Observed, registry_title: str) -> str:
    say = TITLES.get(cause)
    return say(seen) if say is not None else f"{registry_title}: {cause.replace('_', ' ')}"


def advise(cause: str, seen: Observed) -> Advice:
    give = _ADVICE.get(cause)
    return give(seen) if give is not None else Advice("Look at the evidence; the cause is known and has no recipe.")
