"""Stage (iv), cognitive change: what S* the model is given instead of S, do(S = S*).

One registered function an allocation, with its facts, each mapping attention (B, D, H, W) to attention of the same shape.
On the ``attention`` level they act on S_out and the pooling of Eq. 4 gives S*; on the ``map`` level they act on S itself;
``scaled-map`` is the map level with random and uniform values multiplied by mean(S), so that the map keeps its mean.  Where
the network's budget is equal, every S* has the mean of S, 1, and ``map`` and ``scaled-map`` are the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from cternet.networks.sentiment_map import Pooling

Level = Literal["attention", "map", "scaled-map"]
LEVELS: tuple[str, ...] = ("attention", "map", "scaled-map")

AllocationName = Literal["random", "uniform", "reverse", "shuffle"]
"""Those that a network can be trained with and a command line can ask for."""


@dataclass(frozen=True)
class Allocation:
    """A way to make S*, and what every page, export and closed form has to know of it.

    Attributes:
        draw: attention (B, D, H, W) and options -> attention of the same shape.
        words: what S* is, in a title.
        choice: the same, in a menu.
        needs: ``bank`` for other images' attention, ``painting`` for a map made by hand, or None.
        constant: whether its values have mean 1 at every place of every image, so that E[S*] is known without drawing.
        drawn: whether they are independent draws from U(0, 2), the law that ``cternet.networks.effect`` has moments for.
    """

    draw: Callable[..., Tensor]
    words: str
    choice: str
    needs: Literal["bank", "painting"] | None = None
    constant: bool = False
    drawn: bool = False


ALLOCATIONS: dict[str, Allocation] = {}
"""By name, in the order they are offered in."""


def allocation(**facts: Any) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Register the function under its name, with the facts of an ``Allocation``."""

    def register(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        ALLOCATIONS[function.__name__] = Allocation(function, **facts)
        return function

    return register


def allocation_of(name: str) -> Allocation:
    """The allocation of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in ALLOCATIONS:
        raise ValueError(f"unknown allocation {name!r}: choose one of {', '.join(ALLOCATIONS)}")
    return ALLOCATIONS[name]


def available(*, bank: bool) -> tuple[str, ...]:
    """Names of the allocations that need no painting, and other images' attention only where there is a ``bank``."""
    return tuple(name for name, one in ALLOCATIONS.items() if one.needs is None or (one.needs == "bank" and bank))


@allocation(words="random", choice="random: random values", constant=True, drawn=True)
def random(a: Tensor, *, generator: torch.Generator | None = None, **_: Any) -> Tensor:
    """Independent draws U ~ U(0, 2) for every channel and place; their mean is the uniform allocation."""
    return 2 * torch.rand(a.shape, generator=generator, device=a.device, dtype=a.dtype)


@allocation(words="uniform", choice="uniform: the same everywhere", constant=True)
def uniform(a: Tensor, **_: Any) -> Tensor:
    """The same attention, 1, everywhere."""
    return torch.ones_like(a)


@allocation(words="reversed", choice="reverse: most where there was least")
def reverse(a: Tensor, **_: Any) -> Tensor:
    """max + min - a in each channel: most attention where there was least."""
    return a.amax(dim=(2, 3), keepdim=True) + a.amin(dim=(2, 3), keepdim=True) - a


@allocation(words="another image's", choice="shuffle: another photo's", needs="bank")
def shuffle(a: Tensor, *, generator: torch.Generator | None = None, bank: Tensor | None = None, **_: Any) -> Tensor:
    """Another image's attention: from ``bank`` (M, D, H, W) if given, else from the batch, never the image's own.

    Raises:
        ValueError: a batch of one image without a bank.
    """
    n = a.shape[0]
    if bank is not None:
        index = torch.randint(bank.shape[0], (n,), generator=generator)
        return bank.to(a)[index.to(bank.device)].to(a.device)
    if n < 2:
        raise ValueError("shuffle needs another image's attention: a batch of two or more, or a bank of maps")
    order = torch.randperm(n, generator=generator, device=generator.device if generator else a.device).to(a.device)
    other = torch.empty_like(order)
    other[order] = order.roll(1)  # one random cycle through the batch is a derangement
    return a[other]


@allocation(words="painted", choice="painted: by hand", needs="painting")
def painted(a: Tensor, *, painting: Tensor | None = None, **_: Any) -> Tensor:
    """A map (H, W) made by a person, the same in every channel; only its shape counts where the budget is equal.

    Raises:
        ValueError: no painting, or one of another shape.
    """
    if painting is None or painting.shape != a.shape[-2:]:
        raise ValueError(f"a painted map of {a.shape[-2]}x{a.shape[-1]} cells is needed")
    return painting.to(a).expand_as(a).clone()


def allocate(name: str, level: Level, *, s_out: Tensor, s: Tensor, pooling: Pooling, **options: Any) -> Tensor:
    """S* (B, 1, H, W) of the named allocation.

    Args:
        name: a key of ``ALLOCATIONS``.
        level: where it acts; ``painted`` always acts on the map.
        s_out: (B, D, H, W).
        s: (B, 1, H, W).
        pooling: the network's Eq. 4, and its budget.
        options: ``generator``, ``bank`` (M, D, H, W of S_out) and ``painting``, as the allocation needs them.

    Raises:
        ValueError: an unknown name or level, or an option the allocation lacks.
    """
    chosen = allocation_of(name)
    if level not in LEVELS:
        raise ValueError(f"unknown level {level!r}: choose one of {', '.join(LEVELS)}")
    if level == "attention" and chosen.needs != "painting":
        return pooling(chosen.draw(s_out, **options))[1]
    painting = options.get("painting")
    if pooling.budget == "equal" and painting is not None and not (painting > 0).any():
        raise ValueError("the painted map is empty: paint where the model should look")
    if options.get("bank") is not None:
        options["bank"] = pooling(options["bank"].to(s))[1]
    s_star = chosen.draw(s, **options)
    if level == "scaled-map" and chosen.constant:
        s_star = s_star * s.mean(dim=(2, 3), keepdim=True)
    return pooling.on_budget(s_star)
