"""Who says the view, in the top bar and in the row: the file, the network, or nobody; also after a restart."""

from __future__ import annotations

import shutil
from pathlib import Path

import data_store
import pytest
from pydicom.data import get_testdata_file

from echoview.domain.view import View
from ral.phantom import simulate
from ral.phantom.write import write_dicom

OBSTETRIC = "examples_palette.dcm"  # a still of a foetus, in colours from a table


@pytest.fixture
def seen(new_desk, tmp_path):
    """The window after a cine of a folder was opened and predicted, and again after a restart."""

    def see(path: Path):
        for restart in (False, True):
            desk = new_desk()
            if restart:
                desk.workflow.studies.list_folder(path.parent)
            else:
                desk.open(path)
            rows = desk.window.cines.model.rows
            desk.until(lambda desk=desk: str(path) in desk.window.cines.model.rows)
            desk.settle()
            rows = desk.window.cines.model.rows
            yield desk, rows[str(path)]
            desk.close()

    return see


def test_a_view_of_the_file_has_no_percentage(seen, tmp_path) -> None:
    path = tmp_path / "heart.dcm"
    write_dicom(path, simulate(20, "A4C", 10, 128))
    for desk, row in seen(path):
        assert (row.view, row.share) == (View.A4C, None)
        if desk.session.cine is not None:
            assert desk.window.top_bar.view_button.text().startswith("A4C  ·  from the file")


def test_where_no_ventricle_was_found_the_network_has_no_view(seen, tmp_path) -> None:
    found = get_testdata_file(OBSTETRIC, download=False) or Path(data_store.__file__).parent / "data" / OBSTETRIC
    path = tmp_path / "IM000004.dcm"
    shutil.copy(found, path)
    for desk, row in seen(path):
        assert (row.view, row.share) == (None, None)
        if desk.session.cine is not None:
            assert not (desk.session.prediction.confidence > 0).any()
            assert "No ventricle found in 1 of 1 frames." in desk.window.measure_panel.notes.text()
            assert desk.session.view is None
            assert desk.window.top_bar.view_button.text() == "view unknown"
            desk.workflow.overrule_view(View.A2C)
            assert desk.session.view is View.A2C
            desk.session.undo_stack.undo()
            desk.settle()
