"""The numbers' means over photos as a LaTeX table: methods by the classifier they explain, each beside a random map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cternet.compare.comparison import Comparison
from cternet.compare.methods import METHODS
from cternet.compare.metrics import METRICS, Faithfulness

SPECIAL = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
ARROWS = {"↑": r"$\uparrow$", "↓": r"$\downarrow$"}


@dataclass(frozen=True)
class MethodMeans:
    """Means of a method over the photos it was measured on; ``agreement`` is None for the random map."""

    title: str
    photos: int
    means: tuple[float, ...]
    agreement: float | None


def latex(comparisons: Sequence[Comparison]) -> str:
    r"""A ``table`` that needs ``\usepackage{booktabs}``; in bold the best of each classifier.

    A mean over fewer photos than its neighbours' is of other photos, so it is never the best.

    Raises:
        ValueError: nothing has been measured, so there is nothing to average.
    """
    groups: dict[str, list[str]] = {}
    for method in dict.fromkeys(panel.method for comparison in comparisons for panel in comparison.panels):
        groups.setdefault(METHODS[method].explains, []).append(method)
    found = {classifier: rows(comparisons, classifier, methods) for classifier, methods in groups.items()}
    found = {classifier: members for classifier, members in found.items() if members}
    if not found:
        raise ValueError("nothing has been measured, so a table would be empty; measure first")

    columns = [f"{escape(metric.title)} {ARROWS[metric.arrow]}" for metric in METRICS.values()]
    header = ["Method", "Photos", *columns, "Agreement"]
    lines = [
        r"% needs \usepackage{booktabs} and \usepackage{adjustbox}",
        r"\begin{table}",
        r"\centering",
        r"\small",
        r"\caption{Faithfulness of maps to the classifier they explain, mean over photos, beside a random map's on the same "
        r"classifier. Bold: best of each classifier. Agreement: mean rank correlation with the photo's other maps.}",
        r"\begin{adjustbox}{max width=\linewidth}",
        r"\begin{tabular}{l" + "r" * (len(header) - 1) + "}",
        r"\toprule",
        line(header),
    ]
    for classifier, members in found.items():
        lines += [r"\midrule", rf"\multicolumn{{{len(header)}}}{{l}}{{\emph{{Classifier: {escape(classifier)}}}}} \\"]
        most = max(row.photos for row in members)
        comparable = [row for row in members if row.photos == most]
        best = [
            (max if metric.higher_is_better else min)(decimals(row.means[index]) for row in comparable)
            for index, metric in enumerate(METRICS.values())
        ]
        for row in members:
            cells = [bold(mean, row in comparable and decimals(mean) == top) for mean, top in zip(row.means, best, strict=True)]
            agreement = "--" if row.agreement is None or np.isnan(row.agreement) else number(row.agreement)
            lines.append(line([escape(row.title), str(row.photos), *cells, agreement]))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{adjustbox}", r"\end{table}", ""])


def rows(comparisons: Sequence[Comparison], classifier: str, methods: Sequence[str]) -> list[MethodMeans]:
    """Means of each method that explains a classifier, then of its random map; without those never measured."""
    found = []
    for method in methods:
        shown = [(c, panel.numbers) for c in comparisons for panel in c.panels if panel.method == method and panel.numbers]
        if shown:
            agreement = float(np.mean([comparison.agreement_with_others(method) for comparison, _ in shown]))
            found.append(row(METHODS[method].title, [measured for _, measured in shown], agreement))
    controls = [comparison.controls[classifier] for comparison in comparisons if classifier in comparison.controls]
    return [*found, row("Random map", controls, None)] if found and controls else found


def row(title: str, measured: Sequence[Faithfulness], agreement: float | None) -> MethodMeans:
    means = tuple(float(np.mean([getattr(one, name) for one in measured])) for name in METRICS)
    return MethodMeans(title, len(measured), means, agreement)


def line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def decimals(value: float) -> float:
    """As printed, 0 without a sign: what reads the same is equally good."""
    return round(value, 3) + 0.0


def number(value: float) -> str:
    text = f"{decimals(value):.3f}"
    return f"$-${text[1:]}" if text.startswith("-") else text


def bold(value: float, best: bool) -> str:
    return rf"\textbf{{{number(value)}}}" if best else number(value)


def escape(text: str) -> str:
    """Text with every character that LaTeX would take for a command written out."""
    return "".join(SPECIAL.get(character, character) for character in text)
