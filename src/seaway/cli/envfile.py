"""Variables as people write them: `K=V` and `K` on the command line, and .env files."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from seaway.core.app import InvalidSetting, check_env_name

_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<name>[^\s=#]+)[ \t]*")
_DOUBLE = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"[ \t]*(?:#.*)?$', re.DOTALL | re.MULTILINE)
_SINGLE = re.compile(r"'(?P<text>[^']*)'[ \t]*(?:#.*)?$", re.MULTILINE)
_BARE = re.compile(r"[^\n]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_options(options: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """`--env K=V` and `--env K`, which takes the value from the environment and so keeps it out of `ps`."""
    found = {}
    for option in options:
        name, equals, value = option.partition("=")
        check_env_name(name)
        if not equals:
            if name not in environment:
                raise InvalidSetting(
                    f"--env {name} takes its value from the environment, where it is not set.",
                    remedy=f"Export {name} first, or write --env {name}=VALUE.",
                )
            value = environment[name]
        found[name] = value
    return found


def read_file(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidSetting(f"{path} cannot be read: {why}.", remedy="Check --env-file.") from None
    return parse(text.replace("\r\n", "\n"), str(path), environment)


def parse(text: str, file: str, environment: Mapping[str, str]) -> dict[str, str]:
    """`K=V` a line; `#` comments, `export`, quotes (double ones may span lines), and `K` alone as with `--env K`."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        end = text.find("\n", at) % (len(text) + 1)
        line = text[at:end]
        if not line.strip() or line.lstrip().startswith("#"):
            at = end + 1
            continue
        named = _NAME.match(text, at, end)
        if not named:
            raise _broken(file, text, at)
        name = named["name"]
        try:
            check_env_name(name)
            if text[named.end() : named.end() + 1] == "=":
                found[name], at = _value(file, text, named.end() + 1)
                continue
            found.update(read_options([line.strip().removeprefix("export").strip()], environment))
        except InvalidSetting as error:
            raise _at_line(file, text, at, error) from None
        at = end + 1
    return found


def _value(file: str, text: str, at: int) -> tuple[str, int]:
    """The value that begins at `at`, and where the next line begins."""
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    quote = text[at : at + 1]
    if quote in ("'", '"'):
        quoted = (_DOUBLE if quote == '"' else _SINGLE).match(text, at)
        if not quoted:
            raise InvalidSetting("the quote is not closed, or something follows it.", remedy="Close it on its own.")
        value = quoted["text"]
        if quote == '"':
            value = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), value, flags=re.DOTALL)
        return value, quoted.end() + 1
    bare = _BARE.match(text, at)
    assert bare is not None  # noqa: S101 - it matches the empty text too
    return re.sub(r"(?:^|\s+)#.*", "", bare[0]).strip(), bare.end() + 1


def _broken(file: str, text: str, at: int) -> InvalidSetting:
    return InvalidSetting(f"{file}, line {_line(text, at)}: no variable is named.", remedy="Write NAME=value.")


def _at_line(file: str, text: str, at: int, error: InvalidSetting) -> InvalidSetting:
    return InvalidSetting(f"{file}, line {_line(text, at)}: {error.what}", remedy=error.remedy)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
