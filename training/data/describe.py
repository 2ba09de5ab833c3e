"""What a data set holds: counts, sizes, ratings, unreadable files, near-duplicates; in words, as JSON and as a picture."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.data.inspection import Inspection, groups_of, inspect_all
from training.data.labels import ordered
from training.data.rows import SPLITS, DataSet, Row
from training.tables import table

SHOWN = 10
"""Examples of a finding in the text; the JSON has all."""


def describe(data: DataSet) -> tuple[dict[str, Any], list[Inspection]]:
    """Everything known of a data set, as JSON values, and what every row's image is like."""
    paths = list(dict.fromkeys(row.path for row in data.rows))
    looked = dict(zip(paths, inspect_all(paths), strict=True))
    found = [looked[row.path] for row in data.rows]
    return {
        "data": str(data.root),
        "layout": data.layout,
        "subset": data.subset or None,
        "images": len(paths),
        "rows": len(data.rows),
        "counts": counts(data),
        "ratings": ratings(data),
        "sizes": sizes([one for one in looked.values() if one.problem is None]),
        "unreadable": {str(path): one.problem for path, one in looked.items() if one.problem},
        "near_duplicates": duplicates(data, paths, list(looked.values())),
        "notes": data.notes,
    }, found


def counts(data: DataSet) -> dict[str, dict[str, int]]:
    """Class -> split -> rows; a row of several categories counts for each."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for row in data.rows:
        for name in row.emotions or ("no label",):
            table[name][row.split or "no split"] += 1
    return {name: dict(table[name]) for name in ordered(table)}


def ratings(data: DataSet) -> dict[str, dict[str, float]]:
    """Mean, standard deviation and range of valence, arousal and dominance, where they are rated."""
    found = {}
    for name in ("valence", "arousal", "dominance"):
        values = np.array([value for row in data.rows if (value := getattr(row, name)) is not None])
        if len(values):
            figures = {key: round(float(getattr(values, key)()), 4) for key in ("mean", "std", "min", "max")}
            found[name] = {"rows": len(values), **figures}
    return found


def sizes(found: Sequence[Inspection]) -> dict[str, dict[str, float]]:
    """Smallest, median and largest width, height, shape and file."""
    columns = {
        "width": [one.width for one in found],
        "height": [one.height for one in found],
        "width / height": [one.width / one.height for one in found],
        "kilobytes": [one.size_bytes / 1000 for one in found],
    }
    return {
        name: {"min": round(min(values), 2), "median": round(float(np.median(values)), 2), "max": round(max(values), 2)}
        for name, values in columns.items()
        if values
    }


def duplicates(data: DataSet, paths: list[Path], found: list[Inspection]) -> dict[str, Any]:
    """Groups of near-duplicates; those across splits leak, those with several labels are label noise."""
    of_path: dict[Path, list[Row]] = defaultdict(list)
    for row in data.rows:
        of_path[row.path].append(row)
    groups = groups_of(paths, found)

    def values(group: list[Path], what: str) -> set[Any]:
        return {getattr(row, what) for path in group for row in of_path[path]}

    labels = [(group, values(group, "emotions")) for group in groups]
    several = [
        {"images": len(group), "labels": [" + ".join(one) for one in sorted(names)], "first": str(group[0])}
        for group, names in labels
        if len(names) > 1
    ]
    return {
        "groups": len(groups),
        "images": sum(map(len, groups)),
        "across_splits": sum(len(values(group, "split")) > 1 for group in groups),
        "with_several_labels": len(several),
        "several_labels": several,
        "members": [[str(path) for path in group] for group in groups],
    }


def markdown(summary: dict[str, Any]) -> str:
    """The summary for people."""
    part = f", {summary['subset']}" if summary["subset"] else ""
    people = f", {summary['rows']:,} rows" if summary["rows"] != summary["images"] else ""
    lines = [f"# {summary['data']}", "", f"Layout {summary['layout']}{part}: {summary['images']:,} images{people}.", ""]
    lines += [f"- {note}" for note in summary["notes"]] + [""] * bool(summary["notes"])
    splits = [split for split in (*SPLITS, "no split") if any(split in row for row in summary["counts"].values())]
    body = [[name, *(row.get(split, 0) for split in splits), sum(row.values())] for name, row in summary["counts"].items()]
    body.append(["all", *(sum(row[column] for row in body) for column in range(1, len(splits) + 2))])
    lines += [table(["class", *splits, "all"], body), ""]
    if summary["ratings"]:
        columns = ["mean", "std", "min", "max"]
        body = [[name, *(f"{row[column]:.2f}" for column in columns)] for name, row in summary["ratings"].items()]
        lines += [table(["rating", *columns], body), ""]
    body = [[name, *(f"{value:,.2f}".removesuffix(".00") for value in row.values())] for name, row in summary["sizes"].items()]
    lines += [table(["size", "min", "median", "max"], body), ""]
    bad = summary["unreadable"]
    lines += [f"Unreadable: {len(bad):,} images.", *(f"- {path}: {why}" for path, why in list(bad.items())[:SHOWN])]
    near = summary["near_duplicates"]
    lines += ["", f"Near-duplicates: {near['groups']:,} groups of {near['images']:,} images; {near['across_splits']:,} groups"]
    lines[-1] += f" across splits, {near['with_several_labels']:,} with several labels."
    for one in near["several_labels"][:SHOWN]:
        (first,) = shortened([one["first"]], summary["data"])
        lines.append(f"- {first} is found {one['images']:,} times, under {', '.join(one['labels'])}.")
    if near["several_labels"]:
        lines.append("- Training leaves such pictures out with --several-labels skip.")
    lines += [f"- {', '.join(shortened(group, summary['data']))}" for group in near["members"][:SHOWN]]
    return "\n".join(lines) + "\n"


def shortened(group: list[str], root: str) -> list[str]:
    names = [path.removeprefix(f"{root}/") for path in group[:4]]
    return [*names, f"and {len(group) - 4} more"] if len(group) > 4 else names
