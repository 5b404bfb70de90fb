import pytest

from seaway.core.image import parse_image
from seaway.core.source import (
    FolderSource,
    GitSource,
    ImageSource,
    InvalidSource,
    ReleaseSource,
    check_git_url,
    describe,
    looks_like_git,
    source_as_json,
    source_from_json,
)

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    "source",
    [
        FolderSource(DIGEST),
        GitSource("https://example.org/a/b.git", "main"),
        GitSource("git@example.org:a/b.git"),
        ImageSource(parse_image("ghcr.io/acme/shop:1")),
        ReleaseSource(7),
    ],
)
def test_a_source_comes_back_from_json_as_it_was(source):
    assert source_from_json(source_as_json(source)) == source
    assert describe(source)


@pytest.mark.parametrize("data", [{}, {"kind": "folder"}, {"kind": "git", "url": 7}, {"kind": "cvs", "url": "x"}])
def test_an_unknown_source_is_refused(data):
    with pytest.raises(InvalidSource):
        source_from_json(data)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:token@example.org/a.git",
        "https://token@example.org/a.git",
        "--upload-pack=x",
        "file:///etc",
        "/srv/a",
        "ext::sh -c x",
    ],
)
def test_a_url_with_a_secret_or_a_transport_that_runs_commands_is_refused(url):
    with pytest.raises(InvalidSource):
        check_git_url(url)


def test_a_folder_is_not_taken_for_a_git_url():
    assert not looks_like_git("./shop")
    assert not looks_like_git("shop:1")
    assert looks_like_git("git@example.org:acme/shop.git")
