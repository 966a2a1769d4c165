"""Cines of a fake patient, labelled in a library: the simulator's truth is the label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest

from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.view import View
from echoview.io import open_cine
from echoview.store import Library, open_library
from echoview.store.place import library_url

SECRET = b"k" * 32
NAME, ID, BIRTH, ROOM = "Fakename^Patience", "ID-20471188", "19310922", "Fakename_room"
WORDS = ("Fakename", "Patience", ID, BIRTH, ROOM)
FRAMES = 8


@pytest.fixture(scope="session")
def phantom():
    """Eight frames of a moving A4C heart of 160 px, with exact masks."""
    from ral.phantom import simulate

    return simulate(11, "A4C", frames=FRAMES, size=160, beats=1.0)


@pytest.fixture(scope="session")
def patient_cine(phantom, tmp_path_factory) -> Path:
    """The phantom as DICOM with a patient in the header, in the path, and in white letters beside the sector."""
    from ral.phantom.write import write_dicom

    path = tmp_path_factory.mktemp("archive") / ROOM / f"{NAME.replace('^', '_')}.dcm"
    path.parent.mkdir()
    write_dicom(path, phantom, jpeg_quality=None)
    dataset = pydicom.dcmread(path)
    pixels = np.zeros((FRAMES, 200, 240), np.uint8)
    pixels[:, 36:196, 40:200] = phantom.frames
    for frame in pixels:
        cv2.putText(frame, "FAKENAME", (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255, 1)
    dataset.Rows, dataset.Columns = 200, 240
    dataset.PixelData = pixels.tobytes()
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = NAME, ID, BIRTH
    dataset.OtherPatientNames = "Patience"
    del dataset.SequenceOfUltrasoundRegions
    dataset.save_as(path)
    return path


@pytest.fixture(scope="session")
def truth(phantom) -> Label:
    """All frames drawn by a person, ED and ES and the view said, and something measured."""
    from ral.geometry import open_contour, outline

    contours = {}
    for t, mask in enumerate(phantom.masks):
        line = outline(mask)
        assert line is not None
        contours[t] = Contour.through(open_contour(line) + np.array([40, 36]), Origin.DRAWN)
    areas = [mask.sum() for mask in phantom.masks]
    notes = (Note(NoteKind.DISTANCE, 2, ((90.0, 140.0), (120.5, 60.25))),)
    return Label(contours, View.A4C, int(np.argmax(areas)), int(np.argmin(areas)), notes=notes)


@pytest.fixture
def library(tmp_path, patient_cine, truth) -> Iterator[Library]:
    """A library with that cine, labelled in two steps; its frame 7 was said not to be traceable at first."""
    opened = open_library(library_url(str(tmp_path / "ours.sqlite")))
    cine = open_cine(patient_cine, patient_secret=SECRET)
    half = Label({t: c for t, c in truth.contours.items() if t < 4}).with_not_traceable(6)
    who = {"annotator": "Å. Reader", "app_version": "0", "weights": "ral-lite 123"}
    opened.save(cine, str(patient_cine), Label(), half, tool="draw", **who)
    effort = {"base": 1, "seconds": 12.5, "drags": 3, "moved_mm": 4.25}
    opened.save(cine, str(patient_cine), half, truth, tool="draw, frame 8", **effort, **who)
    yield opened
    opened.close()


@pytest.fixture
def empty(tmp_path) -> Iterator[Library]:
    opened = open_library(library_url(str(tmp_path / "empty.sqlite")))
    yield opened
    opened.close()
