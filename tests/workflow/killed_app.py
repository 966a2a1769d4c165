"""The program itself, correcting one frame after the other while another cine never ends opening; to be killed.

Run as `killed_app.py CINE`; says "saved N" when the window says that N edits are saved.
"""

from __future__ import annotations

import sys
import threading
import time

from PySide6.QtWidgets import QApplication

from echoview.app import application_of, build
from echoview.domain.contour import draw
from echoview.services.jobs import Lane


def main() -> None:
    application_of(["echoview"])
    app = build(review_only=True)  # without the network: it would be loaded for nothing
    app.workflow.remember(annotator="tester")
    app.window.show()
    app.workflow.open(sys.argv[1])
    until(lambda: app.session.cine is not None and app.workflow.jobs.idle)
    app.workflow.jobs.run(Lane.IO, "open", threading.Event().wait)
    for n in range(1000):
        app.workflow.edit_contour(n % 20, draw([(90, 150), (100 + n % 50, 60), (130, 60), (150, 150)]), "draw contour")
        until(lambda: not app.workflow.keeping.saving and not app.session.unsaved)
        print("saved", n + 1, flush=True)


def until(true) -> None:
    while not true():
        QApplication.processEvents()
        time.sleep(0.002)


main()
