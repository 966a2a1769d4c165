"""`echoview doctor` as a person runs it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from echoview import cli
from echoview.store.backups import back_up

FIRST = Path(__file__).parent / "store" / "fixtures" / "schema-0001.sqlite"


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]):
    """Runs the command; (exit code, what it printed)."""

    def run(*arguments: object) -> tuple[int, str]:
        code = cli.run(["doctor", *map(str, arguments)])
        return code, "".join(capsys.readouterr())

    return run


def test_a_new_home_is_well(doctor):
    code, said = doctor()
    assert code == 0, said
    assert "There is no library yet." in said
    assert "ral-lite-phantom" in said
    assert "PROBLEM" not in said


def test_damage_is_named_repaired_and_gone(doctor, tmp_path):
    library = shutil.copy(FIRST, tmp_path / "labels.sqlite")
    with closing(sqlite3.connect(library)) as connection, connection:
        connection.execute("UPDATE revisions SET change = '{' WHERE id = 2")
    code, said = doctor("--library", library)
    assert code == 1
    assert "PROBLEM  1 revisions cannot be read." in said
    assert "doctor --repair" in said
    code, said = doctor("--library", library, "--repair")
    assert code == 0, said
    assert "Repaired: 2 revisions of 2 cines." in said
    assert "kept as labels.damaged-" in said
    code, said = doctor("--library", library)
    assert code == 0, said
    for patient in ("uid-1", "p1", "/x/", "Жук"):
        assert patient not in said


def test_weights_that_cannot_be_loaded_are_a_problem(doctor, home):
    ours = home / "data" / "weights" / "mine-abc"
    ours.parent.mkdir(parents=True)
    shutil.copytree(Path(__file__).parents[2] / "resources" / "weights" / "ral-lite-phantom", ours)
    with open(ours / "weights.safetensors", "r+b") as file:
        file.truncate(1000)
    card = (ours / "card.json").read_text()
    (ours / "card.json").write_text(card.replace('"identity": "', '"identity": "0'))
    code, said = doctor()
    assert code == 1
    assert said.count("cannot be loaded") == 1


def test_what_cannot_be_repaired_is_one_sentence(doctor, tmp_path):
    library = tmp_path / "labels.sqlite"
    library.write_text("nothing of a library " * 100)
    code, said = doctor("--library", library, "--repair")
    assert code == 1
    assert "No label can be read from the library or its backups. Nothing was changed." in said
    assert "Traceback" not in said


def test_a_backup_that_the_doctor_names_is_put_back(doctor, tmp_path):
    library = Path(shutil.copy(FIRST, tmp_path / "labels.sqlite"))
    backup = back_up(library)
    with closing(sqlite3.connect(library)) as connection, connection:
        connection.execute("UPDATE revisions SET tool = 'later' WHERE id = 2")
    code, said = doctor("--library", library)
    assert code == 0, said
    assert f"put back with --restore: {backup.name}." in said
    code, said = doctor("--library", library, "--restore", backup.name)
    assert code == 0, said
    assert f"{backup.name} is in the library's place now. The library before is kept as labels.before-restore-" in said
    with closing(sqlite3.connect(library)) as connection:
        assert connection.execute("SELECT count(*) FROM revisions WHERE tool = 'later'").fetchone() == (0,)
    code, said = doctor("--library", library, "--restore", "of-no-day.sqlite")
    assert code == 1
    assert "There is no backup of-no-day.sqlite." in said
