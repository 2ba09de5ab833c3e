"""The whole state of a run, from which it goes on to the bit: network, optimiser, schedule, averaged weights, progress."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

from accelerate import Accelerator

from training.data import DataError
from training.engine.progress import Progress
from training.files import saving, write_folder


def save_state(accelerator: Accelerator, progress: Progress, out: Path) -> None:
    """Write ``out/state/step-N`` and ``out/metrics.jsonl``, and drop older states.

    Raises:
        SaveError: the disk is full or not writable; the last state still stands.
    """
    target = out / "state" / f"step-{progress.total_steps}"
    accelerator.wait_for_everyone()
    if accelerator.num_processes == 1:
        write_folder(target, lambda path: accelerator.save_state(str(path)))
    else:
        temporary = target.with_name(f".{target.name}.shared")
        with saving(target, temporary):
            accelerator.save_state(str(temporary))
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            write_folder(target, lambda path: [child.rename(path / child.name) for child in temporary.iterdir()])
    if accelerator.is_main_process:
        lines = [json.dumps(entry) for entry in progress.history]
        metrics = out / "metrics.jsonl"
        temporary = metrics.with_name(".metrics.jsonl.new")
        with saving(metrics, temporary):
            temporary.write_text("".join(line + "\n" for line in lines))
            temporary.replace(metrics)
        drop_older_states(out)
    accelerator.wait_for_everyone()


def load_state(accelerator: Accelerator, progress: Progress, out: Path) -> None:
    """Take up the newest state in ``out``; ``progress`` is one of the objects it fills.

    Raises:
        DataError: the state is damaged, or of other data or another number of processes.
    """
    state = newest_state(out)
    data = progress.data
    try:
        accelerator.load_state(str(state))
    except Exception as error:  # each file's reader has its own
        raise DataError(
            f"{state} is damaged or cut short ({type(error).__name__}: {error}); start a new run in another --out, with "
            f"--start {out / 'last'} --start-head to keep what was learnt"
        ) from None
    if progress.data != data:
        raise DataError(
            f"the images, their labels or their split are not those {state} was saved with; "
            "resume with the same, or start anew in another --out"
        )
    if progress.world != accelerator.num_processes:
        raise DataError(
            f"{state} was saved by {progress.world} processes and cannot go on with {accelerator.num_processes}; "
            f"start it with {progress.world} again"
        )
    accelerator.print(f"resuming {state} in epoch {progress.epoch + 1}, step {progress.step}")


def newest_state(run: Path) -> Path | None:
    """The newest complete training state of a run."""
    for previous in (run / "state").glob(".step-*.old"):  # a run killed between the two renames of ``write_folder``
        target = previous.with_name(previous.name.removeprefix(".").removesuffix(".old"))
        if not target.exists():
            with suppress(FileNotFoundError):  # another process was faster
                previous.rename(target)
    states = sorted((run / "state").glob("step-*"), key=lambda path: int(path.name.removeprefix("step-")))
    return states[-1] if states else None


def drop_older_states(run: Path) -> None:
    newest = newest_state(run)
    for path in (run / "state").iterdir():
        if path != newest:
            shutil.rmtree(path, ignore_errors=True)
