"""The same library on a PostgreSQL server that the tests start: shared, upgraded, killed and started again."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import text

from echoview.domain.label import Label
from echoview.domain.review import ActKind, Role
from echoview.domain.view import View
from echoview.errors import LibraryError
from echoview.store import new_act, open_library, opening
from echoview.store.engines import make_engine


@pytest.fixture
def shared(server_url):
    library = open_library(server_url)
    yield library
    library.close()


def test_labels_come_back_and_each_edit_is_a_revision(shared, server_url, editing):
    editing.write(shared, 12)
    shared.save(editing.cine("uid-2"), "/ä 心.dcm", Label(), Label(view=View.A2C, ed=3), seconds=1.5, **editing.WHO)
    assert editing.kept(server_url) == 12
    assert shared.load(editing.cine("uid-2")).label.ed == 3
    assert shared.history("uid-2")[0].seconds == 1.5
    assert [one.identity for one in shared.labelled()] == ["uid-1"]
    assert not shared.read_only
    assert shared.back_up_if_due() is None


def test_two_people_are_told_of_each_other(shared, server_url, editing):
    other = open_library(server_url)
    first = shared.save(editing.cine(), "/x", Label(), editing.after(1), base=0, **editing.WHO)
    theirs = {**editing.WHO, "annotator": "B"}
    saved = other.save(editing.cine(), "/x", Label(), editing.after(3), base=0, **theirs)
    assert (first.number, saved.number, [r.annotator for r in saved.others]) == (1, 2, ["A. Person"])
    assert saved.conflict is None, "the same contour on frame 1"
    other.close()


def test_what_two_people_say_otherwise_on_a_server_waits_for_a_decision(shared, server_url, editing):
    other = open_library(server_url)
    shared.save(editing.cine(), "/x", Label(), Label(view=View.A2C, ed=3), base=0, **editing.WHO)
    theirs = Label(view=View.A4C, ed=5)
    other.save(editing.cine(), "/x", Label(), theirs, base=0, **{**editing.WHO, "annotator": "B"})
    found = {one.key: one for one in shared.conflicts(editing.cine())}
    assert list(found) == ["view", "ed"]
    assert (found["ed"].older.revision.annotator, found["ed"].newer.revision.annotator) == ("A. Person", "B")
    decided = theirs.with_ed(3).with_settled(found["ed"].choice)
    shared.save(editing.cine(), "/x", theirs, decided, base=2, **editing.WHO)
    assert [one.key for one in other.conflicts(editing.cine())] == ["view"]
    assert len(other.record("uid-1").conflicts) == 1
    other.close()


def test_paths_stay_on_the_desk_that_has_them(shared, server_url, editing, tmp_path, monkeypatch):
    from echoview.store.transfer import cines, histories, merge

    def row(library) -> str:
        with library._engine.connect() as connection:
            return connection.execute(text("SELECT path FROM cines")).scalar_one()

    shared.save(editing.cine(), "/room/Fakename.dcm", Label(), editing.after(1), **editing.WHO)
    monkeypatch.setenv("ECHOVIEW_HOME", str(tmp_path / "other desk"))
    other = open_library(server_url)
    assert [one.path for one in (*other.labelled(), *cines(other), *histories(other))] == [""] * 3
    other.moved("uid-1", "/mnt/x.dcm")
    assert [one.path for one in (*other.labelled(), *cines(other), *histories(other))] == ["/mnt/x.dcm"] * 3
    assert [one.path for one in cines(shared)] == ["/room/Fakename.dcm"]
    assert (row(shared), row(other)) == ("", "")
    other.close()
    again = open_library(server_url)
    assert [one.path for one in cines(again)] == ["/mnt/x.dcm"]
    with again._engine.begin() as connection:
        connection.execute(text("UPDATE cines SET path = '/room/Fakename.dcm'"))  # of an earlier version
    assert cines(again)[0].path == "/mnt/x.dcm"
    again.moved("uid-1", "/mnt/x.dcm")
    assert row(again) == ""
    (given,) = histories(again)
    merge(again, replace(given, identity="uid-2", path="/mnt/Fakename 2.dcm"), "me", "1")
    assert [one.path for one in cines(again)] == ["/mnt/x.dcm", "/mnt/Fakename 2.dcm"]
    with again._engine.connect() as connection:
        assert set(connection.execute(text("SELECT path FROM cines")).scalars()) == {""}
    again.close()


def test_a_desk_that_cannot_keep_places_goes_on(shared, editing, tmp_path):
    from echoview.store.places import Places

    (tmp_path / "places.sqlite").write_text("no database")
    places = Places(tmp_path / "places.sqlite")
    places.put("uid-1", "/x")
    assert places.get("uid-1") == "/x"


def test_many_threads_lose_no_edit(shared, server_url, editing):
    ends = [threading.Thread(target=editing.write, args=(shared, 25, 0, first)) for first in (0, 10, 20)]
    for one in ends:
        one.start()
    for one in ends:
        one.join()
    assert [revision.number for revision in shared.history("uid-1")] == list(range(1, 76))


def test_two_processes_lose_no_edit(shared, server_url, run_editing):
    writers = [run_editing("edits", server_url, 60, first) for first in (0, 20)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        out, err = writer.communicate(timeout=120)
        assert (out, err) == ("." * 60, "")
    assert [revision.number for revision in shared.history("uid-1")] == list(range(1, 121))


def test_a_revision_cannot_be_changed_or_deleted(shared, editing):
    editing.write(shared, 2)
    for statement in ("UPDATE revisions SET tool = ''", "DELETE FROM revisions", "TRUNCATE revisions"):
        with pytest.raises(Exception, match="never changed or deleted"), shared._engine.begin() as connection:
            connection.execute(text(statement))


def test_an_early_library_is_upgraded_by_two_at_once(server_url, editing):
    engine, config = make_engine(server_url), opening._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO cines VALUES (1, 'uid-1', 'sha256:1', 'p1', '/x', 40, 48, 64)"))
        connection.execute(
            text(
                "INSERT INTO revisions VALUES (1, 1, 1, now(), 'A', '0.1', 'w', 'view',"
                """ '{"view": "A2C", "ed": 4}')"""
            ).bindparams()
        )
        connection.execute(text("SELECT setval('cines_id_seq', 1), setval('revisions_id_seq', 1)"))
    engine.dispose()
    opened: list = []
    both = [threading.Thread(target=lambda: opened.append(open_library(server_url))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(opened) == 2
    held = opened[0].load(editing.cine())
    assert (held.label.view, held.label.ed, held.revision) == (View.A2C, 4, 1)
    assert opened[1].save(editing.cine(), "/x", held.label, held.label.with_es(9), base=1, **editing.WHO).number == 2
    for one in opened:
        one.close()


@pytest.mark.parametrize("how", ["immediate", "fast"])
def test_a_server_that_dies_amid_edits_costs_none_that_was_kept(server, shared, server_url, editing, how):
    done, refused = 0, []
    killer = threading.Timer(0.3, server.stop, [how])
    killer.start()
    until = time.monotonic() + 30
    while not refused and time.monotonic() < until:
        try:
            editing.write(shared, done + 1, start=done)
            done += 1
        except LibraryError as error:
            refused.append(str(error))
    killer.join()
    try:
        assert refused
        assert "could not be saved" in refused[0] or "cannot be read" in refused[0]
        assert "\n" not in refused[0]
        with pytest.raises(LibraryError, match="cannot be read"):
            shared.load(editing.cine())
        with pytest.raises(LibraryError, match="cannot be opened"):
            open_library(server_url)
    finally:
        server.start()
    # the same open library goes on; the edit that was refused may have been kept, when only the answer was lost
    held = len(shared.history("uid-1"))
    assert done <= held <= done + 1
    label = shared.load(editing.cine()).label
    after = editing.edited(editing.after(done), done)
    saved = shared.save(editing.cine(), "/x", editing.after(done), after, base=done, **editing.WHO)
    assert saved.others == ()
    assert editing.values(shared.load(editing.cine()).label) == editing.values(editing.after(done + 1))
    assert label.contours


def test_what_was_written_last_is_told_by_a_server_too(shared, server_url, editing):
    other = open_library(server_url)
    said = {**editing.WHO, "annotator": "Dr B"}
    other.save(editing.cine(), "", Label(), editing.after(1), base=0, **said)
    other.say(editing.cine(), "", new_act(ActKind.REJECT, "Dr C", Role.LEAD, t=2), "1.0")
    other.close()
    told = [(one.identity, one.reading, one.number, one.who) for one in shared.newest()]
    assert told == [("uid-1", "", 1, "Dr B"), ("uid-1", "", 0, "Dr C")]
    assert len({one.key for one in shared.newest()}) == 2


def test_a_link_that_is_cut_without_a_word_is_given_up(server_url):
    engine = make_engine(server_url)
    with engine.connect() as connection:
        asked = connection.connection.dbapi_connection.info.get_parameters()
    engine.dispose()
    assert 0 < int(asked["tcp_user_timeout"]) <= 30_000
    least = int(asked["keepalives_idle"]) + int(asked["keepalives_interval"]) * int(asked["keepalives_count"])
    assert (asked["keepalives"], asked["connect_timeout"]) == ("1", "5")
    assert least <= 30
