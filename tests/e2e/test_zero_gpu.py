"""The app on a Space with ZeroGPU: the process with the GPU ends, as there is none here, and a zip is surveyed nonetheless."""

import base64
import json
import zipfile
from pathlib import Path

import pytest

from tests.device_api import device_api

from .conftest import ROOT, arrive, free_port, start_app, wait_for

pytestmark = pytest.mark.e2e


def token() -> str:
    """As the hub gives one to each visitor."""
    parts = (b"{}", json.dumps({"user": "somebody"}).encode(), b"signature")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def test_a_zip_asks_for_a_gpu_in_its_visitors_name(browser, tmp_path: Path):
    pytest.importorskip("spaces", reason="pip install spaces")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as photos:
        for path in sorted((ROOT / "assets" / "examples").glob("*.jpg")):
            photos.write(path, path.name)
            photos.write(path, f"again-{path.name}")
    port, visitor = free_port(), token()
    with device_api(tmp_path) as api, (tmp_path / "output.txt").open("w") as output:
        process = start_app(port, output, **api.environment, CTERNET_WEIGHTS="assets/weights/cternet-fi")
        context = browser.new_context(extra_http_headers={"x-ip-token": visitor})
        try:
            wait_for(process, port)
            page = context.new_page()
            arrive(page, f"http://127.0.0.1:{port}")
            page.get_by_role("tab", name="Compare").click()
            page.wait_for_selector("#compare-status .done", timeout=120_000)
            page.get_by_role("button", name="Many photos").click()
            page.set_input_files("#many-zip input[type=file]", str(tmp_path / "photos.zip"))
            page.wait_for_selector("#many-zip table", timeout=60_000)
            page.click("#many-start")
            page.wait_for_selector("#many-result:has-text('16 photos, 0 skipped')", timeout=240_000)
        finally:
            context.close()
            process.terminate()
            process.wait(20)
    assert [path for path, _ in api.asked] == ["/startup-report", "/schedule", "/allow", "/release"]
    assert api.asked[1][1]["token"] == visitor
    assert api.asked[3][1]["fail"] == "true"
    assert "no GPU for 16 photos, so they run on the CPU" in (tmp_path / "output.txt").read_text()
