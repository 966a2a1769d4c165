"""The label library and the registry of weights."""

from echoview.store.library import Library, Revision, open_library
from echoview.store.registry import Registry, WeightsSet

__all__ = ["Library", "Registry", "Revision", "WeightsSet", "open_library"]
