"""The registry of tasks: what a command line, a run's settings and a checkpoint say a task is."""

import shlex
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from cternet.networks.checkpoint import CheckpointError
from tests.cternet.networks.test_ras import tiny_ras
from tests.tiny import tiny_network, tiny_rater
from training import evaluate, publish, train
from training.tasks import EMOTIONS, SALIENCY, TASKS, Task, task_of_config, task_of_weights

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "weights"


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """The best weights of a run of each task."""
    networks = {"emotions": tiny_network(family="wscnet"), "saliency": tiny_ras(), "ratings": tiny_rater()}
    for name, network in networks.items():
        network.save_pretrained(tmp_path / name / "best", config=asdict(network.config))
    return {name: tmp_path / name for name in TASKS}


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_a_task_has_all_its_parts(task: Task, folders: dict[str, Path], tmp_path: Path):
    where = ["--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert task_of_config(train.parse([task.name, *where])) is task
    for recipe in task.recipes:
        assert task_of_config(train.parse([recipe, *where])) is task
    run = folders[task.name]
    assert evaluate.parse(["--weights", str(run / "best"), *where])[0] is task
    assert evaluate.parse([*where, f"--weights={run / 'best'}"])[0] is task
    assert publish.parse([str(run), "--out", "there"])[0] is task
    assert publish.parse(["--out", "there", str(run)])[0] is task


def test_no_two_recipes_or_tasks_have_one_name():
    names = [*TASKS, *(name for task in TASKS.values() for name in task.recipes)]
    assert len(set(names)) == len(names)


def test_without_a_name_it_is_emotions(tmp_path: Path):
    assert task_of_config(train.parse(["--data", str(tmp_path), "--out", "run"])) is EMOTIONS


def test_help_is_that_of_the_checkpoint(folders: dict[str, Path], capsys: pytest.CaptureFixture[str]):
    for name, said in (("saliency", "--masks"), ("emotions", "--against")):
        with pytest.raises(SystemExit):
            evaluate.parse(["--weights", str(folders[name] / "best"), "--help"])
        assert said in capsys.readouterr().out
    with pytest.raises(SystemExit):
        train.parse(["--help"])
    listed = capsys.readouterr().out
    assert all(name in listed for task in TASKS.values() for name in (task.name, *task.recipes))


def test_a_network_of_no_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("training.tasks.read_config", lambda _: {"architecture": "resnet18", "num_classes": 3})
    with pytest.raises(
        CheckpointError, match=r"which no task trains; give a checkpoint of the task emotions or saliency or ratings\."
    ):
        task_of_weights("somewhere")
    monkeypatch.setattr(sys, "argv", ["evaluate", "--weights", "somewhere", "--data", "x", "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="error: somewhere holds an image classifier of timm"):
        evaluate.main()


def test_the_shipped_saliency_is_of_its_task():
    """Its config is older than families."""
    assert task_of_weights(str(SHIPPED / "ras")) is SALIENCY


def commands_of(name: str) -> list[list[str]]:
    """The arguments of the commands in a shipped card, the module first; its own weights are where they are."""
    lines = (SHIPPED / name / "README.md").read_text().splitlines()
    found = [line.replace(f"runs/{name}/best", str(SHIPPED / name)) for line in lines if line.startswith("python -m training.")]
    return [shlex.split(line)[2:] for line in found]


@pytest.mark.parametrize("name", ["cternet-fi", "vanilla-fi", "wscnet-fi", "ras"])
def test_the_commands_in_a_shipped_card_are_those_of_this_version(name: str):
    verbs = {"training.train": train, "training.evaluate": evaluate}
    settings = [verbs[module].parse(arguments) for module, *arguments in commands_of(name)]
    assert len(settings) > 1


def test_the_recipe_of_the_shipped_saliency_is_that_of_its_card():
    (_, *arguments), (_, *measuring), *_ = commands_of("ras")
    where = ["--data", "IMAGES", "--masks", "MASKS", "--out", "runs/ras", "--start", "tf_efficientnet_b0-duts.safetensors"]
    assert train.parse(arguments) == train.parse(["ras-demo", *where])
    assert evaluate.parse(measuring)[1].image_size == 256
