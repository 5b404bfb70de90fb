"""Which releases are kept: the newest ones and the one that runs."""

from collections.abc import Sequence

from seaway.core.deployment import Release


def releases_to_forget(releases: Sequence[Release], current: int | None, keep: int) -> list[Release]:
    """All beyond the `keep` newest, never the current one."""
    newest = sorted(releases, key=lambda r: r.id, reverse=True)
    return [r for r in newest[keep:] if r.id != current]
