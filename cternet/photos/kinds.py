"""What format a file is of, by its first bytes."""


def kind_of(data: bytes) -> str:
    """The format by a file's first bytes; empty where it is none that is read."""
    if data[4:8] == b"ftyp":
        brands = data[8:12] + data[16 : max(16, min(int.from_bytes(data[:4], "big"), 256))]
        return "AVIF" if b"avif" in brands or b"avis" in brands else "HEIC" if HEIC_BRANDS & split(brands) else ""
    if data[:4] == b"RIFF":
        return "WEBP" if data[8:12] == b"WEBP" else ""
    return next((kind for start, kind in STARTS.items() if data.startswith(start)), "")


STARTS = {
    b"\xff\xd8": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def split(brands: bytes) -> set[bytes]:
    return {brands[at : at + 4] for at in range(0, len(brands), 4)}
