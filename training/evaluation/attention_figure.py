"""The maps of some photos of every class side by side: does S stand where a person would point?"""

from collections.abc import Sequence

from matplotlib.figure import Figure

from cternet.results.analysis import Analysis
from cternet.show.colours import DIVERGING, SEQUENTIAL, colour_map, shared_scale, signed_scale
from cternet.show.overlay import overlay


def attention_figure(samples: Sequence[Sequence[Analysis]], classes: Sequence[str], *, photos: bool = True) -> Figure:
    """A row a class: of each photo S, S* on the same scale, and the effect on the predicted emotion, red for it.

    Args:
        samples: as many analyses of photos for each class.
        classes: their names.
        photos: show each photo, and the maps over it; otherwise the maps' cells alone, for photos that belong to others.
    """
    panels = ("photo", "S", "S*", "effect") if photos else ("S", "S*", "effect")
    columns = len(panels) * len(samples[0])
    figure = Figure(figsize=(1.1 * columns + 1, 1.25 * len(samples)), layout="constrained", dpi=100)
    grid = figure.subplots(len(samples), columns, squeeze=False)
    for axes in grid.ravel():
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    for row, (name, analyses) in enumerate(zip(classes, samples, strict=True)):
        grid[row, 0].set_ylabel(name, fontsize=9)
        for place, analysis in enumerate(analyses):
            cells = grid[row, len(panels) * place : len(panels) * (place + 1)]
            s, s_star = analysis.s, analysis.counterfactual.shown
            effect = analysis.effect_map[analysis.labels.index(analysis.prediction)]
            maps = {"S": s, "S*": s_star, "effect": effect}
            scales = {"S": shared_scale(s, s_star), "S*": shared_scale(s, s_star), "effect": signed_scale(effect)}
            for axes, panel in zip(cells, panels, strict=True):
                if panel == "photo":
                    axes.imshow(analysis.photo)
                    axes.set_title(analysis.prediction, fontsize=8)
                    continue
                colours = DIVERGING if panel == "effect" else SEQUENTIAL[0]
                if photos:
                    axes.imshow(overlay(analysis.photo, maps[panel], scales[panel], cmap=colours))
                else:
                    axes.imshow(scales[panel].normalise(maps[panel]), cmap=colour_map(colours), vmin=0, vmax=1)
                axes.set_title(f"{panel}: {analysis.prediction}" if panel == "effect" else panel, fontsize=8)
    return figure
