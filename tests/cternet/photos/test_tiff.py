"""TIFFs that neither libvips nor Pillow decodes."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest

from cternet.photos.load import ImageError, load_image
from tests.tiny import tiny_photo


def tiff(order: str, values: np.ndarray, bits: int, *, photometric: int, packing: int = 1, real: bool = False) -> bytes:
    """Values (h, w, bands), packed with the highest bit first, in one strip."""
    height, width, bands = values.shape
    if real:
        data = values.astype(f"{order}f8").tobytes()
    else:
        each = (values.reshape(height, -1, 1) >> np.arange(bits - 1, -1, -1)) & 1
        data = np.packbits(each.reshape(height, -1).astype(np.uint8), axis=1).tobytes()
    data = zlib.compress(data) if packing == 8 else data
    tags = {
        256: width,
        257: height,
        259: packing,
        262: photometric,
        277: bands,
        278: height,
        279: len(data),
        339: 3 if real else 1,
    }
    start = 8 + 2 + 12 * (len(tags) + 2) + 4
    rows = [(tag, 4, 1, struct.pack(f"{order}I", value)) for tag, value in tags.items()]
    rows.append((258, 3, bands, struct.pack(f"{order}I", start) if bands > 1 else struct.pack(f"{order}HH", bits, 0)))
    rows.append((273, 4, 1, struct.pack(f"{order}I", start + 2 * bands)))
    body = b"".join(struct.pack(f"{order}HHI", *row[:3]) + row[3] for row in sorted(rows))
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HIH", 42, 8, len(rows))
    return head + body + bytes(4) + struct.pack(f"{order}{bands}H", *[bits] * bands) + data


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [9, 10, 12, 14])
@pytest.mark.parametrize("photometric", [0, 1, 2])
@pytest.mark.parametrize("packing", [1, 8])
def test_samples_of_9_to_15_bits(order: str, bits: int, photometric: int, packing: int):
    photo = np.asarray(tiny_photo(0, 33, 70))[..., : 3 if photometric == 2 else 1].astype(int)
    data = tiff(order, photo * (2**bits - 1) // 255, bits, photometric=photometric, packing=packing)
    expected = 255 - photo if photometric == 0 else photo
    assert np.abs(np.asarray(load_image(io.BytesIO(data))).astype(int) - expected).max() <= 1


def test_samples_of_64_bits():
    """From the darkest to the brightest, like those of 32."""
    ramp = np.linspace(-3, 7, 11)[None, :, None]
    found = np.asarray(load_image(io.BytesIO(tiff(">", ramp, 64, photometric=1, real=True))))
    assert np.abs(found[0, :, 0] - np.linspace(0, 255, 11)).max() <= 0.51


def test_an_odd_tiff_that_is_too_short_or_too_large_is_a_sentence(monkeypatch: pytest.MonkeyPatch):
    data = tiff("<", np.full((40, 40, 1), 900), 12, photometric=1)
    with pytest.raises(ImageError, match=r"^a\.tif is damaged or cut short"):
        load_image(io.BytesIO(data[:-900]), name="a.tif")
    monkeypatch.setattr("cternet.photos.load.MAX_PIXELS", 40 * 40 - 1)
    with pytest.raises(ImageError, match="megapixels"):
        load_image(io.BytesIO(data))


def test_a_strip_is_unpacked_no_further_than_the_picture_goes():
    """Sixteen kilobytes hold sixteen megabytes, and could hold gigabytes."""
    whole = tiff("<", np.full((4, 8, 1), 2000), 12, photometric=1, packing=8)
    start = whole.index(zlib.compress(bytes(48))[:2], 100)
    bomb = zlib.compress(zlib.decompress(whole[start:]) + bytes(2**24), 9)
    data = whole[:start] + bomb
    at = next(10 + 12 * entry for entry in range(11) if whole[10 + 12 * entry : 12 + 12 * entry] == struct.pack("<H", 279))
    data = data[: at + 8] + struct.pack("<I", len(bomb)) + data[at + 12 :]
    tracemalloc.start()
    photo = load_image(io.BytesIO(data))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert photo.getpixel((3, 2)) == (round(2000 / 4095 * 255),) * 3 and most < 2**22
