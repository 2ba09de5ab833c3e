"""What notebooks show, and the notebook that is shipped."""

import ast
import io
import json
import re
import threading
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cternet import Analysis, Predictor
from cternet.results.draws import draw
from cternet.show import notebook
from cternet.show.figure import DRAWING
from tests.tiny import tiny_network, tiny_photo

NOTEBOOKS = sorted((Path(__file__).resolve().parents[3] / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    """One for all tests, so that its figure is drawn once."""
    return Predictor(tiny_network(), name="tiny", device="cpu").analyze(tiny_photo())


def test_the_table_holds_the_numbers(analysis: Analysis):
    html = analysis._repr_html_()
    rows = re.findall(
        r"<tr><th>(\w+)</th><td>([\d.]+)%</td><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", html
    )
    assert sorted(row[0] for row in rows) == sorted(analysis.labels)
    assert rows[0][0] == analysis.prediction
    for name, probability, y, y_star, effect, std in rows:
        index = analysis.labels.index(name)
        assert float(probability) == pytest.approx(100 * analysis.probabilities[index], abs=0.06)
        for text, value in [(y, analysis.y_factual), (y_star, analysis.y_counterfactual), (effect, analysis.total_effect)]:
            assert float(text) == pytest.approx(value[index], rel=6e-3)
        assert float(std) == pytest.approx(analysis.total_effect_std[index], rel=6e-3)


def test_the_picture_is_a_png_and_the_same_in_both(analysis: Analysis):
    data = analysis._repr_png_()
    assert Image.open(io.BytesIO(data)).width > 800
    embedded = re.search(r'src="data:image/png;base64,([^"]+)"', analysis._repr_html_())
    assert b64decode(embedded[1]) == data
    assert "png" not in vars(analysis.intervene("reverse")), "another analysis is drawn anew"


def test_names_are_escaped():
    classes = ("<script>alert(1)</script>", 'b"&')
    analysis = Predictor(tiny_network(classes=classes), name="<img src=x>", device="cpu").analyze(tiny_photo())
    notebook.DRAWN[analysis] = b"drawn elsewhere"
    html = analysis._repr_html_()
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;" in html
    assert "b&#34;&amp;" in html


def test_a_list_of_results_is_readable(predictor: Predictor):
    found = predictor.analyze_batch([tiny_photo(0), tiny_photo(1)])
    assert len(repr(found)) < 200
    assert found[0].prediction in repr(found)


def test_pictures_are_drawn_one_at_a_time(analysis: Analysis):
    """While somebody else draws, a result waits."""
    thread = threading.Thread(target=draw(analysis, 5)._repr_png_)
    with DRAWING:
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join(30)
    assert not thread.is_alive()


def test_draws_are_shown_as_their_histogram(analysis: Analysis):
    assert np.asarray(Image.open(io.BytesIO(draw(analysis, 20)._repr_png_()))).std() > 1


# --- the notebooks


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_shipped_with_what_they_show(path: Path):
    """As notebooks/run.py stores them: every cell has run, in order, and nothing tells of the machine it ran on."""
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert notebook["nbformat"] == 4
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert all(cell["outputs"] for cell in code)
    assert not [output for cell in code for output in cell["outputs"] if output.get("name") == "stderr"]
    assert len(re.findall(r"data:image/jpeg;base64,", text)) >= 2, "the figures"
    assert len(text) < 400_000
    assert not re.search(r"(/home/|/root/|/tmp/|/usr/|site-packages|[A-Z]:\\\\)", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    """Cell by cell, in one namespace, each last value displayed, as a kernel would."""
    monkeypatch.chdir(path.parent)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    space: dict = {"__name__": "__main__"}
    shown = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, path.name, "exec"), space)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), path.name, "eval"), space)
            rich = getattr(value, "_repr_html_", None) or getattr(value, "_repr_png_", None) or value.__repr__
            shown.append(rich())
    printed = capsys.readouterr().out
    assert len(shown) >= 4
    assert all(shown)
    assert "Without region 1" in printed
