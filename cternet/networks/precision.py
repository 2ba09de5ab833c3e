"""Which floating-point format a forward pass runs in.

bfloat16 is about twice as fast as float32 on processors that have it, and many times slower on those that imitate it.
"""

from typing import Literal

import torch

Precision = Literal["auto", "no", "bf16"]
"""What can be asked for; ``no`` is float32, and ``auto`` what the device is fast in."""


def has_fast_bfloat16(device: str | torch.device) -> bool:
    """Whether the device computes in bfloat16 itself."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities() if torch.device(device).type == "cpu" else {}
    return any(found.get(name, False) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))


def chosen(asked: Precision, device: str | torch.device) -> Literal["no", "bf16"]:
    """The precision to use on a device."""
    if asked == "auto":
        return "bf16" if has_fast_bfloat16(device) else "no"
    return asked


def about(asked: Precision, device: str | torch.device) -> str:
    """What was chosen, or a warning where the choice is slow; empty if there is nothing to say."""
    fast, kind = has_fast_bfloat16(device), torch.device(device).type
    if asked == "auto":
        return f"precision: bfloat16, supported by this {kind}" if fast else f"precision: float32; this {kind} has no bfloat16"
    if asked == "bf16" and not fast:
        return f"warning: this {kind} only emulates bfloat16, many times slower than float32; use --precision auto or no"
    return ""


def device_for(*, cpu: bool) -> str:
    """The device that Accelerate takes."""
    return "cuda" if torch.cuda.is_available() and not cpu else "cpu"
