import pytest

from seaway.web.access import form_token, local_path


@pytest.mark.parametrize(
    "path",
    ["/", "/apps/shop", "/deployments/5?part=head", "/?q=a&sort=-memory"],
)
def test_a_path_of_this_server_is_where_one_goes_next(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "apps",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: a=b",
        "/\tevil",
        "/login?code=1",
        "/login",
    ],
)
def test_anywhere_else_becomes_home(path: str | None) -> None:
    assert local_path(path) == "/"


def test_a_form_token_belongs_to_its_session_and_does_not_tell_it() -> None:
    assert form_token("one") == form_token("one") != form_token("two")
    assert "one" not in form_token("one")
