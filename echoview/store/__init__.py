"""The label library and the registry of weights."""

from echoview.store.library import Library
from echoview.store.merging import Both, Conflict, Merged, merge
from echoview.store.opening import open_library
from echoview.store.place import try_library
from echoview.store.registry import Registry
from echoview.store.values import Held, LabelledCine, Revision, Saved

__all__ = [
    "Both", "Conflict", "Held", "LabelledCine", "Library", "Merged", "Registry", "Revision", "Saved", "merge",
    "open_library", "try_library",
]  # fmt: skip
