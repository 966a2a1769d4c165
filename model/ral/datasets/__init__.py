"""Training data: every source gives `Clip`s, prepared the way prediction prepares a cine.

`ral.datasets.warped` is asked for by its name: what it needs is not in the bundle, which only fine-tunes.
"""

from ral.datasets.bundle import bundle_clips, run_clips
from ral.datasets.camus import camus_clips, camus_sequence_clips, read_camus
from ral.datasets.clip import Clip, Sample, augment, collate
from ral.datasets.echonet import echonet_clips
from ral.datasets.fingerprint import fingerprint
from ral.datasets.sources import phantom_clips
from ral.datasets.splits import check_splits, read_fold, read_split, read_splits
from ral.datasets.survey import Problem, Survey, survey
from ral.datasets.ted import ted_clips

__all__ = [
    "Clip",
    "Problem",
    "Sample",
    "Survey",
    "augment",
    "bundle_clips",
    "camus_clips",
    "camus_sequence_clips",
    "check_splits",
    "collate",
    "echonet_clips",
    "fingerprint",
    "phantom_clips",
    "read_camus",
    "read_fold",
    "read_split",
    "read_splits",
    "run_clips",
    "survey",
    "ted_clips",
]
