"""The door to an app's folder: what it finds, what it hides, and that nothing leads out of it."""

import os
from pathlib import Path

import pytest

from seaway.doors.folder import FolderTree, UnreadableFile, glob_matcher


def write(root: Path, *names: str, text: str = "") -> FolderTree:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return FolderTree(root)


def test_walking_is_depth_first_in_the_order_of_bytes(tmp_path: Path) -> None:
    tree = write(tmp_path, "b/z", "b.txt", "a/c/d", "B", ".hidden/x", "node_modules/m/y", "é")
    assert list(tree.find("*")) == [".hidden/x", "B", "a/c/d", "b/z", "b.txt", "node_modules/m/y", "é"]
    assert list(tree.find_folders("*")) == [".hidden", "a", "a/c", "b", "node_modules", "node_modules/m"]
    assert list(tree.top_folders()) == [".hidden", "a", "b", "node_modules"]


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.py", ["a.py", "x/y/a.py"], ["a.pyc"]),
        ("**/*.{ts,js}", ["a.ts", "x/a.js", ".js"], ["a.tsx"]),
        ("**/package.json", ["package.json", "x/package.json"], ["xpackage.json"]),
        ("**/index.{ts,js}", ["index.ts", "x/index.js"], ["xindex.ts"]),
        ("src/bin/*", ["src/bin/a", "src/bin/a/b"], ["src/bin", "x/src/bin/a"]),
        ("Sources/**/main.swift", ["Sources/main.swift", "Sources/a/b/main.swift"], ["Sources/xmain.swift"]),
        ("packages/**", ["packages/a", "packages/a/b"], ["packages"]),
        ("a?c", ["abc", "a/c"], ["ac"]),
        ("[ab].c", ["a.c", "b.c"], ["c.c"]),
        ("[!ab].c", ["c.c"], ["a.c"]),
        ("[a-c]x", ["bx"], ["dx"]),
        ("[]]x", ["]x"], ["x"]),
        (r"\*x", ["*x"], ["ax"]),
        ("{a,b/**}/c", ["a/c", "b/x/c"], ["b.c"]),
        ("./a", [], ["a", "./b"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[a", [], ["a", "[a"]),
        ("{a", [], ["a", "{a"]),
    ],
)
def test_a_glob_matches_whole_paths(pattern: str, matching: list[str], other: list[str]) -> None:
    matches = glob_matcher(pattern)
    assert matching == [path for path in matching if matches(path)]
    assert [path for path in other if matches(path)] == []


def test_ignore_files_hide_always_and_gitignore_files_inside_a_work_tree_only(tmp_path: Path) -> None:
    write(tmp_path / "app", "a.log", "b.tmp", "sub/a.log", "build/x")
    (tmp_path / "app/.ignore").write_text("*.tmp\n")
    (tmp_path / "app/.gitignore").write_text("*.log\n/build\n")
    (tmp_path / "app/sub/.gitignore").write_text("!a.log\n")
    plain = list(FolderTree(tmp_path / "app").find("*[a-z]"))
    assert plain == [".gitignore", ".ignore", "a.log", "build/x", "sub/.gitignore", "sub/a.log"]
    (tmp_path / ".git/info").mkdir(parents=True)
    tree = FolderTree(tmp_path / "app")
    assert list(tree.find("*")) == [".gitignore", ".ignore", "sub/.gitignore", "sub/a.log"]
    assert tree.has("build/x")
    (tmp_path / ".git/info/exclude").write_text("sub\n")
    assert list(FolderTree(tmp_path / "app").find("*")) == [".gitignore", ".ignore"]


def test_rules_of_the_folders_above_count_up_to_the_work_tree(tmp_path: Path) -> None:
    write(tmp_path / "repo/app", "a", "b", "c")
    (tmp_path / ".gitignore").write_text("a\n")
    (tmp_path / "repo/.git").mkdir()
    (tmp_path / "repo/.gitignore").write_text("b\n")
    assert list(FolderTree(tmp_path / "repo/app").find("*")) == ["a", "c"]
    assert list(FolderTree(tmp_path / "repo").subtree("app").find("*")) == ["a", "c"]


def test_ignore_beats_gitignore(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path, "a.log")
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / ".ignore").write_text("!a.log\n")
    assert "a.log" in FolderTree(tmp_path).find("*")


def test_the_inside_of_git_is_never_found(tmp_path: Path) -> None:
    tree = write(tmp_path, ".git/refs/heads/fix.py", "a.py")
    assert list(tree.find("*.py")) == ["a.py"]
    assert list(tree.top_folders()) == [".git"]


def test_texts_have_unix_line_ends_and_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x\r\ny\rz\n")
    tree = FolderTree(tmp_path)
    assert tree.read("a") == "x\ny\rz\n"
    (tmp_path / "a").unlink()
    assert tree.read("a") == "x\ny\rz\n"


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"ab\xff")
    with pytest.raises(UnreadableFile, match=r"a\.txt cannot be read: it is not UTF-8 \(byte 2\)") as failure:
        FolderTree(tmp_path).read("a.txt")
    assert failure.value.code == "plan.unreadable_file"


@pytest.mark.parametrize("path", ["../secret", "link", "folder-link/secret", "/etc/hostname", "a/../../secret"])
def test_nothing_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("s")
    tree = write(tmp_path / "app", "a/x")
    (tmp_path / "app/link").symlink_to("../secret")
    (tmp_path / "app/folder-link").symlink_to("..")
    assert not tree.has(path)
    assert list(tree.find("*")) == ["a/x"]
    with pytest.raises(UnreadableFile):
        tree.read(path)
    with pytest.raises(UnreadableFile):
        tree.subtree("folder-link")


def test_links_inside_of_the_folder_are_followed_but_not_descended(tmp_path: Path) -> None:
    tree = write(tmp_path, "real/a", text="text")
    (tmp_path / "file").symlink_to("real/a")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "nowhere").symlink_to("gone")
    assert list(tree.find("*")) == ["file", "real/a"]
    assert tree.read("file") == tree.read("folder/a") == "text"
    assert tree.has_folder("folder")
    assert not tree.has("nowhere")


def test_a_pipe_does_not_stop_the_planner(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "package.json")
    tree = FolderTree(tmp_path)
    assert not tree.has("package.json")
    with pytest.raises(UnreadableFile, match="not a regular file"):
        tree.read("package.json")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such folder"):
        FolderTree(tmp_path / "gone")


def test_the_x_bit_is_seen(tmp_path: Path) -> None:
    tree = write(tmp_path, "run", "text")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "text").chmod(0o644)
    assert tree.is_executable("run")
    assert not tree.is_executable("text")
    assert not tree.is_executable("gone")


def test_a_very_deep_folder_is_walked(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("deep.txt", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    assert len(FolderTree(tmp_path).find("*deep.txt")) == 1
