"""What a model card says about the data and the licence: one YAML file a data set."""

from dataclasses import dataclass, fields
from pathlib import Path

import yaml


@dataclass(frozen=True)
class About:
    """Prose for a card; the defaults are for data nobody has described yet."""

    training_data: str = "images of its publisher's own"
    dataset_type: str = "custom"
    dataset_name: str = "the publisher's own images"
    data: str = "The publisher has not described the images; describe them in a file and publish again with `--about FILE`."
    limits: str = "- The publisher has not described whose opinions the labels are."
    start_limits: str = ""
    licence_name: str = "not-stated"
    licence_words: str = "not stated by the publisher. The code is MIT."
    licence: str = "The publisher of these weights has not stated a licence for them.\n"


def read_about(name: str | None) -> About:
    """The description ``training/about/NAME.yaml``, or the YAML file at that path; None gives the defaults.

    Raises:
        ValueError: no such file, not YAML, or a field nobody knows.
    """
    if name is None:
        return About()
    here = Path(__file__).parent
    path = here / f"{name}.yaml" if (here / f"{name}.yaml").is_file() else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in here.glob("*.yaml")))
        raise ValueError(f"--about {name}: no such file, and no description of that name; there are {known}")
    try:
        found = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from None
    allowed = [field.name for field in fields(About)]
    if not isinstance(found, dict) or set(found) - set(allowed) or not all(isinstance(text, str) for text in found.values()):
        raise ValueError(f"{path} may hold texts called {', '.join(allowed)}, and nothing else")
    return About(**found)
