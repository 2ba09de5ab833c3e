"""A stand-in for a Space with ZeroGPU, run as a program of its own: ``spaces`` is real, the test lends the GPUs, and instead of
a GPU there is only the process that would have it.  Prints what the batches came to.
"""

# ruff: noqa: E402 -- spaces comes before torch

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import spaces
import spaces.zero.torch as watched

watched.init = watched.move = lambda *_, **__: None  # there is no CUDA to start

import torch

from app.main import build, options
from app.settings import read_settings
from app.zero_gpu import Loans
from cternet import Predictor
from cternet.compare import Networks
from tests.tiny import tiny_network, tiny_photo

settings = read_settings()
predictor = Predictor(tiny_network(), name="tiny", device="cpu")
loans = Loans(spaces.GPU, [predictor])
demo = build(Networks(predictor, {}), settings=settings)
demo.launch(prevent_thread_lock=True, quiet=True, server_port=settings.port, **options(demo, settings))
batches = [[tiny_photo(seed) for seed in range(count)] for count in (3, 12, 12)]
here = [torch.from_numpy(one.total_effect) for one in predictor.analyze_batch(batches[0])]
there = [[torch.from_numpy(one.total_effect) for one in predictor.analyze_batch(batch)] for batch in batches[1:]]
predictor.elsewhere = None
alone = [torch.from_numpy(one.total_effect) for one in predictor.analyze_batch(batches[1])]
demo.close()
print(json.dumps({"here": len(here), "same": all(torch.allclose(torch.stack(one), torch.stack(alone)) for one in there)}))
