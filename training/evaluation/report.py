"""An evaluation as tables for people: Markdown, whose source reads well in a terminal too."""

from collections.abc import Sequence
from typing import Any

from cternet.networks.classifier import ANSWERS
from training.evaluation.bootstrap import RESAMPLES
from training.evaluation.calibration import BINS
from training.evaluation.distribution import MEASURES
from training.evaluation.localisation import FIGURES as MAP_FIGURES
from training.tables import table

ROWS: dict[str, str] = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "polarity_accuracy": "polarity, side of the argmax",
    "polarity_accuracy_by_sum": "polarity, larger summed probability",
    "polarity_balanced_accuracy": "balanced polarity, side of the argmax",
    "polarity_balanced_accuracy_by_sum": "balanced polarity, summed",
    "polarity_auc": "area under ROC, summed positive",
}
REPLACED: dict[str, str] = {
    "flat": "as much, spread evenly",
    "reversed": "S turned around",
    "another": "the S of another photo",
}
"""The names of ``attention.REPLACEMENTS``."""
MAPS: dict[str, str] = {
    "s": "S",
    "effect": "effect on the prediction",
    "cam": "CAM",
    "uniform": "control: same everywhere",
    "centre": "control: bump in the middle",
}


def answer_names(figures: dict[str, Any]) -> dict[str, str]:
    """What to call the answers an evaluation has; a network with one has plain logits."""
    present = [name for name in ANSWERS if name in figures]
    return {name: str(ANSWERS[name]) for name in present} if len(present) > 1 else {present[0]: "logits"}


def per_cent(value: float) -> str:
    return f"{100 * value:.2f}"


def signed(value: float) -> str:
    return f"{100 * value:+.2f}"


def span(interval: Sequence[float] | None, sign: str = "") -> str:
    """An interval as `` [low, high]`` in per cent; nothing where there is none."""
    return "" if interval is None else f" [{100 * interval[0]:{sign}.1f}, {100 * interval[1]:{sign}.1f}]"


def answers_table(figures: dict[str, Any]) -> str:
    """Every answer's figures side by side, in per cent, with their 95 % intervals."""
    names = answer_names(figures)
    rows = [
        [words, *(per_cent(figures[key][row]) + span(figures[key].get("interval", {}).get(row)) for key in names)]
        for row, words in ROWS.items()
        if all(row in figures[key] for key in names)
    ]
    if all("calibration" in figures[key] for key in names):
        rows.append(["calibration error", *(per_cent(figures[key]["calibration"]["error"]) for key in names)])
        rows.append(["mean confidence", *(per_cent(figures[key]["calibration"]["confidence"]) for key in names)])
    header = [words + (" *" if key == figures["prediction"] else "") for key, words in names.items()]
    return table(["in %", *header], rows)


def votes_table(figures: dict[str, Any]) -> str:
    """How near every answer's probabilities come to the shares of votes."""
    names = answer_names(figures)
    rows = [[words, *(f"{figures[key]['distribution'][name]:.3f}" for key in names)] for name, words in MEASURES.items()]
    return table(["against the votes", *names.values()], rows)


def classes_table(figures: dict[str, Any]) -> str:
    """Precision and recall of every class, the answers side by side, in per cent."""
    names = answer_names(figures)
    short = [words.split(" (")[0] for words in names.values()]
    header = ["class", "images", *(f"precision {name}" for name in short), *(f"recall {name}" for name in short)]
    rows = [
        [name, str(entry["images"])]
        + [per_cent(figures[key]["per_class"][name][kind]) for kind in ("precision", "recall") for key in names]
        for name, entry in figures[figures["prediction"]]["per_class"].items()
    ]
    return table(header, rows)


def against_table(figures: dict[str, Any]) -> str:
    """The two checkpoints and their difference, in per cent, with its 95 % interval."""
    other = figures["against"]
    rows = [
        [words, per_cent(found["first"]), per_cent(found["second"]), signed(found["difference"]) + span(found["interval"], "+")]
        for row, words in ROWS.items()
        if (found := other.get(row))
    ]
    return table(["in %", figures["weights"], other["weights"], "difference"], rows)


def maps_table(figures: dict[str, Any]) -> str:
    """The maps and the controls against the marking; mean absolute error is better small, all else better large."""
    rows = [
        [MAPS[name], *(f"{values[figure]:.3f}" for figure in MAP_FIGURES)]
        for name, values in figures["stimulus_maps"]["maps"].items()
    ]
    return table(["map", *(name.replace("_", " ").replace("mae", "MAE") for name in MAP_FIGURES)], rows)


def attention_table(figures: dict[str, Any]) -> str:
    """Y with S and with each of its replacements, and what is lost with it."""
    audit = figures["attention"]
    rows = [["its own S", per_cent(audit["own"]["accuracy"]), "", f"{audit['own']['log_probability']:.3f}", "", ""]]
    for name, words in REPLACED.items():
        found = audit[name]
        accuracy, log_probability = found["lost"]["accuracy"], found["lost"]["log_probability"]
        rows.append(
            [
                words,
                per_cent(found["accuracy"]),
                signed(accuracy[0]) + span(accuracy[1:], "+"),
                f"{found['log_probability']:.3f}",
                "{:+.4f} [{:+.4f}, {:+.4f}]".format(*log_probability),
                per_cent(found["changes"]),
            ]
        )
    header = [
        "in place of S",
        "accuracy of Y, %",
        "lost",
        "log-probability of the truth",
        "lost, nats",
        "answers changed, %",
    ]
    return table(header, rows)


def attention_words(figures: dict[str, Any]) -> str:
    """What the audit found, and whether attention is idle."""
    audit = figures["attention"]
    text = (
        f"The largest quarter of the cells holds {audit['top_quarter']:.0%} of S (25 % is flat). S correlates with a bump in "
        f"the middle by {audit['centre']:.2f}, with the S of another photo by {audit['two_photos']:.2f}."
    )
    if "gained" in audit:
        text += (
            f" E[S*] holds {audit['amount']:.1%} of the amount of S; the truth gains {signed(audit['gained'][0])} points of "
            f"probability by S over E[S*]{span(audit['gained'][1:], '+')}."
        )
    if audit["idle"]:
        text += (
            " **Attention is idle**: spread evenly, or taken from another photo, it answers as well, as far as these photos "
            "tell. S says next to nothing of where the answer is from."
        )
    return text


def contexts_words(figures: dict[str, Any]) -> str:
    """What CCIM's dictionary does to the answers."""
    found, own = figures["contexts"], figures[figures["prediction"]]["accuracy"]
    return (
        f"Without its dictionary of contexts (g = 0) {per_cent(found['changes'])} % of the answers would be others, and "
        f"{per_cent(found['accuracy'])} % right in place of {per_cent(own)} %."
    )


def headline(figures: dict[str, Any]) -> str:
    """How many images, what is the prediction, and what guessing the most frequent class gives."""
    majority = figures["majority"]
    flip = ", logits averaged over each photo and its mirror image" if figures["flip"] else ""
    left_out = f", {len(figures['left_out'])} unreadable ones left out" if figures["left_out"] else ""
    text = (
        f"{figures['images']} images{left_out}{flip}. The prediction is {answer_names(figures)[figures['prediction']]}. "
        f"Always answering {majority['class']} gives an accuracy of {majority['share']:.2%}"
    )
    polarity = figures[figures["prediction"]].get("polarity_majority")
    if polarity is not None and not figures["polarity"]:
        text += f", always the more frequent polarity {polarity:.2%}"
    return text + "."


def summary(figures: dict[str, Any]) -> str:
    """The tables that are printed."""
    parts = [headline(figures), answers_table(figures)]
    if "distribution" in figures[figures["prediction"]]:
        parts.append(votes_table(figures))
    if "against" in figures:
        parts += [against_table(figures), disagreement(figures)]
    if "attention" in figures:
        parts += [attention_table(figures), attention_words(figures)]
    if "contexts" in figures:
        parts.append(contexts_words(figures))
    if "stimulus_maps" in figures:
        parts.append(maps_table(figures))
    return "\n\n".join(parts)


def disagreement(figures: dict[str, Any]) -> str:
    other = figures["against"]
    return (
        f"They differ on {other['disagree']:.2%} of the images; {figures['weights']} alone is right on {other['only_first']}, "
        f"{other['weights']} alone on {other['only_second']}."
    )


def markdown(figures: dict[str, Any], pictures: dict[str, str]) -> str:
    """The whole report.

    Args:
        figures: what ``training.evaluate`` writes as JSON.
        pictures: file names by what they show.
    """
    aim = ", polarity" if figures["polarity"] else ""
    parts = [
        f"# {figures['weights']} on {figures['data']}, {figures['split']}{aim}",
        headline(figures),
        "## Answers",
        answers_table(figures),
        f"\\* the prediction. Brackets: 95 % percentile bootstrap over images, {RESAMPLES} draws; they say nothing of another "
        f"training run. Calibration error: expected, {BINS} bins of equal width.",
    ]
    if "distribution" in figures[figures["prediction"]]:
        parts += ["## Votes", votes_table(figures)]
    if figures["polarity"]:
        parts.append(
            "The images are labelled with polarities. For a network of several emotions, accuracy is that of the larger "
            "summed probability."
        )
    parts += ["## Classes", classes_table(figures)]
    if "against" in figures:
        note = "Paired: both saw the same images, and the same draws of them."
        parts += [f"## Against {figures['against']['weights']}", against_table(figures), disagreement(figures) + " " + note]
    if "attention" in figures:
        note = "Every replacement has the mean of the photo's own S. Brackets: paired 95 % bootstrap intervals over images."
        parts += ["## Does attention matter?", attention_table(figures), f"{attention_words(figures)} {note}"]
    if "contexts" in figures:
        parts += ["## Do contexts matter?", contexts_words(figures)]
    if "stimulus_maps" in figures:
        maps = figures["stimulus_maps"]
        parts += [
            "## Maps against human marking",
            maps_table(figures),
            f"{maps['images']} images ({maps['unmarked']} without a marking left out). Binary by Otsu's threshold; the "
            f"pointing game may miss by {maps['margin']} pixels; mean absolute error (MAE): smaller is better. A map tells "
            "something of the photo where it beats both controls.",
        ]
    parts += ["## Pictures", *(f"![{words}]({name})" for words, name in pictures.items())]
    return "\n\n".join(parts) + "\n"
