"""The echo phantom: cines of moving hearts with exact masks, contours and volumes, in A2C, A3C, A4C."""

from ral.phantom.looks import HELD_OUT_LOOKS, LOOKS
from ral.phantom.patients import PATHOLOGIES
from ral.phantom.simulate import PhantomCine, simulate

__all__ = ["HELD_OUT_LOOKS", "LOOKS", "PATHOLOGIES", "PhantomCine", "simulate"]
