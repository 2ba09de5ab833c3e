"""What the app's start spends its seconds on, told by one start of app.py from within; ``benchmarks.startup`` runs it.

    python -m benchmarks.startup_parts

A part that begins inside another stops the other's clock, so the parts add up to the whole.  What Python collects as garbage
counts to the part that it interrupts.
"""

import builtins
import json
import runpy
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

APP = Path(__file__).resolve().parent.parent / "app.py"
PACKAGES = ("torch", "torchvision", "timm", "gradio", "matplotlib", "scipy", "pytorch_grad_cam", "cternet", "app")
"""Whose import is a part; what another package brings counts to the one that asked for it first."""


class Clock:
    """Seconds by part: those that passed, and those that processors worked."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.open = ["everything else"]
        self.last = time.perf_counter(), time.process_time()

    def tick(self) -> None:
        """What has passed was the innermost part's."""
        now = time.perf_counter(), time.process_time()
        spent = self.spent[self.open[-1]]
        for kind in range(2):
            spent[kind] += now[kind] - self.last[kind]
        self.last = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self.tick()
        self.open.append(name)
        try:
            yield
        finally:
            self.tick()
            self.open.pop()

    def timed(self, owner: Any, attribute: str, name: str | Callable[..., str]) -> None:
        """Make a function of ``owner`` a part, whose name may depend on what it is called with."""
        work = getattr(owner, attribute)

        @wraps(work)
        def measured(*values: Any, **options: Any) -> Any:
            with self.part(name if isinstance(name, str) else name(*values)):
                return work(*values, **options)

        setattr(owner, attribute, measured)


def loaded(source: str | Path, *_: Any) -> str:
    return f"load {Path(source).name}"


def watch(clock: Clock, module: ModuleType) -> None:
    """Make parts of what a module of the app does at the start."""
    if module.__name__ == "app.models":
        clock.timed(module, "load_models", "load the networks they are compared with")
        clock.timed(module.Predictor, "from_pretrained", loaded)
    elif module.__name__ == "app.main":
        clock.timed(module, "build", "build the pages")
        clock.timed(module.AnalyzePage, "opens", "analyse and draw the first example")


def main() -> None:
    clock, import_now, seen = Clock(), builtins.__import__, set()
    me = threading.current_thread()

    def importing(name: str, *values: Any, **options: Any) -> ModuleType:
        package = name.partition(".")[0]
        if package not in PACKAGES or threading.current_thread() is not me:
            return import_now(name, *values, **options)
        with clock.part(f"import {package}"):
            found = import_now(name, *values, **options)
        if name in ("app.main", "app.models") and name not in seen and found.__name__ == name:
            seen.add(name)
            watch(clock, found)
        elif name == "gradio" and name not in seen and hasattr(found, "Blocks"):
            seen.add(name)
            clock.timed(found.Blocks, "launch", "launch the server")
            found.Blocks.block_thread = tell
        return found

    def tell(_blocks: Any) -> NoReturn:
        """The server is up: gradio would wait here for its end."""
        clock.tick()
        print(json.dumps(clock.spent), flush=True)
        sys.exit()

    builtins.__import__ = importing  # type: ignore[assignment]
    sys.argv = [str(APP)]
    runpy.run_path(str(APP), run_name="__main__")


if __name__ == "__main__":
    main()
