"""A survey as one call: its table is that of direct comparisons; it can be stopped, gone on with, and extended."""

import gc
import json
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from cternet.compare import METRICS, Networks, compare, load_samples, measure
from cternet.survey import DEFAULTS, Limits, Options, Summary, SurveyError, parts, survey, surveying
from tests.cternet.survey.conftest import NAMES
from tests.tiny import tiny_photo

FAST = Options(methods=("s", "effect", "cam"), panel=32, thumbnail=16)


def rows(report: Path) -> list[dict]:
    return pq.read_table(report / "table.parquet").to_pylist()


def assert_same_rows(ours: list[dict], theirs: list[dict]) -> None:
    """Up to rounding: photos were in other batches."""
    pd.testing.assert_frame_equal(pd.DataFrame(ours), pd.DataFrame(theirs), rtol=1e-3, atol=1e-3)


def test_the_table_is_that_of_direct_comparisons(folder: Path, networks: Networks, tmp_path: Path):
    summary = survey(folder, tmp_path / "report", networks, replace(FAST, batch_size=3))
    found = rows(tmp_path / "report")
    assert [row["path"] for row in found] == list(NAMES)
    assert (summary.photos, summary.skipped, summary.complete) == (7, 1, True)
    for row in found:
        sample = load_samples(networks, [folder / row["path"]])[0]
        comparison = compare(sample, FAST.methods)
        analysis = sample.analysis
        assert (row["prediction"], row["polarity"]) == (analysis.prediction, analysis.polarity)
        with Image.open(folder / row["path"]) as photo:
            assert (row["width"], row["height"]) == photo.size
        effects = [row[f"Y_TE_{label}"] for label in analysis.labels]
        assert effects == pytest.approx(analysis.total_effect, rel=1e-3, abs=1e-5)
        assert row["effect_size"] == max(effects) == row[f"Y_TE_{row['prediction']}"]
        assert row["effect_norm"] == pytest.approx(np.sqrt(np.square(effects).sum()))
        pairs = comparison.agreement[[0, 0, 1], [1, 2, 2]]
        assert row["disagreement"] == pytest.approx(1 - pairs.mean(), abs=0.02)
        for index, panel in enumerate(comparison.panels):
            assert row[f"smallest_{panel.method}"] == pytest.approx(panel.values.min(), rel=1e-3, abs=1e-5)
            others = np.delete(comparison.agreement[index], index)
            assert row[f"agreement_{panel.method}"] == pytest.approx(others.mean(), abs=0.02)
    assert summary.predictions == {label: [row["prediction"] for row in found].count(label) for label in networks.classes}


def test_numbers_and_those_of_random_maps(networks: Networks, tmp_path: Path):
    (tmp_path / "photos").mkdir()
    tiny_photo(3).save(tmp_path / "photos" / "a.png")
    options = replace(FAST, methods=("s", "cam"), measure=True)
    survey(tmp_path / "photos", tmp_path / "report", networks, options)
    (row,) = rows(tmp_path / "report")
    sample = load_samples(networks, [tmp_path / "photos" / "a.png"])[0]
    *_, comparison = measure(sample, compare(sample, options.methods))
    for metric in METRICS:
        for panel in comparison.panels:
            assert row[f"{metric}_{panel.method}"] == pytest.approx(getattr(panel.numbers, metric), abs=1e-5)
        for classifier in ("cternet", "vanilla"):
            expected = getattr(comparison.controls[classifier], metric)
            assert row[f"{metric}_random_{classifier}"] == pytest.approx(expected, abs=1e-5)


def test_maps_are_kept_when_asked_for(folder: Path, networks: Networks, tmp_path: Path):
    survey(folder, tmp_path / "report", networks, replace(FAST, maps=True))
    (part,) = (tmp_path / "report" / "maps").iterdir()
    with np.load(part) as maps:
        assert list(maps["paths"]) == list(NAMES)
        sample = load_samples(networks, [folder / NAMES[2]])[0]
        kept = maps[f"{maps['ids'][2]}/s"]
    np.testing.assert_allclose(kept, sample.analysis.s, rtol=1e-3, atol=1e-5)


def test_skipped_files_are_listed_with_reasons(folder: Path, networks: Networks, tmp_path: Path):
    (folder / "notes.txt").write_text("x")
    survey(folder, tmp_path / "report", networks, FAST)
    skipped = json.loads((tmp_path / "report" / "skipped.json").read_text())
    assert [entry["name"] for entry in skipped] == ["letter.jpg", "notes.txt"]
    assert all("not an image" in entry["reason"] for entry in skipped)


def test_a_zip_gives_the_table_of_its_folder(folder: Path, networks: Networks, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in (*NAMES, "letter.jpg"):
            archive.write(folder / name, name)
    survey(folder, tmp_path / "one", networks, FAST)
    survey(tmp_path / "photos.zip", tmp_path / "two", networks, FAST)
    assert rows(tmp_path / "one") == rows(tmp_path / "two")


def test_a_photo_too_many_for_the_page(folder: Path, networks: Networks, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in NAMES:
            archive.write(folder / name, name)
    summary = survey(tmp_path / "photos.zip", tmp_path / "report", networks, FAST, limits=Limits(photos=4))
    assert (summary.photos, summary.skipped) == (4, 1)
    assert "3 more members" in (tmp_path / "report" / "skipped.json").read_text()


# --- stopping, going on


@pytest.mark.parametrize("batch_size", [1, 16])
@pytest.mark.parametrize("after", [1, 3])
def test_what_was_stopped_goes_on(folder: Path, networks: Networks, tmp_path: Path, after: int, batch_size: int):
    report, done = tmp_path / "report", []
    options = replace(FAST, batch_size=batch_size)

    def go(**more: object) -> Summary:
        return survey(folder, report, networks, options, progress=lambda *step: done.append(step), **more)

    summary = go(stop=lambda: len(done) >= after)
    assert (summary.photos, summary.complete) == (after, False)
    assert [row["path"] for row in rows(report)] == list(NAMES[:after])
    summary = go()
    assert (summary.photos, summary.skipped, summary.complete) == (7, 1, True)
    assert [step[0] for step in done] == list(range(1, 9))
    assert {step[1] for step in done} == {8}
    survey(folder, tmp_path / "whole", networks, FAST)
    assert_same_rows(rows(report), rows(tmp_path / "whole"))


def test_a_closed_generator_leaves_a_report(folder: Path, networks: Networks, tmp_path: Path):
    steps = surveying(folder, tmp_path / "report", networks, replace(FAST, batch_size=2))
    next(steps), next(steps), next(steps)
    steps.close()
    assert len(rows(tmp_path / "report")) == 3
    assert 'complete":false' in (tmp_path / "report" / "data.js").read_text()


def test_nothing_is_done_twice(folder: Path, networks: Networks, tmp_path: Path):
    survey(folder, tmp_path / "report", networks, FAST)
    before = rows(tmp_path / "report")
    survey(folder, tmp_path / "report", networks, FAST, progress=lambda *step: pytest.fail("a photo was done again"))
    assert rows(tmp_path / "report") == before


def test_photos_that_were_added_are_taken_in(folder: Path, networks: Networks, tmp_path: Path):
    survey(folder, tmp_path / "report", networks, FAST)
    tiny_photo(50).save(folder / "Added first.png")
    assert survey(folder, tmp_path / "report", networks, FAST).photos == 8
    assert {row["path"] for row in rows(tmp_path / "report")} == {*NAMES, "Added first.png"}


@pytest.mark.parametrize("change", [{"methods": ("s",)}, {"sample": 3}, {"panel": 40}, {"style": "overlay"}])
def test_other_settings_are_refused(folder: Path, networks: Networks, tmp_path: Path, change: dict):
    survey(folder, tmp_path / "report", networks, FAST)
    with pytest.raises(SurveyError, match=rf"other settings \({next(iter(change))}\)"):
        survey(folder, tmp_path / "report", networks, replace(FAST, **change))
    survey(folder, tmp_path / "report", networks, replace(FAST, batch_size=2, workers=1))


def test_another_source_is_refused(folder: Path, networks: Networks, tmp_path: Path):
    survey(folder, tmp_path / "report", networks, FAST)
    other = tmp_path / "other" / "photos"
    other.mkdir(parents=True)
    with pytest.raises(SurveyError, match="source_id"):
        survey(other, tmp_path / "report", networks, FAST)


def test_a_folder_that_is_no_report_is_not_touched(folder: Path, networks: Networks, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(SurveyError, match="not a report folder"):
        survey(folder, tmp_path / "mine", networks, FAST)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_missing_source_makes_nothing(networks: Networks, tmp_path: Path):
    with pytest.raises(SurveyError, match="does not exist"):
        survey(tmp_path / "gone", tmp_path / "report", networks, FAST)
    assert not (tmp_path / "report").exists()


def test_the_report_may_lie_among_the_photos(folder: Path, networks: Networks):
    for _ in range(2):
        assert survey(folder, folder / "report", networks, FAST).photos == 7


def test_a_sample_is_the_same_whatever_the_order_and_grows(folder: Path, networks: Networks, tmp_path: Path):
    chosen = {}
    for size, seed in ((2, 0), (4, 0), (4, 1)):
        survey(folder, tmp_path / f"{size}-{seed}", networks, replace(FAST, sample=size, seed=seed))
        skipped = json.loads((tmp_path / f"{size}-{seed}" / "skipped.json").read_text())
        chosen[size, seed] = {row["path"] for row in rows(tmp_path / f"{size}-{seed}")} | {entry["name"] for entry in skipped}
        assert len(chosen[size, seed]) == size
    assert chosen[2, 0] < chosen[4, 0] != chosen[4, 1]


@pytest.mark.parametrize(
    "change", [{"batch_size": 0}, {"sample": 0}, {"methods": ("nobody",)}, {"methods": ()}, {"style": "x"}]
)
def test_bad_options_are_refused(change: dict):
    with pytest.raises(ValueError):
        replace(DEFAULTS, **change)


def test_nothing_is_kept_of_a_photo(networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Memory after forty photos is that after ten, but for what Python allocates on the way."""
    monkeypatch.setattr(parts, "PART_ROWS", 10)
    (tmp_path / "photos").mkdir()
    for index in range(40):
        tiny_photo(index, 300, 200).save(tmp_path / "photos" / f"{index:02d}.jpg")
    sizes = []

    def progress(done: int, _total: int, _row: dict) -> None:
        if done in (10, 40):
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        survey(tmp_path / "photos", tmp_path / "report", networks, replace(FAST, batch_size=5), progress=progress)
    finally:
        tracemalloc.stop()
    assert [pq.read_metadata(part).num_rows for part in parts.parts_of(tmp_path / "report")] == [10] * 4
    assert sizes[1] - sizes[0] < 200_000  # a photo is 180,000 bytes, its maps and features more
