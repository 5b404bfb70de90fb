"""No secret leaves; what is not a secret stays."""

import string
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seaway.core.redaction import MASK, redact, telling, without

LETTERS = string.ascii_letters + string.digits
WORD = st.text(LETTERS, min_size=24, max_size=40)
TOKENS = st.one_of(
    *(WORD.map(prefix.__add__) for prefix in ("ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "dckr_pat_")),
    *(WORD.map(lambda word, prefix=prefix: prefix + word.upper()) for prefix in ("AKIA", "ASIA")),
    st.tuples(WORD, WORD, WORD).map(lambda parts: f"eyJ{parts[0]}.{parts[1]}.{parts[2]}"),
)
HOLDERS = st.sampled_from(
    [
        "Authorization: Basic {}",
        '"Authorization": "Bearer {}"',
        "authorization=Bearer {}",
        "https://user:{}@ghcr.io/v2/a/b/manifests/1",
        "https://{}@github.com/acme/shop.git",
        "password={}",
        '"password": "{}"',
        "password: {}",
        "PASSWORD='{}'",
        '{{"auths":{{"ghcr.io":{{"auth":"{}"}}}}}}',
        '\\"identitytoken\\":\\"{}\\"',
        "aws_secret_access_key = {}",
        "--build-arg SECRET_KEY={}",
        "docker login -u me -p {} ghcr.io",
        "docker login ghcr.io --username me --password {}",
        "X-Registry-Auth: {}",
        "https://cdn.example/blob?x=1&X-Amz-Signature={}&y=2",
        "NPM_TOKEN={}",
        "client_secret={}",
        "Set-Cookie: {}",
        "PRIVATE-TOKEN: {}",
    ]
)
AROUND = st.text(max_size=30).map(lambda text: text + " ")


@settings(max_examples=300, deadline=None)
@given(AROUND, HOLDERS, WORD, AROUND)
def test_a_value_is_taken_out_by_the_name_before_it(before, holder, secret, after):
    assume(secret not in before + after)
    assert secret not in redact(f"{before}{holder.format(secret)} {after}")


@settings(max_examples=300, deadline=None)
@given(AROUND, TOKENS, AROUND)
def test_a_token_is_taken_out_by_its_shape(before, token, after):
    assert token not in redact(f"{before}{token} {after}")


@given(st.text())
def test_any_text_can_be_redacted_twice(text):
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "line",
    [
        "#2 [auth] railwayapp/nixpacks:pull token for ghcr.io",
        "failed to fetch oauth token: unexpected status from GET request to "
        "https://ghcr.io/token?scope=repository%3Aacme%2Fshop%3Apull&service=ghcr.io: 403 Forbidden",
        "unable to retrieve auth token: invalid username/password: unauthorized",
        'www-authenticate: Bearer realm="https://auth.example/token",service="registry"',
        "docker login --password-stdin ghcr.io",
        "docker://localhost:5000/acme/shop@sha256:e09ed8c6c837d366a501f15dcb47939bbbb6242bf3886270834e2a0fa1555234",
        "access token has insufficient scopes",
        'error getting credentials - err: exec: "docker-credential-desktop": executable file not found in $PATH',
        "unauthorized: incorrect username or password",
    ],
)
def test_the_words_of_an_error_survive(line):
    assert redact(line) == line


@pytest.mark.parametrize("password", ["p@ss", "p/a@ss", "päss:word", "a@b@c"])
def test_odd_passwords_in_urls_are_taken_out_whole(password):
    assert redact(f"clone https://me:{password}@git.example/a/b now") == f"clone https://{MASK}@git.example/a/b now"


def test_a_private_key_is_taken_out_though_it_spans_lines():
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\naC1rZXk\n-----END OPENSSH PRIVATE KEY-----"
    assert "b3BlbnNz" not in redact(f"before\n{key}\nafter")
    assert redact(f"before\n{key}\nafter").endswith("\nafter")


@pytest.mark.parametrize(
    "piece", ["http://a:", "http://a:b/", "a-", "password=", 'secret "', "token ", "eyJaaaaaa.", "-p "]
)
def test_no_line_takes_long(piece):
    begun = time.perf_counter()
    redact("login " + piece * (4000 // len(piece)) + "@")
    assert time.perf_counter() - begun < 0.5


def test_known_secrets_are_taken_out_whatever_they_look_like():
    secrets = telling(["correct-horse", "correct-horse-battery", "line one\nline two", "on", "production", "3000"])
    assert without("npm warn production correct-horse-battery on", secrets) == f"npm warn production {MASK} on"
    assert without("| line two", secrets) == f"| {MASK}"
