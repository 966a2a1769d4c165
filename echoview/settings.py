"""What a person has chosen and the program remembers between two starts."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from echoview import paths
from echoview.errors import EchoViewError

RECENT = 12

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """One value; a change is a new one, made by `dataclasses.replace` and kept by `save`.

    Attributes:
        annotator: who makes the labels, "" until they have said so.
        library_url: SQLAlchemy's URL of the label library; "" is the SQLite file in the user's data folder.
        device: "auto", "cpu", "cuda" or "mps".
        threads: of the processor for the network; 0 leaves one core to the window.
        terms_shown: names of weights whose terms the person has seen.
        share_told: what was said last of a library on a network share.
        geometry: Qt's saved window geometry, base64.
        worklist_width: of the study list, px; worklist_shown: whether it is folded out.
        recent: paths that were opened, the latest first.
        go_on: whether approving ED leads to ES, and ES to the next view.
        daylight: whether the window is light; colours, smoothing: of the picture, see `ui.look.COLOURS` and
            `ui.look.Smoothing`.
        overlay: what is drawn over the picture, names of `ui.look.Overlay`.
        keys: keys that the person gave an action, "action=Ctrl+K" each; "action=" takes its keys away.
        steps_done: first steps that were done and need no hint any more.
        role: "annotator", "reviewer" or "lead", see `domain.review.Role`.
        blind_share, repeat_share: percent of the cines that are traced without the prediction, and read once more;
            repeat_days: after how many days at the earliest.
        second_blind: whether second readings are traced without the prediction.
        review_only: whether the network stays out, see `Workflow.review_only`.
        patient_secret: 64 hex digits, the key of what is kept on this desk, and of every `patient_key` where the
            library has no secret of its own; made once and never changed.
        unknown: what a newer version wrote; kept as it is.
    """

    annotator: str = ""
    library_url: str = ""
    device: str = "auto"
    threads: int = 0
    terms_shown: tuple[str, ...] = ()
    share_told: str = ""
    geometry: str = ""
    worklist_width: int = 256
    worklist_shown: bool = True
    recent: tuple[str, ...] = ()
    go_on: bool = True
    daylight: bool = False
    colours: str = "grey"
    smoothing: str = "usual"
    overlay: tuple[str, ...] = ("contour", "annulus")
    keys: tuple[str, ...] = ()
    steps_done: tuple[str, ...] = ()
    role: str = "lead"
    blind_share: int = 0
    repeat_share: int = 0
    repeat_days: int = 7
    second_blind: bool = False
    review_only: bool = False
    patient_secret: str = field(default="", repr=False)
    unknown: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def with_recent(self, path: str | Path) -> Settings:
        """The same with `path` at the head of the recent ones."""
        latest = str(path)
        return replace(self, recent=(latest, *(p for p in self.recent if p != latest))[:RECENT])


KNOWN = {f.name: f.default for f in fields(Settings) if f.name != "unknown"}


def load() -> Settings:
    """The settings of this person, with a secret; a file that cannot be understood is put aside.

    Raises:
        EchoViewError: the file cannot be read, or a first secret cannot be kept.
    """
    file = paths.settings_file()
    settings, sound = _read(file)
    if not sound:
        _put_aside(file)
    if not re.fullmatch(r"[0-9a-f]{64}", settings.patient_secret):
        settings, sound = replace(settings, patient_secret=secrets.token_hex(32)), False
    if not sound:
        save(settings)
    return settings


def save(settings: Settings) -> None:
    """Replace the file in one move, so that a crash leaves the old one or the new one.

    Raises:
        EchoViewError: it cannot be written; the old file is untouched.
    """
    file = paths.settings_file()
    known = {name: getattr(settings, name) for name in KNOWN}
    text = json.dumps({**settings.unknown, **known}, indent=2, ensure_ascii=False) + "\n"
    new = None
    try:
        handle, new = tempfile.mkstemp(prefix=file.name, dir=file.parent)  # for this person's eyes alone
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(new, file)
    except OSError as error:
        if new:
            Path(new).unlink(missing_ok=True)
        raise _refusal("saved", file, error) from error


def _read(file: Path) -> tuple[Settings, bool]:
    """What the file says, and whether it could be understood; no file is a sound one."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return Settings(), True
    except OSError as error:
        raise _refusal("read", file, error) from error
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return _from_json(found), True
    # The secret ties every label to its patient: it is saved from the wreck where it can still be seen.
    secret = re.search(rb'"patient_secret"\s*:\s*"([0-9a-f]{64})"', raw)
    return Settings(patient_secret=secret[1].decode() if secret else ""), False


def _from_json(found: dict[str, Any]) -> Settings:
    known: dict[str, Any] = {}
    for name, default in KNOWN.items():
        value = found.get(name, default)
        if isinstance(default, tuple) and isinstance(value, list) and all(isinstance(v, str) for v in value):
            value = tuple(value)
        if isinstance(value, type(default)):
            known[name] = value
        else:
            log.warning("setting %s is not understood and left at its default", name)
    return Settings(**known, unknown={name: found[name] for name in found if name not in KNOWN})


def _refusal(done: str, file: Path, error: OSError) -> EchoViewError:
    return EchoViewError(f"The settings cannot be {done}: {error.strerror}.", f"The file is {file}.")


def _put_aside(file: Path) -> None:
    aside, n = file.with_name("settings.damaged.json"), 1
    while aside.exists():
        n += 1
        aside = file.with_name(f"settings.damaged-{n}.json")
    file.replace(aside)
    log.warning("the settings could not be understood; defaults are used, the file is kept as %s", aside.name)
