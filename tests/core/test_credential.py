"""Which credential is taken for which image, and what a secret's own text tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.core.credential import (
    Credential,
    InvalidPrefix,
    Purpose,
    TokenKind,
    choose,
    github_checksum,
    is_mistyped,
    kind_of,
    matches,
    parse_prefix,
)
from seaway.core.image import parse_image
from seaway.core.secret import Secret


def login(name: str, prefix: str, **more) -> Credential:
    return Credential(name, prefix, "user", Secret("x"), **more)


ALL = [
    login("host", "ghcr.io"),
    login("acme", "ghcr.io/acme"),
    login("secret", "ghcr.io/acme/secret"),
    login("shop", "ghcr.io", app="shop"),
    login("hub", "docker.io"),
    login("mirror", "registry.corp:5000/mirror"),
]


@pytest.mark.parametrize(
    ("image", "app", "then"),
    [
        ("ghcr.io/acme/secret/db:1", None, "secret"),
        ("ghcr.io/acme/secret:1", None, "secret"),
        ("ghcr.io/acme/secretary:1", None, "acme"),
        ("ghcr.io/acme-labs/web:1", None, "host"),
        ("ghcr.io/acme/secret:1", "shop", "shop"),
        ("ghcr.io/acme/web:1", "blog", "acme"),
        ("GHCR.io/acme/web:1", "blog", "acme"),
        ("nginx", None, "hub"),
        ("index.docker.io/library/nginx", None, "hub"),
        ("quay.io/acme/web", None, None),
        ("registry.corp:5000/mirror/a", None, "mirror"),
        ("registry.corp/mirror/a", None, None),
        ("registry.corp:5001/mirror/a", None, None),
    ],
)
def test_an_apps_own_login_comes_first_and_then_the_longest_prefix(image, app, then):
    found = choose(ALL, parse_image(image), app)
    assert (found.name if found else None) == then


def test_an_apps_login_is_nobody_elses():
    assert choose([login("shop", "ghcr.io", app="shop")], parse_image("ghcr.io/a/b"), None) is None
    assert choose([login("shop", "ghcr.io", app="shop")], parse_image("ghcr.io/a/b"), "blog") is None


def test_a_login_serves_what_it_was_given_for():
    pull, push, both = (login(p.value, "ghcr.io", purpose=p) for p in Purpose)
    image = parse_image("ghcr.io/a/b")
    assert choose([both, push, pull], image, None, Purpose.PULL) == pull
    assert choose([both, push, pull], image, None, Purpose.PUSH) == push
    assert choose([pull], image, None, Purpose.PUSH) is None


def test_which_login_is_taken_does_not_depend_on_their_order():
    image = parse_image("ghcr.io/acme/secret")
    assert {choose(order, image, None) for order in (ALL, ALL[::-1])} == {ALL[2]}


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("ghcr.io", "ghcr.io"),
        ("https://ghcr.io/", "ghcr.io"),
        ("GHCR.IO/Acme", "ghcr.io/acme"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("docker.io/acme", "docker.io/acme"),
        ("https://registry.corp:5000/v2/", "registry.corp:5000"),
        ("[::1]:5000/a", "[::1]:5000/a"),
        ("localhost:5000", "localhost:5000"),
    ],
)
def test_a_prefix_is_kept_in_one_form(text, then):
    assert parse_prefix(text) == then


@pytest.mark.parametrize("text", ["", "https://", "a b", "ghcr.io//x", "user@ghcr.io", "ghcr.io/acme:1", "ghcr.io/*"])
def test_what_names_no_registry_is_refused(text):
    with pytest.raises(InvalidPrefix):
        parse_prefix(text)


_PART = st.from_regex(r"[a-z0-9]{1,4}", fullmatch=True)


@given(st.lists(_PART, min_size=1, max_size=4), st.lists(_PART, min_size=1, max_size=4))
def test_a_prefix_covers_whole_parts_only(prefix, name):
    image = parse_image("registry.test/" + "/".join(name))
    covered = matches(login("x", "registry.test/" + "/".join(prefix)), image)
    assert covered == (name[: len(prefix)] == prefix)


def test_githubs_own_example_has_a_right_checksum():
    assert github_checksum("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ") == "0mLq17"
    assert not is_mistyped(Secret("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"))


@given(st.integers(0, 35), st.sampled_from("0aZ"))
def test_one_wrong_letter_in_a_classic_token_is_seen(at, letter):
    good = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"
    wrong = good[:at] + letter + good[at + 1 :]
    assert is_mistyped(Secret("ghp_" + wrong)) == (wrong != good)


@pytest.mark.parametrize("text", ["ghp_short", "gho_" + "a" * 36, "github_pat_x", "ghp_" + "a" * 40, "", "wonderland"])
def test_nothing_but_a_classic_token_is_judged_by_its_checksum(text):
    assert not is_mistyped(Secret(text))


@pytest.mark.parametrize(
    ("user", "secret", "kind"),
    [
        ("me", "ghp_x", TokenKind.GITHUB_CLASSIC),
        ("me", "github_pat_x", TokenKind.GITHUB_FINE_GRAINED),
        ("x", "ghs_x", TokenKind.GITHUB_INSTALLATION),
        ("AWS", "eyJ", TokenKind.ECR_PASSWORD),
        ("oauth2accesstoken", "ya29.x", TokenKind.GOOGLE_ACCESS),
        ("<token>", "x", TokenKind.IDENTITY),
        ("gitlab-ci-token", "glcbt-x", TokenKind.GITLAB_JOB),
        ("me", "glpat-x", TokenKind.GITLAB_PERSONAL),
        ("me", "dckr_pat_x", TokenKind.DOCKER_PERSONAL),
        ("me", "hunter2", TokenKind.PASSWORD),
    ],
)
def test_a_secret_is_known_by_its_beginning_or_its_user(user, secret, kind):
    assert kind_of(user, Secret(secret)) is kind


def test_a_credential_prints_no_secret():
    assert "hunter2" not in f"{Credential('n', 'ghcr.io', 'u', Secret('hunter2'))!r}"
