"""A run that was ended and taken up again equals one that was not, to the bit."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.training.conftest import Flags
from tests.training.ranks import run
from training.engine.state import newest_state

KILL, TERM, INTERRUPT = int(signal.SIGKILL), int(signal.SIGTERM), int(signal.SIGINT)


def assert_same_values(ours: object, theirs: object, where: str = "state") -> None:
    assert type(ours) is type(theirs), where
    if isinstance(ours, torch.Tensor):
        assert torch.equal(ours, theirs), where
    elif isinstance(ours, dict):
        assert ours.keys() == theirs.keys(), where
        for key in ours:
            assert_same_values(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(theirs), where
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            assert_same_values(*pair, f"{where}[{index}]")
    else:
        assert ours == theirs, where


def assert_same_run(ours: Path, theirs: Path) -> None:
    """Weights kept, metrics, and the last state: network, optimizer, schedule, averaged weights, progress."""
    assert (ours / "best" / "model.safetensors").read_bytes() == (theirs / "best" / "model.safetensors").read_bytes()
    assert (ours / "best" / "config.json").read_text() == (theirs / "best" / "config.json").read_text()
    assert (ours / "metrics.jsonl").read_text() == (theirs / "metrics.jsonl").read_text()
    states = newest_state(ours), newest_state(theirs)
    assert states[0].name == states[1].name
    names = [{path.name for path in state.iterdir() if not path.name.startswith("random_states")} for state in states]
    assert names[0] == names[1]
    assert {"model.safetensors", "optimizer.bin", "custom_checkpoint_0.pkl"} <= names[0]
    for name in names[0]:
        if name.endswith(".safetensors"):
            assert (states[0] / name).read_bytes() == (states[1] / name).read_bytes()
        else:
            assert_same_values(*(torch.load(state / name, weights_only=True) for state in states), name)


@pytest.fixture(scope="session")
def whole() -> dict[int, Path]:
    """Runs that nothing interrupted, by number of processes; filled as needed."""
    return {}


@pytest.fixture
def uninterrupted(whole: dict[int, Path], flags: Flags, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    def folder(world: int) -> Path:
        if world not in whole:
            root = tmp_path_factory.mktemp("whole")
            assert run(flags(root / "run"), root / "log", world=world) == [0] * world, (root / "log").read_text()
            whole[world] = root / "run"
        return whole[world]

    return folder


Whole = Callable[[int], Path]


@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("where", ["step", "saving"])
def test_killed(uninterrupted: Whole, flags: Flags, tmp_path: Path, world: int, where: str):
    log, out = tmp_path / "log", tmp_path / "killed"
    codes = run(flags("killed"), log, world=world, die=(where, 5, KILL))
    assert -KILL in codes, log.read_text()
    assert 0 not in codes
    # The last save before that: every second step of an epoch of six, or of three with two processes, and its end.
    assert newest_state(out).name == f"step-{4 if world == 1 else 3}"
    assert run(flags("killed", resume=True), log, world=world) == [0] * world, log.read_text()
    assert "resuming" in log.read_text()
    assert_same_run(out, uninterrupted(world))
    assert [path.name for path in (out / "state").iterdir()] == [newest_state(out).name], "no leftovers"


@pytest.mark.parametrize("world", [1, 2])
def test_full_disk(uninterrupted: Whole, flags: Flags, tmp_path: Path, world: int):
    """The state before stays and can be taken up once there is space."""
    log, out = tmp_path / "log", tmp_path / "full"
    assert run(flags("full"), log, world=world, die=("saving", 5, 0)) == [1] * world
    assert "error: cannot write" in log.read_text()
    assert "the disk is full: free some space at " in log.read_text()
    assert "; then go on with --resume." in log.read_text()
    assert [path.name for path in (out / "state").iterdir()] == [f"step-{4 if world == 1 else 3}"]
    assert run(flags("full", resume=True), log, world=world) == [0] * world, log.read_text()
    assert_same_run(out, uninterrupted(world))


@pytest.mark.parametrize(("world", "number"), [(1, TERM), (1, INTERRUPT), (2, TERM)])
def test_asked_to_stop(uninterrupted: Whole, flags: Flags, tmp_path: Path, world: int, number: int):
    """Saves at the step it is in, says so, and leaves with 130."""
    log, out = tmp_path / "log", tmp_path / "stopped"
    step = 5 if world == 1 else 4
    assert run(flags("stopped", save_every=1000), log, world=world, die=("step", step, number)) == [130] * world
    epoch, in_epoch = divmod(step, 6 // world)
    assert f"stopped in epoch {epoch + 1}, step {in_epoch}; saved, go on with --resume" in log.read_text()
    assert newest_state(out).name == f"step-{step}"
    assert run(flags("stopped", resume=True), log, world=world) == [0] * world, log.read_text()
    assert_same_run(out, uninterrupted(world))


def test_killed_while_the_cache_is_filled(uninterrupted: Whole, flags: Flags, tmp_path: Path):
    """The half-filled view is never read; a later run fills it."""
    log, out, cache = tmp_path / "log", tmp_path / "killed", tmp_path / "features"
    assert run(flags("killed", cache=cache), log, die=("step", 9, KILL)) == [-KILL]
    assert run(flags("killed", cache=cache, resume=True), log) == [0], log.read_text()
    assert_same_run(out, uninterrupted(1))
    assert run(flags("again", cache=cache), log) == [0], log.read_text()
    assert_same_run(tmp_path / "again", uninterrupted(1))


def test_two_processes_learn_together(uninterrupted: Whole):
    """Both took part: three steps an epoch instead of six, and all nine images of val counted once."""
    out = uninterrupted(2)
    assert newest_state(out).name == "step-9"
    config = json.loads((out / "best" / "config.json").read_text())
    assert config["metrics"]["val"]["images"] == 9


def test_another_number_of_processes_is_refused(flags: Flags, tmp_path: Path):
    log = tmp_path / "log"
    assert run(flags("killed"), log, die=("step", 5, KILL)) == [-KILL]
    codes = run(flags("killed", resume=True), log, world=2)
    assert 0 not in codes
    assert "was saved by 1 processes and cannot go on with 2" in log.read_text()
