"""docs/errors.md has every stable code; the codes are read from the sources."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs" / "errors.md"
SOURCE = Path(__file__).parent.parent / "src" / "seaway"
_LABEL = re.compile(r"[a-z]+(?:\.[a-z_0-9]+)+\Z")
# Families: what a surface answers by; nobody raises them by themselves.
FAMILIES = frozenset({"internal", "request.invalid", "request.missing", "request.conflict", "unavailable", "failed"})


def error_codes() -> dict[str, str]:
    """Each code and the module that owns it: class attributes named `code`, and first arguments of Finding(...)."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        where = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            for code in (*_class_codes(node), *_finding_causes(node)):
                found.setdefault(code, where)
    return {code: where for code, where in found.items() if code not in FAMILIES}


def _class_codes(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.ClassDef):
        return
    for statement in node.body:
        targets, value = _assigned(statement)
        for target, given in zip(targets, value, strict=False):
            if target == "code" and isinstance(given, ast.Constant) and isinstance(given.value, str):
                yield given.value


def _assigned(statement: ast.stmt) -> tuple[list[str], list[ast.expr]]:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return [statement.target.id], [statement.value]
    if not isinstance(statement, ast.Assign):
        return [], []
    target, value = statement.targets[0], statement.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return [e.id for e in target.elts if isinstance(e, ast.Name)], list(value.elts)
    return ([target.id], [value]) if isinstance(target, ast.Name) else ([], [])


def _finding_causes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding" and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and _LABEL.match(first.value):
            yield first.value


def test_every_code_is_explained():
    text = DOCS.read_text()
    assert [f"{code} ({where})" for code, where in error_codes().items() if f"`{code}`" not in text] == []


def test_no_code_is_explained_that_does_not_exist():
    known = {*error_codes(), *_quoted_in_core()}
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    told = {code for row in rows for code in re.findall(r"`([a-z]+(?:\.[a-z_0-9]+)+)`", row.split(" | ")[0])}
    assert sorted(told - known) == []


def _quoted_in_core() -> set[str]:
    """Labels that tables hold rather than classes."""
    texts = [path.read_text() for path in (SOURCE / "core").rglob("*.py")]
    return {label for text in texts for label in re.findall(r'"([a-z]+(?:\.[a-z_0-9]+)+)"', text)}
