import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seaway.cli.ignore import NOTHING_SAID, is_git_ignored, parse_dockerignore, parse_gitignore
from seaway.cli.pack import look_at

FILES = ("a", "a.log", "b/a", "b/a.log", "b/c/a", "b/c/d.txt", "c/b/a.log", "d.txt", "x y", "e/[a]", "e/#f", "é.log")
_NAMES = st.sampled_from(
    ["a", "b", "c", "*", "*.log", "**", "?", "d.txt", "[ab]", "[!a]", "[a-c]*", "x y", "é*", "\\#f"]
)
_LINES = st.builds(
    lambda bang, lead, names, tail: bang + lead + "/".join(names) + tail,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_NAMES, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " ", "\r"]),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def kept_by_git(root: Path) -> set[str]:
    listed = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    return set(listed.stdout.decode().split("\0")) - {""}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=st.lists(_LINES, max_size=5), inner=st.lists(_LINES, max_size=3))
def test_gitignore_leaves_out_what_git_leaves_out(repository: Path, top: list[str], inner: list[str]) -> None:
    (repository / ".gitignore").write_text("\n".join(top))
    (repository / "b" / ".gitignore").write_text("\n".join(inner))
    # git keeps .gitignore out of nothing: it may be ignored like any file, and so it is here.
    assert {entry.path for entry in _files(repository)} == kept_by_git(repository)


def _files(root: Path) -> list[object]:
    try:
        return [entry for entry in look_at(root).entries if not entry.is_folder]
    except Exception as error:
        if "has nothing to send" in str(error):
            return []
        raise


@pytest.mark.parametrize(
    ("text", "path", "is_folder", "ignored"),
    [
        ("/dist/", "dist", True, True),
        ("/dist/", "dist", False, False),
        ("docs/*.txt", "a/docs/b.txt", False, False),
        ("[[:digit:]]?", "12", False, True),
        ("a[", "a[", False, False),
        ("name\\ ", "name ", False, True),
        ("**/cache", "a/b/cache", True, True),
        ("logs/**", "logs", True, False),
        ("a/**/b", "a/b", False, True),
    ],
)
def test_patterns_read_as_gits_manual_says(text: str, path: str, is_folder: bool, ignored: bool) -> None:
    assert is_git_ignored([parse_gitignore(text)], path, is_folder) is ignored


# From the tests of Docker's own matcher (moby/patternmatcher), where a path is checked with its parents.
@pytest.mark.parametrize(
    ("patterns", "path", "left_out"),
    [
        ("**", "file", True),
        ("**/", "dir/file", True),
        ("**/**", "dir/file", True),
        ("dir/**", "dir/file", True),
        ("dir/**", "dir/dir2/file", True),
        ("**/dir", "dir2/dir", True),
        ("**/dir2/*", "dir/dir2/file", True),
        ("**/dir2/*", "dir/dir2/dir2/file", True),
        ("**file", "dir/file", True),
        ("**/file", "dir/dir/file", True),
        ("**/file*", "dir/dir/file.txt", True),
        ("**/file*txt", "dir/dir/file.txt", True),
        ("**/*.txt", "dir/file.txt", True),
        ("**/*.txt", "file.txt.bak", False),
        ("a**/*.txt", "a/file.txt", True),
        ("a**/*.txt", "a/dir/dir/file.txt", True),
        ("a[b-d]e", "ae", False),
        ("a[b-d]e", "ace", True),
        ("a[^b-d]e", "aze", True),
        (".*", ".foo", True),
        (".*", "foo", False),
        ("abc.def", "abcdef", False),
        ("abc?def", "abczdef", True),
        ("a\\\\", "a\\", True),
        ("a\\*b", "acb", False),
        ("*.go", "dir/foo.go", False),
        ("/foo", "foo", True),
        ("foo/../bar", "bar", True),
        ("**.md", "a/b/c.md", True),
        ("**.m*", "a/b/c.md", False),
        ("dir\n!dir/file", "dir/file", False),
        ("!dir/file\ndir", "dir/file", True),
        ("!b\n*/*", "b/a", True),
        ("*\n!b", "b/a", False),
        ("*\n!.dockerignore", ".dockerignore", False),
        ("  spaced  ", "spaced", True),
        ("# comment\n#foo", "#foo", False),
        ("\ufefffoo", "foo", True),
    ],
)
def test_dockerignore_patterns_read_as_docker_reads_them(patterns: str, path: str, left_out: bool) -> None:
    docker = parse_dockerignore(patterns)
    parts = path.split("/")
    verdict = NOTHING_SAID
    for depth in range(1, len(parts) + 1):
        verdict = docker.verdict("/".join(parts[:depth]), verdict)
    assert verdict.left_out is left_out


@pytest.mark.parametrize(
    ("exception", "folder", "enters"),
    [
        ("!src/app/main.py", "src", True),
        ("!src/app/main.py", "src/app", True),
        ("!src/app/main.py", "test", False),
        ("!s*/x", "src", True),
        ("!**/*.md", "deep/er", True),
        ("!docs/**/*.md", "docs/a/b", True),
        ("!docs/**/*.md", "src", False),
        ("!docs", "docs", False),
    ],
)
def test_only_folders_that_an_exception_reaches_into_are_entered(exception: str, folder: str, enters: bool) -> None:
    assert parse_dockerignore(exception).may_keep_something_in(folder) is enters
