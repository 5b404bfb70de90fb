import pytest

from seaway.actions.views import AppState, AppView
from seaway.web.home import Sorting, arranged, counted, needs_attention
from web.example_site import NOW, example_site

APPS = list(example_site().all_apps.values())


def names(apps: list[AppView]) -> list[str]:
    return [app.name for app in apps]


def test_broken_comes_before_attention_and_warnings_last() -> None:
    assert [(each.app.name, each.broken) for each in needs_attention(APPS)] == [
        ("api", True),
        ("shop", False),
        ("blog", False),
    ]


def test_what_needs_attention_says_why() -> None:
    assert all(each.finding and each.deployment for each in needs_attention(APPS))


def test_nothing_needs_attention_when_all_is_well() -> None:
    calm = [app for app in APPS if app.name in ("docs", "vault", "fresh", "worker")]
    assert needs_attention(calm) == []


def test_states_are_counted_worst_first() -> None:
    assert counted(APPS)[0] == (AppState.BROKEN, 1)
    assert counted(APPS)[-1] == (AppState.LIVE, 2)


@pytest.mark.parametrize(
    ("filter_text", "found"),
    [
        ("", ["api", "blog", "docs", "fresh", "shop", "vault", "worker"]),
        ("SHOP", ["shop"]),
        ("example.org", ["shop"]),
        ("live", ["blog", "docs"]),
        ("attention shop", ["shop"]),
        ("live shop", []),
        ("nothing like it", []),
    ],
)
def test_every_word_must_be_found_somewhere(filter_text: str, found: list[str]) -> None:
    assert names(arranged(APPS, filter_text, Sorting())) == found


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("name", "api", "worker"),
        ("-name", "worker", "api"),
        ("-memory", "shop", "vault"),
        ("state", "api", "docs"),
        ("-deployment", "fresh", "vault"),
        ("-release", "blog", "fresh"),
        ("no such column", "api", "worker"),
    ],
)
def test_apps_are_sorted_by_any_column_and_then_by_name(sort: str, first: str, last: str) -> None:
    sorted_names = names(arranged(APPS, "", Sorting.parse(sort)))
    assert (sorted_names[0], sorted_names[-1]) == (first, last)


def test_choosing_a_column_again_turns_it_round() -> None:
    assert Sorting("memory").link("memory") == "-memory"
    assert Sorting("memory", descending=True).link("memory") == "memory"
    assert Sorting("memory", descending=True).aria("memory") == "descending"
    assert Sorting("memory").aria("name") == "none"


def test_the_example_is_as_old_as_it_says() -> None:
    assert all(app.created_at < NOW for app in APPS)
