"""How far a checkpoint's answers can be trusted, written beside its weights.

    python -m training.reliability assets/weights/cternet-fi --data DATA

Fits the temperature of the probabilities and the probability from which an answer counts as sure on val, and on train what
photos are like; measures everything on test and on pictures that are no photos.  Pages and results read what is written.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import tyro
from tqdm.auto import tqdm

from cternet.disk import writing
from cternet.networks.checkpoint import CheckpointError
from cternet.networks.classifier import Classifier
from cternet.networks.reliability import Reliability
from cternet.photos.load import Photo
from cternet.results.predictor import Predictor
from training.data import DataConfig, DataError, leave_out_unreadable, load_examples
from training.reliability.fit import Answers, called_unlike, caught, probe_of, right_when_said, sure_from, temperature_of
from training.reliability.strange_pictures import strange_pictures
from training.tables import table


@dataclass(kw_only=True)
class Arguments(DataConfig):
    """What to measure."""

    weights: tyro.conf.Positional[Path]
    """Checkpoint folder; reliability.json is written into it."""
    train_photos: int = 2500
    """Photos of train that show what photos are like; 0 leaves out the probe, and with it half of the time."""
    strange: int = 40
    """Pictures of each kind that are no photos."""
    batch_size: int = 16
    """Photos a forward."""
    seed: int = 0
    """Of the photos of train, and of the pictures."""
    device: str | None = None
    """Torch device; by default a GPU where there is one."""


def measure(arguments: Arguments) -> tuple[Reliability, str]:
    """The figures, and a report of them."""
    predictor = Predictor.from_pretrained(arguments.weights, device=arguments.device, kind=Classifier)
    classes = predictor.config.classes
    found, _ = leave_out_unreadable(load_examples(arguments, classes, ("train", "val", "test")), arguments.on_bad_image)
    of: dict[str, Answers] = {}
    for split in ("train", "val", "test") if arguments.train_photos else ("val", "test"):
        examples = [example for example in found if example.split == split]
        if split == "train":
            drawn = np.random.default_rng(arguments.seed).permutation(len(examples))[: arguments.train_photos]
            examples = [examples[i] for i in sorted(drawn)]
        labels = torch.tensor([example.label for example in examples])
        of[split] = answers(predictor, [example.path for example in examples], labels, split, arguments.batch_size)
    val, test = of["val"], of["test"]
    temperature = temperature_of(val)
    threshold = sure_from(val, temperature)
    sure = test.probabilities(temperature).max(dim=1).values >= threshold
    probe, unlike = None, []
    if arguments.train_photos:
        strange = []
        for seed in (arguments.seed, arguments.seed + 1):  # one set to fit the probe, one to try it on
            kinds, pictures = zip(*strange_pictures(arguments.strange, seed), strict=True)
            labels = torch.zeros(len(kinds), dtype=torch.long)
            found_there = answers(predictor, pictures, labels, "no photos", arguments.batch_size)
            strange.append((found_there.pooled, np.array(kinds)))
        probe = probe_of(of["train"].pooled, strange[0][0], val.pooled)
        unlike = [["photos of test", f"{called_unlike(probe, test.pooled):.1%}", ""]]
        shares = caught(of["train"].pooled, val.pooled, *strange[0], *strange[1])
        unlike += [[kind, *(f"{share:.0%}" for share in both)] for kind, both in shares.items()]
    reliability = Reliability(
        temperature=round(temperature, 4),
        sure_from=threshold,
        share_sure=round(float(sure.double().mean()), 4),
        right_when_sure=round(float(test.right[sure].double().mean()), 4) if sure.any() else 0.0,
        right_when_said={name: None if p is None else round(p, 4) for name, p in right_when_said(test, classes).items()},
        images=len(test.labels),
        probe=probe,
    )
    return reliability, report(reliability, test, unlike)


def answers(predictor: Predictor, photos: list[Photo], labels: torch.Tensor, title: str, size: int) -> Answers:
    """What the network says of photos."""
    scores, pooled = [], []
    for start in tqdm(range(0, len(photos), size), desc=title, unit="batch"):
        results, features = predictor.analyze_features(photos[start : start + size])
        scores += [torch.from_numpy(result.scores) for result in results]
        pooled.append(predictor.pooled(features))
    return Answers(torch.stack(scores), labels, torch.cat(pooled))


def report(found: Reliability, test: Answers, unlike: list[list[str]]) -> str:
    rows = [
        ["temperature", f"{found.temperature:.3f}"],
        ["calibration error before", f"{test.calibration_error():.4f}"],
        ["calibration error after", f"{test.calibration_error(found.temperature):.4f}"],
        ["sure from", f"{found.sure_from:.0%}"],
        ["answers that are sure", f"{found.share_sure:.1%}"],
        ["right when sure", f"{found.right_when_sure:.1%}"],
        ["right when unsure", f"{right_when_unsure(found, test):.1%}"],
    ]
    text = table([f"{found.images} photos of test", ""], rows)
    if unlike:
        text += "\n\n" + table(["pictures", "called unlike photos", "… where none of the kind was shown"], unlike)
    return f"{text}\n"


def right_when_unsure(found: Reliability, test: Answers) -> float:
    unsure = test.probabilities(found.temperature).max(dim=1).values < found.sure_from
    return float(test.right[unsure].double().mean()) if unsure.any() else float("nan")


def main() -> None:
    arguments = tyro.cli(Arguments, prog="python -m training.reliability", description=__doc__)
    try:
        reliability, text = measure(arguments)
        with writing(arguments.weights):
            reliability.save(arguments.weights)
        print(f"{text}\nwritten to {arguments.weights}")
    except (CheckpointError, DataError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
