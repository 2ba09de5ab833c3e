"""Start the demo: python app.py

Hugging Face Spaces starts here too.  Everything is set by the environment:

  CTERNET_WEIGHTS      checkpoint folders, folders of them or hub ids (OWNER/NAME, or OWNER/NAME@REVISION) to use instead of
                       the shipped models, separated as in PATH; visitors see the first until they choose another
  CTERNET_DEVICE       torch device; a GPU by default if there is one
  CTERNET_THREADS      threads of the network; one per core by default
  CTERNET_BATCH        photos of different visitors that go through the network at once; 4 by default, 16 on a GPU
  CTERNET_SECONDS      how long one call may take; 120 by default
  CTERNET_CONCURRENCY  photos decoded at once; 4 by default
  CTERNET_QUEUE        calls that may wait before the server answers that it is busy; 64 by default
  CTERNET_UPLOAD_MB    largest file a visitor may send; 100 by default
  CTERNET_AUTH         NAME:PASSWORD to require, or several separated by commas; open to all by default
  CTERNET_METRICS      1 to serve Prometheus metrics at /metrics
  CTERNET_LOG          json for one line of JSON per request
  GRADIO_SERVER_NAME   address to listen on; 127.0.0.1 by default, 0.0.0.0 for all of them
  GRADIO_SERVER_PORT   port; 7860 or the next free one by default
  GRADIO_ROOT_PATH     the path under which a proxy shows the server
  SPACES_ZERO_GPU      set by Hugging Face on a Space with ZeroGPU
  HF_HUB_OFFLINE       0 to let CTERNET_WEIGHTS name a model on the hub, where it is set to 1
  TMPDIR               where visitors' files are kept while the app runs
"""

import argparse
import atexit
import ctypes
import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import NoReturn

argparse.ArgumentParser(
    prog="python app.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
).parse_args([] if __name__ != "__main__" else None)

M_ARENA_MAX = -8
"""Of malloc.h."""

from app.settings import SettingsError, read_settings

try:
    settings = read_settings()
except SettingsError as error:
    sys.exit(f"error: {error}")
for named in settings.weights.split(os.pathsep):  # before what takes seconds to import
    place = named.partition("@")[0]  # owner/name may be on the hub, and a revision of it may have slashes
    is_path = named.startswith((".", "/", "~")) or place.count("/") > 1
    if is_path and not Path(named).exists():
        sys.exit(f"error: CTERNET_WEIGHTS names {named}, which does not exist; give one or more checkpoint folders.")

if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
    # The C library keeps freed memory in arenas, one for every few threads: hundreds of megabytes after some passes.
    libc.mallopt(M_ARENA_MAX, 2)

gc.disable()  # nearly all that a start makes stays: to look for garbage meanwhile takes a fifth of its time
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ["TQDM_DISABLE"] = "1"  # the page shows progress; a server's log is no place for it
try:
    FOLDER = tempfile.mkdtemp(prefix="cternet-")
except OSError as error:
    sys.exit(f"error: there is no room for visitors' files ({error}); set TMPDIR to a folder with free space")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
# Visitors' files lie in a folder of this program alone; gradio reads the name of its own when it is imported.
tempfile.tempdir = FOLDER
os.environ["GRADIO_TEMP_DIR"] = os.path.join(FOLDER, "uploads")

if settings.zero_gpu:  # before torch, whose calls of CUDA it watches
    try:
        import spaces
    except ImportError:
        sys.exit("error: ZeroGPU needs the package spaces; add it to requirements.txt")

from app.later import import_later
from app.main import build, options
from app.models import EVERY_SHIPPED_MODEL, load_models
from app.observed import start_log
from app.zero_gpu import Loans
from cternet import CheckpointError

ENDS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what hosts send."""
GRACE = 3.0
"""Seconds that requests under way get to end once the program is told to."""

start_log(settings.log)
try:
    device = "cpu" if settings.zero_gpu else settings.device
    found = settings.weights or EVERY_SHIPPED_MODEL
    models = load_models(found, device=device, threads=settings.threads, batch=settings.batch)
except (CheckpointError, ValueError) as error:
    sys.exit(f"error: {error}")
if settings.zero_gpu:  # such a Space does not start unless a function asks for a GPU
    Loans(spaces.GPU, [networks.predictor for networks in models])

demo = build(*models, settings=settings)
atexit.register(gc.unfreeze)  # or libraries complain of what is left
gc.freeze()  # nor do visitors wait until all of it is looked through
gc.enable()


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
    import_later()
    demo.launch(**options(demo, settings))
