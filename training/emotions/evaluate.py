"""Figures of a network that tells emotions apart, on a split or on any folder of labelled images.

Written are SPLIT.json (everything), SPLIT.md (tables), SPLIT-confusion-*.png (as the paper's Figures 2 and 3) and
SPLIT-reliability.png, for each of v, Y(S) and Y_TE.
"""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader

from cternet.emotions import POLARITY_CLASSES
from cternet.networks.checkpoint import load_bank, load_model
from cternet.networks.emotion import EmotionNetwork
from cternet.results.analysis import Analysis
from cternet.results.predictor import Predictor
from training.data import DataConfig, DataError, Example, Photos, eval_transform, leave_out_unreadable, load_examples
from training.emotions.several import CategoryTarget, load_several, several_figures, several_table
from training.engine.batches import evaluation_loader
from training.engine.evaluation import EvaluationConfig, Report, name_of
from training.engine.processes import on_main
from training.evaluation import collect, summarise
from training.evaluation.attention import audit_of
from training.evaluation.attention_figure import attention_figure
from training.evaluation.bootstrap import Verdicts, intervals, paired
from training.evaluation.calibration import calibration
from training.evaluation.contexts import contexts_matter, no_contexts
from training.evaluation.distribution import against_votes
from training.evaluation.localisation import localise
from training.evaluation.pictures import confusion_figure, reliability_figure
from training.evaluation.readout import Readout
from training.evaluation.report import answer_names, markdown, summary

Samples = list[list[Analysis]]
"""Analyses of as many photos of each class."""


@dataclass(kw_only=True)
class EmotionEvaluation(EvaluationConfig, DataConfig):
    """What to evaluate and where."""

    split: Literal["train", "val", "test", "all"] = "test"
    """all: every image, also of a set without splits."""
    against: str | None = None
    """Another checkpoint to compare with, on the same images: the difference, with a paired bootstrap interval."""
    polarity: bool = False
    """Take the images' polarity for their label, and the network's answer for one (SPLIT-polarity.json): for images labelled
    negative and positive, or rated for valence."""
    flip: bool = False
    """Average the logits of each photo and its mirror image (SPLIT-flip.json); maps stay those of the photo."""
    attention: bool = False
    """Whether attention matters: replace S by as much attention elsewhere (spread evenly, turned around, another photo's)."""
    samples: int = 3
    """Photos of each class whose maps are drawn with --attention."""
    photos: bool = True
    """Draw these maps over their photos; --no-photos keeps photos that belong to others out of the picture."""


def measure(config: EmotionEvaluation, accelerator: Accelerator) -> Report:
    """The figures of ``config.weights``, and of what it is compared with.

    Raises:
        CheckpointError, DataError: the weights or the data cannot be used.
    """
    network = load(config.weights, accelerator)
    if network.config.several:
        return measure_several(config, network, accelerator)
    other = load(config.against, accelerator) if config.against else None
    classes = POLARITY_CLASSES if config.polarity else network.config.classes
    readout = Readout(network.config.classes, classes, config.surprise)
    theirs = Readout(other.config.classes, classes, config.surprise) if other is not None else None
    examples, left_out = on_main(accelerator, partial(read_examples, config, classes))

    logits, labels = answers(network, examples, config, accelerator, "evaluating")
    verdicts = {name: Verdicts.of(values, labels, readout) for name, values in logits.items()}
    found = figures_of(logits, labels, readout, verdicts, network.predicts_with)
    for name, values in logits.items():
        if near := against_votes(readout.scores(values).softmax(dim=1), [example.shares for example in examples]):
            found[name]["distribution"] = near
    found |= {
        "weights": name_of(config.weights),
        "data": Path(config.data).name,
        "split": config.split,
        "polarity": config.polarity,
        "flip": config.flip,
        "left_out": {str(path): why for path, why in left_out.items()},
    }
    if other is not None:
        second, _ = answers(other, examples, config, accelerator, "evaluating the other")
        rival = other.predicts_with
        versus = paired(verdicts[found["prediction"]], Verdicts.of(second[rival], labels, theirs), labels, len(classes))
        name = name_of(config.against)
        name += " (other)" if name == found["weights"] else ""
        found["against"] = {"weights": name, "prediction": rival} | versus
    if network.ccim is not None:
        with no_contexts(network.ccim):
            without, _ = answers(network, examples, config, accelerator, "without contexts")
        prediction = found["prediction"]
        found["contexts"] = contexts_matter(logits[prediction], without[prediction], labels, readout)
    samples: Samples = []
    if config.attention:
        if classes != network.config.classes:
            raise DataError("--attention needs the network's own classes as labels; leave out --polarity")
        found["attention"] = audit_of(network, photos_for(network, examples, config, accelerator), accelerator)
        if network.has_counterfactual and accelerator.is_main_process:
            samples = analysed(network, examples, config)
    if maps := localise(network, examples, accelerator, batch_size=config.batch_size, workers=config.workers):
        found["stimulus_maps"] = maps
    name = "-".join([config.split, *(way for way in ("polarity", "flip") if found[way])])
    draw = partial(write, found, classes, samples, name, photos=config.photos)
    return Report(name=name, figures=found, summary=summary(found), write=draw)


def measure_several(config: EmotionEvaluation, network: EmotionNetwork, accelerator: Accelerator) -> Report:
    """The figures of a network whose classes hold together.

    Raises:
        DataError: the data cannot be used, or what was asked is for photos of one label each.
    """
    asked = {"against": config.against, "polarity": config.polarity, "attention": config.attention}
    if wrong := [f"--{name}" for name, value in asked.items() if value]:
        raise DataError(f"{', '.join(wrong)} is for photos of one label each; leave it out")
    classes = network.config.classes
    splits = None if config.split == "all" else (config.split,)
    read = partial(load_several, config, classes, splits)
    examples, left_out = on_main(accelerator, lambda: leave_out_unreadable(read(), config.on_bad_image))
    if not examples:
        raise DataError(f"{config.data} has no readable image in {config.split}")
    photos = Photos(examples, eval_transform(network.config), target=CategoryTarget(classes), subjects=network.sees_subjects)
    loader = evaluation_loader(photos, batch_size=config.batch_size, workers=config.workers)
    logits, targets = collect(network, accelerator.prepare_data_loader(loader), accelerator, flip=config.flip)
    found = several_figures(logits, targets, classes, network.predicts_with) | {
        "weights": name_of(config.weights),
        "data": Path(config.data).name,
        "split": config.split,
        "flip": config.flip,
        "left_out": {str(path): why for path, why in left_out.items()},
    }
    name = f"{config.split}-flip" if config.flip else config.split
    text = several_table(found, classes)

    def write_several(out: Path) -> None:
        (out / f"{name}.md").write_text(f"# {found['weights']} on {found['data']}, {name}\n\n{text}\n")

    return Report(name=name, figures=found, summary=text, write=write_several)


def load(weights: str, accelerator: Accelerator) -> EmotionNetwork:
    return load_model(weights, EmotionNetwork).to(accelerator.device, memory_format=torch.channels_last)


def read_examples(config: EmotionEvaluation, classes: tuple[str, ...]) -> tuple[list[Example], dict[Path, str]]:
    splits = None if config.split == "all" else (config.split,)
    examples, left_out = leave_out_unreadable(load_examples(config, classes, splits), config.on_bad_image)
    if not examples:
        raise DataError(f"{config.data} has no readable image in {config.split}")
    return examples, left_out


def photos_for(
    network: EmotionNetwork, examples: list[Example], config: EmotionEvaluation, accelerator: Accelerator
) -> DataLoader:
    """All the images in order, with the network's own preprocessing."""
    photos = Photos(examples, eval_transform(network.config), subjects=network.sees_subjects)
    return accelerator.prepare_data_loader(evaluation_loader(photos, batch_size=config.batch_size, workers=config.workers))


def answers(
    network: EmotionNetwork, examples: list[Example], config: EmotionEvaluation, accelerator: Accelerator, title: str
) -> tuple[dict[str, Tensor], Tensor]:
    """Logits of every answer (M, K), and labels (M,)."""
    loader = photos_for(network, examples, config, accelerator)
    return collect(network, loader, accelerator, flip=config.flip, title=title)


def figures_of(
    logits: dict[str, Tensor], labels: Tensor, readout: Readout, verdicts: dict[str, Verdicts], prediction: str
) -> dict[str, Any]:
    """Figures of every answer with their intervals and calibration, and of always answering the commonest class."""
    found = summarise(logits, labels, readout, prediction)
    for name, values in logits.items():
        found[name]["calibration"] = calibration(readout.scores(values), labels)
        found[name]["interval"] = intervals(verdicts[name], labels, len(readout.classes))
    label, count = Counter(labels.tolist()).most_common(1)[0]
    return found | {"majority": {"class": readout.classes[label], "share": count / len(labels)}}


def analysed(network: EmotionNetwork, examples: list[Example], config: EmotionEvaluation) -> Samples:
    """Photos spread over each class; none where a class has too few."""
    labels = [example.label for example in examples]
    of_class = [[e for e in examples if e.label == label] for label in range(len(network.config.classes))]
    if not config.samples or min(Counter(labels)[label] for label in range(len(of_class))) < config.samples:
        return []
    predictor = Predictor(network, bank=load_bank(config.weights))
    chosen = [photos[:: len(photos) // config.samples][: config.samples] for photos in of_class]
    return [predictor.analyze_batch([example.path for example in photos]) for photos in chosen]


def write(
    found: dict[str, Any], classes: tuple[str, ...], samples: Samples, stem: str, out: Path, *, photos: bool = True
) -> None:
    """The pictures, and the report that links them."""
    names = answer_names(found)
    title = f"{found['weights']} on {found['data']}, {stem}"
    pictures = {}
    for key, words in names.items():
        pictures[f"Confusion matrix of {words}"] = name = f"{stem}-confusion-{key}.png"
        about = f"{title}\n{words}: {found[key]['accuracy']:.1%}"
        confusion_figure(found[key], classes, about).savefig(out / name)
    pictures["Reliability diagrams"] = name = f"{stem}-reliability.png"
    reliability_figure({key: found[key]["calibration"] for key in names}, names, title).savefig(out / name)
    if samples:
        pictures["Attention"] = name = f"{stem}-attention.png"
        attention_figure(samples, classes, photos=photos).savefig(out / name)
    (out / f"{stem}.md").write_text(markdown(found, pictures))
