"""From what probes saw to a cause: the table of the protocol notes, and each registry's own way of saying no."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.core.causes import CAUSES
from seaway.core.chain import conclude
from seaway.core.credential import TokenKind
from seaway.core.exchange import Response
from seaway.core.fault import Fault
from seaway.core.image import parse_image
from seaway.core.observed import Answered, Broken, Issuer, Observed, Shown, Tried, read_answer
from seaway.core.registry_kind import Sign, kind_of
from seaway.core.verdict import CAUSE_OF_FAULT, cause_of, decide
from seaway.registries import all_kinds

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PING = Answered("GET https://r/v2/", 401, "UNAUTHORIZED", "authentication required")


def token(status: int = 200, message: str = "", code: str | None = None, **more) -> Answered:
    return Answered("GET https://r/token", status, code, message, **more)


def manifest(status: int = 200, message: str = "", code: str | None = None, **more) -> Answered:
    return Answered("GET https://r/v2/a/b/manifests/1", status, code, message, **more)


def upload(status: int = 202, message: str = "", code: str | None = None) -> Answered:
    return Answered("POST https://r/v2/a/b/blobs/uploads/", status, code, message)


def mine(*answers: Answered | None, **more) -> Tried:
    """How the credential fared: token, manifest and upload."""
    return Tried("mine", *answers, **more)


def anybody(*answers: Answered | None, **more) -> Tried:
    return Tried(None, *answers, **more)


def seen(image: str = "ghcr.io/acme/web:1", kind: TokenKind = TokenKind.GITHUB_CLASSIC, **more) -> Observed:
    parsed = parse_image(image)
    shown = Shown("mine", parsed.registry, "alice", kind) if "with_credential" in more else None
    return Observed(parsed, ping=PING, **({"credential": shown, "now": NOW} | more))


def verdict(observed: Observed) -> str | None:
    return cause_of(observed, kind_of(Sign(observed.image.registry, observed.realm, observed.service), all_kinds()))


OK, DEAD, NO = mine(token(), manifest()), mine(token(403, "denied", "DENIED")), anybody(token(401, code="UNAUTHORIZED"))
OPEN = anybody(token(), manifest())
NO_RIGHT = mine(token(), manifest(403, "denied", "DENIED"))
FULL = frozenset({"read:packages", "write:packages"})


@pytest.mark.parametrize(
    ("observed", "cause"),
    [
        (seen(with_credential=OK), None),
        (seen(anonymous=OPEN), None),
        (seen(with_credential=DEAD, anonymous=OPEN), "stale_credential_blocks_public"),
        (seen(with_credential=NO_RIGHT, anonymous=OPEN), "stale_credential_blocks_public"),
        (seen(with_credential=DEAD, anonymous=NO), "credential_expired_or_revoked"),
        (seen(with_credential=DEAD, anonymous=NO, issuer=Issuer("GitHub", False)), "credential_expired_or_revoked"),
        (
            seen(
                kind=TokenKind.GITHUB_INSTALLATION, with_credential=DEAD, anonymous=NO, issuer=Issuer("GitHub", False)
            ),
            "short_lived_token_expired",
        ),
        (seen(kind=TokenKind.GITHUB_FINE_GRAINED, with_credential=NO_RIGHT, anonymous=NO), "token_type_unsupported"),
        (seen(kind=TokenKind.GITHUB_INSTALLATION, with_credential=NO_RIGHT, anonymous=NO), "package_not_linked"),
        (
            seen(with_credential=NO_RIGHT, anonymous=NO, issuer=Issuer("GitHub", True, frozenset({"repo"}))),
            "missing_scope_read",
        ),
        (
            seen(with_credential=NO_RIGHT, anonymous=NO, issuer=Issuer("GitHub", True, None, sso_url="https://x")),
            "sso_not_authorized",
        ),
        (seen(with_credential=NO_RIGHT, anonymous=NO, issuer=Issuer("GitHub", True, FULL)), "no_role_on_repo"),
        (seen(with_credential=NO_RIGHT, anonymous=NO), "no_role_on_repo"),
        (seen(anonymous=NO), "no_credential_sent"),
        (seen(anonymous=NO, near_keys=("ghcr.io:443",)), "credential_wrong_key"),
        (seen(anonymous=anybody(token(), manifest(404, code="MANIFEST_UNKNOWN"))), "tag_not_found"),
        (seen(anonymous=anybody(token(), manifest(404, code="NAME_UNKNOWN"))), "repository_not_found"),
        (
            seen(anonymous=anybody(token(), manifest(404, code="MANIFEST_UNKNOWN")), repository_missing=True),
            "repository_not_found",
        ),
        (seen(with_credential=DEAD, anonymous=anybody(token(503))), "registry_outage"),
        (seen(anonymous=anybody(token(429, "retry-after: 1.2ms, allowed: 44000/minute"))), "rate_limited"),
        (seen(anonymous=anybody(token(), manifest(403, "Blocked by your firewall", html=True))), "policy_denied"),
        (seen(anonymous=anybody(token(407))), "proxy_misconfigured"),
        (seen(anonymous=anybody(token(), manifest(406))), "manifest_format_unsupported"),
        (seen(anonymous=anybody(unsafe_realm=("http://localhost/t", "it is not https"))), "registry_misconfigured"),
        (seen(anonymous=anybody(challenge_missing=True)), "registry_misconfigured"),
        (seen(anonymous=anybody(token(), manifest(302))), "registry_misconfigured"),
        (seen(anonymous=OPEN, platforms=("linux/amd64",), wanted_platform="linux/arm64"), "platform_mismatch"),
        (seen(anonymous=OPEN, clock_skew_s=-900.0), "cert_expired_or_clock_skew"),
        (seen(anonymous=OPEN, clock_skew_s=20.0), None),
    ],
)
def test_pulls_are_decided_by_comparing_answers(observed, cause):
    assert verdict(observed) == cause


@pytest.mark.parametrize(
    ("tried", "cause"),
    [
        (mine(token(), manifest(), upload()), None),
        (mine(token(), manifest(404), upload()), None),
        (mine(token(), manifest(), upload(403, "permission_denied: write_package", "DENIED")), "package_not_linked"),
        (
            mine(token(), manifest(), upload(403, "installation not allowed to Create organization package")),
            "missing_scope_write",
        ),
        (
            mine(token(), manifest(), upload(403, "The token provided does not match expected scopes.")),
            "missing_scope_write",
        ),
        (mine(token(), manifest(), upload(403, "denied", "DENIED")), "missing_scope_write"),
        (mine(token(), manifest(403), upload(403, "denied", "DENIED")), "no_role_on_repo"),
        (mine(token(403, "denied", "DENIED")), "credential_expired_or_revoked"),
        (mine(token(403, "denied"), read_only=manifest()), "missing_scope_write"),
        (
            mine(token(), manifest(), upload(403, "quota exceeded: will exceed the configured upper limit")),
            "quota_or_billing",
        ),
        (mine(token(), manifest(404), upload(404, code="NAME_UNKNOWN")), "repository_not_found"),
        (mine(token(), manifest(), upload(405, code="UNSUPPORTED")), "policy_denied"),
    ],
)
def test_pushes_are_decided_by_the_upload_and_what_may_be_read(tried, cause):
    assert verdict(seen(push=True, with_credential=tried)) == cause


HUB, ECR = "docker.io/acme/web:1", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"
GAR, ACR = "europe-docker.pkg.dev/proj/repo/web:1", "acme.azurecr.io/web:1"
GITLAB, QUAY = "registry.gitlab.com/acme/web:1", "quay.io/acme/web:1"
HARBOR = "harbor.corp/acme/web:1"


@pytest.mark.parametrize(
    ("image", "kind", "tried", "cause"),
    [
        (HUB, TokenKind.PASSWORD, mine(token(401, "incorrect username or password")), "bad_credentials"),
        (
            HUB,
            TokenKind.DOCKER_PERSONAL,
            mine(token(401, "incorrect username or password")),
            "credential_expired_or_revoked",
        ),
        (
            HUB,
            TokenKind.DOCKER_PERSONAL,
            mine(token(401, "access token has insufficient scopes")),
            "missing_scope_read",
        ),
        (HUB, TokenKind.PASSWORD, mine(token(), manifest(401, "requested access", "DENIED")), "no_role_on_repo"),
        (
            ECR,
            TokenKind.ECR_PASSWORD,
            mine(None, manifest(403, "Your authorization token has expired. Reauthenticate and try again.")),
            "short_lived_token_expired",
        ),
        (
            ECR,
            TokenKind.ECR_PASSWORD,
            mine(None, manifest(403, "User: arn is not authorized to perform: ecr:BatchGetImage on resource")),
            "missing_scope_read",
        ),
        (
            ECR,
            TokenKind.ECR_PASSWORD,
            mine(None, manifest(403, "User: arn is not authorized to perform: ecr:InitiateLayerUpload on resource")),
            "missing_scope_write",
        ),
        (ECR, TokenKind.ECR_PASSWORD, mine(None, manifest(404, code="NAME_UNKNOWN")), "repository_not_found"),
        (
            GAR,
            TokenKind.GOOGLE_KEY,
            mine(
                token(), manifest(403, 'Permission "artifactregistry.repositories.downloadArtifacts" denied', "DENIED")
            ),
            "missing_scope_read",
        ),
        (GAR, TokenKind.GOOGLE_ACCESS, mine(token(401)), "short_lived_token_expired"),
        ("gcr.io/proj/web:1", TokenKind.GOOGLE_KEY, mine(token(412)), "registry_retired_or_moved"),
        (ACR, TokenKind.PASSWORD, mine(token(401, "authentication required")), "bad_credentials"),
        (ACR, TokenKind.IDENTITY, mine(token(401)), "short_lived_token_expired"),
        (ACR, TokenKind.PASSWORD, mine(token(403, "client with IP '1.2.3.4' is not allowed access")), "policy_denied"),
        (
            GITLAB,
            TokenKind.GITLAB_DEPLOY,
            mine(token(401, "HTTP Basic: Access denied")),
            "credential_expired_or_revoked",
        ),
        (GITLAB, TokenKind.GITLAB_JOB, mine(token(401, "HTTP Basic: Access denied")), "short_lived_token_expired"),
        (GITLAB, TokenKind.GITLAB_DEPLOY, mine(token(403, "access forbidden", "DENIED")), "no_role_on_repo"),
        (QUAY, TokenKind.PASSWORD, mine(token(401, "Robot account is disabled")), "credential_expired_or_revoked"),
        (QUAY, TokenKind.PASSWORD, mine(token(), manifest(401, "not authorized", "UNAUTHORIZED")), "no_role_on_repo"),
        (HARBOR, TokenKind.PASSWORD, mine(token(401)), "bad_credentials"),
        (
            HARBOR,
            TokenKind.PASSWORD,
            mine(token(), manifest(401, "unauthorized to access repository: acme/web, action: pull")),
            "no_role_on_repo",
        ),
        ("docker.pkg.github.com/a/b/c:1", TokenKind.GITHUB_CLASSIC, mine(token(403)), "registry_retired_or_moved"),
        ("r.corp/a/b:1", TokenKind.PASSWORD, mine(None, manifest(401)), "bad_credentials"),
        ("r.corp/a/b:1", TokenKind.GITLAB_PERSONAL, mine(token(401)), "credential_expired_or_revoked"),
    ],
)
def test_each_registry_says_no_in_its_own_words(image, kind, tried, cause):
    refused = anybody(None, manifest(401)) if tried.token is None else anybody(token(401))
    anonymous = refused if tried.manifest is None or tried.manifest.status != 404 else None
    observed = seen(image, kind, with_credential=tried, anonymous=anonymous)
    assert verdict(observed) == cause
    finding = decide(observed, kind_of(Sign(observed.image.registry), all_kinds()))
    assert finding is not None
    assert finding.remedy
    assert finding.evidence


@pytest.mark.parametrize("fault", list(Fault))
def test_what_stops_a_request_comes_before_everything(fault):
    observed = seen(with_credential=mine(broken=Broken(fault, "auth.corp", "it broke", "token")))
    assert verdict(observed) == CAUSE_OF_FAULT[fault]


def test_a_password_whose_time_was_known_to_end_has_expired():
    shown = Shown("mine", "r.corp", "alice", TokenKind.PASSWORD, NOW - timedelta(days=1))
    observed = seen("r.corp/a/b:1", with_credential=mine(token(401)), anonymous=NO)
    assert verdict(replace(observed, credential=shown)) == "credential_expired_or_revoked"


def test_a_finding_names_host_credential_and_status():
    proof = conclude(seen(with_credential=DEAD, anonymous=NO), kind_of(Sign("ghcr.io"), all_kinds()))
    assert proof.finding is not None
    assert proof.finding.title == "ghcr.io no longer accepts the credential mine (403)"
    assert proof.finding.evidence == (
        "with mine (alice at ghcr.io, GitHub personal access token (classic)): "
        "GET https://r/token answered 403 DENIED: denied",
        "without a credential: GET https://r/token answered 401 UNAUTHORIZED",
    )
    assert "read:packages" in proof.finding.remedy
    assert proof.finding.commands == ("seaway credentials rotate mine",)


def test_every_registry_host_is_known_by_one_kind():
    hosts = {
        "ghcr.io": "ghcr", "docker.io": "docker_hub", "public.ecr.aws": "ecr", ECR.partition("/")[0]: "ecr",
        "europe-docker.pkg.dev": "gar", "eu.gcr.io": "gar", "acme.azurecr.io": "acr", "registry.gitlab.com": "gitlab",
        "quay.io": "quay", "harbor.corp": "harbor", "127.0.0.1:5000": "generic",
    }  # fmt: skip
    assert {host: kind_of(Sign(host), all_kinds()).name for host in hosts} == hosts


def test_a_product_on_a_host_of_its_own_is_known_by_its_token_service():
    assert kind_of(Sign("r.corp", "https://git.corp/jwt/auth", "container_registry"), all_kinds()).name == "gitlab"
    assert kind_of(Sign("r.corp", "https://r.corp/service/token", "harbor-registry"), all_kinds()).name == "harbor"


_STATUS = st.sampled_from(
    [200, 202, 204, 301, 400, 401, 402, 403, 404, 405, 406, 407, 408, 412, 413, 429, 451, 500, 503, 599]
)
_ANSWER = st.none() | st.builds(
    Answered,
    st.just("GET https://r/x"),
    _STATUS,
    st.none() | st.text(max_size=8),
    st.text(max_size=20),
    html=st.booleans(),
)
_TRIED = st.builds(Tried, st.just("mine"), _ANSWER, _ANSWER, _ANSWER, _ANSWER, challenge_missing=st.booleans())
_HOSTS = st.sampled_from([HUB, ECR, GAR, ACR, GITLAB, QUAY, HARBOR, "ghcr.io/a/b", "r.corp/x", "gcr.io/a/b"])


@given(_HOSTS, st.sampled_from(TokenKind), st.none() | _TRIED, st.none() | _TRIED, st.booleans())
def test_whatever_was_seen_ends_in_a_cause_of_the_closed_list(image, kind, tried, anonymous, push):
    parsed = parse_image(image)
    shown = Shown("mine", parsed.registry, "alice", kind) if tried is not None else None
    nobody = replace(anonymous, credential=None) if anonymous is not None else None
    observed = Observed(parsed, push=push, credential=shown, with_credential=tried, anonymous=nobody)
    proof = conclude(observed, kind_of(Sign(parsed.registry), all_kinds()))
    assert proof.ok or proof.finding is not None
    if proof.finding is not None:
        assert proof.finding.cause in CAUSES
        assert proof.finding.title
        assert proof.finding.remedy


@given(st.binary(max_size=400), _STATUS)
def test_whatever_a_server_answers_is_kept_short_and_printable(body, status):
    answer = read_answer("GET", "https://u:p@r/x?secret=1", Response(status, (), body), 1.0)
    assert answer.request == "GET https://r/x"
    assert len(answer.message) <= 240
    assert answer.message.isprintable()
