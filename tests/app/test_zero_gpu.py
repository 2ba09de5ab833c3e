"""ZeroGPU: which batches ask for a GPU and for how long, what comes back, and that the CPU does what no GPU is lent for."""

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app import zero_gpu
from app.main import build
from app.settings import Settings, SettingsError, read_settings
from app.zero_gpu import LEAST, Loans
from cternet import Predictor
from cternet.compare import Networks
from tests.device_api import device_api
from tests.e2e.conftest import free_port, start_app, wait_for
from tests.tiny import tiny_clef, tiny_network, tiny_photo, tiny_rater

ROOT = Path(__file__).resolve().parents[2]
FORK = multiprocessing.get_context("fork")
PHOTOS = [tiny_photo(seed) for seed in range(LEAST)]


class Lender:
    """``spaces.GPU`` as far as it is used here: calls run in a thread of a forked process.

    Attributes:
        asked: seconds, call by call.
        refuses: whether there is no GPU.
    """

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.refuses = False

    def __call__(self, *, duration: Callable[..., float]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def decorate(task: Callable[..., Any]) -> Callable[..., Any]:
            def handler(*given: Any) -> Any:
                self.asked.append(duration(*given))
                if self.refuses:
                    raise RuntimeError("No GPU was available")
                results: Any = FORK.SimpleQueue()

                def work() -> None:
                    with ThreadPoolExecutor(1) as pool:
                        results.put((os.getpid(), pool.submit(task, *given).result()))

                process = FORK.Process(target=work, daemon=True)
                process.start()
                pid, found = results.get()
                process.join(20)
                assert pid == process.pid != os.getpid()
                return found

            return handler

        return decorate


@pytest.fixture
def lender() -> Lender:
    return Lender()


@pytest.mark.parametrize("make", [tiny_network, tiny_clef, tiny_rater, lambda: tiny_network(family="vanilla")])
def test_a_batch_comes_back_as_the_cpu_would_have_it(lender: Lender, make: Callable[[], Any]):
    predictor = Predictor(make(), name="tiny", device="cpu")
    expected, x = predictor.analyze_features(PHOTOS)
    Loans(lender, [predictor])
    found, again = predictor.analyze_features(PHOTOS)
    assert lender.asked == [zero_gpu.START + zero_gpu.PHOTO * LEAST]
    torch.testing.assert_close(again, x)
    for one, other in zip(found, expected, strict=True):
        for name, values in other.numbers().items():
            if isinstance(values, float):
                assert one.numbers()[name] == pytest.approx(values, abs=1e-4)
        for name, values in other.maps().items():
            if values.dtype.kind == "f":
                np.testing.assert_allclose(one.maps()[name], values, atol=1e-4)


def test_a_photo_alone_stays_on_the_cpu(lender: Lender, predictor: Predictor):
    Loans(lender, [predictor])
    predictor.analyze_batch(PHOTOS[: LEAST - 1])
    assert not lender.asked


def test_a_batch_waits_for_nothing_that_is_held_here(lender: Lender, predictor: Predictor):
    """The CPU may be at work meanwhile, and its lock is held in what is forked."""
    Loans(lender, [predictor])
    with predictor.passes.turn:
        assert len(predictor.analyze_batch(PHOTOS)) == LEAST
    assert len(lender.asked) == 1


def test_without_a_gpu_the_cpu_does_it_and_the_next_ones(
    lender: Lender, predictor: Predictor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    now = 1000.0
    monkeypatch.setattr("app.zero_gpu.time.monotonic", lambda: now)
    lender.refuses = True
    Loans(lender, [predictor])
    for _ in range(2):
        assert len(predictor.analyze_batch(PHOTOS)) == LEAST
    assert len(lender.asked) == 1 and "No GPU was available" in caplog.text
    now, lender.refuses = now + zero_gpu.AGAIN, False
    predictor.analyze_batch(PHOTOS)
    assert len(lender.asked) == 2


def test_zips_have_larger_batches(predictor: Predictor, monkeypatch: pytest.MonkeyPatch):
    made = []
    monkeypatch.setattr("app.main.build_model", lambda _demo, studio: made.append(studio) or [])
    for zero in (False, True):
        build(Networks(predictor, {}), settings=Settings.model_construct(zero_gpu=zero))
    assert [studio.batch for studio in made] == [4, zero_gpu.BATCH]
    assert zero_gpu.BATCH >= LEAST


def test_the_models_stay_on_the_cpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert read_settings().zero_gpu
    monkeypatch.setenv("CTERNET_DEVICE", "cpu")
    assert read_settings().device == "cpu"
    monkeypatch.setenv("CTERNET_DEVICE", "cuda")
    with pytest.raises(SettingsError, match="CTERNET_DEVICE is 'cuda', which cannot be used: zeroGPU lends GPUs by the call"):
        read_settings()


@pytest.mark.e2e
def test_the_program_asks_for_gpus_before_it_serves(tmp_path: Path):
    """Another ``spaces`` stands in for the real one."""
    (tmp_path / "spaces.py").write_text(
        "import sys\nassert 'torch' not in sys.modules\n"
        f"def GPU(**given):\n    open({str(tmp_path / 'asked')!r}, 'w').write(str(*given))\n    return lambda task: task\n"
    )
    port = free_port()
    there = {"SPACES_ZERO_GPU": "true", "PYTHONPATH": str(tmp_path), "CTERNET_WEIGHTS": "assets/weights/vanilla-fi"}
    process = start_app(port, subprocess.DEVNULL, **there)
    try:
        wait_for(process, port)
    finally:
        process.terminate()
        process.wait(20)
    assert (tmp_path / "asked").read_text() == "duration"


def test_without_the_package_it_stops_with_a_sentence(tmp_path: Path):
    (tmp_path / "spaces.py").write_text("raise ImportError")
    process = start_app(free_port(), SPACES_ZERO_GPU="true", PYTHONPATH=str(tmp_path))
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == "error: ZeroGPU needs the package spaces; add it to requirements.txt\n"


# --- with the package that Spaces have


@pytest.mark.parametrize("lends", [True, False])
def test_with_the_package_of_spaces(tmp_path: Path, lends: bool):
    pytest.importorskip("spaces", reason="pip install spaces")
    script = [sys.executable, str(ROOT / "tests" / "app" / "zero_space.py")]
    with device_api(tmp_path, lends=lends) as api:
        there = api.environment | {"GRADIO_SERVER_PORT": str(free_port())}
        done = subprocess.run(script, env=os.environ | there, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.strip().splitlines()[-1]) == {"here": 3, "same": True}
    assert api.asked[0] == ("/startup-report", {}), "a function that asks for a GPU was found"
    schedule = next(given for path, given in api.asked if path == "/schedule")
    assert schedule["durationSeconds"] == str(round(zero_gpu.START + 12 * zero_gpu.PHOTO))
    calls = [path for path, _ in api.asked[1:]]
    assert calls == (["/schedule", "/allow", "/release", "/schedule", "/release"] if lends else ["/schedule"])
