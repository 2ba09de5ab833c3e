"""libvips, set up to read untrusted files: quiet, without a cache, and with no loader but those for photos."""

import logging
import os

os.environ.setdefault("VIPS_WARNING", "0")  # it would print what is odd about a file; must be said before it is loaded

import pyvips

logging.getLogger("pyvips").setLevel(logging.CRITICAL)

LOADERS = ("Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif")
"""Of JPEG, PNG, WebP, GIF, TIFF and AVIF; everything else it could read is blocked."""

pyvips.operation_block_set("VipsForeignLoad", True)
for loader in LOADERS:
    pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
pyvips.cache_set_max(0)  # it would keep the last files in memory

__all__ = ["pyvips"]
