"""Comparisons as files, read back by other readers."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import spearmanr

from cternet.compare import METRICS, Comparison
from cternet.compare.export import ENDINGS, write
from cternet.compare.table import escape
from cternet.show.export import replacing
from tests.cternet.compare.test_figure import BETTER, RAMP, WORSE, comparison


@pytest.fixture
def comparisons() -> list[Comparison]:
    return [comparison("../a, b$.jpg", measured=True), comparison("../a, b$.jpg", 2, measured=True)]


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_twice_the_same(comparisons: list[Comparison], tmp_path: Path, ending: str):
    first, second = (write(comparisons, tmp_path / f"{name}{ending.upper()}").read_bytes() for name in "ab")
    assert first == second
    assert len(list(tmp_path.iterdir())) == 2  # nothing half-made beside them


def test_the_picture_has_print_size(comparisons: list[Comparison], tmp_path: Path):
    with Image.open(write(comparisons, tmp_path / "a.png", style="overlay", width_inches=6)) as image:
        assert abs(image.width - 6 * 300) <= 1
        assert image.info["dpi"][0] == pytest.approx(300, abs=1)


def test_maps(comparisons: list[Comparison], tmp_path: Path):
    with np.load(write(comparisons, tmp_path / "maps.npz", models={"cternet": "mine"}), allow_pickle=False) as file:
        found = dict(file)
    assert all(re.fullmatch(r"[A-Za-z0-9_/+-]+", name) for name in found)
    assert np.array_equal(found["002_a_b/cam"], 2 * (RAMP - 5))
    assert np.array_equal(found["001_a_b/photo"], comparisons[0].photo)
    assert "001_a_b/ras" not in found
    assert found["problems"].tolist() == [f"00{n}_a_b/ras: no weights were given for ras" for n in (1, 2)]
    assert found["photos"].tolist() == ["../a, b$.jpg"] * 2
    assert found["labels"].tolist() == ["awe"] * 2 and found["predictions"].tolist() == ["fear"] * 2
    assert found["methods"].tolist() == ["cam", "ras", "s", "s-star"]
    about = "\n".join(found["about"])
    assert "network cternet: mine" in about and "method cam: CAM" in about and "signed" in about


def test_numbers(comparisons: list[Comparison], tmp_path: Path):
    table = pd.read_csv(write(comparisons, tmp_path / "numbers.csv"))
    assert len(table) == 8
    cam, ras, s, s_star = (row for _, row in table[:4].iterrows())
    assert (cam.photo, cam.label, cam.prediction, cam.method, cam.explains) == ("../a, b$.jpg", "awe", "fear", "cam", "vanilla")
    assert (cam.height, cam.width, cam.smallest, cam.largest) == (4, 4, -5, 10)
    for name in METRICS:
        assert (cam[name], cam[f"random_{name}"]) == (getattr(BETTER, name), getattr(WORSE, name))
        assert (s[name], s[f"random_{name}"]) == (getattr(WORSE, name), getattr(BETTER, name))
        assert np.isnan(s_star[name])
    transposed = spearmanr(RAMP.ravel(), RAMP.T.ravel()).statistic
    assert cam.agreement == pytest.approx((1 + transposed) / 2)
    assert s_star.agreement == pytest.approx(transposed)
    assert ras.problem == "no weights were given for ras" and np.isnan(ras.agreement)


def test_table_of_means(comparisons: list[Comparison], tmp_path: Path):
    twice = replace(comparisons[1].panels[0], numbers=WORSE)
    comparisons[1] = replace(comparisons[1], panels=(twice, *comparisons[1].panels[1:]))
    text = write(comparisons, tmp_path / "table.tex").read_text()
    rows = [line.removesuffix(r" \\").split(" & ") for line in text.splitlines() if line.endswith(r" \\") and " & " in line]
    assert {len(row) for row in rows} == {3 + len(METRICS)}
    head, cam, random_vanilla, s, random_cternet = rows
    assert head[2].endswith(r"$\downarrow$") and head[4].endswith(r"$\uparrow$")
    assert (cam[0], s[0], random_vanilla[0], random_cternet[0]) == ("CAM", "S", "Random map", "Random map")
    assert cam[1] == "2"
    assert cam[2] == r"\textbf{0.312}" and cam[4] == r"\textbf{0.500}"  # means of 0.125 and 0.5, of 0.75 and 0.25
    assert random_vanilla[2] == "0.500" and random_vanilla[-1] == "--"
    assert s[2] == "0.500" and random_cternet[2] == r"\textbf{0.125}"
    assert text.count("{") == text.count("}")
    assert re.findall(r"\\begin\{(\w+)\}", text) == re.findall(r"\\end\{(\w+)\}", text)[::-1]
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 2, 1]
    assert len(re.search(r"\\begin\{tabular\}\{(\w+)\}", text)[1]) == len(head)
    assert not re.search(r"(?<!\\)[%#_](?! needs)", text) and text.isascii()
    inside = r"\begin{adjustbox}{max width=\linewidth}" + "\n" + r"\begin{tabular}"
    assert inside in text and r"\usepackage{adjustbox}" in text, "wider than the page it is scaled down"


def test_a_mean_over_fewer_photos_is_never_the_best(comparisons: list[Comparison], tmp_path: Path):
    panels = (replace(comparisons[1].panels[0], numbers=None), *comparisons[1].panels[1:])
    text = write([comparisons[0], replace(comparisons[1], panels=panels)], tmp_path / "table.tex").read_text()
    assert re.search(r"CAM & 1 & 0\.125 & ", text) and re.search(r"Random map & 2 & \\textbf\{0\.500\}", text)


def test_nothing_measured_is_no_table(tmp_path: Path):
    with pytest.raises(ValueError, match="measure first"):
        write([comparison()], tmp_path / "table.tex")
    assert not list(tmp_path.iterdir())


def test_unknown_ending(tmp_path: Path):
    with pytest.raises(ValueError, match=r"'maps\.mat'.*\.npz"):
        write([comparison()], tmp_path / "maps.mat")


def test_latex_commands_are_written_out():
    assert escape(r"50% & a_b \ {c} $5 #1 ~^") == (
        r"50\% \& a\_b \textbackslash{} \{c\} \$5 \#1 \textasciitilde{}\textasciicircum{}"
    )


def test_what_was_there_stays_until_the_new_file_is_complete(tmp_path: Path):
    path = tmp_path / "file.csv"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
