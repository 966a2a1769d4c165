"""Frames per second of the shipped network, streaming on the processor, against U-Net 1, side by side in one run."""

from __future__ import annotations

import numpy as np
import pytest

from ral.bench import gmac, networks, report, seconds_a_frame


@pytest.mark.benchmark
def test_streaming_against_unet1() -> None:
    print("\n" + report(frames=20))
    nets = {name: net for name, net in networks().items() if name != "ral-base"}
    seconds = seconds_a_frame(nets, frames=20)
    print(f"ral-lite streams {seconds['unet1'] / seconds['ral-lite']:.2f} x as fast as U-Net 1")
    assert all(np.isfinite(s) and s > 0 for s in seconds.values())


def test_the_cost_of_the_small_network_is_bounded() -> None:
    nets = networks()
    assert gmac(nets["ral-lite"]) <= 1.6
    assert gmac(nets["unet1"]) == pytest.approx(4.0, abs=0.1)
