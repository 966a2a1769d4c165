"""Which view a text names."""

from __future__ import annotations

import pytest

from echoview.domain.view import View
from echoview.io.views import view_from_text


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("A4C", View.A4C),
        ("a4ch_rest", View.A4C),
        ("4CH", View.A4C),
        ("4-chamber", View.A4C),
        ("4 Ch", View.A4C),
        ("Apical 4 chamber", View.A4C),
        ("apical four", View.A4C),
        ("Apical four chamber view (qualifier value)", View.A4C),
        ("AP4", View.A4C),
        ("patient0001_4CH_ED", View.A4C),
        ("patient0001_2CH_half_sequence", View.A2C),
        ("AP2 LV", View.A2C),
        ("Apical long axis", View.A3C),
        ("ALAX", View.A3C),
        ("APLAX", View.A3C),
        ("a3c_630x584_25fps_scale", View.A3C),
        ("PLAX", None),
        ("Parasternal long axis", None),
        ("Subcostal 4 chamber", None),
        ("TEE 4CH", None),
        ("A5C", None),
        ("A4C A2C", None),
        ("CA4CHE", None),
        ("phase 4", None),
        ("14ch", None),
        ("", None),
    ],
)
def test_view_from_text(text, view):
    assert view_from_text(text) is view
