"""CTERNet's result: maps, logits and what an intervention needs."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cternet.networks.allocations import Level
from cternet.networks.classifier import ANSWERS
from cternet.networks.effect import covariance, place_map
from cternet.networks.sentiment_map import Pooling
from cternet.results.counterfactual import Counterfactual, counterfactual
from cternet.results.result import Array, Classified


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Analysis(Classified):
    """A ``Classified`` photo with factual and counterfactual attention, as numpy float32 arrays on the CPU.

    v (K,): class scores of the map.  s (H, W): factual attention.  s_out (D, H, W).
    evidence (K, H, W): g, with Y(S) = (1/N) sum_p S_p g_p + bias.  pooling: Eq. 4's weight (K, D), bias (K,), budget.
    answer: what the checkpoint answers with, a key of ``cternet.networks.classifier.ANSWERS``.
    own: the counterfactual it was trained with.
    counterfactual: the one looked at.
    attended (H, W): the map in the place of S; ``s`` itself unless a painted one was put there.
    scores (K,): Y(S), or Y_TE under the checkpoint's own allocation, as ``answer`` says; no allocation looked at changes them.
    bank (M, D, H, W): other images' S_out, for the shuffle allocation, or None.
    """

    v: Array
    s: Array
    s_out: Array
    evidence: Array
    bias: Array
    pooling: Pooling = field(repr=False)
    answer: str
    own: Counterfactual
    counterfactual: Counterfactual
    attended: Array
    bank: torch.Tensor | None = None
    scores: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", self.y_factual if self.answer == "y" else self.own_effect)

    def y(self, attention: Array) -> NDArray[np.float64]:
        """Y(attention, X) (K,) of any map (H, W), without the network: (1/N) sum_p attention_p g_p + b."""
        flat = self.evidence.reshape(len(self.labels), -1).astype(np.float64)
        return flat @ np.asarray(attention, np.float64).ravel() / flat.shape[1] + self.bias

    @cached_property
    def y_factual(self) -> NDArray[np.float64]:
        """Y(S) (K,), or Y(s') where a painted map stands for S."""
        return self.y(self.attended)

    @cached_property
    def y_counterfactual(self) -> NDArray[np.float64]:
        """E[Y(S*)] (K,) under the allocation looked at, exact."""
        return self.y(self.counterfactual.mean)

    @property
    def total_effect(self) -> NDArray[np.float64]:
        """Y_TE (K,) under the allocation looked at (Eq. 6), exact."""
        return self.y_factual - self.y_counterfactual

    @cached_property
    def total_effect_std(self) -> NDArray[np.float64]:
        """Standard deviation (K,) of Y(S) - Y(S*) over draws of S*; not the model's doubt."""
        return np.sqrt(np.clip(np.diagonal(self.total_effect_covariance), 0, None))

    @cached_property
    def total_effect_covariance(self) -> NDArray[np.float64]:
        """Cov(Y_TE) (K, K) over draws of S*, or over the maps it may be borrowed from."""
        c = self.counterfactual
        if c.borrowed is not None:
            return np.cov([self.y(one) for one in c.borrowed], rowvar=False, bias=True)
        g = torch.from_numpy(self.evidence)[None].double()
        return covariance(g, torch.tensor([c.alpha]).double(), torch.tensor([c.beta]).double())[0].numpy()

    @cached_property
    def effect_map(self) -> NDArray[np.float64]:
        """T (K, H, W): the signed share of each map cell; the cells of class k sum to ``total_effect[k]``."""
        s, s_star, g = (
            torch.from_numpy(np.ascontiguousarray(a, dtype=np.float64))
            for a in (self.attended, self.counterfactual.mean, self.evidence)
        )
        return place_map(s[None, None], s_star[None, None], g[None])[0].numpy()

    @property
    def own_effect(self) -> NDArray[np.float64]:
        """Y_TE (K,) under the checkpoint's own allocation, whatever is looked at."""
        return self.y_factual - self.y(self.own.mean)

    @property
    def predicted_with(self) -> dict[str, str]:
        """Which logits the prediction rests on, and the S* and the budget the model was trained with."""
        own = self.own
        return {
            "answer": ANSWERS[self.answer].symbol,
            "allocation": own.allocation,
            "level": own.level,
            "budget": self.pooling.budget,
        }

    def numbers(self) -> dict[str, Any]:
        """Every number under the names of the paper, ready for JSON; logits unless said otherwise."""
        c = self.counterfactual
        return super().numbers() | {
            "counterfactual": {
                "allocation": c.allocation,
                "level": c.level,
                "seed": c.seed,
                "alpha": c.alpha,
                "beta": c.beta,
            },
            "v": self.by_label(self.v),
            "Y(S)": self.by_label(self.y_factual),
            "E[Y(S*)]": self.by_label(self.y_counterfactual),
            "Y(S* shown)": self.by_label(self.y(c.shown)),
            "Y_TE": self.by_label(self.total_effect),
            "Y_TE standard deviation over draws of S*": self.by_label(self.total_effect_std),
        }

    def maps(self) -> dict[str, NDArray[Any]]:
        """Every array: maps (H, W), per-class maps (K, H, W), logits (K,), and the photo as the model saw it."""
        return {
            "labels": np.array(self.labels),
            "photo": self.seen,
            "S": self.attended,
            "S_star_shown": self.counterfactual.shown,
            "S_star_mean": self.counterfactual.mean,
            "S_out": self.s_out,
            "evidence": self.evidence,
            "bias": self.bias,
            "effect_map": self.effect_map,
            "v": self.v,
            "Y_S": self.y_factual,
            "Y_S_star": self.y_counterfactual,
            "Y_TE": self.total_effect,
            "Y_TE_covariance": self.total_effect_covariance,
        }

    @property
    def change_by_painting(self) -> NDArray[np.float64]:
        """Y(s') - Y(S) (K,): what putting s' in the place of S did to each logit; 0 where nothing was painted."""
        return self.y_factual - self.y(self.s)

    @property
    def evenly(self) -> "Analysis":
        """The analysis with as much attention as S, the same everywhere: what is answered where *where* plays no part."""
        return self.intervene(np.full_like(self.s, self.s.mean()))

    def path(self, share: float) -> tuple[Array, NDArray[np.float64]]:
        """(1 - share) S + share S* towards the S* shown, share in [0, 1]: the map (H, W) and its Y (K,), exact."""
        attention = (1 - share) * self.attended + share * self.counterfactual.shown
        return attention, self.y(attention)

    def intervene(
        self,
        change: "str | Array",
        *,
        level: Level = "attention",
        seed: int = 0,
        painting: Array | None = None,
    ) -> "Analysis":
        """A new analysis of the same image under another allocation or map; needs no backbone, changes nothing here.

        Args:
            change: the name of an allocation, which gives S*; or a map (H, W), which takes the place of S.
            level: where the allocation acts.
            seed: of the S* shown, where it is random.
            painting: the map (H, W) of the ``painted`` allocation.

        Raises:
            ValueError: an unknown allocation, ``shuffle`` without a bank, or a map of another shape or with values that
                are not finite.
        """
        if isinstance(change, str):
            if painting is not None and not np.isfinite(painting).all():
                raise ValueError("the painted map has non-finite values")
            found = counterfactual(
                change,
                level,
                s=self.s,
                s_out=self.s_out,
                pooling=self.pooling,
                seed=seed,
                bank=self.bank,
                painting=painting,
                expected=self.own.mean if self.own.allocation == change else None,
            )
            return replace(self, counterfactual=found)
        attention = np.asarray(change, np.float32)
        if attention.shape != self.s.shape:
            raise ValueError(f"a map of {self.s.shape[0]}x{self.s.shape[1]} cells is needed, not {attention.shape}")
        if not np.isfinite(attention).all():
            raise ValueError("the map has non-finite values")
        return replace(self, attended=attention)
