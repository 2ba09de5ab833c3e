"""What can be learnt here, one registry: what ``train``, ``evaluate`` and ``publish`` do for each task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accelerate import Accelerator
from torch import nn

from cternet.networks.checkpoint import CheckpointError, read_config
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.families import family_of, named_in
from cternet.networks.ras import RAS
from cternet.networks.valence_arousal import ValenceArousal
from training.emotions import card as emotion_card
from training.emotions import evaluate as emotion_evaluation
from training.emotions.config import TrainConfig
from training.emotions.presets import PRESETS as EMOTION_RECIPES
from training.emotions.run import ClassificationRun
from training.engine.config import RunConfig
from training.engine.evaluation import EvaluationConfig, Report
from training.engine.run import Run
from training.publication import Product, Publication
from training.ratings import card as rating_card
from training.ratings import evaluate as rating_evaluation
from training.ratings.config import RatingConfig
from training.ratings.presets import PRESETS as RATING_RECIPES
from training.ratings.run import RatingRun
from training.saliency import card as saliency_card
from training.saliency import evaluate as saliency_evaluation
from training.saliency.config import SaliencyConfig
from training.saliency.presets import PRESETS as SALIENCY_RECIPES
from training.saliency.run import SaliencyRun


@dataclass(frozen=True)
class Task:
    """Something that networks learn from a kind of data.

    Attributes:
        name: what ``python -m training.train NAME`` calls it.
        about: what is learnt, in a few words.
        network: the class of its networks; a checkpoint of one belongs to this task.
        config: the settings of a run.
        run: the class of a run.
        recipes: named settings of runs, each with what it is for.
        evaluation: the settings of an evaluation.
        evaluate: measures a checkpoint.
        publication: the settings of a publication.
        publish: makes what is published, under a name.
    """

    name: str
    about: str
    network: type[nn.Module]
    config: type[RunConfig]
    run: type[Run]
    recipes: dict[str, tuple[str, Any]]
    evaluation: type[EvaluationConfig]
    evaluate: Callable[[Any, Accelerator], Report]
    publication: type[Publication]
    publish: Callable[[Any, str], Product]


EMOTIONS = Task(
    name="emotions",
    about="which emotion a photo evokes, from labelled photos",
    network=EmotionNetwork,
    config=TrainConfig,
    run=ClassificationRun,
    recipes=EMOTION_RECIPES,
    evaluation=emotion_evaluation.EmotionEvaluation,
    evaluate=emotion_evaluation.measure,
    publication=emotion_card.EmotionPublication,
    publish=emotion_card.product,
)
SALIENCY = Task(
    name="saliency",
    about="where a photo's salient objects are, from photos with masks",
    network=RAS,
    config=SaliencyConfig,
    run=SaliencyRun,
    recipes=SALIENCY_RECIPES,
    evaluation=saliency_evaluation.SaliencyEvaluation,
    evaluate=saliency_evaluation.measure,
    publication=saliency_card.SaliencyPublication,
    publish=saliency_card.product,
)
RATINGS = Task(
    name="ratings",
    about="how pleasant and how exciting a photo is, from rated photos or from emotion labels",
    network=ValenceArousal,
    config=RatingConfig,
    run=RatingRun,
    recipes=RATING_RECIPES,
    evaluation=rating_evaluation.RatingEvaluation,
    evaluate=rating_evaluation.measure,
    publication=rating_card.RatingPublication,
    publish=rating_card.product,
)
TASKS: dict[str, Task] = {task.name: task for task in (EMOTIONS, SALIENCY, RATINGS)}
"""By name; the first is the one where none is named."""


def task_of_config(config: RunConfig) -> Task:
    """The task of a run with these settings."""
    return next(task for task in TASKS.values() if isinstance(config, task.config))


def task_of_weights(weights: str) -> Task:
    """The task of a checkpoint, which its ``config.json`` tells.

    Raises:
        CheckpointError: it cannot be read, or its network is of no task.
    """
    settings = read_config(weights)
    try:
        family = family_of(named_in(settings))
    except ValueError as error:
        raise CheckpointError(f"{weights}: {error}; update cternet.") from None
    for task in TASKS.values():
        if issubclass(family.network, task.network):
            return task
    raise CheckpointError(
        f"{weights} holds {family.about}, which no task trains; give a checkpoint of the task {' or '.join(TASKS)}."
    )
