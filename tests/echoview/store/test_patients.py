"""One patient, one key on all desks of a library, also for cines that a desk keyed under a secret of its own."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from echoview.domain.label import Label
from echoview.store import open_library
from echoview.store.engines import make_engine, sqlite_url
from echoview.store.health import examine
from echoview.store.patients import Links
from echoview.store.rescue import rescue
from echoview.store.tables import CineRow, PatientRow, SecretRow
from echoview.store.transfer import cines, histories

FIXTURES = Path(__file__).parent / "fixtures"
ONE, TWO = b"1" * 32, b"2" * 32
OLD, NEW, OTHER = "ab" * 16, "cd" * 16, "ef" * 16


def label(library, editing, identity: str, patient: str) -> None:
    library.save(editing.cine(identity, patient=patient), "/x", Label(), editing.after(3), **editing.WHO)


def keys(library) -> dict[str, str]:
    found = {one.identity: one.patient_key for one in histories(library)}
    assert found == {one.identity: one.patient_key for one in cines(library)}
    assert found == {one.identity: one.patient_key for one in library.labelled()}
    return found


def rows(library) -> list[tuple[str, str]]:
    with Session(library._engine) as session:
        return [(one.key, one.same_as) for one in session.scalars(select(PatientRow).order_by(PatientRow.id))]


def test_the_first_desk_s_secret_is_the_library_s_and_stays_so(path):
    open_library(sqlite_url(path)).close()
    library = open_library(sqlite_url(path))
    assert library.secret_for(TWO) == TWO, "it has none yet"
    library.close()
    for own in (ONE, TWO, b""):
        library = open_library(sqlite_url(path), own)
        assert library.secret_for(TWO) == ONE
        library.close()
    with closing(sqlite3.connect(path)) as connection:
        for change in ("UPDATE secrets SET patient_secret = 'x'", "DELETE FROM secrets", "DELETE FROM patients"):
            if change.endswith("patients"):
                connection.execute("INSERT INTO patients (key, same_as, made_at) VALUES ('a', 'b', '2026-01-01')")
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                connection.execute(change)


def test_keys_of_another_desk_are_linked_when_one_of_its_cines_is_opened(path, editing):
    library = open_library(sqlite_url(path), ONE)
    keyed = {"uid-1": OLD, "uid-2": OLD, "uid-3": OTHER, "uid-4": "patient0001", "uid-5": ""}
    for identity, patient in keyed.items():
        label(library, editing, identity, patient)
    for _ in range(2):
        library.met(editing.cine("uid-1", patient=NEW))
    assert rows(library) == [(OLD, NEW)], "appended once"
    library.met(editing.cine("uid-4", patient="patient0002"))
    library.met(editing.cine("uid-3", patient=""))
    library.met(editing.cine("uid-9", patient=NEW))
    library.met(editing.cine("uid-5", patient=NEW))
    assert rows(library) == [(OLD, NEW)], "a folder's name says nothing of the patient, nor does an unknown ID"
    label(library, editing, "uid-6", NEW)
    assert keys(library) == {
        "uid-1": NEW, "uid-2": NEW, "uid-3": OTHER, "uid-4": "patient0001", "uid-5": NEW, "uid-6": NEW,
    }  # fmt: skip
    with Session(library._engine) as session:
        kept = session.scalar(select(CineRow.patient_key).where(CineRow.identity == "uid-1"))
    assert kept == OLD, "what the other desk wrote stays"
    library.close()


def test_links_join_in_any_order_and_never_go_round():
    same = Links([("a", "b"), ("b", "a"), ("c", "a"), ("d", "c"), ("x", "y")])
    assert {same.of(key) for key in "abcd"} == {"b"}
    assert (same.of("x"), same.of("nobody")) == ("y", "nobody")
    assert Links([("d", "c"), ("c", "a"), ("a", "b")]).of("d") == "b"


@pytest.mark.parametrize("schema", ["0001", "0002", "0003"])
def test_every_earlier_schema_takes_over_the_desk_s_own_secret(path, editing, schema):
    shutil.copy(FIXTURES / f"schema-{schema}.sqlite", path)
    with closing(sqlite3.connect(path)) as connection:
        keyed = dict(connection.execute("SELECT identity, patient_key FROM cines"))
        revisions = connection.execute("SELECT * FROM revisions ORDER BY id").fetchall()
    library = open_library(sqlite_url(path), ONE)
    assert library.secret_for(TWO) == ONE
    assert {one.identity: one.patient_key for one in cines(library)} == keyed, "existing keys stay valid"
    library.close()
    with closing(sqlite3.connect(path)) as connection:
        after = connection.execute("SELECT * FROM revisions ORDER BY id").fetchall()
    assert [row[: len(old)] for row, old in zip(after, revisions, strict=True)] == revisions


def test_a_library_of_the_third_schema_keeps_readings_acts_and_conflicts(path, editing):
    shutil.copy(FIXTURES / "schema-0003.sqlite", path)
    library = open_library(sqlite_url(path), ONE)
    assert editing.values(library.label("uid-1")) == editing.values(editing.after(3))
    assert editing.values(library.label("uid-2", "second:Dr B")) == editing.values(editing.after(4))
    record = library.record("uid-2")
    assert (len(record.trail.acts), record.conflicts) == (1, {"ed:3:5"})
    library.met(editing.cine("uid-2", patient=NEW))
    assert {one.patient_key for one in cines(library) if one.identity != "uid-1"} == {NEW}
    library.close()


def test_the_doctor_looks_at_the_secret_and_a_repair_keeps_it(path, editing):
    library = open_library(sqlite_url(path))
    label(library, editing, "uid-1", OLD)
    assert any("no secret for its patients yet" in one.text for one in examine(sqlite_url(path)))
    library.close()
    library = open_library(sqlite_url(path), ONE)
    label(library, editing, "uid-2", NEW)
    library.met(editing.cine("uid-1", patient=NEW))
    library.close()
    said = [one.text for one in examine(sqlite_url(path))]
    assert "The library has its secret: a patient has the same key on every desk." in said
    assert "1 of 2 keys of patients are of other secrets and linked to another." in said
    assert ONE.hex() not in " ".join(said)
    rescue(path)
    library = open_library(sqlite_url(path), TWO)
    assert library.secret_for(TWO) == ONE
    assert keys(library) == {"uid-1": NEW, "uid-2": NEW}
    library.close()


def test_a_damaged_secret_costs_no_label_and_is_told(path, editing):
    library = open_library(sqlite_url(path))
    label(library, editing, "uid-1", OLD)
    with Session(library._engine) as session, session.begin():
        session.connection(execution_options={"writes": True})
        session.execute(text("INSERT INTO secrets (id, patient_secret, made_at) VALUES (1, 'zz', '2026-01-01')"))
    library.close()
    library = open_library(sqlite_url(path), ONE)
    assert library.secret_for(ONE) == ONE
    assert keys(library) == {"uid-1": OLD}
    library.close()
    assert [one.repairable for one in examine(sqlite_url(path)) if "secret" in one.text] == [True]
    rescue(path)
    library = open_library(sqlite_url(path), TWO)
    assert library.secret_for(ONE) == TWO, "a desk gives it one again"
    library.close()


def race(url: str) -> set[bytes]:
    """What eight desks that come at once hold to be the library's secret."""
    start, held = threading.Barrier(8), []

    def come(n: int) -> None:
        start.wait()
        library = open_library(url, bytes([n]) * 32)
        held.append(library.secret_for(b""))
        library.close()

    desks = [threading.Thread(target=come, args=(n,)) for n in range(1, 9)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()
    assert len(held) == 8
    return set(held)


@pytest.mark.parametrize("made", [False, True], ids=["and make it", "and find it made"])
def test_desks_that_come_at_once_agree_on_one_secret(path, made):
    if made:
        open_library(sqlite_url(path)).close()
    assert len(race(sqlite_url(path))) == 1


def test_desks_of_a_server_agree_on_one_secret_and_link_their_keys(server_url, editing):
    open_library(server_url).close()
    [agreed] = race(server_url)
    assert agreed
    one, two = open_library(server_url, ONE), open_library(server_url, TWO)
    assert one.secret_for(ONE) == two.secret_for(TWO) == agreed
    label(one, editing, "uid-1", OLD)
    label(two, editing, "uid-2", NEW)
    one.met(editing.cine("uid-1", patient=NEW))
    assert keys(two) == {"uid-1": NEW, "uid-2": NEW}
    engine = make_engine(server_url)
    for table in (SecretRow.__tablename__, PatientRow.__tablename__):
        with pytest.raises(DBAPIError, match="never changed"), engine.begin() as connection:
            connection.execute(text(f"DELETE FROM {table}"))
    engine.dispose()
    one.close()
    two.close()
