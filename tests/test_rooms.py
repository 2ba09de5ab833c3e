"""The arrows between the rooms, as pyproject.toml draws them, and the doors they go through."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[1]
APP = sorted([ROOT / "app.py", *(ROOT / "app").rglob("*.py")])


def test_every_arrow_points_one_way():
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == 0


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """What a file imports of the library: module and name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "cternet":
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.split(".")[0] == "cternet")


@pytest.mark.parametrize("path", APP, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_app_imports_only_what_the_library_exports(path: Path):
    for module, name in imported(path):
        assert name in importlib.import_module(module).__all__, f"{module} does not export {name or 'itself'}"


@pytest.mark.parametrize("module", ["cternet", "cternet.compare", "cternet.survey"])
def test_what_is_exported_is_there(module: str):
    found = importlib.import_module(module)
    assert all(hasattr(found, name) for name in found.__all__)
