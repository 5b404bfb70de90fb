"""Which Python a plan gets: the distribution's, as no package registry carries another one."""

import re

from seaway.builders.debian.work import Work
from seaway.core.errors import Invalid

SERIES = "3.13"
"""What `python3` is in Debian 13, whose packages builds start from."""
_PACKAGE = re.compile(r"python(\d)(\d*)\Z")
_VARIABLE = "NIXPACKS_PYTHON_VERSION"
_FILES = (".python-version", "runtime.txt", "Pipfile", ".tool-versions")
_REQUIRES = re.compile(r"""^\s*(?:requires-python|python)\s*=\s*["']([^"']+)["']""", re.MULTILINE)


class PythonVersionUnavailable(Invalid):
    code = "builder.python_version_unavailable"

    def __init__(self, asked: str, where: str) -> None:
        super().__init__(
            f"Python {asked}, asked for by {where}, is not to be had: the builder `debian` has Python {SERIES}.",
            remedy=f"Ask for {SERIES} (in {where}, or {_VARIABLE}={SERIES}) if the app runs on it, or build with "
            "`--builder nix`.",
        )


def check(work: Work) -> str:
    """A note on the version. Raises PythonVersionUnavailable."""
    for name in package_names(work):
        match = _PACKAGE.match(name)
        if match and match[2] and f"{match[1]}.{match[2]}" != SERIES:
            raise PythonVersionUnavailable(f"{match[1]}.{match[2]}", _where(work))
    wanted = _requires(work)
    if wanted and not _takes(wanted):
        raise PythonVersionUnavailable(wanted, "pyproject.toml")
    return f"Python {SERIES}, the distribution's."


def package_names(work: Work) -> list[str]:
    return [name for phase in (work.plan.phases or {}).values() for name in phase.nix_pkgs or ()]


def is_python(package: str) -> bool:
    return _PACKAGE.match(package) is not None


def _where(work: Work) -> str:
    if _VARIABLE in {**(work.plan.variables or {}), **work.wanted.env}:
        return _VARIABLE
    return next((name for name in _FILES if work.tree.has(name)), "nixpacks.toml")


def _requires(work: Work) -> str | None:
    if not work.tree.has("pyproject.toml"):
        return None
    match = _REQUIRES.search(work.tree.read("pyproject.toml"))
    return match[1] if match else None


def _takes(wanted: str) -> bool:
    """Whether a requirement, as far as it is understood, lets this series in."""
    return any(all(map(_meets, re.split(r"[,\s]+(?=[<>=!~^\d])", part.strip()))) for part in wanted.split("||"))


def _meets(text: str) -> bool:
    match = re.match(r"\s*(>=|<=|==|!=|~=|<|>|\^|~)?\s*(\d+)(?:\.(\d+|\*))?(?:\.(\d+|\*))?", text)
    if not match:
        return True
    operator, major, minor, patch = match[1] or "==", int(match[2]), match[3], match[4]
    ours = tuple(map(int, SERIES.split(".")))
    low = (major, int(minor) if minor and minor != "*" else 0)
    has_minor = minor is not None and minor != "*"
    match operator:
        case ">=":
            return ours >= low
        case ">":
            return ours >= low if patch else ours > low
        case "<":
            return ours < low or (bool(patch) and patch != "0" and ours == low)
        case "<=":
            return ours <= low
        case "==":
            return ours == low if has_minor else ours[0] == major
        case "~=":
            return ours[0] == major and (ours == low if patch else ours >= low)
        case "^":
            return ours[0] == major and ours >= low
        case "~":
            return ours == low if has_minor else ours[0] == major
        case _:
            return True
