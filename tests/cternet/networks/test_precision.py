"""The precision that is fast here is chosen, and a choice that is slow here is warned of."""

import pytest
import torch

from cternet.networks.precision import about, chosen, has_fast_bfloat16


@pytest.fixture(params=[True, False], ids=["has bfloat16", "has none"])
def has_it(request, monkeypatch) -> bool:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": request.param})
    return request.param


def test_auto_is_what_the_processor_has(has_it):
    assert has_fast_bfloat16("cpu") == has_it
    assert chosen("auto", "cpu") == ("bf16" if has_it else "no")
    assert about("auto", "cpu").startswith("precision: bfloat16" if has_it else "precision: float32")


def test_what_is_forced_is_kept_and_warned_of_where_it_is_slow(has_it):
    assert (chosen("bf16", "cpu"), chosen("no", "cpu")) == ("bf16", "no")
    assert about("no", "cpu") == ""
    assert ("--precision auto" in about("bf16", "cpu")) is not has_it


def test_the_processor_of_this_machine_is_known():
    assert isinstance(has_fast_bfloat16("cpu"), bool)
    assert not has_fast_bfloat16("meta")
