"""What goes wrong around a reader: a damaged frame, a disk pulled out, a restore from outside, a second start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drive_disk import Disk
from drive_files import write_damaged, write_long
from drive_steps import open_cine, quiet
from real_hand import RealHand, activate, windows_of

from echoview.store.backups import back_up, backups_of
from echoview.store.engines import sqlite_file
from echoview.store.place import library_url

_HURT = 12  # frame 13 on the screen


def _home() -> Path:
    return Path(os.environ["ECHOVIEW_HOME"])


def _echoview(*words: object) -> subprocess.Popen[str]:
    """The program once more, as a process of its own with the same user folder."""
    command = [sys.executable, "-m", "echoview", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@contextmanager
def _program(*words: object) -> Iterator[subprocess.Popen[str]]:
    """The same, ended at the end whatever happened."""
    process = _echoview(*words)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def damaged(hand: RealHand) -> None:
    """Playing passes the frame by and says so once; the counter counts it, the timeline marks it, nothing is drawn."""
    window, player, session = hand.app.window, hand.app.window.player, hand.app.session
    shown: list[int] = []
    open_cine(hand, write_damaged(_home() / "damaged.dcm", _HURT))
    hand.ask(lambda: player.frame_changed.connect(shown.append))
    hand.ask(lambda: player.seek(_HURT - 4))
    passed = lambda: (_HURT - 1 in shown and _HURT + 1 in shown, _HURT in shown)  # noqa: E731
    hand.drive("A damaged frame", "Space", "space", passed, lambda _, now: now == (True, False), "passed", 20)
    hand.key("space")
    hand.ask(lambda: player.frame_changed.disconnect(shown.append))
    hand.drive("Predicted but for it", "seen", lambda: None,
               lambda: [t for t in range(len(session.cine)) if session.prediction.contour(t) is None],
               lambda _, now: now == [_HURT])  # fmt: skip
    hand.ask(lambda: (player.pause(), player.seek(_HURT - 1)))
    counted = lambda: (window.transport.counter.text(), window.view.lost.isVisible())  # noqa: E731
    hand.drive("Onto it", "Right", "Right", counted,
               lambda _, now: f"frame {_HURT + 1} / {len(session.cine)}" in now[0] and now[1], "stood_on")  # fmt: skip
    line = window.transport.timeline
    told = lambda: line._told(round(line.scale.x_of(_HURT))).splitlines()[0]  # noqa: E731
    hand.drive("Its mark in the timeline", "seen", lambda: None, told, lambda _, now: "cannot be read" in now)
    drawn = lambda: len(session.label.contours)  # noqa: E731
    hand.drive("Approve it", "A, which does nothing", lambda: (hand.key("a"), hand.wait(1)), drawn,
               lambda was, now: was == now)  # fmt: skip
    hand.drive("Off it", "Right", "Right", window.view.lost.isVisible, lambda _, now: not now)


def disk_away(hand: RealHand) -> None:
    """Pulled out while a cine plays from it: one sentence. Plugged in again, Space goes on."""
    window, player, banner = hand.app.window, hand.app.window.player, hand.app.window.banner
    disk = Disk(_home() / "Disk", 200)
    path = write_long(disk.folder / "long.dcm")
    hand.ask(lambda: hand.app.workflow.open(path))
    hand.until(lambda: hand.app.session.path == str(path), "the long cine does not open", 60)
    hand.ask(player.pause)
    t = lambda: player.t  # noqa: E731
    hand.drive("A long cine plays", "Space", "space", t, lambda was, now: now > was + 5, "", 30)
    said = lambda: (player.playing, banner.text if banner.isVisible() else "")  # noqa: E731
    gone = lambda _, now: not now[0] and now[1].startswith("The file cannot be read any more.")  # noqa: E731
    hand.drive("Its disk is pulled out", "as it plays", disk.pull_out, said, gone, "pulled_out", 60)
    hand.drive("The picture stands", "seen", lambda: None, lambda: window.view.frame_item.frame is not None,
               lambda _, now: now)  # fmt: skip
    hand.ask(banner.dismiss)
    hand.drive("Play without the disk", "Space", "space", said, gone, "", 60)
    hand.ask(banner.dismiss)
    stood = hand.ask(t)
    hand.drive("The disk is back", "plugged in, Space", lambda: (disk.plug_in(), hand.key("space")), t,
               lambda _, now: now > stood + 60, "plugged_in", 60)  # fmt: skip
    hand.ask(player.pause)
    open_cine(hand, _home() / "Study" / "sample.dcm")
    disk.pull_out()


def restored_outside(hand: RealHand) -> None:
    """`echoview doctor --restore` while the window is open is refused, and the window goes on saving."""
    library, session, keeping = hand.app.workflow.library, hand.app.session, hand.app.workflow.keeping
    file = sqlite_file(library_url(hand.app.workflow.settings.library_url))
    assert file is not None and library is not None
    backup = hand.ask(lambda: back_up(file))
    ended: list[tuple[int, str]] = []

    def doctor() -> None:
        process = _echoview("doctor", "--restore", backup.name)
        words, _ = process.communicate(timeout=120)
        ended.append((process.returncode, next(one for one in words.splitlines() if "echoview:" in one)))

    hand.drive("Restore from outside, window open", "echoview doctor --restore", doctor, lambda: ended[-1:],
               lambda _, now: bool(now) and now[0][0] == 1 and "is open in EchoView" in now[0][1])  # fmt: skip
    hand.ask(lambda: hand.app.window.player.seek(14))
    saved = lambda: (14 in session.label.contours, keeping.saving, bool(session.unsaved))  # noqa: E731
    hand.drive("A frame approved after it", "A", "a", saved, lambda _, now: now == (True, False, False), "saved", 20)
    hand.key("ctrl+z")
    quiet(hand)


def second_start(hand: RealHand) -> None:
    """The program started again by the same person: a second window, whose saves the first is told of."""
    window, session, banner = hand.app.window, hand.app.session, hand.app.window.banner
    own = windows_of(os.getpid())
    with _program("open", session.path) as process:
        hand.drive("A second start", "echoview CINE", lambda: None, lambda: len(windows_of(process.pid)),
                   lambda _, now: now == 1, "two_windows", 90)  # fmt: skip
        hand.wait(8)  # what goes on in the other program cannot be asked
        activate(windows_of(process.pid)[0])
        told = lambda: banner.text if banner.isVisible() else ""  # noqa: E731
        act = lambda: hand.key("space", "End", "a")  # noqa: E731
        hand.drive("A frame approved in the other window", "A there", act, told,
                   lambda _, now: "changed this cine" in now, "told", 40)  # fmt: skip
        last = len(session.cine) - 1
        activate(own[0])
        hand.drive("Show what the other did", "click", lambda: hand.press("Show", lambda: banner),
                   lambda: last in session.label.contours, lambda _, now: now, "shown", 20)  # fmt: skip
        activate(windows_of(process.pid)[0])
        hand.drive("The other is closed", "Ctrl+Q there", "ctrl+q", process.poll, lambda _, now: now == 0, "", 30)
    activate(own[0])
    quiet(hand)
    hand.drive("The first goes on", "Space", "space", lambda: window.player.playing, lambda _, now: now)
    quiet(hand)


def restored_after(hand: RealHand) -> None:
    """Once the window is closed the same command puts the backup back, and a start shows the library as it was then."""
    library = hand.app.workflow.library
    assert library is not None
    hand.ask(library.close)
    file = sqlite_file(library_url(hand.app.workflow.settings.library_url))
    assert file is not None
    backup = backups_of(file)[0]
    ended: list[str] = []

    def doctor() -> None:
        ended.append(_echoview("doctor", "--restore", backup.name).communicate(timeout=120)[0])

    hand.drive("Restore from outside, window closed", "echoview doctor --restore", doctor, lambda: len(ended),
               lambda _, now: "is in the library's place now" in ended[-1] and bool(_kept(file)))  # fmt: skip
    with _program("open", _home() / "Study" / "sample.dcm") as process:
        hand.drive("A start after it", "echoview CINE", lambda: hand.wait(2), lambda: len(windows_of(process.pid)),
                   lambda _, now: now == 1, "", 90)  # fmt: skip
        hand.wait(8)
        hand.shot("after_restore")
        activate(windows_of(process.pid)[0])
        hand.drive("It is closed", "Ctrl+Q there", "ctrl+q", process.poll, lambda _, now: now == 0, "", 30)
    shutil.rmtree(_home() / "Disk", ignore_errors=True)


def _kept(file: Path) -> list[Path]:
    return list(file.parent.glob(f"{file.stem}.before-restore-*{file.suffix}"))
