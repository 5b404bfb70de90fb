import gzip
import io
import tarfile
from collections.abc import AsyncIterator

import pytest

from seaway.doors.trees import BadArchive, FolderTrees, TooLarge, tree_digest


def member(name: str, data: bytes = b"", **changes) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for info, data in members:
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


async def chunks(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for begin in range(0, len(data), size):
        yield data[begin : begin + size]


@pytest.fixture
def trees(tmp_path):
    return FolderTrees(tmp_path / "sources", max_bytes=100_000, max_files=20)


def leftovers(tmp_path) -> list[str]:
    return [p.name for p in (tmp_path / "sources" / "tmp").iterdir()]


async def test_a_folder_arrives_as_it_was_sent(trees, tmp_path):
    sent = archive(
        member("src/a.txt", b"hello"),
        member("run.sh", b"#!", mode=0o755),
        member("link", type=tarfile.SYMTYPE, linkname="src/a.txt"),
    )
    digest = await trees.receive(chunks(sent))
    path = trees.path(digest)
    assert (path / "src/a.txt").read_text() == "hello"
    assert (path / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (path / "link").read_text() == "hello"
    assert leftovers(tmp_path) == []


async def test_the_same_content_has_the_same_digest_whatever_its_times_and_order(trees):
    one = await trees.receive(chunks(archive(member("a", b"1", mtime=1), member("b", b"2", mtime=2))))
    two = await trees.receive(chunks(archive(member("b", b"2", mtime=9), member("a", b"1", mtime=8))))
    assert one == two
    assert one != await trees.receive(chunks(archive(member("a", b"1"), member("b", b"2", mode=0o755))))


@pytest.mark.parametrize(
    "bad",
    [
        member("../out", b"x"),
        member("/etc/x", b"x"),
        member("a/../../out", b"x"),
        member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("a/link", type=tarfile.SYMTYPE, linkname="../../out"),
        member("pipe", type=tarfile.FIFOTYPE),
        member("hard", type=tarfile.LNKTYPE, linkname="a"),
    ],
    ids=lambda m: m[0].name,
)
async def test_nothing_leads_out_of_the_folder_and_nothing_stays_behind(trees, tmp_path, bad):
    with pytest.raises(BadArchive):
        await trees.receive(chunks(archive(member("a", b"1"), bad)))
    assert leftovers(tmp_path) == []
    assert trees.digests() == []
    assert not (tmp_path / "out").exists()


async def test_a_file_is_never_written_through_a_link_that_came_before(trees, tmp_path):
    (tmp_path / "victim").write_text("mine")
    bad = archive(
        member("d", type=tarfile.SYMTYPE, linkname="e"),
        member("d", b"overwritten"),
    )
    with pytest.raises(BadArchive):
        await trees.receive(chunks(bad))
    assert leftovers(tmp_path) == []


async def test_links_that_lead_out_only_together_are_refused(trees, tmp_path):
    bad = archive(
        member("x/l", type=tarfile.SYMTYPE, linkname=".."),
        member("l2", type=tarfile.SYMTYPE, linkname="x/l/../.."),
        member("l2/escaped.txt", b"out"),
    )
    with pytest.raises(BadArchive):
        await trees.receive(chunks(bad))
    assert list(tmp_path.rglob("escaped.txt")) == []


async def test_a_link_is_not_made_through_another_link(trees, tmp_path):
    bad = archive(
        member("sub/x", b"1"),
        member("a", type=tarfile.SYMTYPE, linkname="sub"),
        member("a/b", type=tarfile.SYMTYPE, linkname="../sub/x"),
    )
    with pytest.raises(BadArchive):
        await trees.receive(chunks(bad))


async def test_a_link_that_leads_nowhere_inside_is_kept(trees):
    digest = await trees.receive(chunks(archive(member("a", type=tarfile.SYMTYPE, linkname="gone"))))
    assert (trees.path(digest) / "a").is_symlink()


@pytest.mark.parametrize(
    "large",
    [archive(member("big", bytes(100_001))), archive(*(member(f"f{n}") for n in range(21)))],
    ids=["bytes", "files"],
)
async def test_over_its_limit_it_says_so_and_keeps_nothing(trees, tmp_path, large):
    with pytest.raises(TooLarge, match=r"\.dockerignore"):
        await trees.receive(chunks(large))
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    "broken", [b"", b"nonsense", gzip.compress(b"nonsense"), archive(member("a", bytes(9000)))[:60]], ids=len
)
async def test_a_stream_that_is_cut_or_nonsense_is_refused(trees, tmp_path, broken):
    with pytest.raises(BadArchive):
        await trees.receive(chunks(broken))
    assert leftovers(tmp_path) == []


async def test_a_client_that_goes_away_leaves_nothing(trees, tmp_path):
    async def cut() -> AsyncIterator[bytes]:
        yield archive(member("a", bytes(50_000)))[:40]
        raise ConnectionError

    with pytest.raises((ConnectionError, BadArchive)):
        await trees.receive(cut())
    assert leftovers(tmp_path) == []


async def test_a_checkout_is_taken_over(trees):
    made = trees.workspace()
    (made / "a").write_text("1")
    digest = await trees.adopt(made)
    assert trees.path(digest) is not None
    assert not made.exists()
    assert tree_digest(trees.path(digest)) == digest


@pytest.mark.parametrize("digest", ["sha256:../tmp", "../tmp", "sha256:", "", "sha256:" + "g" * 64])
def test_a_digest_cannot_name_another_folder(trees, digest):
    assert trees.path(digest) is None
