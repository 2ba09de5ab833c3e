"""Turn a run into something to ship: half-precision weights, config, figures, pictures and a model card.

    python -m training.publish runs/cternet --out assets/weights/cternet-fi --about fi
    python -m training.publish runs/cternet --to hub --repo OWNER/NAME

The run says what it has learnt; with its folder, --help lists the settings for that.  The figures come from the run itself
and from what ``training.evaluate`` wrote into RUN/evaluation; the prose about the data and its licence from ``training/about``.
"""

import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import tyro
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HTTPError, LocalTokenNotFoundError

from cternet.networks.checkpoint import CheckpointError
from cternet.networks.confounders import FILE as DICTIONARY
from training.files import SaveError, write_folder
from training.publication import Publication
from training.tasks import EMOTIONS, Task, task_of_weights


def parse(arguments: list[str]) -> tuple[Task, Publication]:
    """The task of the run, and the settings.

    Raises:
        CheckpointError: see ``task_of_weights``.
    """
    folders = [Path(argument) for argument in arguments if not argument.startswith("-")]
    run = next((folder for folder in folders if (folder / "best").is_dir()), folders[0] if folders else None)
    task = EMOTIONS if run is None else task_of_weights(str(run / "best"))
    return task, tyro.cli(task.publication, args=arguments, prog="python -m training.publish", description=__doc__)


def publish(task: Task, settings: Publication, out: Path) -> None:
    """Write the folder ``out``.

    Raises:
        CheckpointError, OSError, ValueError: the run, its figures or the description cannot be read.
        SaveError: the folder cannot be written.
    """
    product = task.publish(settings, settings.repo.split("/")[-1] if settings.repo else out.name)

    def write(folder: Path) -> None:
        product.network.half().save_pretrained(folder, config=asdict(product.network.config))
        product.card.save(folder / "README.md")
        (folder / "LICENSE").write_text(product.about.licence)
        for name, figure in product.pictures.items():
            figure.savefig(folder / name)
        if (settings.run / "best" / DICTIONARY).is_file():
            shutil.copyfile(settings.run / "best" / DICTIONARY, folder / DICTIONARY)
        product.write(folder)

    write_folder(out, write)


def push(folder: Path, repo: str, private: bool) -> str:
    """Upload the folder to the hub; returns its address.

    Raises:
        ValueError: not logged in, no right to write there, or the hub cannot be reached.
    """
    api = HfApi()
    try:
        api.whoami()
        api.create_repo(repo, private=private, exist_ok=True)
        return str(api.upload_folder(folder_path=folder, repo_id=repo, commit_message="Publish weights"))
    except LocalTokenNotFoundError:
        raise ValueError("you are not logged in to the hub; log in with: hf auth login. The folder is written") from None
    except (HfHubHTTPError, HTTPError, OSError) as error:
        raise ValueError(f"{repo} could not be pushed: {error}. The folder {folder} is written; push again later") from None


def main() -> None:
    try:
        task, settings = parse(sys.argv[1:])
        out = settings.out or settings.run / "published"
        if settings.to == "hub" and not settings.repo:
            raise ValueError("--to hub needs the repository's name: --repo OWNER/NAME")
        publish(task, settings, out)
        size = sum(path.stat().st_size for path in out.iterdir()) / 2**20
        print(f"{out}: {size:.1f} MB")
        if settings.to == "hub":
            print(push(out, settings.repo, settings.private))
    except (CheckpointError, SaveError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
