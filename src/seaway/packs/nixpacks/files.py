"""Reads the app's manifests: JSON, TOML and YAML with an error that names file and line."""

import json
import re
import tomllib
from typing import Any, NoReturn

from seaway.core.plan import ConfigBroken


class FileBroken(ConfigBroken):
    """A file of the app that decides how it is built cannot be understood."""

    code = "plan.file_broken"


def parse_json(text: str, file: str, error: type[ConfigBroken] = FileBroken) -> Any:
    """Strict JSON: no comments, no trailing commas, no byte order mark. Raises `error`."""
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:  # half of a surrogate pair is no text: nothing could be written with it
            json.dumps(data, ensure_ascii=False).encode("utf-8")
        return data
    except json.JSONDecodeError as problem:
        raise error(file, f"not valid JSON: {problem.msg.lower()}", line=problem.lineno) from None
    except UnicodeEncodeError:
        raise error(file, "not valid JSON: half of a surrogate pair stands alone") from None
    except (ValueError, RecursionError) as problem:
        raise error(file, f"not valid JSON: {problem}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


_TOML_LINE = re.compile(r"^(?P<why>.*) \(at line (?P<line>\d+), column \d+\)$", re.DOTALL)


def parse_toml(text: str, file: str, error: type[ConfigBroken] = FileBroken) -> dict[str, Any]:
    """Raises `error`."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        where = _TOML_LINE.match(str(problem))
        why = (where["why"] if where else str(problem)).lower()
        raise error(file, f"not valid TOML: {why}", line=int(where["line"]) if where else None) from None


def parse_yaml(text: str, file: str) -> Any:
    """Tables, lists and the source text of scalars; an empty scalar is "". Raises FileBroken."""
    import yaml  # here, because most apps need no YAML and it is slow to load

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506  (it makes texts, lists and tables only)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line = mark.line + 1 if mark else None
        raise FileBroken(file, f"not valid YAML: {problem.problem}", line=line) from None
    except (yaml.YAMLError, RecursionError) as problem:
        raise FileBroken(file, f"not valid YAML: {' '.join(str(problem).split())}") from None
