import gzip
import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from seaway.cli.pack import Changed, LeavesFolder, NoFolder, TooBig, look_at, stream


def make(root: Path, *names: str, **texts: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts.get(name, name))
    return root


def sent(root: Path) -> list[str]:
    return [entry.path for entry in look_at(root).entries]


def unpacked(root: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream(look_at(root)))), mode="r:gz") as archive:
        return {member.name: member for member in archive.getmembers()}


def test_the_same_folder_gives_the_same_bytes_whenever_it_was_written(tmp_path: Path) -> None:
    one, two = make(tmp_path / "one", "b/c", "a"), make(tmp_path / "two", "a", "b/c")
    os.utime(two / "a", (1, 1))
    assert b"".join(stream(look_at(one))) == b"".join(stream(look_at(two)))


def test_contents_and_the_executable_bit_arrive_and_owners_and_times_do_not(tmp_path: Path) -> None:
    make(tmp_path, "run.sh", "empty/.keep", "data")
    (tmp_path / "run.sh").chmod(0o700)
    (tmp_path / "large").write_bytes(os.urandom(700_001))
    raw = b"".join(stream(look_at(tmp_path)))
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
        members = {m.name: (m.mode, m.uid, m.gid, m.mtime, m.uname) for m in archive.getmembers()}
        large = archive.extractfile("large")
        assert large is not None
        assert large.read() == (tmp_path / "large").read_bytes()
    assert members == {
        "data": (0o644, 0, 0, 0, ""),
        "empty": (0o755, 0, 0, 0, ""),
        "empty/.keep": (0o644, 0, 0, 0, ""),
        "large": (0o644, 0, 0, 0, ""),
        "run.sh": (0o755, 0, 0, 0, ""),
    }


def test_it_is_streamed_in_pieces_and_unpacked_it_is_one_tar(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(os.urandom(1_000_000))
    pieces = list(stream(look_at(tmp_path), level=0))
    assert len(pieces) > 3
    assert len(gzip.decompress(b"".join(pieces))) % 512 == 0


def test_names_that_are_long_or_not_utf8_arrive_as_they_are(tmp_path: Path) -> None:
    long = "/".join(["folder" * 8] * 4 + ["name" * 40])
    make(tmp_path, long, "ä/ö")
    (tmp_path / os.fsdecode(b"\xff.bin")).write_text("")
    assert {long, "ä/ö", os.fsdecode(b"\xff.bin")} <= set(unpacked(tmp_path))


def test_gitignore_files_count_where_they_lie_and_git_itself_is_never_sent(tmp_path: Path) -> None:
    make(tmp_path, ".git/config", "web/.git", "node_modules/x/index.js", "web/dist/a.js", "web/src/a.js", "dist/b.js")
    (tmp_path / ".gitignore").write_text("node_modules/\n")
    (tmp_path / "web/.gitignore").write_text("dist\n")
    assert sent(tmp_path) == [
        *(".gitignore", "dist/", "dist/b.js", "web/", "web/.gitignore", "web/src/", "web/src/a.js"),
    ]


def test_a_folder_of_a_larger_repository_obeys_the_files_above_it(tmp_path: Path) -> None:
    make(tmp_path, ".git/config", "apps/web/index.js", "apps/web/.env", "apps/web/tmp/a", "apps/web/keep.env")
    (tmp_path / ".gitignore").write_text(".env\n/apps/web/tmp\n")
    assert sent(tmp_path / "apps/web") == ["index.js", "keep.env"]


def test_a_gitignore_above_the_repository_does_not_count(tmp_path: Path) -> None:
    make(tmp_path, "repo/.git/config", "repo/a")
    (tmp_path / ".gitignore").write_text("*\n")
    assert sent(tmp_path / "repo") == ["a"]


def test_dockerignore_leaves_out_and_its_exceptions_bring_back(tmp_path: Path) -> None:
    make(tmp_path, "src/a.py", "src/b.txt", "docs/a.md", "docs/in/b.md", "docs/c.txt", "README.md")
    (tmp_path / ".dockerignore").write_text("*\n!src\nsrc/*.txt\n!docs/**/*.md\n")
    assert sent(tmp_path) == [".dockerignore", "docs/a.md", "docs/in/b.md", "src/", "src/a.py"]


def test_what_planning_needs_is_sent_even_when_it_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "Dockerfile", "nixpacks.toml", "Procfile", "sub/Dockerfile", "app.js")
    (tmp_path / ".dockerignore").write_text("**/Dockerfile\nnixpacks.toml\nProcfile\n.dockerignore\n")
    assert sent(tmp_path) == [".dockerignore", "Dockerfile", "Procfile", "app.js", "nixpacks.toml", "sub/"]


def test_an_exception_of_dockerignore_brings_back_built_files_that_git_ignores(tmp_path: Path) -> None:
    make(tmp_path, "dist/a.js", "dist/deep/b.js", "dist/c.log", "src/.env", "other/dist/d.js")
    (tmp_path / ".gitignore").write_text("dist\n.env\n*.log\n")
    (tmp_path / ".dockerignore").write_text("!dist\n!src\n")
    assert sent(tmp_path) == [
        *(".dockerignore", ".gitignore", "dist/", "dist/a.js", "dist/deep/", "dist/deep/b.js", "other/", "src/"),
    ]


def test_links_that_stay_inside_are_sent_as_links(tmp_path: Path) -> None:
    make(tmp_path, "real/a")
    (tmp_path / "real/up").symlink_to("../real/a")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "dangling").symlink_to("later")
    found = unpacked(tmp_path)
    links = {name: member.linkname for name, member in found.items() if member.issym()}
    assert links == {"dangling": "later", "folder": "real", "real/up": "../real/a"}
    assert "folder/a" not in found


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "a/../../outside", "hop/../../outside"])
def test_a_link_that_leads_out_is_refused_by_name(tmp_path: Path, target: str) -> None:
    root = make(tmp_path / "root", "a/file")
    (root / "hop").symlink_to("a")
    (root / "link").symlink_to(target)
    with pytest.raises(LeavesFolder, match=r"The symbolic link link leads out of the folder") as caught:
        look_at(root)
    assert caught.value.evidence == (f"link -> {target}",)


def test_a_link_that_leads_out_by_way_of_another_link_is_refused(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "a/file")
    (root / "a/up").symlink_to("..")
    (root / "link").symlink_to("a/up/..")
    with pytest.raises(LeavesFolder):
        look_at(root)


def test_an_ignored_link_that_leads_out_is_no_matter(tmp_path: Path) -> None:
    make(tmp_path, "a")
    (tmp_path / "venv").symlink_to("/usr")
    (tmp_path / ".dockerignore").write_text("venv\n")
    assert sent(tmp_path) == [".dockerignore", "a"]


def test_sockets_and_pipes_are_left_out_with_a_note(tmp_path: Path) -> None:
    make(tmp_path, "a")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "sock"))
        packing = look_at(tmp_path)
    assert [entry.path for entry in packing.entries] == ["a"]
    assert [note.split()[0] for note in packing.notes] == ["pipe", "sock"]


def test_too_many_bytes_name_the_heaviest_folders_and_the_way_out(tmp_path: Path) -> None:
    make(tmp_path, "src/a.js")
    for name, size in (("data/videos/a.mp4", 9), ("data/videos/b.mp4", 9), ("models/m.bin", 3)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size * 1024**2)
    with pytest.raises(TooBig) as caught:
        look_at(tmp_path, max_bytes=20 * 1024**2)
    assert caught.value.what == "The folder holds 21 MB; at most 20 MB are sent."
    assert "`data/videos`" in caught.value.remedy
    assert caught.value.evidence[:2] == ("data/videos: 18 MB, 2 files", "models: 3 MB, 1 files")


def test_too_many_files_are_told_too(tmp_path: Path) -> None:
    make(tmp_path, *(f"cache/{n}" for n in range(20)))
    with pytest.raises(TooBig, match=r"The folder holds 21 files and folders; at most 10 are sent\."):
        look_at(tmp_path, max_files=10)


def test_a_file_that_shrinks_while_it_is_read_is_an_error_and_not_a_broken_archive(tmp_path: Path) -> None:
    make(tmp_path, "log")
    packing = look_at(tmp_path)
    (tmp_path / "log").write_text("")
    with pytest.raises(Changed, match="log changed while it was read"):
        list(stream(packing))


def test_a_file_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "file")
    packing = look_at(tmp_path)
    (tmp_path / "file").unlink()
    (tmp_path / "file").symlink_to("/etc/passwd")
    with pytest.raises(Changed):
        list(stream(packing))


@pytest.mark.parametrize(("name", "what"), [("nowhere", "does not exist"), ("file", "is not a folder")])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str, what: str) -> None:
    make(tmp_path, "file")
    with pytest.raises(NoFolder, match=what):
        look_at(tmp_path / name)


def test_a_folder_from_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "a")
    (tmp_path / ".gitignore").write_text("*\n")
    with pytest.raises(NoFolder, match="nothing to send"):
        look_at(tmp_path)
