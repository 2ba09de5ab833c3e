"""What the Analyze page says of a checkpoint in words."""

from typing import Any

EXPLANATION = """
**S** is the model's own attention: bright places count more in its answer. **S\\*** is attention it did *not* pay: random,
even, reversed, or borrowed from another photo. The model answers once with S and once with S\\*, from the same photo.
The difference, **Y_TE**, is what its attention did to the answer. {answer} Choosing another S\\* changes the effect, never
the prediction.

{audit}{budget}
- Total effect: $Y_{{TE}} = E[Y(S, X) - Y(S^*, X)]$ (Eq. 6). $Y$ is linear in $S$, so the expectation and its spread over all
  draws are {spread}. The map of a random S\\* shows one draw.
- Effect map: $T_p = (S_p - E[S^*])\\cdot g_p / N$; its cells sum to $Y_{{TE}}$ of the chosen emotion exactly. Cells see
  more of the photo than they cover, so this proves nothing about single pixels.
- This changes the model's attention, not the world: "counterfactual" says nothing about what people would feel.
"""
ANSWERED = {
    "y": "The model **answers with Y(S)**, the emotion with the largest score under its own attention; Y_TE shows what "
    "that attention did.",
    "y_te": "The model **answers with Y_TE**, the emotion its attention raised most, against the S\\* it was trained with.",
}
BUDGETED = {
    "equal": "- S and every S\\* hold the same amount of attention, 1 on average, and are never negative: only where it "
    "goes differs. A place above 1 counts more than if the model looked evenly, one below 1 less.",
    "free": "- S and S\\* may hold different amounts of attention: a difference need not come from where it goes.",
}
SPREAD_KNOWN = {
    "equal": "known without drawing: the expectation exactly, the spread from a fixed sample of draws",
    "free": "exact; nothing is sampled",
}
AUDITED = (
    "- Does it matter where it looks? On {images:,} photos it had not seen, looking evenly would have changed {changed:.1%} of "
    "its answers. Right answers lost: {flat:.1f} in 100 looking evenly, {another:.1f} with another photo's attention, "
    "{reversed:.1f} with its own reversed. The top quarter of S holds {top:.0%} of it; 25% would be even.\n"
)
"""What is said of a checkpoint that was audited (``training.evaluate --attention``), idle or not."""
IDLE = (
    "This model's attention is idle: on {images:,} photos it had not seen, looking evenly would have changed {changed:.1%} of "
    "its answers without making them measurably less accurate. S shows where it looks, but almost nothing about why it "
    "answers as it does."
)
"""What is said of a checkpoint whose own audit (``training.evaluate --attention``) found so."""


def explanation(config: Any) -> str:
    """What the page shows, for this checkpoint."""
    return EXPLANATION.format(
        answer=ANSWERED[config.answer],
        audit=audit_words(config),
        budget=BUDGETED[config.budget],
        spread=SPREAD_KNOWN[config.budget],
    )


def audit_words(config: Any) -> str:
    """What a checkpoint's own audit says of its attention; nothing where it has none, or one of an earlier version."""
    test = config.metrics.get("test", {})
    audit = test.get("attention", {})
    if "lost" not in audit:
        return ""
    lost = {name: 100 * value for name, value in audit["lost"].items()}
    return AUDITED.format(images=test["images"], changed=audit["changed_by_flat"], top=audit["top_quarter"], **lost)


def idle_words(config: Any) -> str:
    """What the audit in a checkpoint says of its attention, if it is idle; nothing where it is not, or was not audited."""
    test = config.metrics.get("test", {})
    audit = test.get("attention", {})
    return IDLE.format(images=test["images"], changed=audit["changed_by_flat"]) if audit.get("idle") else ""
