"""What the Compare page shows of a session: the status, the buttons and the rows, by their names."""

from collections.abc import Sequence

import gradio as gr

from app.compare import view
from app.compare.layout import BUTTONS, row_name
from app.compare.session import MOST_PHOTOS, CompareSession
from app.page import Shown


def show(session: CompareSession, text: str | None = None, *, rows: Sequence[int] = (), done: int = 0, of: int = 0) -> Shown:
    """Buttons, the status if there is a text, and of the rows those named; the others stay as they are."""
    pressable = {
        "measure": bool(session.comparisons and session.selection.methods) and not session.working,
        "stop": session.working,
        "go_on": bool(session.photos) and not session.working,
    }
    # With their words: an update that comes before the page is drawn takes out what it does not repeat.
    shown: Shown = {name: gr.update(value=BUTTONS[name], interactive=on) for name, on in pressable.items()}
    if text is not None:
        shown["status"] = view.status(session, text, done=done, of=of)
    for i in rows:
        if i < len(session.photos):
            shown[row_name(i)] = view.row(session, i, session.look)
        else:
            shown[row_name(i)] = "" if session.photos or i else view.empty(session.selection.methods)
    return shown


def as_it_stands(session: CompareSession) -> Shown:
    """All of it, when nothing is under way.

    Work that ends without having shown its end asks for this: answers may reach the page in another order than they were
    made, and nothing older may stay for good.
    """
    return show(session, view.summary(session), rows=range(MOST_PHOTOS))
