"""How a cine is come by: the file dialog, and the first and the second start."""

from __future__ import annotations

import shutil

from PySide6.QtWidgets import QFileDialog, QTreeView


def test_the_file_dialog_shows_what_scanners_write(new_desk, sample, tmp_path, monkeypatch, qtbot) -> None:
    desk = new_desk(review_only=True)
    for name in ("IM_0001", "DICOMDIR", "1.2.840.113.7", "clip.dcm"):
        shutil.copy(sample, tmp_path / name)
    asked = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given: asked.append(given) or ("", ""))
    desk.window.acts["open"].trigger()
    _, title, _, filters = asked[0]
    dialog = QFileDialog(desk.window, title, str(tmp_path), filters)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.show()
    tree = dialog.findChild(QTreeView, "treeView")

    def shown() -> set[str]:
        model, root = tree.model(), tree.rootIndex()
        return {model.index(row, 0, root).data() for row in range(model.rowCount(root))}

    qtbot.waitUntil(lambda: shown() == {"IM_0001", "DICOMDIR", "1.2.840.113.7", "clip.dcm"}, timeout=5000)
    dialog.close()
    dialog.deleteLater()
