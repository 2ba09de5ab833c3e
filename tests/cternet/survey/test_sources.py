"""Folders and zips: what is read, what is left out and why, and that a zip can do no harm."""

import io
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from cternet.photos.load import load_image
from cternet.survey.errors import SurveyError
from cternet.survey.sources import Archive, Limits, UnreadableMember, open_source
from tests.tiny import tiny_photo

MEBIBYTE = 2**20


def photo_bytes(seed: int = 0) -> bytes:
    stream = io.BytesIO()
    tiny_photo(seed).save(stream, "png")
    return stream.getvalue()


def zipped(path: Path, members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def patched(path: Path, change: dict[int, tuple[str, int]], place: int = 0) -> Path:
    """Overwrite fields of the ``place``-th entry of the list of members: offset in it -> (struct format, value)."""
    data = bytearray(path.read_bytes())
    at = -1
    for _ in range(place + 1):
        at = data.index(b"PK\x01\x02", at + 1)
    for offset, (form, value) in change.items():
        struct.pack_into(form, data, at + offset, value)
    path.write_bytes(data)
    return path


def found(path: Path, **limits: object) -> dict[str, str]:
    """Names and why they are not read; tries to read the others."""
    source = open_source(path, limits=Limits(**limits))
    reasons = {}
    for entry in source:
        reasons[entry.name] = entry.reason
        if not entry.reason:
            try:
                source.open(entry)
            except UnreadableMember as error:
                reasons[entry.name] = str(error)
    source.close()
    return reasons


# --- folders


def test_a_folder_is_walked_in_order(folder: Path):
    names = [entry.name for entry in open_source(folder)]
    assert names == ["a.png", "b/first.jpg", "b/second.png", "c.webp", "d.png", "e/f/g.bmp", "h.png", "letter.jpg"]


def test_hidden_files_and_clutter_are_quietly_left_out(folder: Path):
    for name in (".hidden.png", "Thumbs.db", ".cache/x.png", "__MACOSX/._a.png", "@eaDir/a.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(photo_bytes())
    assert len(list(open_source(folder))) == 8


def test_other_files_are_named_but_not_opened(folder: Path):
    (folder / "labels.csv").write_text("a,b")
    (folder / "more.zip").write_bytes(b"PK")
    os.mkfifo(folder / "pipe.png")
    (folder / "broken.png").symlink_to("nowhere.png")
    reasons = found(folder)
    assert "not an image" in reasons["labels.csv"]
    assert "archive" in reasons["more.zip"]
    assert reasons["pipe.png"] == "is not a file"
    assert reasons["broken.png"] == "is a broken link"


def test_links_in_a_circle_end(folder: Path):
    (folder / "b" / "up").symlink_to(folder)
    (folder / "e" / "b").symlink_to(folder / "b")
    assert len(list(open_source(folder))) == 8


def test_the_report_inside_the_folder_is_no_source(folder: Path):
    (folder / "report").mkdir()
    (folder / "report" / "x.png").write_bytes(photo_bytes())
    assert len(list(open_source(folder, without=folder / "report"))) == 8


def test_names_that_are_no_text_can_be_stored(tmp_path: Path):
    raw = os.fsencode(tmp_path) + b"/bad\xff\n.png"
    with open(raw, "wb") as file:
        file.write(photo_bytes())
    source = open_source(tmp_path)
    (entry,) = source
    assert entry.name == "bad\\xff\\n.png"
    entry.name.encode()
    assert load_image(source.open(entry)).size == (90, 70)


@pytest.mark.parametrize("name", ["gone", "gone.zip"])
def test_a_missing_source_is_said(tmp_path: Path, name: str):
    with pytest.raises(SurveyError, match="does not exist"):
        open_source(tmp_path / name)


# --- zips


def test_members_are_the_photos_themselves(tmp_path: Path):
    path = zipped(tmp_path / "p.zip", [("one.png", photo_bytes(1)), ("in/two.png", photo_bytes(2))])
    source = open_source(path)
    pictures = {entry.name: load_image(source.open(entry), name=entry.name) for entry in source}
    assert list(pictures) == ["one.png", "in/two.png"]
    assert pictures["in/two.png"].tobytes() == tiny_photo(2).tobytes()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip", b"PK\x05\x06", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + b"\xff" * 18, photo_bytes()],
)
def test_what_is_no_zip_is_said(tmp_path: Path, content: bytes):
    (tmp_path / "p.zip").write_bytes(content)
    with pytest.raises(SurveyError, match=r"p\.zip is not a zip"):
        open_source(tmp_path / "p.zip")


HOSTILE = [
    "../up.png",
    "in/../../up.png",
    "/root.png",
    "C:/drive.png",
    "\\rooted.png",
    "over\\..\\up.png",
    "line\nbreak.png",
    "\x1b[2J.png",
]


def test_hostile_names_are_refused_and_safe_to_print(tmp_path: Path):
    path = zipped(tmp_path / "p.zip", [(name, photo_bytes()) for name in HOSTILE] + [("good..png", photo_bytes())])
    reasons = found(path)
    assert len(reasons) == len(HOSTILE) + 1
    assert [name for name, reason in reasons.items() if not reason] == ["good..png"]
    assert all(name.isprintable() for name in reasons)
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_cut_short_by_a_zero_byte_is_refused(tmp_path: Path):
    path = zipped(tmp_path / "p.zip", [("photoX.png", photo_bytes())])
    path.write_bytes(path.read_bytes().replace(b"photoX.png", b"photo\0.png"))
    assert "control characters" in found(path)["photo"]


def test_clutter_and_folders_are_quietly_left_out(tmp_path: Path):
    members = [
        ("in/", b""),
        ("__MACOSX/._a.png", b"x"),
        (".DS_Store", b"x"),
        ("in/.DS_Store", b"x"),
        ("in/a.png", photo_bytes()),
    ]
    assert found(zipped(tmp_path / "p.zip", members)) == {"in/a.png": ""}


def test_archives_inside_and_other_files_are_not_opened(tmp_path: Path):
    inner = zipped(tmp_path / "inner.zip", [("a.png", photo_bytes())]).read_bytes()
    reasons = found(zipped(tmp_path / "p.zip", [("inner.zip", inner), ("x.tar.gz", b"x"), ("note.txt", b"x")]))
    assert "archive" in reasons["inner.zip"] and "archive" in reasons["x.tar.gz"]
    assert "not an image" in reasons["note.txt"]


def test_an_encrypted_member_is_said(tmp_path: Path):
    path = zipped(tmp_path / "p.zip", [("a.png", photo_bytes()), ("b.png", photo_bytes())])
    assert found(patched(path, {8: ("<H", 1)})) == {"a.png": "is encrypted", "b.png": ""}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_whose_steps_are_unbounded_are_refused(tmp_path: Path, method: int):
    assert "deflate" in found(zipped(tmp_path / "p.zip", [("a.png", photo_bytes())], method))["a.png"]


def test_a_damaged_member_does_not_stop_the_others(tmp_path: Path):
    path = zipped(tmp_path / "p.zip", [("a.png", photo_bytes(1)), ("b.png", photo_bytes(2))], zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    reasons = found(path)
    assert "damaged" in reasons["a.png"]
    assert not reasons["b.png"]


def test_the_last_of_twins_is_read(tmp_path: Path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zipped(tmp_path / "p.zip", [("a.png", photo_bytes(1)), ("a.png", photo_bytes(2))])
    source = open_source(path)
    first, second = source
    assert (first.name, second.name) == ("a.png (member 1)", "a.png")
    assert "twice" in first.reason
    assert load_image(source.open(second)).tobytes() == tiny_photo(2).tobytes()


def test_a_bomb_is_refused_without_unpacking_it(tmp_path: Path):
    path = zipped(tmp_path / "p.zip", [("bomb.png", bytes(64 * MEBIBYTE)), ("a.png", photo_bytes())])
    tracemalloc.start()
    try:
        reasons = found(path)
        assert tracemalloc.get_traced_memory()[1] < 4 * MEBIBYTE
    finally:
        tracemalloc.stop()
    assert "times its size" in reasons["bomb.png"]
    assert not reasons["a.png"]


def test_a_flat_picture_may_shrink_a_lot(tmp_path: Path):
    stream = io.BytesIO()
    Image.new("RGB", (500, 500)).save(stream, "bmp")
    assert found(zipped(tmp_path / "p.zip", [("flat.bmp", stream.getvalue())])) == {"flat.bmp": ""}


@pytest.mark.parametrize(("declared", "packed"), [(1000, None), (64 * MEBIBYTE, 64 * MEBIBYTE), (0xFFFFFF, None)])
def test_lying_sizes_are_found_out(tmp_path: Path, declared: int, packed: int | None):
    """A bomb that says it is small, or hardly packed; no more than the limit is ever unpacked."""
    path = zipped(tmp_path / "p.zip", [("bomb.png", bytes(64 * MEBIBYTE)), ("a.png", photo_bytes())])
    patched(path, {24: ("<I", declared)} | ({20: ("<I", packed)} if packed else {}))
    tracemalloc.start()
    try:
        reasons = found(path, member_bytes=2 * MEBIBYTE)
        assert tracemalloc.get_traced_memory()[1] < 8 * MEBIBYTE
    finally:
        tracemalloc.stop()
    assert reasons["bomb.png"]
    assert not reasons["a.png"]


def test_the_bytes_in_all_are_counted_as_they_are_read(tmp_path: Path):
    noise = [(f"{index}.bin", os.urandom(MEBIBYTE)) for index in range(5)]
    reasons = found(zipped(tmp_path / "p.zip", noise), total_bytes=3 * MEBIBYTE)
    assert [not reason for reason in reasons.values()] == [True, True, True, False, False]


def test_thousands_of_members_stop_at_the_limit(tmp_path: Path):
    path = zipped(tmp_path / "p.zip", [(f"{index}.png", b"x") for index in range(3000)])
    source = Archive(path, Limits(photos=200))
    entries = list(source)
    assert len(entries) == 201
    assert entries[-1].name == "2800 more members"
    assert "first 200" in entries[-1].reason


def test_a_list_of_members_too_long_for_memory_is_refused_before_it_is_read(tmp_path: Path):
    path = zipped(tmp_path / "p.zip", [(f"{index:0200d}.png", b"") for index in range(2000)])
    tracemalloc.start()
    try:
        with pytest.raises(SurveyError, match=r"p\.zip has too many members"):
            open_source(path, limits=Limits(listing_bytes=100_000))
        assert tracemalloc.get_traced_memory()[1] < MEBIBYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("été à la mer.png".encode(), "été à la mer.png"),
        ("海の写真 表.png".encode("cp932"), "海の写真 表.png"),
        ("风景照片.png".encode("gbk"), "风景照片.png"),
        (b"photos\\sea\\img_00.png", "photos/sea/img_00.png"),
        (b"\x81.png\xff.png", "ü.png\u00a0.png"),
    ],
    ids=["UTF-8 of a Mac", "Shift-JIS", "GBK", "backslashes", "nothing known"],
)
def test_names_of_other_systems_without_the_flag_for_utf_8(tmp_path: Path, raw: bytes, name: str):
    path = zipped(tmp_path / "p.zip", [("A" * len(raw), photo_bytes())])
    path.write_bytes(path.read_bytes().replace(b"A" * len(raw), raw))
    assert found(path) == {name: ""}
    source = open_source(path)
    assert load_image(source.open(next(iter(source)))).size == (90, 70)
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_leads_out_in_another_encoding_is_refused(tmp_path: Path):
    raw = "..\\表.png".encode("cp932")
    path = zipped(tmp_path / "p.zip", [("A" * len(raw), photo_bytes())])
    path.write_bytes(path.read_bytes().replace(b"A" * len(raw), raw))
    assert found(path) == {"../表.png": "has a name that points outside the zip"}
