"""Files of odd kinds are seen as a browser shows them on a white page; each test makes its own."""

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from cternet.photos.load import MAX_PIXELS, ImageError, load_image, open_photo
from tests.tiny import tiny_photo

RED = Image.new("RGB", (40, 20), (200, 30, 60))
TURNED = (0x112, 3, 1, struct.pack("<HH", 6, 0))
TWO = b"\0" + bytes([10, 20, 30, 200, 100, 50])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, depth: int, colour: int, row: bytes, *extra: bytes) -> bytes:
    """One row, written by hand."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def exif(*entries: tuple[int, int, int, bytes], after: bytes = b"") -> bytes:
    rows = b"".join(struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries)
    return b"Exif\0\0II" + struct.pack("<HIH", 42, 8, len(entries)) + rows + struct.pack("<I", 0) + after


def tiff(width: int, bits: int, photometric: int, data: bytes) -> bytes:
    tags = [(256, width), (257, 1), (258, bits), (259, 1), (262, photometric), (273, 134), (277, 1), (278, 1), (279, len(data))]
    tags.append((339, 1))
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II" + struct.pack("<HIH", 42, 8, len(tags)) + rows + struct.pack("<I", 0) + data


def swapped() -> bytes:
    """sRGB's profile with the primaries of red and green exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for place in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12):
        name = bytes(profile[place : place + 4])
        profile[place : place + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name, name)
    return bytes(profile)


def pixels(data: bytes) -> list[list[int]]:
    """The first row."""
    return np.asarray(load_image(io.BytesIO(data)))[0].tolist()


def near(data: bytes, *expected: tuple[int, int, int], tolerance: int = 1) -> bool:
    return bool(np.abs(np.array(pixels(data))[: len(expected)] - expected).max() <= tolerance)


def test_a_transparent_colour_in_grey_of_16_and_4_bits():
    sixteen = png(2, 16, 0, b"\0" + struct.pack(">HH", 0x1234, 0x8000), chunk(b"tRNS", struct.pack(">H", 0x1234)))
    assert near(sixteen, (255, 255, 255), (128, 128, 128))
    assert pixels(png(2, 4, 0, b"\0\x38", chunk(b"tRNS", struct.pack(">H", 3)))) == [[255] * 3, [136] * 3]


@pytest.mark.parametrize(
    "block",
    [
        exif(TURNED, (0x8298, 12, 1, struct.pack("<I", 38)), after=struct.pack("<d", 1.5)),
        exif((0x10F, 2, 100, struct.pack("<I", 0xFFFFFFF0)), TURNED),
    ],
    ids=["a tag of a wrong type", "a tag that points past the end"],
)
def test_odd_exif_is_no_reason_to_refuse_or_to_forget_how_the_photo_was_held(block: bytes):
    assert load_image(io.BytesIO(saved(RED, "jpeg", exif=block))).size == (20, 40)


def test_long_and_damaged_texts_are_passed_over():
    long = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * (2 << 20)))
    wrong = bytearray(chunk(b"tEXt", b"a\0b"))
    wrong[-1] ^= 1
    for extra in (long, bytes(wrong)):
        assert pixels(png(2, 8, 2, TWO, extra)) == [[10, 20, 30], [200, 100, 50]]


def test_an_orientation_in_xmp_alone_turns_nothing():
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    )
    xmp += b' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    data = png(2, 8, 2, TWO, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp))
    assert load_image(io.BytesIO(data)).size == (2, 1)
    assert open_photo(Image.open(io.BytesIO(data))).size == (2, 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_a_colour_profile_is_followed(kind: str):
    data = saved(Image.new("RGB", (64, 64), (255, 0, 0)), kind, icc_profile=swapped(), quality=95)
    assert near(data, (0, 255, 0), tolerance=4)


def test_srgb_s_own_profile_changes_no_pixel():
    photo, profile = tiny_photo(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with_profile = load_image(io.BytesIO(saved(photo, "jpeg", icc_profile=profile)))
    assert with_profile.tobytes() == load_image(io.BytesIO(saved(photo, "jpeg"))).tobytes()


@pytest.mark.parametrize("profile", [b"no profile at all", swapped()[:300]])
def test_a_broken_profile_is_ignored(profile: bytes):
    assert near(saved(Image.new("RGB", (9, 9), (255, 0, 0)), "PNG", icc_profile=profile), (255, 0, 0))


def test_gamma_without_a_profile():
    """Linear light of a half is 188 in sRGB; 1/2.2 is taken for sRGB."""
    row = b"\0\x80"
    assert near(png(1, 8, 0, row, chunk(b"gAMA", struct.pack(">I", 100_000))), (188, 188, 188))
    assert pixels(png(1, 8, 0, row, chunk(b"gAMA", struct.pack(">I", 45_455)))) == [[128] * 3]
    srgb = chunk(b"sRGB", b"\0")
    assert pixels(png(1, 8, 0, row, chunk(b"gAMA", struct.pack(">I", 100_000)), srgb)) == [[128] * 3]


def test_primaries_without_a_profile():
    """Red and green exchanged."""
    numbers = [31270, 32900, 30000, 60000, 64000, 33000, 15000, 6000]
    extra = (chunk(b"gAMA", struct.pack(">I", 45_455)), chunk(b"cHRM", struct.pack(">8I", *numbers)))
    assert near(png(1, 8, 2, b"\0\xff\0\0", *extra), (0, 255, 0))


def test_cmyk_jpeg_with_and_without_adobe_s_marker():
    data = saved(Image.new("CMYK", (16, 16), (10, 100, 200, 50)), "jpeg", quality=100)
    start = data.index(b"\xff\xee")
    without = data[:start] + data[start + 2 + int.from_bytes(data[start + 2 : start + 4], "big") :]
    for one in (data, without):
        assert near(one, (197, 125, 44), tolerance=2)


def test_tiffs_of_12_bits_and_those_that_count_from_white():
    white_first = tiff(3, 16, 0, struct.pack("<3H", 0, 32768, 65535))
    assert near(white_first, (255, 255, 255), (127, 127, 127), (0, 0, 0))
    twelve = tiff(4, 12, 1, bytes([0x00, 0x08, 0x00, 0xFF, 0xF0, 0x00]))
    assert near(twelve, (0, 0, 0), (128, 128, 128), (255, 255, 255), (0, 0, 0))


def test_a_heic_photo_is_read_and_a_damaged_one_named():
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), (200, 30, 60))).save(stream, quality=90)
    found = load_image(stream)
    assert found.size == (64, 48)
    assert np.abs(np.asarray(found).astype(int) - (200, 30, 60)).max() <= 6
    with pytest.raises(ImageError, match=r"^photo\.heic is a HEIC photo .* export it as JPEG"):
        load_image(io.BytesIO(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100), name="photo.heic")


def test_an_avif_that_calls_itself_a_heif_first_is_read_as_avif():
    """The reader of HEIC would open it, and could not decode it; libvips turns it by other rules."""
    data = saved(tiny_photo(), "AVIF", exif=exif(TURNED), quality=90).replace(b"ftypavif", b"ftypmif1")
    assert Image.open(io.BytesIO(data), formats=["HEIF"]).format == "HEIF"
    assert load_image(io.BytesIO(data)).tobytes() == load_image(io.BytesIO(data.replace(b"ftypmif1", b"ftypavif"))).tobytes()


def test_an_animation_s_hidden_picture_is_passed_over():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=True)
    assert near(data, (0, 255, 0))


def test_a_pointer_of_git_lfs_is_named():
    with pytest.raises(ImageError, match="git lfs pull"):
        load_image(io.BytesIO(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"), name="a.jpg")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF", "BMP", "WEBP"])
def test_no_format_is_decoded_beyond_the_pixels_that_are_allowed(kind: str, monkeypatch: pytest.MonkeyPatch):
    data = saved(Image.new("P", (300, 200)), kind)
    monkeypatch.setattr("cternet.photos.load.MAX_PIXELS", 300 * 200 - 1)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("it was decoded"))
    monkeypatch.setattr("cternet.photos.decode.drawn", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(ImageError, match="megapixels"):
        load_image(io.BytesIO(data))
    assert MAX_PIXELS == 50_000_000


# --- pictures and arrays


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"icc_profile": swapped(), "exif": exif(TURNED)}),
        ("JPEG", {"exif": exif(TURNED)}),
        ("PNG", {"icc_profile": swapped()}),
        ("TIFF", {}),
    ],
)
def test_a_path_and_an_opened_picture_are_the_same_photo(tmp_path, kind: str, options: dict[str, bytes]):
    path = tmp_path / "photo"
    path.write_bytes(saved(tiny_photo(), kind, **options))
    with Image.open(path) as image:
        opened = open_photo(image)
    assert opened.size == load_image(path).size
    assert opened.tobytes() == open_photo(path).tobytes() == open_photo(opened).tobytes()
