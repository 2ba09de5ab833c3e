"""A folder of pictures, each compared with what Chromium shows of it.

CTERNET_PICTURES=FOLDER python -m pytest tests/cternet/photos/test_corpus.py -m slow -s
"""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from cternet.photos.load import ImageError, load_image

FOLDER = os.environ.get("CTERNET_PICTURES", "")
ALIKE, NEAR = 0.99, 8.0
"""Share of pictures that must be alike; and the largest difference of a block's mean colour, of 255."""
KINDS = {".jpg", ".jpeg", ".jfif", ".png", ".apng", ".gif", ".webp", ".avif", ".bmp"}
BLOCK = 16
SHOWN = """async url => {
  const image = new Image(); image.src = url;
  try { await image.decode(); } catch { await new Promise(done => setTimeout(done, 50)); }
  const width = image.naturalWidth, height = image.naturalHeight;
  if (!width || width * height > 5e7) return null;
  const pen = new OffscreenCanvas(width, height).getContext("2d", {willReadFrequently: true});
  pen.drawImage(image, 0, 0);
  if (!pen.getImageData(0, 0, width, height).data.some(value => value)) return null;  // it has a size, and nothing is seen
  pen.globalCompositeOperation = "destination-over"; pen.fillStyle = "white"; pen.fillRect(0, 0, width, height);
  const data = pen.getImageData(0, 0, width, height).data, across = Math.ceil(width / 16), down = Math.ceil(height / 16);
  const sums = new Float64Array(across * down * 3), count = new Float64Array(across * down);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const block = (y >> 4) * across + (x >> 4), at = 4 * (y * width + x);
    count[block]++;
    for (let c = 0; c < 3; c++) sums[3 * block + c] += data[at + c];
  }
  return {width, height, means: Array.from(sums, (sum, i) => sum / count[Math.floor(i / 3)])};
}"""


@pytest.fixture
def show() -> Iterator[object]:
    """A function from a path to what Chromium shows of it on a white page."""
    from playwright.sync_api import sync_playwright

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=FOLDER))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--force-color-profile=srgb"])
        page = browser.new_page()
        page.goto(address)
        yield lambda path: page.evaluate(SHOWN, address + quote(str(path.relative_to(FOLDER))))
        browser.close()
    server.shutdown()


def block_means(pixels: np.ndarray) -> np.ndarray:
    height, width, _ = pixels.shape
    rows, columns = range(0, height, BLOCK), range(0, width, BLOCK)
    sums = np.add.reduceat(np.add.reduceat(pixels.astype(float), rows, axis=0), columns, axis=1)
    sizes = np.minimum(BLOCK, height - np.array(rows))[:, None] * np.minimum(BLOCK, width - np.array(columns))
    return sums / sizes[..., None]


def difference(path: Path, shown: dict) -> str:
    """In what the loaded picture differs; empty where it is alike."""
    try:
        pixels = np.asarray(load_image(path))
    except ImageError as error:
        return str(error)
    if pixels.shape[:2] != (shown["height"], shown["width"]):
        return f"{pixels.shape[1]} x {pixels.shape[0]} pixels, not {shown['width']} x {shown['height']}"
    off = np.abs(block_means(pixels).ravel() - shown["means"]).max()
    return f"off by {off:.0f} of 255" if off > NEAR else ""


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER, reason="name a folder of pictures in CTERNET_PICTURES")
def test_pictures_look_as_in_chromium(show):
    files = sorted(path for path in Path(FOLDER).rglob("*") if path.suffix.lower() in KINDS and path.is_file())
    found = {path: difference(path, shown) for path in files if (shown := show(path))}
    wrong = {path: why for path, why in found.items() if why}
    print(f"{len(found) - len(wrong)} of {len(found)} that Chromium shows are alike")
    print(*(f"{path.relative_to(FOLDER)}: {why}" for path, why in wrong.items()), sep="\n")
    assert found
    assert len(wrong) <= (1 - ALIKE) * len(found)
