"""Damaged files of every format: the loader gives a picture or one sentence, in good time and memory.

CTERNET_FUZZ=5000 python -m pytest tests/fuzz -m slow -s    # as many others, new each time; --hypothesis-seed=N repeats them
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from cternet.photos.kinds import kind_of
from tests.fuzz.damage import files
from tests.fuzz.loading import Loader, Outcome
from tests.fuzz.seeds import seeds

EXAMPLES = int(os.environ.get("CTERNET_FUZZ", 0))
SECONDS = 10.0
"""Of work that any file may take; what is measured is in docs/hosting.md."""
MEMORY = 2048
"""Megabytes of the process with the libraries."""
LONGEST = 300
FEWEST = 500
"""Distinct files that a run tries."""
KINDS = {"JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIC"}
SENTENCE = re.compile(r"[^\n]+\.")
TELLS = re.compile(r"Traceback|/(usr|home|tmp|root)/|site-packages|0x[0-9a-f]{6}|Errno")
"""What no sentence for visitors has in it: words of a traceback, the machine's paths, addresses in memory."""
COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    loader = Loader()
    yield loader
    loader.close()


def check(outcome: Outcome) -> None:
    """Fails where the file got neither a picture nor one sentence, or took too much."""
    assert outcome.kind in ("answered", "refused"), outcome
    if outcome.kind == "refused":
        assert SENTENCE.fullmatch(outcome.said) and len(outcome.said) < LONGEST and not TELLS.search(outcome.said), outcome
    assert outcome.seconds < SECONDS and outcome.megabytes < MEMORY, outcome


def test_whole_files_of_every_format_are_read(loader: Loader):
    assert {kind_of(data) for data in seeds().values()} == KINDS
    for name, data in seeds().items():
        assert loader.load(data).kind == "answered", name


@settings(max_examples=60, derandomize=True, **COMMON)
@given(data=files)
def test_a_damaged_file_gets_a_picture_or_a_sentence(loader: Loader, data: bytes):
    check(loader.load(data))


@pytest.mark.slow
def test_hundreds_of_damaged_files(loader: Loader):
    outcomes: dict[str, tuple[str, Outcome]] = {}

    @settings(max_examples=EXAMPLES or 700, derandomize=not EXAMPLES, **COMMON)
    @given(data=files)
    def run(data: bytes) -> None:
        outcome = loader.load(data)
        outcomes[hashlib.sha256(data).hexdigest()] = (kind_of(data) or "none", outcome)
        check(outcome)

    run()
    kinds = Counter(outcome.kind for _, outcome in outcomes.values())
    slowest = max(outcome.seconds for _, outcome in outcomes.values())
    largest = max(outcome.megabytes for _, outcome in outcomes.values())
    formats = dict(Counter(kind for kind, _ in outcomes.values()))
    print(f"\n{len(outcomes)} distinct files: {kinds['answered']} read, {kinds['refused']} refused with a sentence;")
    print(f"longest {slowest:.2f} s of work, most memory {largest:.0f} MB; {formats}")
    assert len(outcomes) >= FEWEST and formats.keys() >= KINDS
