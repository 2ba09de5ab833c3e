"""Start the demo: ``python app.py``.  Hugging Face Spaces starts here too.

Environment: CTERNET_WEIGHTS, a checkpoint folder or hub id in place of the shipped one; GRADIO_SERVER_NAME and
GRADIO_SERVER_PORT, where to listen (the next free port if that one is taken).
"""

import os
import sys

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from app.intervene import STYLE as INTERVENE_STYLE
from app.main import ROOT, build
from app.theme import FAVICON, STYLE, THEME
from app.uploads import MAX_UPLOAD
from cternet import CheckpointError, Predictor

try:
    predictor = Predictor.from_pretrained(os.environ.get("CTERNET_WEIGHTS", ROOT / "assets" / "weights" / "cternet-fi"))
except (CheckpointError, ValueError) as error:
    sys.exit(f"error: {error}")

demo = build(predictor)

if __name__ == "__main__":
    demo.launch(
        theme=THEME,
        css_paths=[STYLE, INTERVENE_STYLE],
        favicon_path=FAVICON,
        max_file_size=MAX_UPLOAD,
        run_history=False,
        ssr_mode=False,
        footer_links=[],
    )
