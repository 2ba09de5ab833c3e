"""Which typical contexts of the training photos CCIM set aside in an answer."""

from app.html import data_uri, render
from cternet import Result

SHOWN = 3


def contexts_view(result: Result) -> str:
    """Those that weighed most; empty for a model without CCIM."""
    if not result.contexts:
        return ""
    most = sorted(result.contexts, key=lambda context: -context.share)[:SHOWN]
    pictures = ["" if one.thumbnail is None else data_uri(one.thumbnail) for one in most]
    return render("analyze/contexts.html", contexts=list(zip(most, pictures, strict=True)), number=len(result.contexts))
