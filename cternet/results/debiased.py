"""What CLEF says of a photo: the answer, and what it set aside for being said by the context alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cternet.results.result import Classified


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Debiased(Classified):
    """A ``Classified`` whose scores are TIE = Y_{c,e} - Y_{c,e*} (Yang et al. 2024).

    factual (K,): Y_{c,e}, the answer with all the context says.  context_only (K,): Y_c, that of the photo without its subject.
    direct_effect (K,): NDE, what the context does by itself.  subject (size, size): bool, where the subject is in ``seen``; all
    False where none was found.
    """

    factual: NDArray[np.float64]
    context_only: NDArray[np.float64]
    direct_effect: NDArray[np.float64]
    subject: NDArray[np.bool_]

    @property
    def context(self) -> NDArray[np.uint8]:
        """The photo without its subject, (size, size, 3)."""
        return np.where(self.subject[..., None], np.uint8(0), self.seen)

    @property
    def total_effect(self) -> NDArray[np.float64]:
        """TE = TIE + NDE (K,)."""
        return self.scores + self.direct_effect

    @property
    def has_subject(self) -> bool:
        """Whether a subject was found; without one the whole photo is context."""
        return bool(self.subject.any())

    @property
    def predicted_with(self) -> dict[str, str]:
        return {"answer": "TIE"}

    def said_by(self, scores: NDArray[np.float64]) -> str:
        """The emotion that some of these logits name."""
        return self.labels[int(scores.argmax())]

    def numbers(self) -> dict[str, Any]:
        return super().numbers() | {
            "tie": self.by_label(self.scores),
            "te": self.by_label(self.total_effect),
            "nde": self.by_label(self.direct_effect),
            "y_ce": self.by_label(self.factual),
            "y_c": self.by_label(self.context_only),
            "context_only": self.said_by(self.context_only),
            "subject_share": float(self.subject.mean()),
        }

    def maps(self) -> dict[str, NDArray[Any]]:
        more = {"subject": self.subject, "y_ce": self.factual, "y_c": self.context_only, "nde": self.direct_effect}
        return super().maps() | more
