"""Names of images, by Docker's rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.core.image import ImageRef, InvalidReference, parse_image

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("nginx", ImageRef("docker.io", "library/nginx", "latest")),
        ("me/app", ImageRef("docker.io", "me/app", "latest")),
        ("docker.io/nginx:1", ImageRef("docker.io", "library/nginx", "1")),
        ("index.docker.io/library/nginx", ImageRef("docker.io", "library/nginx", "latest")),
        ("registry-1.docker.io/me/app:1", ImageRef("docker.io", "me/app", "1")),
        ("ghcr.io/acme/web:v1", ImageRef("ghcr.io", "acme/web", "v1")),
        ("ghcr.io/acme/web/api:v1", ImageRef("ghcr.io", "acme/web/api", "v1")),
        ("GHCR.io/acme/web", ImageRef("ghcr.io", "acme/web", "latest")),
        ("localhost/x", ImageRef("localhost", "x", "latest")),
        ("localhost:5000/x", ImageRef("localhost:5000", "x", "latest")),
        ("registry:5000/x:y", ImageRef("registry:5000", "x", "y")),
        ("[::1]:5000/x", ImageRef("[::1]:5000", "x", "latest")),
        (f"ghcr.io/acme/web@{DIGEST}", ImageRef("ghcr.io", "acme/web", None, DIGEST)),
        (f"ghcr.io/acme/web:v1@{DIGEST}", ImageRef("ghcr.io", "acme/web", "v1", DIGEST)),
        ("a__b/c--d.e", ImageRef("docker.io", "a__b/c--d.e", "latest")),
    ],
)
def test_a_name_is_read_as_docker_reads_it(text, then):
    assert parse_image(text) == then


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "/", "@", "ghcr.io/", "/web", "ghcr.io//web", "https://ghcr.io/a/b", "a b", "web:", "web:-x", "-web",
        "web@", "web@sha256:short", "web:" + "x" * 129, "ghcr.io/acme/-web", "web:1:2", "a" * 256, "ghcr.io:99999999/a",
        "web@sha256:" + "g" * 64, "web@sha256:" + "a" * 63, "web\n", "ghcr.io/a/b:1\n", "_web", "ghcr.io:/a", "é/b",
        f"web@{DIGEST}@{DIGEST}", "user@ghcr.io/a/b",
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused(text):
    with pytest.raises(InvalidReference):
        parse_image(text)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("ghcr.io/Acme/Web:V1", "ghcr.io/acme/web:V1"),
        ("Ubuntu", "ubuntu"),
        ("Acme/web:1", "acme/web:1"),
        (f"ghcr.io/Acme/web@{DIGEST}", f"ghcr.io/acme/web@{DIGEST}"),
    ],
)
def test_upper_case_is_answered_with_the_name_that_was_meant(text, suggestion):
    with pytest.raises(InvalidReference) as caught:
        parse_image(text)
    assert caught.value.remedy == f"Write {suggestion}."


def test_docker_hub_is_asked_at_its_own_host():
    assert parse_image("nginx").api_host == "registry-1.docker.io"
    assert parse_image("ghcr.io/a/b").api_host == "ghcr.io"


def test_a_pinned_image_is_asked_by_its_digest():
    pinned = parse_image("ghcr.io/a/b:1").pinned_to(DIGEST)
    assert (str(pinned), pinned.reference) == (f"ghcr.io/a/b@{DIGEST}", DIGEST)


_PART = st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)?", fullmatch=True).filter(lambda text: len(text) < 20)
_HOST = st.sampled_from(["ghcr.io", "docker.io", "localhost", "r.test:5000", "[::1]:5000", "127.0.0.1:1"])
_TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)


@given(_HOST, st.lists(_PART, min_size=1, max_size=4), st.none() | _TAG, st.none() | st.just(DIGEST))
def test_a_name_reads_the_same_after_it_was_written(host, parts, tag, digest):
    text = f"{host}/{'/'.join(parts)}" + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    first = parse_image(text)
    assert parse_image(str(first)) == first


@given(st.text())
def test_any_text_is_a_name_or_is_refused(text):
    try:
        image = parse_image(text)
    except InvalidReference:
        return
    assert parse_image(str(image)) == image
