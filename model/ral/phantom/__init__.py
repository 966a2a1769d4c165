"""The echo phantom: cines of moving hearts with exact masks, contours and volumes, in A2C, A3C, A4C."""

from ral.phantom.simulate import PhantomCine, simulate

__all__ = ["PhantomCine", "simulate"]
