"""Where a run stands."""

import math
from typing import Any


class Progress:
    """Where a run stands; saved with every checkpoint."""

    def __init__(self) -> None:
        self.epoch = 0
        self.step = 0  # steps of this epoch already taken
        self.total_steps = 0
        self.world = 1
        self.data = ""  # digest of the images trained and validated on
        self.best = -math.inf
        self.sums: dict[str, float] = {}  # of the loss terms of this epoch, on this process
        self.history: list[dict[str, Any]] = []

    def state_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class Interrupted(Exception):
    """Ctrl-C or SIGTERM arrived; the run was saved."""
