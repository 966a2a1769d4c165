"""The label library and the registry of weights."""

from echoview.store.acts import new_act, rejected
from echoview.store.codec import Key, contour_seal, seal_of
from echoview.store.conflicts import Conflicted, Version
from echoview.store.library import Library
from echoview.store.merging import Both, Conflict, Merged, merge, taking
from echoview.store.opening import open_library
from echoview.store.place import try_library
from echoview.store.registry import Registry
from echoview.store.values import Held, LabelledCine, Revision, Saved, Written, in_words

__all__ = [
    "Both", "Conflict", "Conflicted", "Held", "Key", "LabelledCine", "Library", "Merged", "Registry", "Revision",
    "Saved", "Version", "Written", "contour_seal", "in_words", "merge", "new_act", "open_library", "rejected",
    "seal_of", "taking", "try_library",
]  # fmt: skip
