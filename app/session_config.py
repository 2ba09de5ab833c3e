"""What gradio knows of the page: once for the app, and of each session only what differs.

Of its own it describes every component anew for every session, thousands of them, for its links to a page's state; this app
has none.  It took longer than the network.
"""

from typing import Any

from gradio.blocks import BlocksConfig


class SessionConfig(BlocksConfig):
    """Of a session."""

    @staticmethod
    def config_for_block(*_: Any, **__: Any) -> dict[str, Any]:
        return {}


class StudioConfig(BlocksConfig):
    """Of the app; gradio makes each session a copy."""

    def __copy__(self) -> SessionConfig:
        new = SessionConfig(self.root_block)
        new.blocks, new.fns, new.fn_id = self.blocks.copy(), self.fns.copy(), self.fn_id
        new.renderables = self.renderables.copy()
        return new
