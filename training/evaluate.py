"""Figures of a checkpoint on a split, or on any folder of labelled images.

    python -m training.evaluate --weights assets/weights/cternet-fi --data DATA --split test --out runs/eval

writes into runs/eval test.json (everything), test.md (tables), test-confusion-*.png (as the paper's Figures 2 and 3) and
test-reliability.png, for each of v, Y(S) and Y_TE.  More, each on its own or together:

    --against OTHER     the difference to another checkpoint on the same images, with a paired bootstrap interval
    --polarity          a network of several emotions on images labelled negative and positive, or rated for valence
                        (test-polarity.json)
    --flip              average the logits of each photo and its mirror image (test-flip.json)
    --attention         whether attention matters: what becomes of the answer when S is replaced by as much attention elsewhere,
                        and the maps of some photos of every class
    --split all         every image, also of a set without splits
"""

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import tyro
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader

from cternet.disk import writing
from cternet.emotions import POLARITY_CLASSES
from cternet.networks.checkpoint import CheckpointError, load_bank, load_model
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.precision import Precision
from cternet.results.analysis import Analysis
from cternet.results.predictor import Predictor
from training.data import DataConfig, DataError, Example, Photos, eval_transform, leave_out_unreadable, load_examples
from training.engine.processes import accelerated, on_main
from training.evaluation import collect, summarise
from training.evaluation.attention import audit_of
from training.evaluation.attention_figure import attention_figure
from training.evaluation.bootstrap import Verdicts, intervals, paired
from training.evaluation.calibration import calibration
from training.evaluation.localisation import localise
from training.evaluation.pictures import confusion_figure, reliability_figure
from training.evaluation.readout import Readout
from training.evaluation.report import answer_names, markdown, summary
from training.files import write_json


@dataclass(kw_only=True)
class Arguments(DataConfig):
    """What to evaluate and where."""

    weights: str
    """Checkpoint folder or hub id."""
    out: Path
    """Folder for the JSON, the report and the pictures."""
    split: Literal["train", "val", "test", "all"] = "test"
    """all: every image, also of a set without splits."""
    against: str | None = None
    """Another checkpoint to compare with, on the same images."""
    polarity: bool = False
    """Take the images' polarity for their label, and the network's answer for one."""
    flip: bool = False
    """Average the logits of each photo and its mirror image; maps stay those of the photo."""
    attention: bool = False
    """Replace S by as much attention elsewhere: spread evenly, turned around, another photo's."""
    samples: int = 3
    """Photos of each class whose maps are drawn with --attention."""
    photos: bool = True
    """Draw these maps over their photos; --no-photos keeps photos that belong to others out of the picture."""
    batch_size: int = 64
    workers: int = 2
    precision: Precision = "no"
    """float32 (no), bfloat16 where the network allows (bf16), or what the processor is fast in (auto)."""
    cpu: bool = False
    """Use the CPU even where a GPU is."""


def name_of(weights: str) -> str:
    """What to call a checkpoint: its folder, with the run's where the folder is only the run's best."""
    path = Path(weights)
    return f"{path.parent.name}/{path.name}" if path.name == "best" else path.name


def photos_for(network: EmotionNetwork, examples: list[Example], arguments: Arguments, accelerator: Accelerator) -> DataLoader:
    """All the images in order, with the network's own preprocessing."""
    photos = Photos(examples, eval_transform(network.config))
    loader = DataLoader(
        photos,
        batch_size=arguments.batch_size,
        sampler=[(index, 0) for index in range(len(photos))],
        num_workers=arguments.workers,
    )
    return accelerator.prepare_data_loader(loader)


def answers(
    network: EmotionNetwork, examples: list[Example], arguments: Arguments, accelerator: Accelerator, title: str
) -> tuple[dict[str, Tensor], Tensor]:
    """Logits of every answer (M, K), and labels (M,)."""
    loader = photos_for(network, examples, arguments, accelerator)
    return collect(network, loader, accelerator, flip=arguments.flip, title=title)


Samples = list[list[Analysis]]
"""Analyses of as many photos of each class."""


def measure(arguments: Arguments, accelerator: Accelerator) -> tuple[dict[str, Any], tuple[str, ...], Samples]:
    """Everything that is written as JSON, the classes its figures speak of, and the photos whose maps are drawn.

    Raises:
        CheckpointError, DataError: the weights or the data cannot be used.
    """

    def load(weights: str) -> EmotionNetwork:
        return load_model(weights, EmotionNetwork).to(accelerator.device, memory_format=torch.channels_last)

    network = load(arguments.weights)
    classes = POLARITY_CLASSES if arguments.polarity else network.config.classes
    readout = Readout(network.config.classes, classes, arguments.surprise)
    other = load(arguments.against) if arguments.against else None
    theirs = Readout(other.config.classes, classes, arguments.surprise) if other is not None else None
    splits = None if arguments.split == "all" else (arguments.split,)

    def read_examples() -> tuple[list[Example], dict[Path, str]]:
        return leave_out_unreadable(load_examples(arguments, classes, splits), arguments.on_bad_image)

    examples, left_out = on_main(accelerator, read_examples)
    if not examples:
        raise DataError(f"{arguments.data} has no readable image in {arguments.split}")

    logits, labels = answers(network, examples, arguments, accelerator, "evaluating")
    found: dict[str, Any] = summarise(logits, labels, readout, network.predicts_with)
    verdicts = {name: Verdicts.of(values, labels, readout) for name, values in logits.items()}
    for name, values in logits.items():
        found[name]["calibration"] = calibration(readout.scores(values), labels)
        found[name]["interval"] = intervals(verdicts[name], labels, len(classes))
    label, count = Counter(labels.tolist()).most_common(1)[0]
    found |= {
        "majority": {"class": classes[label], "share": count / len(labels)},
        "weights": name_of(arguments.weights),
        "data": Path(arguments.data).name,
        "split": arguments.split,
        "polarity": arguments.polarity,
        "flip": arguments.flip,
        "left_out": {str(path): why for path, why in left_out.items()},
    }
    if other is not None:
        second, _ = answers(other, examples, arguments, accelerator, "evaluating the other")
        rival = other.predicts_with
        versus = paired(verdicts[found["prediction"]], Verdicts.of(second[rival], labels, theirs), labels, len(classes))
        name = name_of(arguments.against)
        name += " (other)" if name == found["weights"] else ""
        found["against"] = {"weights": name, "prediction": rival} | versus
    samples: Samples = []
    if arguments.attention:
        if classes != network.config.classes:
            raise DataError("--attention needs the network's own classes as labels; leave out --polarity")
        found["attention"] = audit_of(network, photos_for(network, examples, arguments, accelerator), accelerator)
        if network.has_counterfactual and accelerator.is_main_process:
            samples = analysed(network, examples, arguments)
    maps = localise(network, examples, accelerator, batch_size=arguments.batch_size, workers=arguments.workers)
    return found | ({"stimulus_maps": maps} if maps else {}), classes, samples


def analysed(network: EmotionNetwork, examples: list[Example], arguments: Arguments) -> Samples:
    """Photos spread over each class; none where a class has too few."""
    labels = [example.label for example in examples]
    of_class = [[e for e in examples if e.label == label] for label in range(len(network.config.classes))]
    if not arguments.samples or min(Counter(labels)[label] for label in range(len(of_class))) < arguments.samples:
        return []
    predictor = Predictor(network, bank=load_bank(arguments.weights))
    chosen = [photos[:: len(photos) // arguments.samples][: arguments.samples] for photos in of_class]
    return [predictor.analyze_batch([example.path for example in photos]) for photos in chosen]


def write(found: dict[str, Any], classes: tuple[str, ...], samples: Samples, arguments: Arguments) -> None:
    """The JSON, the pictures and the report that links them."""
    out = arguments.out
    names = answer_names(found)
    stem = "-".join([found["split"], *(way for way in ("polarity", "flip") if found[way])])
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
        attention_figure(samples, classes, photos=arguments.photos).savefig(out / name)
    (out / f"{stem}.md").write_text(markdown(found, pictures))
    write_json(out / f"{stem}.json", found)


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    accelerator = accelerated(arguments.precision, cpu=arguments.cpu)
    try:
        with writing(arguments.out):
            arguments.out.mkdir(parents=True, exist_ok=True)
        found, classes, samples = measure(arguments, accelerator)
        if accelerator.is_main_process:
            with writing(arguments.out):
                write(found, classes, samples, arguments)
            print(f"{summary(found)}\n\nwritten to {arguments.out}")
    except (CheckpointError, DataError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
