from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, fields
from itertools import pairwise

import numpy as np
import pytest
import torch
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from scipy.ndimage import gaussian_filter

import cternet.compare.faithfulness as module
from cternet.compare import METRICS, Faithfulness, Networks, Sample, Stopped, load_samples
from cternet.compare.faithfulness import BATCH, BLUR, SHARES, STEPS, altered, faithfulness
from cternet.compare.pixel_ranking import random_map
from tests.tiny import SIZE, tiny_photo

IMAGES = 3 + 4 * (STEPS - 1) + 2 * len(SHARES)
NUMBERS = [field.name for field in fields(Faithfulness)]


def untied(seed: int = 0) -> np.ndarray:
    """A map on the pixels of the input, each with a value of its own."""
    return np.random.default_rng(seed).permutation(SIZE * SIZE).reshape(SIZE, SIZE).astype(np.float32) / SIZE**2


def literally(sample: Sample, classifier: str, label: str, values: np.ndarray) -> dict[str, float]:
    """Image by image from the papers' words, without noise; of the package under test it uses the network alone."""
    network = sample.networks.classifiers[classifier]
    config = network.config
    photo = np.asarray(sample.seen[config.image_size]).transpose(2, 0, 1) / 255

    def p(image: np.ndarray) -> float:
        x = (image - np.reshape(config.mean, (3, 1, 1))) / np.reshape(config.std, (3, 1, 1))
        with torch.no_grad():
            logits = network(torch.tensor(x[None], dtype=torch.float32)).prediction[0].double().numpy()
        return float(np.exp(logits[config.classes.index(label)]) / np.exp(logits).sum())

    descending = sorted(range(SIZE * SIZE), key=lambda pixel: -values.flat[pixel])
    baselines = {
        "blur": np.stack([gaussian_filter(channel, BLUR * SIZE, mode="mirror") for channel in photo]),
        "mean": np.stack([np.full((SIZE, SIZE), channel.mean()) for channel in photo]),
    }
    found = {}
    for name, baseline in baselines.items():
        for kind, start, end in (("deletion", photo, baseline), ("insertion", baseline, photo)):
            curve = []
            for step in range(STEPS + 1):
                image = start.reshape(3, -1).copy()
                top = descending[: round(step / STEPS * SIZE * SIZE)]
                image[:, top] = end.reshape(3, -1)[:, top]
                curve.append(p(image.reshape(3, SIZE, SIZE)))
            found[f"{kind}_{name}"] = sum((a + b) / 2 for a, b in pairwise(curve)) / STEPS
    differences = []
    for share in SHARES:
        count = round(share * SIZE * SIZE)
        answer = []
        for removed in (descending[len(descending) - count :], descending[:count]):
            kept = torch.ones(SIZE * SIZE)
            kept[removed] = 0
            answer.append(p(NoisyLinearImputer(noise=0)(torch.tensor(photo).float(), kept.reshape(SIZE, SIZE)).numpy()))
        differences.append((answer[0] - answer[1]) / 2)
    return found | {"road": float(np.mean(differences))}


class Detail:
    """A classifier that looks at one corner: its answer is how much of the photo's detail is left there."""

    class Config:
        image_size = SIZE

    def __init__(self, photo: torch.Tensor) -> None:
        self.whole = self.detail(photo[None])
        self.batches: list[int] = []

    def detail(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, :, : SIZE // 2, : SIZE // 2].diff(dim=-1).abs().mean(dim=(1, 2, 3))

    def config(self, _name: str) -> Config:
        return self.Config()

    def class_index(self, _name: str, _label: str) -> int:
        return 1

    def probabilities(self, _name: str, images: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(images))
        share = (self.detail(images) / self.whole).clamp(0, 1)
        return torch.stack([1 - share, share], dim=1)


@pytest.fixture
def corner(sample: Sample) -> Sample:
    """The sample before the classifier that looks at the upper left quarter."""
    return Sample(Detail(sample.pixels("cternet")), sample.analysis, sample.seen, sample.grid)


def mask() -> np.ndarray:
    truth = np.zeros((4, 4), np.float32)
    truth[:2, :2] = 1
    return truth


@pytest.fixture
def without_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NOISE", 0.0)


@pytest.mark.parametrize("classifier", ["cternet", "vanilla", "wscnet"])
@pytest.mark.usefixtures("without_noise")
def test_against_the_papers_word_by_word(sample: Sample, classifier: str) -> None:
    label = sample.analysis.labels[2]
    found = asdict(faithfulness(sample, classifier, label, untied()))
    assert found == pytest.approx(literally(sample, classifier, label, untied()), abs=1e-5)


def test_the_place_looked_at_beats_random_and_its_inverse_loses(corner: Sample) -> None:
    best, worst = (asdict(faithfulness(corner, "any", "any", values)) for values in (mask(), -mask()))
    control = asdict(faithfulness(corner, "any", "any", random_map((4, 4), corner.analysis.seen)))
    for name, metric in METRICS.items():
        sign = 1 if metric.higher_is_better else -1
        assert sign * best[name] > sign * control[name] + 0.05 > sign * worst[name] + 0.1, name


def test_one_step_is_the_mean_of_the_two_ends(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS", 1)
    found = faithfulness(sample, "cternet", sample.analysis.prediction, untied())
    photo = sample.pixels("cternet")
    blurred = torch.from_numpy(np.stack([gaussian_filter(c, BLUR * SIZE, mode="mirror") for c in photo.numpy()]))
    mean = photo.mean(dim=(1, 2))[:, None, None].repeat(1, SIZE, SIZE)
    index = sample.analysis.labels.index(sample.analysis.prediction)
    p, blur, flat = sample.networks.probabilities("cternet", torch.stack([photo, blurred, mean]))[:, index].tolist()
    assert found.deletion_blur == found.insertion_blur == pytest.approx((p + blur) / 2, abs=1e-6)
    assert found.deletion_mean == found.insertion_mean == pytest.approx((p + flat) / 2, abs=1e-6)


def test_the_inverse_of_a_map_changes_places_with_it(sample: Sample) -> None:
    label = sample.analysis.prediction
    one, inverse = (faithfulness(sample, "cternet", label, values) for values in (untied(), -untied()))
    assert inverse.deletion_blur == pytest.approx(one.insertion_blur, abs=1e-6)
    assert inverse.insertion_mean == pytest.approx(one.deletion_mean, abs=1e-6)
    assert inverse.road == pytest.approx(-one.road, abs=1e-6) and abs(one.road) > 1e-5


def test_a_map_that_tells_nothing_scores_as_the_random_map(sample: Sample) -> None:
    label, control = sample.analysis.prediction, random_map(sample.analysis.s.shape, sample.analysis.seen)
    constant = np.full((9, 9), 0.7, np.float32)
    assert faithfulness(sample, "vanilla", label, constant) == faithfulness(sample, "vanilla", label, control)


def test_same_photo_same_numbers_and_nobody_elses_random_numbers_are_touched(networks: Networks) -> None:
    label, found = networks.classes[0], []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].copy()
        sample = load_samples(networks, [tiny_photo(5)])[0]
        found.append(faithfulness(sample, "cternet", label, np.maximum(untied() - 0.5, 0)))
        assert torch.equal(before[0], torch.get_rng_state())
        np.testing.assert_array_equal(before[1], np.random.get_state()[1])
    assert found[0] == found[1]


def test_visitors_at_once_get_the_same_numbers(sample: Sample) -> None:
    def number(seed: int) -> Faithfulness:
        return faithfulness(sample, "vanilla", sample.analysis.prediction, untied(seed))

    alone = [number(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(number, range(4))) == alone


def test_noise_is_seeded_and_on_removed_pixels_alone(sample: Sample) -> None:
    photo, rank = sample.pixels("cternet"), torch.arange(SIZE * SIZE).reshape(SIZE, SIZE)
    noise = np.full(photo.shape, 0.25, np.float32)
    noisy, clean = (list(altered(photo, rank, level))[-1] for level in (noise, 0 * noise))
    removed = rank < round(SHARES[-1] * SIZE * SIZE)
    torch.testing.assert_close(noisy - clean, 0.25 * removed.float().expand_as(photo))


def test_batches_are_bounded_and_nothing_runs_twice(corner: Sample) -> None:
    faithfulness(corner, "any", "any", mask())
    assert sum(corner.networks.batches) == IMAGES and max(corner.networks.batches) <= BATCH


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_it_stops_between_batches(corner: Sample, allowed: int) -> None:
    with pytest.raises(Stopped):
        faithfulness(corner, "any", "any", mask(), stop=lambda: len(corner.networks.batches) >= allowed)
    assert len(corner.networks.batches) == allowed


def test_every_number_is_explained() -> None:
    assert list(METRICS) == NUMBERS
    for metric in METRICS.values():
        assert metric.title and metric.formula and metric.about.endswith(".") and metric.link.startswith("https://")
        assert metric.arrow == ("↑" if metric.higher_is_better else "↓")


@pytest.mark.usefixtures("without_noise")
def test_the_numbers_of_a_map_turned_upside_down_follow_from_its_own(sample: Sample) -> None:
    values = untied(4)
    label = sample.analysis.labels[1]
    one, inverse = (faithfulness(sample, "cternet", label, v) for v in (values, 1 - values))
    assert astuple(one.of_inverse) == pytest.approx(astuple(inverse), abs=1e-3)
    assert astuple(one) != pytest.approx(astuple(inverse), abs=1e-2)
