"""Start the demo: ``python app.py``.  Hugging Face Spaces starts here too.

Environment: CTERNET_WEIGHTS, checkpoint folders, folders of them or hub ids in place of the shipped one, divided as in PATH;
visitors see the first until they choose another.  GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, where to listen (the next
free port if that one is taken).  TMPDIR, where visitors' files lie.
"""

import atexit
import os
import shutil
import signal
import sys
import tempfile
import threading
from typing import NoReturn

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ["TQDM_DISABLE"] = "1"  # the page shows progress; a server's log is no place for it
try:
    FOLDER = tempfile.mkdtemp(prefix="cternet-")
except OSError as error:
    sys.exit(f"error: there is no place for visitors' files ({error}); set TMPDIR to a folder with some free space")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
# Visitors' files lie in a folder of this program alone; gradio reads the name of its own when it is imported.
tempfile.tempdir = FOLDER
os.environ["GRADIO_TEMP_DIR"] = os.path.join(FOLDER, "uploads")

from app.main import ROOT, build, options
from app.models import load_models
from cternet import CheckpointError

ENDS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what hosts send."""
GRACE = 5.0
"""Seconds that requests under way get to end once the program is told to."""

try:
    models = load_models(os.environ.get("CTERNET_WEIGHTS", str(ROOT / "assets" / "weights" / "cternet-fi")))
except (CheckpointError, ValueError) as error:
    sys.exit(f"error: {error}")

demo = build(*models)


def at_once() -> NoReturn:
    shutil.rmtree(FOLDER, ignore_errors=True)
    os._exit(0)


def end(_number: int, _frame: object) -> NoReturn:
    """End in order, as gradio does on Ctrl-C; but no later than ``GRACE`` allows, and at once if asked again."""
    for number in ENDS:
        signal.signal(number, lambda *_: at_once())
    timer = threading.Timer(GRACE, at_once)
    timer.daemon = True
    timer.start()
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in ENDS:
        signal.signal(number, end)
    demo.launch(**options(demo))
