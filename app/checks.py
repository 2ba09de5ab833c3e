"""What comes from outside, checked: anyone can send anything to any handler."""

from collections.abc import Collection
from typing import Any

import gradio as gr

RELOAD = "This page does not offer that choice; reload it."


class Refused(gr.Error, ValueError):
    """What was sent cannot be used; the message says why, for the person who sent it.  Gradio shows it and logs nothing."""

    def __init__(self, message: str) -> None:
        super().__init__(message, print_exception=False)

    def __str__(self) -> str:
        return self.message


def choice(value: Any, choices: Collection[str], words: str = RELOAD) -> str:
    """One of the choices.

    Raises:
        Refused: it is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise Refused(words)
    return value


def several(value: Any, choices: Collection[str]) -> list[str]:
    """A list of some of the choices; ``None`` is none of them.

    Raises:
        Refused: it is no list, or holds something else.
    """
    if not isinstance(value, list | tuple | None):
        raise Refused(RELOAD)
    return [choice(name, choices) for name in value or ()]


def number(value: Any, low: float, high: float, words: str, *, whole: bool = False) -> float:
    """A number in [low, high]; controls of the browser send text.

    Raises:
        Refused: it is none.
    """
    if isinstance(value, str) and len(value) <= 16 and value.isascii():
        try:
            value = float(value)
        except ValueError:
            raise Refused(words) from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:  # a NaN is in no range
        raise Refused(words)
    if whole and value != int(value):
        raise Refused(words)
    return float(value)


def sentence(error: Exception) -> str:
    """An error's message with a capital and a full stop."""
    words = str(error)
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
