"""The networks of the comparison's tests, for the pages that show them."""

from tests.cternet.compare.conftest import networks, sources

__all__ = ["networks", "sources"]
