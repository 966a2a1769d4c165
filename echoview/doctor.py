"""`echoview doctor`: is the work safe? Looks at the library, its backups, the disk and the weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from echoview import __version__, settings
from echoview.errors import EchoViewError
from echoview.store.engines import sqlite_file
from echoview.store.health import Finding, examine
from echoview.store.place import library_url
from echoview.store.registry import Registry
from echoview.store.rescue import rescue
from echoview.store.restoring import restore


def doctor(library: str, registry: Registry, repair: bool, backup: str = "") -> int:
    """Print what is well and what is not, without a word of patients; repair if asked to and needed.

    Args:
        library: URL or path, "" for the one in the settings.
        backup: to be put in its place before, "" for none.

    Returns:
        The exit code: 0 where all is well, or was made so.

    Raises:
        EchoViewError: the repair was not possible, or the backup cannot be put back.
    """
    url = library_url(library or settings.load().library_url)
    print(f"EchoView {__version__}")
    if backup:
        _restore(url, backup)
    findings = [*_said(examine(url)), *_said(_weights(registry))]
    wrong = [finding for finding in findings if not finding.well]
    file = sqlite_file(url) if any(finding.repairable for finding in wrong) else None
    if file is None:
        return 1 if wrong else 0
    if not repair:
        print("`echoview doctor --repair` makes a new library of all that can be read, and keeps the old file.")
        return 1
    made = rescue(file)
    print(f"Repaired: {made.revisions} revisions of {made.cines} cines.", end=" ")
    print(
        f"{made.left} could not be joined, for one before them is lost."
        if made.left
        else "No readable one is left out."
    )
    if made.kept_as is not None:
        print(f"The damaged file is kept as {made.kept_as.name}.")
    for one in made.apart:
        print(f"A backup holds other edits under the same numbers; they are not joined, a copy is kept as {one.name}.")
    return 1 if any(not finding.well for finding in examine(url)) else 0


def _restore(url: str, backup: str) -> None:
    file = sqlite_file(url)
    if file is None:
        raise EchoViewError("The library lies on a server.", "Its backups are put back there, with pg_restore.")
    kept = restore(file, backup)
    print(f"{Path(backup).name} is in the library's place now.", end=" ")
    print("There was no library before." if kept is None else f"The library before is kept as {kept.name}.")


def _said(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        print(f"  {'ok     ' if finding.well else 'PROBLEM'}  {finding.text}", flush=True)
        yield finding


def _weights(registry: Registry) -> Iterator[Finding]:
    """Whether every set of weights can be loaded."""
    from ral.checkpoint import load_weights

    try:
        active = registry.active().identity
    except EchoViewError as error:
        yield Finding(False, error.message)
        return
    for one in registry.sets():
        use = ", in use" if one.identity == active else ""
        try:
            load_weights(Path(one.folder))
        except (OSError, ValueError) as error:  # CheckpointError is a ValueError
            yield Finding(
                False, f"The weights {one.name} {one.identity}{use} cannot be loaded ({type(error).__name__})."
            )
        else:
            yield Finding(True, f"The weights {one.name} {one.identity}{use} can be loaded.")
