"""Training data: every source gives `Clip`s, prepared the way prediction prepares a cine."""

from ral.datasets.clip import Clip, Sample, augment, collate
from ral.datasets.sources import camus_clips, phantom_clips, read_split

__all__ = ["Clip", "Sample", "augment", "camus_clips", "collate", "phantom_clips", "read_split"]
