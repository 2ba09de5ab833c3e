"""What a visitor chose on the Compare page, checked: it comes from outside."""

from collections.abc import Collection, Iterable
from typing import Any

from app.checks import Flag, Payload, Refused, offered, one_of
from app.compare.session import CompareSession, Look, Selection
from app.uploads import NOT_AN_UPLOAD, Upload, received
from cternet.compare import METHODS, SCALES, STYLES

Method = offered("methods")
Emotion = offered("emotions")


class Choice(Payload):
    """What the visitor chose to compare; an empty ``label`` is the one predicted for each photo."""

    label: Emotion | None
    methods: tuple[Method, ...]


class LookChoice(Payload):
    """How the visitor chose to see it."""

    style: one_of(STYLES)
    scale: one_of(SCALES)
    smooth: Flag


def selection_of(label: Any, groups: Iterable[Any], methods: Collection[str], emotions: Collection[str]) -> Selection:
    """What to compare, the methods in the order of the registry.

    Args:
        groups: the methods ticked in each group.
        methods, emotions: those offered.

    Raises:
        Refused: something else.
    """
    ticked = [name for group in groups for name in (group if isinstance(group, list | tuple) else [group])]
    values = {"label": label or None, "methods": [name for name in ticked if name is not None]}
    chosen = Choice.of(values, methods=methods, emotions=emotions)
    return Selection(tuple(name for name in METHODS if name in chosen.methods), chosen.label)


def look_of(values: dict[str, Any]) -> Look:
    """Raises Refused for a look that is not offered."""
    return Look(**LookChoice.of(values).model_dump())


def all_received(payloads: Any, session: CompareSession) -> list[Upload]:
    """The files of a list, each as ``received``, those the session has as they are; ``None`` is none.

    Raises:
        Refused: it is no list, or one of them is no upload.
    """
    if not isinstance(payloads, list | None):
        raise Refused(NOT_AN_UPLOAD)
    kept = [photo.upload for photo in session.photos]
    return [received(payload, kept) for payload in payloads or ()]
