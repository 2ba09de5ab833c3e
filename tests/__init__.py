"""Tests, one folder a room.  Set before anything imports torch or the hub's client."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # small tensors; and sums must not depend on the machine's cores
