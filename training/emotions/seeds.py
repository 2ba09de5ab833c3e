"""The same recipe over several seeds: mean and standard deviation of its figures, as a table."""

import statistics
from typing import Any

from cternet.networks.classifier import ANSWERS
from training.tables import table

REPLACED = {"evenly": "flat", "reversed": "reversed"}
"""Accuracy of Y(S) with as much attention elsewhere: the figure's name, and the audit's."""
COLUMNS = {
    "accuracy": "accuracy",
    "polarity_accuracy": "polarity",
    "evenly": "S spread evenly",
    "reversed": "S turned around",
}


def summarise(results: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Mean and standard deviation over seeds, of every row, split, answer and figure."""
    summary: dict[str, Any] = {}
    for name, runs in results.items():
        for split in (split for split in runs[0] if all(split in run for run in runs)):
            for answer in ANSWERS:
                for figure in ("accuracy", "polarity_accuracy", "macro_f1", *REPLACED):
                    values = [value_of(run[split], answer, figure) for run in runs]
                    if None not in values:
                        std = statistics.stdev(values) if len(values) > 1 else 0.0
                        summary.setdefault(name, {}).setdefault(split, {}).setdefault(answer, {})[figure] = {
                            "mean": statistics.mean(values),
                            "std": std,
                            "runs": values,
                        }
    return summary


def value_of(figures: dict[str, Any], answer: str, figure: str) -> float | None:
    """A figure of an answer; of Y(S) also its accuracy with S replaced, from the audit of attention."""
    if figure not in REPLACED:
        return figures.get(answer, {}).get(figure)
    return figures["attention"][REPLACED[figure]]["accuracy"] if answer == "y" and "attention" in figures else None


def markdown(summary: dict[str, Any], paper: dict[str, float] | None = None) -> str:
    """The table, accuracies in per cent; the paper's figure stands beside each row's prediction."""
    measured = {figure for row in summary.values() for split in row.values() for found in split.values() for figure in found}
    columns = {figure: words for figure, words in COLUMNS.items() if figure not in REPLACED or figure in measured}
    header = ["row", "split", "answer", *columns.values(), *(["the paper's accuracy"] if paper else [])]
    rows = []
    for name, splits in summary.items():
        for split, answers in splits.items():
            for answer, figures in answers.items():
                cells = [
                    f"{100 * figures[key]['mean']:.2f} ± {100 * figures[key]['std']:.2f}" if key in figures else "–"
                    for key in columns
                ]
                if paper:
                    last = "y_te" if "y_te" in answers else "y"
                    cells.append(f"{paper[name]:.2f}" if name in paper and answer == last else "")
                rows.append([name, split, answer, *cells])
    return table(header, rows, left=3) + "\n"
