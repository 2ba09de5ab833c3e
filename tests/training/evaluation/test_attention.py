"""The audit of attention: figures against their definitions, and networks whose attention does and does not matter."""

import numpy as np
import pytest
import torch
from torch import Tensor

from training.evaluation.attention import audit, correlation
from training.evaluation.report import attention_table, attention_words

IMAGES, CLASSES, SIDE = 40, 3, 4


def seen(*, where_matters: bool) -> dict[str, Tensor]:
    """Images whose evidence for their class lies in the cells that S picks out, or in all cells alike."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(IMAGES) % CLASSES
    s = torch.full((IMAGES, 1, SIDE, SIDE), 0.1)
    evidence = 0.05 * torch.randn((IMAGES, CLASSES, SIDE, SIDE), generator=generator)
    for image, label in enumerate(labels.tolist()):
        row, column = divmod((5 * image) % 16, SIDE)
        s[image, 0, row, column] = 4.0
        if where_matters:
            evidence[image, label, row, column] += 6
            evidence[image, (label + 1) % CLASSES] += 0.5  # elsewhere another class is in front
        else:
            evidence[image, label] += 1
    return {"s": s, "evidence": evidence, "bias": torch.zeros(CLASSES), "labels": labels}


def test_figures_are_what_they_are_called():
    parts = seen(where_matters=True)
    s, evidence, labels = parts["s"], parts["evidence"], parts["labels"]
    found = audit(**parts)
    flat = s.mean(dim=(2, 3), keepdim=True).expand_as(s)
    turned = (s.amax(dim=(2, 3), keepdim=True) + s.amin(dim=(2, 3), keepdim=True)) - s
    turned = turned * s.mean(dim=(2, 3), keepdim=True) / turned.mean(dim=(2, 3), keepdim=True)
    another = torch.stack([s[(image - IMAGES // 2) % IMAGES] for image in range(IMAGES)])
    own = (evidence * s).mean(dim=(2, 3)).log_softmax(1)
    for name, other in {"flat": flat, "reversed": turned, "another": another}.items():
        logits = (evidence * other).mean(dim=(2, 3)).log_softmax(1)
        assert found[name]["accuracy"] == pytest.approx((logits.argmax(1) == labels).double().mean().item())
        lost = (own - logits)[torch.arange(IMAGES), labels].double().mean().item()
        mean, low, high = found[name]["lost"]["log_probability"]
        assert mean == pytest.approx(lost, abs=1e-5)
        assert low < mean < high
        assert found[name]["changes"] == pytest.approx((own.argmax(1) != logits.argmax(1)).double().mean().item())
    assert found["top_quarter"] == pytest.approx((4 + 3 * 0.1) / (4 + 15 * 0.1))
    assert "amount" not in found


def test_attention_that_matters_is_not_idle_and_attention_that_does_not_is():
    mattering, idle = (audit(**seen(where_matters=matters)) for matters in (True, False))
    assert not mattering["idle"]
    assert mattering["own"]["accuracy"] == 1
    assert mattering["flat"]["lost"]["accuracy"][1] > 0.5
    assert idle["idle"]
    assert idle["flat"]["changes"] == 0


def test_amount_and_gain_of_a_counterfactual():
    parts = seen(where_matters=True)
    found = audit(**parts, s_star=0.5 * parts["s"].mean(dim=(2, 3), keepdim=True).expand_as(parts["s"]))
    assert found["amount"] == pytest.approx(0.5)
    assert found["gained"][0] > 0.3
    nothing = audit(**parts, s_star=parts["s"])
    assert nothing["gained"] == pytest.approx([0, 0, 0])


def test_correlation_is_pearson_s_row_by_row():
    one, other = torch.rand(5, 16), torch.rand(5, 16)
    expected = np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(one.numpy(), other.numpy(), strict=True)])
    assert correlation(one, other) == pytest.approx(expected)
    assert correlation(one, torch.ones(5, 16)) == 0


def test_the_report_says_plainly_when_attention_is_idle():
    for matters in (True, False):
        figures = {"attention": audit(**seen(where_matters=matters))}
        assert ("Attention is idle" in attention_words(figures)) is not matters
        assert "as much, spread evenly" in attention_table(figures)
