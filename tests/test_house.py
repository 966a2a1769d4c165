"""Who may import whom (docs/architecture.md), read from the source, function by function.

The standard library and numpy are free to all, and echoview.errors to all of echoview.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = {"echoview": ROOT / "echoview", "ral": ROOT / "model" / "ral"}
ANYTHING = "*"


@dataclass(frozen=True)
class Row:
    """What a room may import when it loads, and what besides inside a function or for type checkers only."""

    now: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


def echoview(*rooms: str) -> tuple[str, ...]:
    return tuple(f"echoview.{room}" for room in rooms)


PROFILE = ("dicomanonymizer",)
DECODERS = ("pydicom", "gdcm", "pylibjpeg", "openjpeg", "rle", "jpeg_ls")
QT = ("PySide6", "shiboken6")
UNDO = ("PySide6.QtGui.QUndoStack", "PySide6.QtGui.QUndoCommand")
FLOOR = ("ral.geometry", "ral.formats")
PICTURES = ("scipy", "skimage", "cv2", "nibabel")
BELOW_SERVICES = echoview("domain", "measure", "io", "store", "paths", "settings")

# The longest name that fits a module is its row.
TABLE: dict[str, Row] = {
    "echoview": Row(),  # echoview/__init__.py, not the rooms below it
    "echoview.errors": Row(),
    "echoview.paths": Row(("platformdirs",)),
    "echoview.settings": Row(echoview("paths")),
    "echoview.domain": Row(echoview("domain")),
    "echoview.measure": Row((*echoview("domain", "measure"), "ral.geometry", "scipy", "skimage")),
    "echoview.io": Row((*echoview("domain", "io"), *FLOOR, *DECODERS, *PROFILE, "cv2", "PIL"), ("ral.datasets",)),
    "echoview.store": Row((*echoview("domain", "store", "paths", "settings"), "sqlalchemy", "alembic")),
    "echoview.services": Row((*BELOW_SERVICES, *echoview("services"), "PySide6.QtCore"), ("ral",)),
    "echoview.session": Row(
        (
            *BELOW_SERVICES,
            *echoview("services", "session", "workflow", "keeping", "predicting", "learning", "judged", "reviewing"),
            "PySide6.QtCore",
            *UNDO,
        ),
        ("ral",),
    ),
    "echoview.ui": Row(
        (
            *echoview("domain", "measure", "session", "workflow", "learning", "paths", "settings", "ui"),
            *echoview("correction", "exchange", "reviewing", "deciding", "comparing", "beside", "other_weights"),
            *echoview("watching", "going_back"),
            *QT,
            "pyqtgraph",
        ),
        echoview("services"),
    ),
    "echoview.app": Row((ANYTHING,)),
    "echoview.cli": Row((*echoview("domain", "paths", "settings"),), (ANYTHING,)),
    "echoview.doctor": Row(echoview("domain", "store", "paths", "settings"), ("ral",)),
    "echoview.demo": Row(("PySide6.QtCore",), (ANYTHING,)),
    "echoview.__main__": Row(echoview("cli"), (ANYTHING,)),
    "ral": Row(("ral", "torch", *PICTURES, "safetensors")),
    "ral.report": Row(("ral", *PICTURES), ("matplotlib",)),
    "ral.__init__": Row(FLOOR, ("ral",)),
    "ral.geometry": Row((*FLOOR, "ral.config", *PICTURES)),
    "ral.formats": Row((*FLOOR, "ral.config", *PICTURES)),
    "ral.config": Row(()),
    "ral.__main__": Row(("ral",)),
    "ral.commands": Row(("ral", "torch", *PICTURES, "safetensors")),
}
TABLE["echoview.workflow"] = TABLE["echoview.learning"] = TABLE["echoview.session"]
TABLE["echoview.correction"] = TABLE["echoview.exchange"] = TABLE["echoview.going_back"] = TABLE["echoview.session"]
TABLE["echoview.beside"] = TABLE["echoview.other_weights"] = Row(
    (*TABLE["echoview.session"].now, *echoview("beside")), TABLE["echoview.session"].later
)
TABLE["echoview.judged"] = TABLE["echoview.reviewing"] = TABLE["echoview.deciding"] = TABLE["echoview.comparing"] = (
    TABLE["echoview.session"]
)
TABLE["echoview.watching"] = TABLE["echoview.keeping"] = TABLE["echoview.predicting"] = TABLE["echoview.session"]


class Import(NamedTuple):
    name: str  # module, or module.attribute
    line: int
    later: bool  # inside a function, or for type checkers only


class Reader(ast.NodeVisitor):
    """Every import of a module, also those that hide in functions or in `import_module("...")`."""

    def __init__(self, module: str, is_package: bool) -> None:
        self.parts = module.split(".") if is_package else module.split(".")[:-1]
        self.later = 0
        self.found: list[Import] = []

    def _add(self, name: str, node: ast.AST) -> None:
        self.found.append(Import(name, node.lineno, self.later > 0))

    def _inside(self, nodes: list) -> None:
        self.later += 1
        for node in nodes:
            self.visit(node)
        self.later -= 1

    def visit_FunctionDef(self, node) -> None:
        for early in [*node.decorator_list, node.args]:  # these run when the module loads
            self.visit(early)
        self._inside(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node) -> None:
        self._inside([node.body])

    def visit_If(self, node) -> None:
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            self._inside(node.body)
            for other in node.orelse:
                self.visit(other)
        else:
            self.generic_visit(node)

    def visit_Import(self, node) -> None:
        for alias in node.names:
            self._add(alias.name, node)

    def visit_ImportFrom(self, node) -> None:
        base = self.parts[: len(self.parts) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            self._add(module if alias.name == "*" else f"{module}.{alias.name}", node)

    def visit_Call(self, node) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("import_module", "__import__") and node.args:
            name = node.args[0]
            self._add(name.value if isinstance(name, ast.Constant) else "a computed name", node)
        self.generic_visit(node)


def imports(module: str, source: str, is_package: bool = False) -> list[Import]:
    reader = Reader(module, is_package)
    reader.visit(ast.parse(source))
    return reader.found


def row_of(module: str, is_package: bool = False) -> Row | None:
    if is_package and f"{module}.__init__" in TABLE:
        return TABLE[f"{module}.__init__"]
    for room in sorted(TABLE, key=len, reverse=True):
        if module == room or (room != "echoview" and module.startswith(room + ".")):
            return TABLE[room]
    return None


def within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(a == ANYTHING or name == a or name.startswith(a + ".") for a in allowed)


def violations(module: str, source: str, is_package: bool = False) -> Iterator[str]:
    row = row_of(module, is_package)
    if row is None:
        yield f"{module}: no row of the table names this room; give it one in docs/architecture.md and here"
        return
    free = {"numpy", "__future__", *sys.stdlib_module_names}
    if module.split(".")[0] == "echoview":
        free.add("echoview.errors")
    for name, line, later in imports(module, source, is_package):
        where = f"{module}:{line} imports {name}"
        top = name.split(".")[0]
        if top == "model":
            yield f"{where}: model/ is a folder of sources; it would load ral twice"
        elif within(name, tuple(free)) or name == "echoview.__version__" or within(name, row.now):
            continue
        elif top == "pydicom" and module.startswith("ral.") and "phantom" in module:
            continue  # the phantom writes the DICOM files that tests read
        elif within(name, row.later):
            if not later:
                yield f"{where}: allowed inside functions only"
        else:
            yield where


def modules() -> Iterator[tuple[str, Path]]:
    for package, folder in SOURCES.items():
        for file in sorted(folder.rglob("*.py")):
            parts = [package, *file.relative_to(folder).with_suffix("").parts]
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


@pytest.mark.parametrize(("module", "file"), [pytest.param(*m, id=m[0]) for m in modules()])
def test_a_module_keeps_to_its_row(module, file):
    source = file.read_text(encoding="utf-8")
    assert list(violations(module, source, file.name == "__init__.py")) == []


def test_the_walk_finds_the_house():
    found = {module for module, _ in modules()}
    assert {"echoview", "echoview.errors", "echoview.paths", "echoview.domain.cine"} <= found


def test_nothing_imports_the_folder_of_sources():
    wrong = [
        f"{file.relative_to(ROOT)}:{line}"
        for folder in ("echoview", "model", "tests", "scripts", "docs")
        for file in (ROOT / folder).rglob("*.py")
        for name, line, _ in imports("x", file.read_text(encoding="utf-8"))
        if name.split(".")[0] == "model"
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("module", "planted"),
    [
        ("echoview.domain.label", "import PySide6"),
        ("echoview.domain.label", "import scipy.ndimage"),
        ("echoview.domain.label", "def f():\n    from echoview.store import library"),
        ("echoview.domain.label", "from ..measure import disks"),
        ("echoview.measure.disks", "from ral import geometry, network"),
        ("echoview.measure.disks", "if TYPE_CHECKING:\n    import torch"),
        ("echoview.io.dicom", "from PySide6.QtGui import QImage"),
        ("echoview.store.library", "from echoview.io import open_cine"),
        ("echoview.services.inference", "import ral"),
        ("echoview.services.inference", "class A:\n    from ral.predict import Predictor"),
        ("echoview.services.inference", "def f():\n    from PySide6.QtWidgets import QWidget"),
        ("echoview.services.inference", "def f(x=__import__('ral')): pass"),
        ("echoview.session", "from PySide6.QtGui import QPixmap"),
        ("echoview.session", "def f():\n    import torch"),
        ("echoview.workflow.open", "from echoview import ui"),
        ("echoview.ui.panels.measure", "import cv2"),
        ("echoview.ui.panels.measure", "import importlib\nimportlib.import_module('torch')"),
        ("echoview.ui.panels.measure", "import importlib\nimportlib.import_module('to' + 'rch')"),
        ("echoview.ui.main_window", "from echoview.app import main"),
        ("echoview.ui.main_window", "from echoview.store import library"),
        ("echoview.settings", "import platformdirs"),
        ("echoview.cli", "import torch"),
        ("echoview.elsewhere", "import json"),
        ("echoview.services.jobs", "import model.ral"),
        ("echoview.app", "from model import ral"),
        ("ral.network", "from echoview.errors import EchoViewError"),
        ("ral.network", "import pydicom"),
        ("ral.geometry", "import torch"),
        ("ral.report.plots", "import matplotlib"),
        ("ral.evaluate", "def f():\n    import matplotlib"),
        ("ral.geometry", "def f():\n    from ral.network import RAL"),
        ("ral.formats.nifti", "from . import metaimage\nfrom ..network import RAL"),
    ],
)
def test_a_planted_violation_is_found(module, planted):
    assert list(violations(module, planted))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("echoview.domain.label", "import json, numpy.typing\nfrom echoview.errors import EchoViewError"),
        ("echoview.domain.label", "from .contour import Contour\nfrom . import view"),
        ("echoview.measure.disks", "from ral.geometry import disks\nimport scipy.ndimage"),
        ("echoview.store.library", "from echoview import __version__, paths"),
        ("echoview.services.inference", "def f():\n    from ral.predict import Predictor"),
        ("echoview.services.inference", "if TYPE_CHECKING:\n    from ral.predict import Predictor"),
        ("echoview.session", "from PySide6.QtGui import QUndoStack\nfrom PySide6.QtCore import QObject"),
        ("echoview.app", "import torch\nfrom echoview.ui.main_window import MainWindow"),
        ("echoview.cli", "def f():\n    import torch\n    from echoview import app"),
        ("ral.report.plots", "def f():\n    from matplotlib.figure import Figure"),
        ("ral.phantom", "import pydicom"),
        ("ral.formats", "import nibabel"),
    ],
)
def test_what_the_table_allows_is_no_violation(module, source):
    assert list(violations(module, source)) == []


LOADED = """
import importlib, pkgutil, sys
names, shut = sys.argv[1].split(","), sys.argv[2].split(",")
for name in names:
    module = importlib.import_module(name)
    for inner in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if ".migrations" not in inner.name:  # alembic runs those
            importlib.import_module(inner.name)
print(sorted(set(shut) & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("names", "shut"),
    [
        ("echoview.domain,echoview.measure,echoview.store,echoview.io", "PySide6,torch"),
        ("echoview.services", "PySide6.QtGui,PySide6.QtWidgets,torch"),
        ("echoview.services.exporting,echoview.services.importing", "PySide6,torch"),
        ("echoview.cli", "PySide6,torch"),
        ("echoview.app,echoview.session,echoview.workflow,echoview.ui", "torch"),
        ("ral.geometry,ral.formats", "torch,PySide6,echoview"),
    ],
)
def test_what_loads_leaves_the_heavy_ones_out(names, shut):
    """Every module of these rooms in a fresh interpreter."""
    child = subprocess.run([sys.executable, "-c", LOADED, names, shut], capture_output=True, text=True, timeout=240)
    assert (child.returncode, child.stdout.strip()) == (0, "[]"), child.stderr


def test_the_network_package_alone_loads_no_torch():
    code = "import sys, ral; print('torch' in sys.modules)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (child.returncode, child.stdout.strip()) == (0, "False"), child.stderr
