import pytest
from tests.conftest import NOW

from seaway.core.credential import Credential
from seaway.core.finding import Finding
from seaway.core.image import parse_image
from seaway.core.keeping import (
    InvalidCredential,
    KeptCredential,
    WantedImage,
    apps_of,
    dependents,
    images_of,
    new_credential,
    not_stored,
    told_with_apps,
)
from seaway.core.secret import Secret

REFUSED = Finding("stale_credential_blocks_public", "refused", ("403",), "Renew it.", ("docker logout ghcr.io",))


def login(name: str, prefix: str, app: str | None = None) -> Credential:
    return Credential(name, prefix, "bot", Secret("s3cret"), app=app)


def wanted(app: str, image: str) -> WantedImage:
    return WantedImage(app, parse_image(image))


def test_a_name_is_made_of_prefix_and_app():
    assert new_credential("GHCR.io/Acme/", "bot", Secret("x")).name == "ghcr.io/acme"
    assert new_credential("ghcr.io", "bot", Secret("x"), app="shop").name == "ghcr.io@shop"
    assert new_credential("https://index.docker.io/v1/", "bot", Secret("x")).name == "docker.io"


@pytest.mark.parametrize(
    ("username", "secret", "name"),
    [
        ("", "x", None),
        ("a:b", "x", None),
        ("bot", "", None),
        ("bot", "one\ntwo", None),
        ("bot", "x", "../vault"),
        ("bot", "x", "a//b"),
        ("bot", "x", "a?b"),
        ("bot", "x", "a" * 201),
    ],
)
def test_what_cannot_be_a_login_is_refused_before_anything_is_asked(username, secret, name):
    with pytest.raises(InvalidCredential):
        new_credential("ghcr.io", username, Secret(secret), name=name)


def test_a_service_accounts_key_may_have_lines():
    assert new_credential("europe-docker.pkg.dev", "_json_key", Secret('{\n "type": "x"\n}')).kind.name == "GOOGLE_KEY"


def test_apps_depend_on_the_credential_that_is_taken_for_their_images():
    kept = [login("all", "ghcr.io"), login("acme", "ghcr.io/acme"), login("own", "ghcr.io/acme", app="api")]
    images = [
        wanted("shop", "ghcr.io/acme/base:1"),
        wanted("api", "ghcr.io/acme/base:1"),
        wanted("blog", "ghcr.io/other/base:1"),
        wanted("docs", "docker.io/library/node:22"),
    ]
    assert {name: apps_of(dependents(name, kept, images)) for name in ("all", "acme", "own")} == {
        "all": ("blog",),
        "acme": ("shop",),
        "own": ("api",),
    }
    assert images_of(images[:2]) == (parse_image("ghcr.io/acme/base:1"),)


def test_a_state_in_one_word():
    kept = KeptCredential(login("a", "ghcr.io"), NOW)
    assert kept.state(NOW) == "unproved"
    assert KeptCredential(login("a", "ghcr.io"), NOW, last_proved_at=NOW).state(NOW) == "proved"
    assert KeptCredential(login("a", "ghcr.io"), NOW, last_proved_at=NOW, refused=REFUSED).state(NOW) == "refused"
    ended = new_credential("ghcr.io", "bot", Secret("x"), expires_at=NOW)
    assert KeptCredential(ended, NOW, last_proved_at=NOW).state(NOW) == "expired"


def test_a_refusal_names_the_apps_and_what_to_do_with_a_kept_credential():
    told = told_with_apps(REFUSED, "ghcr.io", ["api", "shop"])
    assert told.evidence == ("403", "apps that depend on ghcr.io: api, shop")
    assert told.commands == ("seaway credentials rotate ghcr.io", "seaway credentials remove ghcr.io")


def test_what_is_not_stored_says_so_and_how_to_insist():
    error = not_stored(REFUSED, "ghcr.io")
    assert error.code == "stale_credential_blocks_public"
    assert error.remedy.startswith("Nothing was stored. ")
    assert error.remedy.endswith("--force.")
    assert error.finding.commands == ()
