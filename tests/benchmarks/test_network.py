"""Frames per second of the shipped network, streaming on the processor, against U-Net 1, side by side in one run."""

from __future__ import annotations

import numpy as np
import pytest

from ral.bench import SHIPPED, gmac, in_a_process_of_its_own, networks, report, seconds_a_frame, training_report


@pytest.mark.benchmark
def test_streaming_against_unet1() -> None:
    print("\n" + report(frames=20))
    nets = {name: net for name, net in networks().items() if name != "ral-base"}
    seconds = seconds_a_frame(nets, frames=20)
    print(f"what ships streams {seconds['unet1'] / seconds[SHIPPED]:.2f} x as fast as U-Net 1")
    assert all(np.isfinite(s) and s > 0 for s in seconds.values())


def test_the_cost_of_the_small_network_is_bounded() -> None:
    nets = networks()
    assert gmac(nets["ral-lite"]) <= 1.6
    assert gmac(nets[SHIPPED]) <= 1.6
    assert gmac(nets["unet1"]) == pytest.approx(4.0, abs=0.1)


@pytest.mark.benchmark
def test_training_against_unet1_with_the_allocator_told_to_keep_blocks_and_not() -> None:
    lines = training_report(threads=1, sizes=(64,), rounds=1).splitlines()
    print("\n" + training_report())
    assert [line.split(" px ")[0] for line in lines[1:]] == ["as shipped  64", "unet1       64"] * 2
    assert ["kept" in line for line in lines[1:]] == [True, True, False, False]


def test_a_clip_of_eight_frames_at_full_size_fits_into_6_gb() -> None:
    _, megabytes = in_a_process_of_its_own(SHIPPED, 256, rounds=1, keep=True, threads=1)
    assert 200 < megabytes < 6000
