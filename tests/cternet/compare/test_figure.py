"""Panels as pixels, their scales, and the figure they make."""

import io
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from cternet.compare import METHODS, METRICS, Comparison, Faithfulness, Panel
from cternet.compare.figure import comparison_figure
from cternet.compare.pictures import picture, scales, shrunk
from cternet.compare.point_canvas import cut, length, wrapped
from cternet.show.colours import Scale
from cternet.show.figure import DRAWING, save
from tests.tiny import tiny_photo

PHOTO = np.asarray(tiny_photo())
RAMP = np.arange(16, dtype=np.float32).reshape(4, 4)
WORSE, BETTER = Faithfulness(0.5, 0.5, 0.25, 0.25, 0.0), Faithfulness(0.125, 0.125, 0.75, 0.75, 0.375)


def comparison(name: str = "cat.jpg", factor: float = 1.0, *, measured: bool = False) -> Comparison:
    panels = (
        Panel("cam", factor * (RAMP - 5), numbers=BETTER if measured else None),
        Panel("ras", problem="no weights were given for ras"),
        Panel("s", factor * RAMP + 1, numbers=WORSE if measured else None),
        Panel("s-star", factor * (RAMP.T - 2)),
    )
    controls = {"vanilla": (WORSE,), "cternet": (BETTER,)} if measured else {}
    return Comparison(name, "awe", "fear", PHOTO, panels, controls)


def drawn(*comparisons: Comparison, **options) -> Figure:
    with DRAWING:
        return comparison_figure(comparisons, **options)


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_each_map_has_its_own_scale():
    found = scales([comparison(), comparison(factor=2)])
    assert found == {
        (0, "cam"): Scale(-5, 10),
        (0, "s"): Scale(1, 16),
        (0, "s-star"): Scale(-2, 13),
        (1, "cam"): Scale(-10, 20),
        (1, "s"): Scale(1, 31),
        (1, "s-star"): Scale(-4, 26),
    }


def test_a_shared_scale_spans_the_photos_and_both_attentions():
    found = scales([comparison(), comparison(factor=2)], "shared")
    assert found[0, "cam"] == found[1, "cam"] == Scale(-10, 20)
    assert found[0, "s"] == found[1, "s"] == found[0, "s-star"] == found[1, "s-star"] == Scale(-4, 31)


@pytest.mark.parametrize(("scale", "top"), [("own", 10), ("shared", 20)])
def test_colours_of_a_signed_map_are_centred_on_zero(scale: str, top: float):
    found = scales([comparison(), comparison(factor=2)], scale, style="overlay")
    assert found[0, "cam"] == Scale(-top, top)
    assert found[0, "s"].low != -found[0, "s"].high


@pytest.mark.parametrize("bad", [{"scale": "log"}, {"style": "jet"}])
def test_unknown_choices_are_answered_with_the_choice(bad: dict[str, str]):
    with pytest.raises(ValueError, match=r"choose one of (own|grey)"):
        drawn(comparison(), **bad)


def test_a_grey_panel_is_the_map():
    photo = np.zeros((40, 80, 3), np.uint8)
    found = picture(photo, RAMP, Scale(0, 15), smooth=False)
    expected = np.kron(np.round(RAMP * 17), np.ones((10, 20)))  # 15 * 17 = 255
    assert np.abs(found - expected[..., None]).max() <= 1
    assert np.array_equal(found, picture(photo + 200, RAMP, Scale(0, 15), smooth=False))  # nothing of the photo


@pytest.mark.parametrize(("signed", "name"), [(True, "RdBu_r"), (False, "viridis")])
def test_an_overlay_mixes_colour_and_greyed_photo(signed: bool, name: str):
    photo = np.full((8, 8, 3), 100, np.uint8)
    found = picture(photo, RAMP, Scale(-15, 15), signed=signed, style="overlay", cmap="viridis", opacity=0.25, smooth=False)
    colour = 255 * np.array(matplotlib.colormaps[name]((RAMP[3, 1] + 15) / 30)[:3])
    assert np.abs(found[7, 3] - (0.25 * colour + 75)).max() <= 1


def test_large_photos_are_shrunk():
    assert shrunk(np.zeros((300, 900, 3), np.uint8), 90).shape == (30, 90, 3)
    assert shrunk(PHOTO, 1000) is PHOTO


def test_the_figure_shows_these_pixels():
    one, other = comparison(), comparison("dog.jpg", 2)
    figure = drawn(one, other, scale="shared", style="overlay")
    images = {image.get_label(): image.get_array() for image in figure.axes[0].images}
    spans = scales([one, other], "shared", style="overlay")
    assert np.array_equal(images["1 photo"], PHOTO)
    for panel in other.panels:
        if panel.values is not None:
            span = spans[1, panel.method]
            expected = picture(PHOTO, panel.values, span, signed=panel.method == "cam", style="overlay")
            assert np.array_equal(images[f"1 {panel.method}"], expected)
    assert "1 ras" not in images


def test_the_figure_says_what_is_seen():
    figure = drawn(comparison(), models={"cternet": "mine", "wscnet": "unused"})
    text = " ".join(words(figure))
    for part in ("CAM", "RAS", "cat.jpg", "class explained: awe; predicted: fear", "no weights were given", "mine (cternet)"):
        assert part in text
    assert "unused" not in text
    assert {"−5", "10", "1", "16"} <= set(words(figure))  # the ends of the bars
    assert "Agreement" not in words(figure)


def test_numbers_stand_beside_the_random_map():
    found = {text.get_text(): text.get_fontweight() for text in drawn(comparison(measured=True)).axes[0].texts}
    assert found["0.125 (0.500)"] == found["0.750 (0.250)"] == found["0.375 (0.000)"] == "bold"
    assert found["0.500 (0.125)"] == found["0.250 (0.750)"] == "normal"
    for metric in METRICS.values():
        assert f"{metric.title} {metric.arrow}" in found
    assert "0.125 (0.500)" not in words(drawn(comparison(measured=True), numbers=False))


def boxes(figure: Figure) -> list[matplotlib.transforms.Bbox]:
    figure.set_dpi(300)  # at a screen's resolution, letters are moved to whole pixels
    figure.draw_without_rendering()
    return [text.get_window_extent() for text in figure.axes[0].texts]


@pytest.mark.parametrize("width", [2.4, 3.5, 7])
def test_no_text_lies_on_another_or_leaves_the_paper(width: float):
    methods = ("cam", "ras", "wscnet", "s", "s-star", "effect", "grad-cam++-cternet", "spectral-residual", "eigen-cam")
    panels = tuple(Panel(m, -0.000123456 * (RAMP + 3), numbers=WORSE) for m in methods)
    wide = replace(comparison("a" * 200, measured=True), panels=(*panels, Panel("layer-cam", problem="why " * 90)))
    figure = drawn(wide, width_inches=width)
    found = boxes(figure)
    for box in found:
        assert box.x0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y0 >= -1 and box.y1 <= figure.bbox.y1 + 1
    for index, box in enumerate(found):
        for other in found[index + 1 :]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            down = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert across < 3 or down < 6  # pixels of 1/300 inch; lines may touch within their leading


def test_width_and_height():
    eight = replace(comparison(), panels=tuple(Panel(method, RAMP) for method in list(METHODS)[:8]))
    assert drawn(eight).get_size_inches()[0] == pytest.approx(7)
    assert drawn(*[eight] * 3).get_size_inches()[1] > 1.8 * drawn(eight).get_size_inches()[1]
    with pytest.raises(ValueError, match="too narrow"):
        drawn(eight, width_inches=1)
    with pytest.raises(ValueError, match="nothing to draw"):
        drawn()
    with pytest.raises(ValueError, match="inches high"):
        drawn(*[replace(eight, panels=eight.panels[:1])] * 130)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_comparison_gives_the_same_bytes(ending: str):
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        with DRAWING:
            save(comparison_figure([comparison("$x_1$ <b>.jpg")]), file, ending)
    assert files[0].getvalue() == files[1].getvalue()
    if ending == "svg":
        assert "$x_1$ &lt;b&gt;.jpg" in files[0].getvalue().decode()  # text, taken as it is
    if ending == "pdf":
        assert b"/FontFile2" in files[0].getvalue() and b"/Type3" not in files[0].getvalue()


def test_text_that_is_too_long():
    assert cut("a.jpg", 500, 6) == "a.jpg"
    short = cut("a_long_name_of_a_photo.jpg", 60, 6)
    assert short.startswith("a_l") and short.endswith(".jpg") and "…" in short and length(short, 6) <= 60
    lines = wrapped("a few words and/one/long/path/that/has/no/spaces", 50, 6)
    assert "".join(lines).replace(" ", "") == "afewwordsand/one/long/path/that/has/no/spaces"
    assert all(length(line, 6) <= 50 for line in lines)
    assert len(wrapped("many words " * 20, 50, 6, most=3)) == 3
