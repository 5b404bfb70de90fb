"""The home page as values: which apps need attention, and the table filtered and sorted as asked."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from seaway.actions.views import AppState, AppView, DeploymentView
from seaway.core.deployment import Deployment
from seaway.core.finding import Finding

ORDER = (
    AppState.BROKEN,
    AppState.ATTENTION,
    AppState.UNKNOWN,
    AppState.WORKING,
    AppState.NEW,
    AppState.STOPPED,
    AppState.LIVE,
)


@dataclass(frozen=True)
class Attention:
    """One thing that somebody should look at."""

    app: AppView
    deployment: Deployment | None
    finding: Finding | None

    @property
    def broken(self) -> bool:
        return self.app.state is AppState.BROKEN


@dataclass(frozen=True)
class Sorting:
    column: str = "name"
    descending: bool = False

    @staticmethod
    def parse(text: str | None) -> "Sorting":
        """As it stands in the URL: `memory`, or `-memory` for the largest first."""
        column = (text or "").removeprefix("-")
        return Sorting(column, (text or "").startswith("-")) if column in _KEYS else Sorting()

    def link(self, column: str) -> str:
        """What choosing a column leads to: the other direction, if it is chosen already."""
        return f"-{column}" if self == Sorting(column) else column

    def aria(self, column: str) -> str:
        if column != self.column:
            return "none"
        return "descending" if self.descending else "ascending"


def needs_attention(apps: Sequence[AppView]) -> list[Attention]:
    """Broken apps first, then those that serve although something failed, then warnings of what went well."""
    found = [each for app in apps for each in _attention(app)]
    return sorted(found, key=lambda each: (ORDER.index(each.app.state), each.app.name))


def _attention(app: AppView) -> list[Attention]:
    last = app.last_deployment.deployment if app.last_deployment else None
    if app.state in (AppState.BROKEN, AppState.ATTENTION):
        return [Attention(app, last, last.finding if last else None)]
    if app.state is AppState.LIVE and last:
        return [Attention(app, last, warning) for warning in last.warnings]
    return []


def counted(apps: Sequence[AppView]) -> list[tuple[AppState, int]]:
    counts = Counter(app.state for app in apps)
    return [(state, counts[state]) for state in ORDER if counts[state]]


def arranged(apps: Sequence[AppView], filter_text: str, sorting: Sorting) -> list[AppView]:
    chosen = [app for app in apps if matches(app, filter_text)]
    by_name = sorted(chosen, key=lambda app: app.name)
    return sorted(by_name, key=_KEYS[sorting.column], reverse=sorting.descending)


def matches(app: AppView, filter_text: str) -> bool:
    """Every word is found in the app's name, state or URLs; `static/home.js` does the same while one types."""
    text = searchable(app)
    return all(word in text for word in filter_text.lower().split())


def searchable(app: AppView) -> str:
    return " ".join([app.name, app.environment.name, app.state.value, *app.urls]).lower()


def last_change(view: DeploymentView | None) -> datetime | None:
    if view is None:
        return None
    return view.deployment.finished_at or view.deployment.created_at


def _stamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


_KEYS: dict[str, Callable[[AppView], Any]] = {
    "state": lambda app: ORDER.index(app.state),
    "name": lambda app: app.name,
    "url": lambda app: app.urls[0] if app.urls else "",
    "release": lambda app: _stamp(app.release.created_at if app.release else None),
    "deployment": lambda app: _stamp(last_change(app.last_deployment)),
    "memory": lambda app: app.memory_bytes or 0,
}


def sort_value(app: AppView, column: str) -> str | float | int:
    """What `static/home.js` sorts by; the same as here."""
    value: str | float | int = _KEYS[column](app)
    return value
