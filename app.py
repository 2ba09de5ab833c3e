"""Start the demo: ``python app.py``.  Hugging Face Spaces starts here too.

Environment: CTERNET_WEIGHTS, a checkpoint folder or hub id in place of the shipped one; GRADIO_SERVER_NAME and
GRADIO_SERVER_PORT, where to listen (the next free port if that one is taken).
"""

import atexit
import os
import shutil
import signal
import sys
import tempfile

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ["TQDM_DISABLE"] = "1"  # the page shows progress; a server's log is no place for it
# Visitors' files, in a folder of this program alone; gradio reads the name when it is imported.
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="cternet-uploads-")

from app.intervene import STYLE as INTERVENE_STYLE
from app.main import ROOT, build
from app.theme import FAVICON, STYLE, THEME
from app.uploads import MAX_UPLOAD
from cternet import CheckpointError, Predictor

atexit.register(shutil.rmtree, os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)

try:
    predictor = Predictor.from_pretrained(os.environ.get("CTERNET_WEIGHTS", ROOT / "assets" / "weights" / "cternet-fi"))
except (CheckpointError, ValueError) as error:
    sys.exit(f"error: {error}")

demo = build(predictor)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what hosts send ends it in order, as Ctrl-C does
    demo.launch(
        theme=THEME,
        css_paths=[STYLE, INTERVENE_STYLE],
        favicon_path=FAVICON,
        max_file_size=MAX_UPLOAD,
        run_history=False,
        ssr_mode=False,
        footer_links=[],
        mcp_server=True,
    )
