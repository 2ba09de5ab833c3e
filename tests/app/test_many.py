"""Many photos at once, without a browser."""

import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from app.compare.zip_page import ManyPhotos
from app.uploads import Downloads
from tests.app.calls import uploaded
from tests.tiny import tiny_photo

METHODS = ("cam", "s", "score-cam")
VISITOR = SimpleNamespace(session_hash="a")


@pytest.fixture
def many(networks) -> ManyPhotos:
    return ManyPhotos(networks, Downloads(), METHODS)


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
        assert json.loads(archive.read("cternet-report/skipped.json")) is not None
        return pq.read_table(io.BytesIO(archive.read("cternet-report/table.parquet"))).to_pylist()


def test_a_zip_becomes_a_report(many, payload):
    *_, (html, start, stop, report) = many.run(VISITOR, payload, False, ["cam", "s"], ["score-cam"])
    assert {row["path"] for row in table(report)} == {"0.png", "1.png", "2.png"}
    assert "agreement_cam" in table(report)[0] and "agreement_score-cam" not in table(report)[0], "slow ones are left out"
    assert "Done. 3 photos, 2 skipped." in html and "bad.jpg" in html and "<b>evil" not in html
    assert start["interactive"] and not stop["interactive"]
    assert Path(report["value"]).is_relative_to(many.downloads.root.name)


def test_stopped_the_report_so_far_stays(many, payload):
    steps = many.run(VISITOR, payload, True, ["s"])
    while "1 of 5" not in next(steps)[0]:
        pass
    many.stop(VISITOR)
    *_, (html, *_, report) = steps
    assert "Stopped" in html
    assert report["value"] is None or len(table(report)) < 3


def test_a_file_that_is_no_zip_is_answered_in_a_sentence(many, tmp_path):
    (tmp_path / "x.zip").write_text("no zip")
    *_, (html, start, *_, report) = many.run(VISITOR, uploaded(tmp_path / "x.zip", "<my>.zip"), False, ["s"])
    assert 'role="alert"' in html and "&lt;my&gt;.zip" in html and str(tmp_path) not in html and "x.zip" not in html
    assert start["interactive"] and report["value"] is None


@pytest.mark.parametrize(("chosen", "said"), [([], "at least one"), (["score-cam"], "at least one")])
def test_without_methods_nothing_starts(many, payload, chosen, said):
    (step,) = many.run(VISITOR, payload, False, chosen)
    assert said in step[0]


def test_without_a_zip_nothing_starts(many):
    (step,) = many.run(VISITOR, None, False, ["s"])
    assert "Choose a zip" in step[0]


def test_who_leaves_is_forgotten_and_their_survey_ends(many, payload):
    steps = many.run(VISITOR, payload, False, ["s"])
    next(steps), next(steps)
    many.leave(VISITOR)
    many.downloads.forget("a")
    list(steps)
    assert many.sessions.get("a") is None
