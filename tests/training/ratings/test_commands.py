"""The stages, labels through a lexicon, then ratings; measured, and published beside the checkpoint they share weights with."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cternet import Predictor, load_model
from cternet.circumplex import COORDINATES
from tests.training.conftest import Command
from training import evaluate, publish, train
from training.ratings import ridge

CLASSES = ("amusement", "awe", "fear")
TRUTH = {"amusement": (0.9, 0.8), "awe": (0.5, 0.3), "fear": (0.1, 0.6)}
"""Shares of the scale at which each colour is rated."""


@pytest.fixture
def rated(photos: Path, tmp_path: Path) -> Path:
    """A table of ratings from 0 to 100 of the made-up photos, each a little different."""
    lines = ["path,split,valence,arousal"]
    for number, path in enumerate(sorted(photos.rglob("*.png"))):
        valence, arousal = (100 * value + number % 5 for value in TRUTH[path.parent.name])
        lines.append(f"{path},{path.parent.parent.name},{valence},{arousal}")
    (tmp_path / "ratings.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "ratings.csv"


def flags(out: Path, data: Path, **changes: object) -> list[object]:
    settings = {
        "data": data,
        "out": out,
        "epochs": 5,
        "batch-size": 4,
        "frozen-sections": 2,
        "head-lr": 0.05,
        "ema": 0.5,
        "views": 2,
        "workers": 0,
        "sample-maps": 1,
        "model.backbone": "test_efficientnet",
        "model.image-size": 64,
        "model.dropout": 0.0,
    } | {name.replace("__", ".").replace("_", "-"): value for name, value in changes.items()}
    given = [part for name, value in settings.items() for part in ([f"--{name}"] if value is True else [f"--{name}", value])]
    return ["ratings", "--cpu", "--model.classes", *CLASSES, *given]


def history(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def evaluation(run: Path, data: Path, *more: object) -> list[object]:
    where = ["--weights", run / "best", "--data", data, "--split", "val", "--out", run / "evaluation"]
    return [*where, "--workers", 0, "--cpu", *more]


def test_two_stages(photos: Path, rated: Path, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]):
    one, two = tmp_path / "one", tmp_path / "two"
    assert command(train, *flags(one, photos, truth="labels", model__categories=True)) is None
    places = [COORDINATES[name] for name in CLASSES]
    network = load_model(one / "best")
    assert [tuple(place) for place in network.config.places] == [tuple(place) for place in places]
    found = history(one)[-1]["val"]
    assert found["valence_r"] > 0.8 and found["recovered"] > 0.6 and found["accuracy"] > 0.6, "colours are easily told apart"
    scale = ["--valence-scale", 0, 100]
    stage = {"start": one / "best", "start_head": True, "model__categories": True, "head_lr": 0.02}
    assert command(train, *flags(two, rated, **stage), *scale) is None
    assert history(two)[-1]["val"]["valence_rmse"] < history(two)[0]["val"]["valence_rmse"], "the second scale is learnt"
    assert command(evaluate, *evaluation(two, rated, *scale)) is None
    assert command(evaluate, *evaluation(two, photos, "--truth", "labels")) is None
    measured = json.loads((two / "evaluation" / "val.json").read_text())
    best = max(history(two), key=lambda entry: entry["val"]["score"])["val"]
    assert measured["valence"]["r"] == pytest.approx(best["valence_r"], abs=1e-4)
    assert "recovered" not in measured and "recovered" in json.loads((two / "evaluation" / "val-labels.json").read_text())
    assert (two / "evaluation" / "val.png").stat().st_size > 1000
    assert f"valence: Pearson r {measured['valence']['r']:.3f}" in capsys.readouterr().out

    base = tmp_path / "shipped" / "first"
    assert command(publish, one, "--out", base) == f"error: {one}/evaluation/val.json is missing; make it with " + (
        "training.evaluate --split val"
    )
    assert command(evaluate, *evaluation(one, photos, "--truth", "labels", "--split", "val")) is None
    (one / "evaluation" / "val-labels.json").rename(one / "evaluation" / "val.json")
    assert command(publish, one, "--out", base) is None
    out = tmp_path / "shipped" / "second"
    assert command(publish, two, "--out", out, "--base", base) is None
    kept = set(load_file(out / "model.safetensors"))
    assert not any(name.startswith("backbone.net.conv_stem") for name in kept), "frozen, and so the other's"
    assert {"rate.weight", "rate.bias"} <= kept
    whole, published = (Predictor.from_pretrained(folder, device="cpu") for folder in (two / "best", out))
    photo = next(photos.rglob("*.png"))
    assert published.analyze(photo).valence == pytest.approx(whole.analyze(photo).valence, abs=0.05)
    assert command(train, *flags(tmp_path / "three", rated, start=out, epochs=1), *scale) is None, "a start as any other"
    base.rename(tmp_path / "first")
    assert "shares weights with first" in command(train, *flags(tmp_path / "four", rated, start=out, epochs=1), *scale)
    card = (out / "README.md").read_text()
    assert "holds only what differs from `first`" in card and "--start runs/one/best" in card and str(tmp_path) not in card


def test_how_far_few_ratings_go(rated: Path, tmp_path: Path, command: Command):
    from training.ratings.run import part_of

    examples = list(range(40))
    small, half = part_of(examples, 0.1, seed=1), part_of(examples, 0.5, seed=1)
    assert len(small) == 4 and len(half) == 20 and set(small) < set(half) and half == sorted(half)
    assert part_of(examples, 0.1, seed=2) != small and part_of(examples, 1.0, seed=1) == examples
    assert command(train, *flags(tmp_path / "run", rated, share=0.25, epochs=1), "--valence-scale", 0, 100) is None


def test_ridge(rated: Path, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]):
    lines = rated.read_text().replace(",val,", ",test,")
    rated.write_text(lines)
    torch.manual_seed(0)
    from tests.tiny import tiny_network

    tiny_network(family="vanilla").save_pretrained(tmp_path / "plain")
    asked = ["--data", rated, "--valence-scale", 0, 100, "--weights", tmp_path / "plain", "--workers", 0]
    assert command(ridge, *asked) is None
    assert "valence: Pearson r 0.9" in capsys.readouterr().out, "colours are in any features"


NRC = "\n".join(["amusement\t0.9\t0.8\t0.5", "Awe\t0.5\t0.25\t0.5", "fear\t0\t1\t0.2"]) + "\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("amusement\t0.9\t0.8\t0.1\n", "has no word awe, fear; add it"),
        ("amusement\t9\t8\t1\nawe\t1\t1\t1\nfear\t1\t1\t1\n", "ratings from 1 to 9"),
        ("amusement 0.9\n", "columns, not a word, its valence"),
        ("amusement\tgood\t0.8\t0.1\n", "not a number"),
        (None, "cannot be read"),
    ],
)
def test_a_lexicon_that_will_not_do(photos: Path, tmp_path: Path, command: Command, text: str | None, words: str):
    if text is not None:
        (tmp_path / "lexicon.txt").write_text(text)
    error = command(train, *flags(tmp_path / "run", photos, truth="labels", lexicon=tmp_path / "lexicon.txt"))
    assert error.startswith("error: ") and words in error and "\n" not in error


def test_both_versions_of_the_format(tmp_path: Path):
    from training.ratings.lexicon import places_of

    (tmp_path / "one.txt").write_text(NRC)
    assert places_of(CLASSES, tmp_path / "one.txt") == ((8.2, 7.4), (5.0, 3.0), (1.0, 9.0))
    second = "term\tvalence\tarousal\tdominance\namusement\t0.5\t-0.5\t0\nawe\t1\t-1\t0\nfear\t-1\t0.25\t0\n"
    (tmp_path / "two.txt").write_text(second)
    assert places_of(CLASSES, tmp_path / "two.txt") == ((7.0, 3.0), (9.0, 1.0), (1.0, 6.0))


def test_what_cannot_be_learnt_is_a_sentence(
    photos: Path, rated: Path, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
):
    run = tmp_path / "run"
    assert "33 photos without ratings of valence and arousal" in command(train, *flags(run, photos))
    for changes, words in (
        ({"share": 2}, "--share must lie between 0 and 1"),
        ({"model__categories": True}, "needs labels to learn from"),
    ):
        assert command(train, *flags(run, rated, **changes)) == 2
        assert words in " ".join(capsys.readouterr().err.replace("│", " ").split())
