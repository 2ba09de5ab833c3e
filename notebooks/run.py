"""Run the notebooks and store them with what they show:  pip install nbclient ipykernel && python notebooks/run.py

Pictures are scaled down, for a figure of an analysis has a megabyte; warnings, which name paths of this machine, are left out.
"""

import io
import re
from base64 import b64decode, b64encode
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).parent
WIDTH = 900
"""Pixels of a stored picture, at most."""
EMBEDDED = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


def small(png: str) -> str:
    """A picture in base64 as a JPEG in base64, scaled down."""
    picture = Image.open(io.BytesIO(b64decode(png))).convert("RGB")
    picture.thumbnail((WIDTH, WIDTH))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return b64encode(buffer.getvalue()).decode()


def stored(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """An output as it is kept; None for warnings.  A page that embeds its picture needs it no second time."""
    if output.get("name") == "stderr":
        return None
    data = output.get("data", {})
    png = data.pop("image/png", "")
    if "text/html" in data:
        data["text/html"] = EMBEDDED.sub(lambda found: f"data:image/jpeg;base64,{small(found[1])}", data["text/html"])
    elif png:
        data["image/jpeg"] = small(png)
    return output


for path in sorted(HERE.glob("*.ipynb")):
    notebook = nbformat.read(path, as_version=4)
    about = dict(notebook.metadata)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(HERE)}}).execute()
    notebook.metadata = nbformat.from_dict(about)
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [kept for kept in map(stored, cell.outputs) if kept is not None]
    nbformat.write(notebook, path)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
