"""Whether a version that an app asks for is one of the distribution's series: `3.3` takes `3.3.6`, not `3.2`."""

import re


def numbers(text: str) -> tuple[int, ...]:
    match = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def is_of(asked: str, series: str) -> bool:
    """As far as both say; a text without a number asks for nothing."""
    wanted, ours = numbers(asked), numbers(series)
    shared = min(len(wanted), len(ours))
    return wanted[:shared] == ours[:shared]
