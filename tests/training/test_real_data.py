"""On the real photos and the shipped weights, where they are."""

from collections import Counter
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader

from cternet import CTERNet, CTERNetConfig, load_model
from cternet.emotions import MIKELS
from training.data import SPLITS, DataConfig, Photos, eval_transform, load_examples, unreadable
from training.engine.start_weights import start_weights
from training.evaluation import evaluate

pytestmark = pytest.mark.slow
SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "weights"


def test_fi_is_read_whole(shared: Path):
    rows = load_examples(DataConfig(data=str(shared / "data" / "fi")), MIKELS, SPLITS)
    assert Counter(row.split for row in rows) == {"train": 16_321, "val": 1_062, "test": 2_147}
    assert Counter(MIKELS[row.label] for row in rows if row.split == "train")["contentment"] == 3_860
    assert not unreadable([row for row in rows if row.split == "val"])


def test_the_start_weights_fill_the_whole_backbone(shared: Path):
    state = start_weights(shared / "weights" / "tf_efficientnet_b0-duts.safetensors")
    network = CTERNet(CTERNetConfig())
    network.backbone.load_weights(state)
    loaded = network.backbone.net.state_dict()
    assert all(torch.equal(tensor, state[name].to(tensor.dtype)) for name, tensor in loaded.items() if name in state)
    assert network.backbone.grid(224) == (14, 14)


@pytest.mark.parametrize(
    ("name", "accuracy", "polarity"), [("cternet-fi", 0.665, 0.875), ("vanilla-fi", 0.67, 0.88)], ids=["cternet", "vanilla"]
)
def test_the_shipped_weights_on_test(shared: Path, name: str, accuracy: float, polarity: float):
    """The figures the model card claims, polarity by the larger summed probability, and an attention that matters."""
    network = load_model(SHIPPED / name)
    torch.set_num_threads(2)
    accelerator = Accelerator()
    rows = load_examples(DataConfig(data=str(shared / "data" / "fi")), network.config.classes, ("test",))
    photos = Photos(rows, eval_transform(network.config))
    loader = DataLoader(photos, batch_size=64, sampler=[(index, 0) for index in range(len(photos))], num_workers=2)
    network = network.to(accelerator.device, memory_format=torch.channels_last)
    found = evaluate(network, accelerator.prepare_data_loader(loader), accelerator, network.config.classes)
    answer = found[found["prediction"]]
    assert answer["accuracy"] >= accuracy
    assert answer["polarity_accuracy_by_sum"] >= polarity
    claimed = network.config.metrics["test"][found["prediction"]]
    assert answer["accuracy"] == pytest.approx(claimed["accuracy"], abs=0.002)
    if name == "cternet-fi":
        assert found["y_te"]["accuracy"] >= answer["accuracy"] - 0.04, "the effect on its own is a sensible prediction too"
        attention = found["attention"]
        assert not attention["idle"]
        assert all(attention[kind]["lost"]["accuracy"][1] > 0.01 for kind in ("flat", "reversed", "another"))
        assert attention["flat"]["changes"] > 0.1
        assert attention["top_quarter"] > 0.55
        assert attention["centre"] < 0.5
        assert attention["two_photos"] < 0.4
        assert 0.9 < attention["amount"] < 1.1
