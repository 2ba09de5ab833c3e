"""Photos people really have: each is read correctly or refused in one sentence."""

import io
import resource
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cternet.photos.load import MAX_PIXELS, ImageError, incomplete, load_image, open_photo
from tests.tiny import tiny_photo

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def pixels(path: Path) -> np.ndarray:
    image = load_image(path)
    assert image.mode == "RGB"
    return np.asarray(image)


def refusal(path: Path) -> str:
    """The message, which is one sentence that names the file and no folder."""
    with pytest.raises(ImageError) as caught:
        load_image(path)
    message = str(caught.value)
    assert message.startswith(path.name)
    assert message.endswith(".")
    assert message.removeprefix(path.name).count(". ") == 0
    assert "\n" not in message
    assert str(path.parent) not in message
    return message


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(path: Path, width: int, height: int, depth: int, colour: int, raw: bytes, *extra: tuple[bytes, bytes]) -> Path:
    """A PNG written by hand: Pillow cannot write all of them."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    others = b"".join(png_chunk(*chunk) for chunk in extra)
    data = png_chunk(b"IDAT", zlib.compress(raw)) + png_chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + others + data)
    return path


@pytest.fixture
def photo() -> Image.Image:
    return tiny_photo()


# --- damaged and foreign files


def test_missing(tmp_path: Path):
    assert "does not exist" in refusal(tmp_path / "gone.jpg")


def test_empty(tmp_path: Path):
    (tmp_path / "empty.jpg").touch()
    assert "is empty" in refusal(tmp_path / "empty.jpg")


def test_folder(tmp_path: Path):
    (tmp_path / "folder.jpg").mkdir()
    assert "is a folder" in refusal(tmp_path / "folder.jpg")


def test_text(tmp_path: Path):
    (tmp_path / "letter.jpg").write_text("Dear reader, this is no photo.\n")
    assert "is not an image" in refusal(tmp_path / "letter.jpg")


@pytest.mark.parametrize("ending", ["jpg", "png", "bmp", "tif"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_what_is_there_of_a_photo_without_its_end_is_read_and_the_rest_is_white(tmp_path: Path, ending: str, kept: float):
    path = tmp_path / f"half.{ending}"
    whole = Image.new("RGB", (96, 256), RED)
    whole.paste(tiny_photo(0, 96, 254), (0, 2))
    whole.save(path)
    data = path.read_bytes()
    rows = pixels(path)
    assert not incomplete(load_image(path))
    path.write_bytes(data[: int(len(data) * kept)])
    found = load_image(path)
    assert incomplete(found)
    found = np.asarray(found)[::-1] if ending == "bmp" else np.asarray(found)  # its last row comes first
    rows = rows[::-1] if ending == "bmp" else rows
    known = int(256 * (kept - 0.25))
    assert np.array_equal(found[:known], rows[:known])
    assert (found[-8:] == 255).all()


@pytest.mark.parametrize("cut", [0, 2])
def test_the_last_two_bytes_of_a_jpeg_are_only_its_end(tmp_path: Path, cut: int):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8))
    stream = io.BytesIO()
    noise.save(stream, "jpeg")
    found = load_image(io.BytesIO(stream.getvalue()[: len(stream.getvalue()) - cut]))
    assert found.size == (96, 64)
    assert incomplete(found) == bool(cut)


@pytest.mark.parametrize("ending", ["webp", "avif"])
def test_formats_that_show_nothing_without_their_end_are_refused(tmp_path: Path, photo: Image.Image, ending: str):
    path = tmp_path / f"half.{ending}"
    photo.save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "damaged or cut short" in refusal(path)


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "webp", "tif"])
def test_only_a_beginning(tmp_path: Path, photo: Image.Image, ending: str):
    path = tmp_path / f"stub.{ending}"
    photo.save(path)
    path.write_bytes(path.read_bytes()[:24])
    refusal(path)


def test_corrupt(tmp_path: Path, photo: Image.Image):
    """As far as the rows make sense."""
    path = tmp_path / "flipped.png"
    photo.save(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert incomplete(load_image(path))
    assert np.array_equal(pixels(path)[:20], np.asarray(photo)[:20])


def test_noise_never_escapes_as_another_error(tmp_path: Path, photo: Image.Image):
    """Whatever bytes follow a good header, the answer is a picture or a sentence."""
    noise = np.random.default_rng(0)
    for ending in ("jpg", "png", "gif", "webp", "bmp", "tif"):
        path = tmp_path / f"noise.{ending}"
        photo.save(path)
        good = path.read_bytes()
        for _ in range(20):
            data = bytearray(good)
            for place in noise.integers(0, len(data), 12):
                data[place] = noise.integers(0, 256)
            path.write_bytes(data)
            try:
                assert load_image(path).mode == "RGB"
            except ImageError as error:
                assert str(error).startswith(path.name)


def test_postscript_is_not_run(tmp_path: Path):
    """Pillow would hand it to Ghostscript, whatever its name."""
    (tmp_path / "script.jpg").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    assert "is not an image" in refusal(tmp_path / "script.jpg")


def test_wrong_ending_is_fine(tmp_path: Path, photo: Image.Image):
    photo.save(tmp_path / "photo.png")
    (tmp_path / "photo.png").rename(tmp_path / "photo.jpg")
    assert np.array_equal(pixels(tmp_path / "photo.jpg"), np.asarray(photo))


def test_an_open_file_is_read_like_a_path_under_the_name_given(photo: Image.Image):
    stream = io.BytesIO()
    photo.save(stream, "png")
    assert np.array_equal(np.asarray(load_image(stream, name="in/a.png")), np.asarray(photo))
    with pytest.raises(ImageError, match=r"^in/b\.png is empty"):
        load_image(io.BytesIO(), name="in/b.png")
    with pytest.raises(ImageError, match=r"^in/c\.png is not an image"):
        load_image(io.BytesIO(b"a letter"), name="in/c.png")
    with pytest.raises(ImageError, match=r"^this file is not an image"):
        load_image(io.BytesIO(b"a letter"))


# --- huge


@pytest.mark.parametrize("size", [(60_000, 60_000), (10_000, 10_000), (2**31 - 1, 2**31 - 1), (1, MAX_PIXELS + 1)])
def test_bomb_is_refused_before_it_is_decoded(tmp_path: Path, size: tuple[int, int]):
    path = png(tmp_path / "bomb.png", *size, 8, 2, b"")
    tracemalloc.start()
    try:
        assert "megapixels" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


def test_bomb_of_text(tmp_path: Path):
    """A few kilobytes of compressed comment that unfold to a hundred megabytes."""
    comment = (b"zTXt", b"k\0\0" + zlib.compress(bytes(10**8)))
    path = png(tmp_path / "text.png", 1, 1, 8, 2, b"\0abc", comment)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert pixels(path).tolist() == [[list(b"abc")]]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_large_photo_within_the_limit(tmp_path: Path):
    """Twenty-four megapixels, as phones make them, keep their size."""
    left, right = Image.new("RGB", (3000, 4000), RED), Image.new("RGB", (3000, 4000), BLUE)
    whole = Image.new("RGB", (6000, 4000))
    whole.paste(left, (0, 0))
    whole.paste(right, (3000, 0))
    whole.save(tmp_path / "large.jpg")
    found = pixels(tmp_path / "large.jpg")
    assert found.shape == (4000, 6000, 3)
    assert np.abs(found[:, 10].astype(int) - RED).max() < 5
    assert np.abs(found[:, -10].astype(int) - BLUE).max() < 5


# --- shapes


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (2, 3)])
def test_extreme_shapes(tmp_path: Path, size: tuple[int, int]):
    Image.new("RGB", size, (9, 80, 200)).save(tmp_path / "thin.png")
    found = pixels(tmp_path / "thin.png")
    assert found.shape == (size[1], size[0], 3)
    assert (found == (9, 80, 200)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
def test_exif_rotated_photos_are_upright(tmp_path: Path, orientation: int, ending: str):
    """The pixels are stored turned; the EXIF tag says how to turn them back."""
    upright = Image.new("RGB", (48, 32), BLUE)
    upright.paste(RED, (0, 0, 16, 16))  # top left
    upright.paste(GREEN, (32, 16, 48, 32))  # bottom right
    how = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(how[orientation]) if orientation in how else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"turned.{ending}", exif=exif)
    found = pixels(tmp_path / f"turned.{ending}").astype(int)
    assert found.shape == (32, 48, 3)
    for (x, y), colour in {(5, 5): RED, (42, 26): GREEN, (42, 5): BLUE, (5, 26): BLUE}.items():
        assert np.abs(found[y, x] - colour).max() < 40, (x, y)


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01" * 40])
def test_damaged_exif_is_ignored(tmp_path: Path, photo: Image.Image, exif: bytes):
    photo.save(tmp_path / "exif.jpg", exif=exif)
    assert pixels(tmp_path / "exif.jpg").shape == (70, 90, 3)


# --- animated


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tif"])
def test_animation_gives_its_first_frame(tmp_path: Path, ending: str):
    first, *others = (Image.new("RGB", (20, 10), colour) for colour in (RED, GREEN, BLUE))
    options = {"lossless": True} if ending == "webp" else {}
    first.save(tmp_path / f"moving.{ending}", save_all=True, append_images=others, **options)
    with Image.open(tmp_path / f"moving.{ending}") as file:
        assert file.n_frames == 3
    assert (pixels(tmp_path / f"moving.{ending}") == RED).all()


# --- colours


@pytest.mark.parametrize("value", [0, 77, 200, 257, 128 * 257, 65535])
def test_16_bit_grey_png(tmp_path: Path, value: int):
    """Scaled by 257 whatever the picture holds, so a dark picture stays dark."""
    path = png(tmp_path / "grey.png", 1, 1, 16, 0, b"\0" + struct.pack(">H", value))
    assert np.abs(pixels(path).astype(int) - value / 257).max() <= 0.5


def test_16_bit_colour_png(tmp_path: Path):
    raw = b"\0" + struct.pack(">6H", 0, 257 * 100, 65535, 257 * 7, 0, 257 * 200)
    assert pixels(png(tmp_path / "colour.png", 2, 1, 16, 2, raw)).tolist() == [[[0, 100, 255], [7, 0, 200]]]


@pytest.mark.parametrize(("colour", "values"), [(4, (257 * 10, 0)), (6, (257 * 10, 0, 0, 0))])
def test_16_bit_transparent_png(tmp_path: Path, colour: int, values: tuple[int, ...]):
    path = png(tmp_path / "clear.png", 1, 1, 16, colour, b"\0" + struct.pack(f">{len(values)}H", *values))
    assert (pixels(path) == WHITE).all()


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (np.uint16, [0, 257, 128 * 257, 65535], [0, 1, 128, 255]),
        (np.uint16, [0, 200], [0, 1]),
        (np.int32, [0, 257, 128 * 257, 65535], [0, 1, 128, 255]),
        (np.int32, [0, 100, 255], [0, 100, 255]),
        (np.int32, [-500, 0, 2_000_000, 1_500_000], [0, 0, 255, 191]),
        (np.float32, [0.0, 0.25, 0.5, 1.0], [0, 64, 128, 255]),
        (np.float32, [-1.0, 0.0, 1.0], [0, 128, 255]),
        (np.float32, [0.5, 0.5], [0, 0]),
        (np.float32, [np.nan, 0.0, 1.0], [0, 0, 255]),
    ],
)
def test_deep_grey_tiff(tmp_path: Path, kind: type, values: list, expected: list[int]):
    Image.fromarray(np.array([values], kind)).save(tmp_path / "deep.tif")
    assert pixels(tmp_path / "deep.tif").tolist() == [[[value] * 3 for value in expected]]


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_cmyk(tmp_path: Path, ending: str):
    for colour in (RED, GREEN, BLUE, WHITE, (0, 0, 0), (120, 60, 30)):
        Image.new("RGB", (16, 16), colour).convert("CMYK").save(tmp_path / f"print.{ending}")
        assert np.abs(pixels(tmp_path / f"print.{ending}").astype(int) - colour).max() <= 3


@pytest.mark.parametrize("ending", ["png", "gif", "bmp"])
def test_palette(tmp_path: Path, ending: str):
    picture = Image.new("RGB", (2, 1), RED)
    picture.putpixel((1, 0), (10, 200, 30))
    picture.quantize(4).save(tmp_path / f"palette.{ending}")
    assert pixels(tmp_path / f"palette.{ending}").tolist() == [[list(RED), [10, 200, 30]]]


@pytest.mark.parametrize("ending", ["png", "gif"])
def test_palette_with_transparency(tmp_path: Path, ending: str):
    picture = Image.new("P", (2, 1))
    picture.putpalette([*RED, *BLUE])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / f"clear.{ending}", transparency=0)
    assert pixels(tmp_path / f"clear.{ending}").tolist() == [[list(WHITE), list(BLUE)]]


def test_palette_with_half_transparency(tmp_path: Path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([*RED, *BLUE])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "half.png", transparency=bytes([255, 51]))
    assert pixels(tmp_path / "half.png").tolist() == [[list(RED), [204, 204, 255]]]


@pytest.mark.parametrize(
    ("mode", "value", "expected"), [("RGBA", (255, 0, 0, 51), (255, 204, 204)), ("LA", (0, 51), (204,) * 3)]
)
def test_transparency_is_over_white(tmp_path: Path, mode: str, value: tuple[int, ...], expected: tuple[int, ...]):
    Image.new(mode, (3, 3), value).save(tmp_path / "clear.png")
    assert (pixels(tmp_path / "clear.png") == expected).all()


def test_one_transparent_colour(tmp_path: Path):
    Image.new("RGB", (1, 1), GREEN).save(tmp_path / "key.png", transparency=GREEN)
    assert (pixels(tmp_path / "key.png") == WHITE).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "RGBX", "PA"])
def test_every_mode_becomes_rgb(mode: str):
    if mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(Image.new("RGB", (4, 3), WHITE), *profiles, outputMode="LAB")
    else:
        image = Image.new(mode, (4, 3), "white" if mode not in ("I", "F", "PA") else 255)
    found = open_photo(image)
    assert (found.mode, found.size) == ("RGB", (4, 3))
