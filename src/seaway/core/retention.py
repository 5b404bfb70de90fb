"""What is kept: the newest releases, the one that runs, and no image but theirs."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from seaway.core.deployment import Deployment, Release, Status
from seaway.core.finding import Finding
from seaway.core.source import FolderSource

TREE_KEPT = timedelta(days=1)
"""A tree that nothing refers to may be one that was just sent."""
DISK_LOW = 0.10


def releases_to_forget(releases: Sequence[Release], current: int | None, keep: int) -> list[Release]:
    """All beyond the `keep` newest, never the current one."""
    newest = sorted(releases, key=lambda r: r.id, reverse=True)
    return [r for r in newest[keep:] if r.id != current]


def images_of_failures(earlier: Sequence[Deployment], in_use: Collection[str]) -> list[str]:
    """Of the attempts since the last live one, newest first: each spared the next its build, and none serves."""
    since = takewhile(lambda d: d.status is not Status.LIVE, earlier)
    return list(dict.fromkeys(d.image for d in since if d.image is not None and d.image not in in_use))


def trees_to_remove(kept: Iterable[tuple[str, float]], used: Collection[str], now: datetime) -> list[str]:
    """Source trees that nothing needs any more; `kept` are digests and when each was last received, as Unix time."""
    oldest = (now - TREE_KEPT).timestamp()
    return [digest for digest, at in kept if digest not in used and at < oldest]


def trees_in_use(releases: Iterable[Release], deployments: Iterable[Deployment]) -> set[str]:
    """Those that a release was built from, and those of the deployments given: under way, or the last of their app."""
    sources = [*(release.source for release in releases), *(deployment.source for deployment in deployments)]
    steps = (deployment.step("fetch") for deployment in deployments)
    fetched = {str((step.result or {}).get("tree")) for step in steps if step is not None}
    return fetched | {source.digest for source in sources if isinstance(source, FolderSource)}


def explain_full_disk(free_bytes: int, total_bytes: int) -> Finding | None:
    """None as long as there is room."""
    if total_bytes <= 0 or free_bytes / total_bytes >= DISK_LOW:
        return None
    return Finding(
        "disk.low",
        f"The disk is nearly full: {free_bytes / total_bytes:.0%} are free",
        (f"{free_bytes / 1024**3:.1f} GB of {total_bytes / 1024**3:.1f} GB are free",),
        "Old source trees and images of forgotten releases go by themselves. See what else takes the space, and let "
        "Docker give up its build cache.",
        ("docker system df", "docker builder prune"),
    )
