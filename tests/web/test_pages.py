import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from seaway.actions.views import AppState, AppView
from seaway.core.deployment import Kind, Status
from seaway.core.errors import Unavailable
from seaway.core.events import LogLine
from seaway.core.finding import Finding
from seaway.web.access import COOKIE, MAX_FORM_BYTES, SECURE_COOKIE, form_token
from seaway.web.pages import TAIL_LINES, router
from web.example_site import CODE, NOW, TOKEN, ExampleSite, app, deployment, example_site

SESSION = "a-session-of-the-tests"
PAGES = [
    "/",
    "/?q=shop&sort=-memory",
    *(f"/apps/{name}" for name in ("shop", "api", "worker", "blog", "vault", "fresh", "docs")),
    *(f"/deployments/{n}" for n in (96, 110, 119, 120, 125, 127, 128, 129, 130, 131, 132, 133)),
    "/deployments/128?part=head",
    "/credentials",
    "/credentials/registry.example.org/acme",
    "/credentials/docker.io",
]
FORMS = [
    "/deployments/131/cancel",
    "/apps/shop/restart",
    "/apps/shop/start",
    "/apps/shop/stop",
    "/apps/shop/rollback",
    "/logout",
]


@pytest.fixture
def site() -> ExampleSite:
    return example_site()


def client_of(site: ExampleSite, base_url: str = "http://localhost") -> TestClient:
    served = FastAPI()
    served.include_router(router(site, lambda: NOW))
    return TestClient(served, base_url=base_url, follow_redirects=False)


@pytest.fixture
def stranger(site: ExampleSite) -> Iterator[TestClient]:
    with client_of(site) as client:
        yield client


@pytest.fixture
def owner(stranger: TestClient) -> TestClient:
    stranger.cookies.set(COOKIE, SESSION)
    return stranger


class Ids(HTMLParser):
    """The ids of a page, and what strict CSP would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.inline.append(tag)


# What pages show ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_sound(owner: TestClient, path: str) -> None:
    answer = owner.get(path)
    page = Ids()
    page.feed(answer.text)
    assert answer.status_code == 200
    assert page.inline == []
    assert len(page.ids) == len(set(page.ids))
    assert "hunter2" not in answer.text
    assert SESSION not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_home_says_what_needs_attention_before_the_apps(owner: TestClient) -> None:
    page = owner.get("/").text
    assert page.index("Needs attention") < page.index("The login for registry.example.org") < page.index("<table")


def test_a_calm_home_has_no_attention(site: ExampleSite, owner: TestClient) -> None:
    site.all_apps = {"docs": site.all_apps["docs"]}
    assert "Needs attention" not in owner.get("/").text


def test_an_empty_home_says_the_command_for_the_first_deployment(site: ExampleSite, owner: TestClient) -> None:
    site.all_apps = {}
    assert "seaway deploy . --app shop" in owner.get("/").text


def test_home_is_filtered_and_sorted_without_javascript(owner: TestClient) -> None:
    page = owner.get("/?q=localhost+live&sort=-name").text
    assert re.findall(r'id="app-(\w+)"', page) == ["docs", "blog"]


def test_two_hundred_apps_make_a_small_page(site: ExampleSite, owner: TestClient) -> None:
    site.all_apps = {f"app-{n}": app(f"app-{n}", AppState.LIVE, deployment(n, "x", Status.LIVE)) for n in range(200)}
    assert len(owner.get("/").content) < 300_000


def test_an_app_shows_names_of_variables_only(owner: TestClient) -> None:
    page = owner.get("/apps/shop").text
    assert "STRIPE_KEY" in page
    assert "hunter2" not in page


def test_an_app_can_go_back_to_kept_releases_that_are_not_live(owner: TestClient) -> None:
    page = owner.get("/apps/shop").text
    assert re.findall(r'name="deployment" value="(\d+)"', page) == ["119"]


def test_a_stopped_app_offers_to_start_and_nothing_to_stop(owner: TestClient) -> None:
    page = owner.get("/apps/vault").text
    assert 'action="/apps/vault/start"' in page
    assert "/apps/vault/stop" not in page
    assert "/apps/vault/restart" not in page


def test_a_failure_shows_cause_evidence_commands_and_what_still_serves(owner: TestClient) -> None:
    page = owner.get("/deployments/128").text
    for said in (
        "The login for registry.example.org/acme has expired",
        "403 DENIED",
        "Make a new token",
        'data-copy="seaway credentials rotate registry.example.org/acme"',
        "release #127 goes on serving",
    ):
        assert said in page


def test_what_a_program_wrote_is_text_and_never_markup(site: ExampleSite, owner: TestClient) -> None:
    evil = "<script>alert(1)</script>\x1b[31m\"'><img src=x onerror=alert(1)>"
    site.logs[128] = [LogLine(0, "prove", "out", evil)]
    site.all_deployments[128] = deployment(
        128, "shop", Status.FAILED, until="prove", finding=Finding(evil, evil, (evil,), evil, (evil,))
    )
    page = owner.get("/deployments/128").text
    checked = Ids()
    checked.feed(page)
    assert checked.inline == []
    assert "<img" not in page
    assert "\x1b" not in page


def test_a_long_log_is_cut_to_its_end_and_said_to_be(site: ExampleSite, owner: TestClient) -> None:
    site.logs[128] = [LogLine(n, "prove", "out", f"line {n}.") for n in range(TAIL_LINES + 100)]
    page = owner.get("/deployments/128").text
    assert page.count('class="line ') == TAIL_LINES
    assert "line 99." not in page
    assert "The last 2,000 lines" in page


def test_part_of_a_page_is_all_of_it_but_the_log(owner: TestClient) -> None:
    part = owner.get("/deployments/128?part=head").text
    assert 'id="finding"' in part
    assert 'class="line ' not in part
    assert "<html" not in part


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/apps/nope", "There is no app named"),
        ("/deployments/9", "There is no deployment 9"),
        ("/nothing/here", "There is no page /nothing/here"),
    ],
)
def test_what_is_not_there_is_said_with_a_remedy(owner: TestClient, path: str, said: str) -> None:
    answer = owner.get(path)
    assert answer.status_code == 404
    assert said in answer.text
    assert "Do:" in answer.text


def test_an_engine_that_does_not_answer_becomes_a_page(site: ExampleSite, owner: TestClient) -> None:
    async def apps() -> list[AppView]:
        raise Unavailable("Docker does not answer.", remedy="Start it: systemctl start docker", evidence=("no socket",))

    site.apps = apps  # type: ignore[method-assign]
    answer = owner.get("/")
    assert answer.status_code == 503
    assert "systemctl start docker" in answer.text


# Static files -------------------------------------------------------------------------------------------------------


def test_static_files_may_be_kept_for_ever_under_their_version(stranger: TestClient) -> None:
    page = stranger.get("/login").text
    for url in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = stranger.get(url)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["nope.css", "..%2Fpages.py", "%2e%2e"])
def test_only_known_static_files_are_served(stranger: TestClient, name: str) -> None:
    assert stranger.get(f"/static/x/{name}").status_code == 404


# Who may see them ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_sign_in(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("path", FORMS)
def test_strangers_may_send_no_form(site: ExampleSite, stranger: TestClient, path: str) -> None:
    stranger.cookies.set(COOKIE, "not-a-session")
    answer = stranger.post(path, data={"form_token": form_token("not-a-session"), "confirm": "shop"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert site.asked == []


def test_signing_in_leads_to_where_one_wanted_to_go(stranger: TestClient) -> None:
    form = stranger.get(stranger.get("/deployments/128").headers["location"]).text
    assert 'name="next" value="/deployments/128"' in form
    answer = stranger.post("/login", data={"token": f" {TOKEN}\n", "next": "/deployments/128"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/deployments/128")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert stranger.get("/deployments/128").status_code == 200


def test_on_https_the_cookie_cannot_be_set_by_another_host(site: ExampleSite) -> None:
    client = client_of(site, "https://seaway.example.org")
    cookie = client.post("/login", data={"token": TOKEN}).headers["set-cookie"]
    assert cookie.startswith(f"{SECURE_COOKIE}=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert client.get("/").status_code == 200


def test_a_wrong_token_is_refused_in_words(stranger: TestClient) -> None:
    answer = stranger.post("/login", data={"token": "wrong", "next": "//evil.example"})
    assert answer.status_code == 403
    assert "does not know this token" in answer.text
    assert "evil.example" not in answer.text


def test_a_link_signs_in_once(stranger: TestClient) -> None:
    first = stranger.get(f"/login?code={CODE}&next=/apps/shop")
    assert (first.status_code, first.headers["location"]) == (303, "/apps/shop")
    stranger.cookies.clear()
    again = stranger.get(f"/login?code={CODE}")
    assert again.status_code == 403
    assert "used before" in again.text


def test_signing_out_ends_the_session(site: ExampleSite, owner: TestClient) -> None:
    answer = owner.post("/logout", data={"form_token": form_token(SESSION)})
    assert answer.headers["location"] == "/login"
    assert SESSION not in site.sessions
    assert owner.get("/").status_code == 303


def test_plain_http_over_a_network_is_warned_about(site: ExampleSite) -> None:
    assert "not encrypted" in client_of(site, "http://seaway.example.org").get("/login").text
    assert "not encrypted" not in client_of(site, "http://127.0.0.1:3000").get("/login").text


def test_a_click_on_another_site_is_sent_once_more_from_here(stranger: TestClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    answer = stranger.get("/deployments/128", headers=headers)
    assert answer.status_code == 200
    assert 'content="0; url=/deployments/128"' in answer.text


# What forms do ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "fields", "asked"),
    [
        ("/apps/shop/restart", {}, ("shop", Kind.RESTART, None)),
        ("/apps/shop/start", {}, ("shop", Kind.START, None)),
        ("/apps/shop/stop", {"confirm": " shop "}, ("shop", Kind.STOP, None)),
        ("/apps/shop/rollback", {"deployment": "119"}, ("shop", Kind.ROLLBACK, 119)),
        ("/apps/shop/rollback", {}, ("shop", Kind.ROLLBACK, None)),
    ],
)
def test_a_form_asks_and_leads_to_the_deployment(
    site: ExampleSite, owner: TestClient, path: str, fields: dict[str, str], asked: tuple[str, Kind, int | None]
) -> None:
    answer = owner.post(
        path, data={"form_token": form_token(SESSION), **fields}, headers={"sec-fetch-site": "same-origin"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/deployments/131")
    assert site.asked == [asked]


def test_what_runs_can_be_cancelled_on_its_page(site: ExampleSite, owner: TestClient) -> None:
    assert 'action="/deployments/131/cancel"' in owner.get("/deployments/131").text
    assert "/cancel" not in owner.get("/deployments/128").text
    answer = owner.post("/deployments/131/cancel", data={"form_token": form_token(SESSION)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/deployments/131")
    assert site.cancelled == [131]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        (form_token("another session"), {}),
        (form_token(SESSION), {"sec-fetch-site": "cross-site"}),
        (form_token(SESSION), {"sec-fetch-site": "same-site"}),
        (form_token(SESSION), {"origin": "https://evil.example"}),
        (form_token(SESSION), {"origin": "null"}),
    ],
)
def test_a_form_from_elsewhere_changes_nothing(
    site: ExampleSite, owner: TestClient, path: str, token: str, headers: dict[str, str]
) -> None:
    answer = owner.post(path, data={"form_token": token, "confirm": "shop"}, headers=headers)
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
    assert site.asked == []
    assert SESSION in site.sessions


def test_a_stop_needs_the_apps_name(site: ExampleSite, owner: TestClient) -> None:
    answer = owner.post("/apps/shop/stop", data={"form_token": form_token(SESSION), "confirm": "blog"})
    assert answer.status_code == 422
    assert site.asked == []


def test_a_rollback_needs_a_number(site: ExampleSite, owner: TestClient) -> None:
    answer = owner.post("/apps/shop/rollback", data={"form_token": form_token(SESSION), "deployment": "latest"})
    assert answer.status_code == 422
    assert site.asked == []


def test_an_oversized_form_is_refused(site: ExampleSite, owner: TestClient) -> None:
    answer = owner.post("/apps/shop/restart", data={"form_token": "x" * (MAX_FORM_BYTES + 1)})
    assert answer.status_code == 422
    assert site.asked == []


# Credentials --------------------------------------------------------------------------------------------------------


def test_the_list_says_whose_they_are_how_long_they_live_and_who_uses_them(owner: TestClient) -> None:
    text = owner.get("/credentials").text
    for words in ("ghcr.io/acme", "12 d left", "no end known", "ended 3 d ago", "refused", "/apps/blog", "a person"):
        assert words in text, words


def test_a_refused_one_says_why_and_what_to_do(owner: TestClient) -> None:
    text = owner.get("/credentials/registry.example.org/acme").text
    assert "The login for registry.example.org/acme has expired" in text
    assert "seaway credentials rotate registry.example.org/acme" in text
    assert owner.get("/credentials/nobody").status_code == 404


def test_no_page_shows_a_secret(owner: TestClient) -> None:
    for path in ("/credentials", "/credentials/registry.example.org/acme", "/credentials/docker.io"):
        assert "hunter2" not in owner.get(path).text


def test_without_any_the_page_says_how_to_begin(owner: TestClient, site: ExampleSite) -> None:
    site.all_credentials = []
    assert "seaway credentials import" in owner.get("/credentials").text
