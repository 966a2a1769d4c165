"""What goes into the wheel and the bundle, without building the bundle."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
import types
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SPEC = ROOT / "echoview.spec"
APART = ("ral.commands", "ral.report", "ral.datasets.motion", "ral.datasets.warped")
SOURCES = {"echoview": ROOT / "echoview", "ral": ROOT / "model" / "ral"}


class Recorded:
    """Stands for PyInstaller's Analysis, PYZ, EXE, COLLECT and BUNDLE: keeps what it is given."""

    def __init__(self, *given, **named) -> None:
        self.given, self.named = given, named
        self.pure, self.datas, self.binaries, self.scripts = [], [], [], []


@pytest.fixture
def run_spec(tmp_path, monkeypatch):
    """Runs the spec with PyInstaller's parts replaced, and hands over its names."""

    def paths_of(package: str) -> tuple[str, str]:
        found = importlib.util.find_spec(package)
        assert found and found.origin
        folder = Path(found.origin).parent
        return str(folder.parent), str(folder)

    hooks = types.ModuleType("PyInstaller.utils.hooks")
    hooks.collect_submodules = lambda package: [package]
    hooks.get_package_paths = paths_of
    hooks.copy_metadata = lambda package: [(f"{package}.dist-info", f"{package}.dist-info")]
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, hooks.__name__, hooks)

    def run() -> dict:
        names = {"SPECPATH": str(ROOT), "workpath": str(tmp_path)}
        names |= dict.fromkeys(("Analysis", "PYZ", "EXE", "COLLECT", "BUNDLE"), Recorded)
        exec(compile(SPEC.read_text(encoding="utf-8"), SPEC, "exec"), names)
        return names

    return run


@pytest.fixture
def spec(run_spec, monkeypatch):
    monkeypatch.delenv("ECHOVIEW_BUNDLE_WEIGHTS", raising=False)
    return run_spec()


def sources_of(spec) -> dict[str, str]:
    """What lies where in the bundle, by its place; licences left out."""
    datas = spec["analysis"].named["datas"]
    return {place: source for source, place in datas if not place.startswith(("licenses/", "."))}


def imported(apart: bool = False) -> dict[str, str]:
    """Every module imported from elsewhere, and a file that does so: by what stays apart, or by the rest."""
    left_out = [SOURCES["ral"] / Path(*name.split(".")[1:]) for name in APART]
    found: dict[str, str] = {}
    for folder in SOURCES.values():
        for file in folder.rglob("*.py"):
            if any(place in (file.with_suffix(""), *file.parents) for place in left_out) != apart:
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names: list[str] = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                found |= dict.fromkeys(names, str(file.relative_to(ROOT)))
    ours = {*SOURCES, *sys.stdlib_module_names}
    return {name: file for name, file in found.items() if name.split(".")[0] not in ours}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_spec_starts_the_program(spec):
    assert [Path(script) for script in spec["analysis"].given[0]] == [ROOT / "echoview" / "__main__.py"]
    assert (ROOT / "echoview" / "__main__.py").is_file()
    assert spec["program"].named["name"] == spec["folder"].named["name"] == "echoview"
    assert {"echoview", "ral"} <= set(spec["analysis"].named["hiddenimports"])


def test_the_bundle_gets_the_files_that_the_program_opens(spec):
    sources = sources_of(spec)
    for place, inside in (
        ("echoview/resources/icons", "LICENSE"),
        ("echoview/store/migrations", "env.py"),
        ("echoview/store/migrations", "versions"),
    ):
        assert (Path(sources[place]) / inside).exists()
    assert Path(sources["pydicom/data/test_files"]).name == "examples_ybr_color.dcm"
    assert Path(sources["pydicom/data/test_files"]).is_file()


def test_the_decoders_go_in_with_what_they_ask_for_when_they_load(spec):
    assert {"jpeg_ls", "_CharLS", "_openjpeg"} <= set(spec["analysis"].named["hiddenimports"])
    for name in spec["DECODERS"]:
        assert f"{name}.dist-info" in sources_of(spec)
        assert importlib.metadata.version(name)


def test_the_table_of_the_profile_goes_in(spec):
    from echoview.io.deidentify import EDITION

    name = f"dicomanonymizer.dicom_anonymization_databases.{EDITION}"
    assert name in spec["analysis"].named["hiddenimports"]
    assert importlib.util.find_spec(name)


def test_licences_of_others_go_along(spec):
    places = {place for _, place in spec["analysis"].named["datas"]}
    assert {"licenses/torch", "licenses/numpy", "licenses/pyjpegls", "licenses/pylibjpeg-rle"} <= places
    assert {"licenses/dicom_anonymizer", "licenses/tqdm"} <= places


def test_only_weights_that_are_free_of_terms_go_in(spec):
    weights = [p for p in sources_of(spec) if p.startswith("echoview/resources/weights/")]
    assert weights == ["echoview/resources/weights/ral-lite-phantom"]
    assert "echoview/resources" not in sources_of(spec)


def test_other_weights_go_in_when_they_are_named(run_spec, monkeypatch, tmp_path):
    monkeypatch.setenv("ECHOVIEW_BUNDLE_WEIGHTS", str(tmp_path / "mine"))
    assert sources_of(run_spec())["echoview/resources/weights/mine"] == str(tmp_path / "mine")


def test_nothing_that_is_imported_is_left_out(spec):
    wrong = [
        f"{file} imports {name}, which echoview.spec leaves out"
        for name, file in imported().items()
        for left_out in spec["EXCLUDED"]
        if name == left_out or name.startswith(left_out + ".")
    ]
    assert wrong == []


def test_what_stays_apart_is_not_in_the_bundle_and_the_rest_does_not_load_it(spec):
    assert spec["APART"] == APART
    assert {*APART, "matplotlib"} <= set(spec["EXCLUDED"])
    assert not [name for name in spec["analysis"].named["hiddenimports"] if name.startswith(APART)]
    loaded = "import sys, ral.finetune, ral.predict, ral.train; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert "ral.datasets" in names
    assert not [name for name in names if name.startswith(APART)]
    assert "matplotlib" not in {name.split(".")[0] for name in imported()}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("torch/lib/libtorch_cpu.so", True),
        ("torch/bin/torch_shm_manager", True),
        ("torch/bin/protoc", False),
        ("torch\\include\\ATen\\ATen.h", False),
        ("torch/testing/_internal/common_dtype.py", True),
        ("torch/testing/_internal/common_utils.py", False),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", True),
        ("PySide6\\plugins\\platforms\\qwindows.dll", True),
        ("PySide6/Qt/plugins/iconengines/libqsvgicon.so", True),
        ("PySide6/Qt/plugins/platforms/libqvnc.so", False),
        ("PySide6/Qt/lib/libQt6Widgets.so.6", True),
        ("PySide6/Qt/lib/libQt6Quick.so.6", False),
        ("PySide6\\Qt6Qml.dll", False),
        ("echoview/store/migrations/versions/0001_cines_and_revisions.py", True),
        ("echoview/store/migrations/__pycache__/env.cpython-311.pyc", False),
    ],
)
def test_the_trimming_takes_what_it_should(spec, name, kept):
    assert spec["wanted"]((name, "source", "DATA")) is kept


def test_what_is_imported_is_a_declared_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    providers = importlib.metadata.packages_distributions()
    wrong = set()
    for apart, extra in ((False, []), (True, project["optional-dependencies"]["report"])):
        known = {plain(re.split(r"[<>=!~ \[;]", entry)[0]) for entry in (*project["dependencies"], *extra)}
        wrong |= {
            f"{file} imports {name}"
            for name, file in imported(apart).items()
            if not {plain(dist) for dist in providers.get(name.split(".")[0], ())} & known
        }
    assert wrong == set()


def test_the_wheel_holds_the_program_and_its_files(tmp_path):
    pytest.importorskip("hatchling", reason="hatchling builds the wheel and is not installed here")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        entries = opened.read(next(n for n in names if n.endswith("entry_points.txt"))).decode()
    expected = {
        f"{package}/{file.relative_to(folder).as_posix()}"
        for package, folder in SOURCES.items()
        for file in folder.rglob("*.py")
    }
    expected |= {f"echoview/resources/icons/{file.name}" for file in (ROOT / "resources" / "icons").iterdir()}
    assert expected - names == set()
    assert "echoview/store/migrations/env.py" in names
    assert "echoview = echoview.__main__:main" in entries
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"echoview", "ral"}
