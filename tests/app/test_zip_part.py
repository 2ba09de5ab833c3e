"""Many photos at once, without a browser."""

import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from app.compare.zip_part import ZipPart
from app.page import Studio
from tests.app.calls import uploaded
from tests.tiny import tiny_photo

METHODS = ("cam", "s", "score-cam")
VISITOR = SimpleNamespace(session_hash="a")


@pytest.fixture
def many(networks) -> ZipPart:
    return ZipPart(Studio(networks), METHODS)


@pytest.fixture
def payload(tmp_path: Path) -> dict:
    """A zip with three photos and two members that are none."""
    with zipfile.ZipFile(tmp_path / "upload.zip", "w") as archive:
        for seed in range(3):
            file = io.BytesIO()
            tiny_photo(seed).save(file, "PNG")
            archive.writestr(f"{seed}.png", file.getvalue())
        archive.writestr("../<b>evil.png", "no image")
        archive.writestr("bad.jpg", "no image")
    return uploaded(tmp_path / "upload.zip", "my photos.zip")


def table(button: dict) -> list[dict]:
    """The rows of the report that can be downloaded."""
    with zipfile.ZipFile(button["value"]) as archive:
        assert archive.testzip() is None
        folder = Path(button["value"]).stem
        assert json.loads(archive.read(f"{folder}/skipped.json")) is not None
        return pq.read_table(io.BytesIO(archive.read(f"{folder}/table.parquet"))).to_pylist()


def test_a_zip_becomes_a_report(many, payload):
    *_, last = many.run(VISITOR, payload, measure=False, group0=["cam", "s"], group1=["score-cam"])
    html, start, stop, report = (last[name] for name in ("result", "start", "stop", "report"))
    assert {row["path"] for row in table(report)} == {"0.png", "1.png", "2.png"}
    assert "agreement_cam" in table(report)[0] and "agreement_score-cam" not in table(report)[0], "slow ones are left out"
    assert "Done. 3 photos, 2 skipped." in html and "bad.jpg" in html and "<b>evil" not in html
    assert start["interactive"] and not stop["interactive"]
    (folder,) = many.studio.reports.folders.values()
    assert (folder / "index.html").is_file() and '<iframe class="report" src="./reports/' in html
    assert Path(report["value"]).is_relative_to(many.studio.downloads.root.name)
    assert Path(report["value"]).name == f"my-photos-{many.studio.predictor.name}-report.zip"


def test_stopped_the_report_so_far_stays(many, payload):
    steps = many.run(VISITOR, payload, measure=True, group0=["s"])
    while "1 of 5" not in next(steps)["result"]:
        pass
    many.stop(VISITOR)
    *_, last = steps
    report = last["report"]
    assert "Stopped" in last["result"]
    assert report["value"] is None or len(table(report)) < 3


def test_a_file_that_is_no_zip_is_answered_in_a_sentence(many, tmp_path):
    (tmp_path / "x.zip").write_text("no zip")
    *_, last = many.run(VISITOR, uploaded(tmp_path / "x.zip", "<my>.zip"), measure=False, group0=["s"])
    html, start, report = (last[name] for name in ("result", "start", "report"))
    assert 'role="alert"' in html and "&lt;my&gt;.zip" in html and str(tmp_path) not in html and "x.zip" not in html
    assert start["interactive"] and report["value"] is None


@pytest.mark.parametrize(("chosen", "said"), [([], "at least one"), (["score-cam"], "at least one")])
def test_without_methods_nothing_starts(many, payload, chosen, said):
    (step,) = many.run(VISITOR, payload, measure=False, group0=chosen)
    assert said in step["result"]


def test_without_a_zip_nothing_starts(many):
    (step,) = many.run(VISITOR, None, measure=False, group0=["s"])
    assert "Choose a zip" in step["result"]


def test_who_leaves_is_forgotten_and_their_survey_ends(many, payload):
    steps = many.run(VISITOR, payload, measure=False, group0=["s"])
    next(steps), next(steps)
    many.leave("a")
    many.studio.downloads.forget("a")
    list(steps)
    assert many.sessions.get("a") is None
