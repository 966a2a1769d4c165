"""The label library and the registry of weights."""

from echoview.store.library import Library, Revision, open_library
from echoview.store.place import try_library
from echoview.store.registry import Registry

__all__ = ["Library", "Registry", "Revision", "open_library", "try_library"]
