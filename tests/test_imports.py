"""What an import does not wait for, in a process that has imported nothing yet."""

import json
import subprocess
import sys
from pathlib import Path

from app.later import PACKAGES, import_packages

ROOT = Path(__file__).resolve().parents[1]
CODE = """
import json, sys
import cternet
library = sorted(sys.modules)
import app.main
print(json.dumps([library, sorted(sys.modules)]))
"""


def test_what_is_needed_later_is_not_imported_at_the_start():
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    library, app = map(set, json.loads(done.stdout))
    heavy = {*PACKAGES, "scipy", "skimage", "sklearn"}
    assert not (heavy | {"matplotlib"}) & library
    assert not heavy & app


def test_what_is_imported_later_is_there():
    import_packages()
    assert set(PACKAGES) <= sys.modules.keys()
