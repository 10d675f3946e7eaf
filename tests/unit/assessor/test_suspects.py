"""What is remembered over the death of the process."""

import sqlite3

import pytest

from services.assessor import suspects as module
from services.assessor.suspects import Suspects
from services.chassis.errors import ConfigurationError, Outage
from services.chassis.triton.memory import Suspicion


@pytest.fixture
def path(tmp_path):
    """Where the file is."""
    return tmp_path / "suspects.sqlite"


def again(path):
    """The next life, without a goodbye of the last."""
    return Suspects(path)


def test_texts_on_their_way_at_death_are_suspicious(path):
    """A text that kills us would else be sent again, and again."""
    life = Suspects(path)
    life.depart([f"id{n}" for n in range(32)])
    life.depart(["other"])
    life.arrive(life.depart(["landed"]))
    after = again(path)
    assert after.suspicion("id7") == Suspicion(company=8)
    assert after.suspicion("other") == Suspicion(company=1)
    assert after.suspicion("landed") is None


def test_a_small_company_lost_is_tried_alone(path):
    """32, 8, 1: each loss narrows."""
    Suspects(path).depart([f"id{n}" for n in range(32)])
    again(path).depart([f"id{n}" for n in range(8)])
    after = again(path)
    assert after.suspicion("id3") == Suspicion(company=1)
    assert after.suspicion("id9") == Suspicion(company=8)


def test_tries_alone_count_over_restarts(path):
    """Three lives taken are three failures."""
    for expected in (1, 2, 3):
        assert again(path).alone("poison") == expected
    assert again(path).suspicion("poison") == Suspicion(1, 3)


def test_what_passed_or_was_excused_is_forgotten(path):
    """Nobody stays blamed for an outage."""
    life = Suspects(path)
    life.alone("innocent")
    life.alone("unlucky")
    life.clear(["innocent", "never seen"])
    life.excuse("unlucky")
    after = again(path)
    assert after.suspicion("innocent") is None
    assert after.suspicion("unlucky") == Suspicion(1, 0)


def test_a_damaged_file_is_thrown_away(path):
    """It costs time, not a start."""
    path.write_bytes(b"this is no database" * 100)
    assert Suspects(path).suspicion("any") is None


def test_what_is_older_than_its_record_is_forgotten(path, monkeypatch):
    """The file does not grow for ever."""
    life = Suspects(path)
    life.alone("old")
    now = module.time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 15 * 24 * 3600)
    assert again(path).suspicion("old") is None


def test_a_place_that_cannot_be_written_stops_the_start(tmp_path):
    """Named by its setting."""
    with pytest.raises(ConfigurationError, match="SLUICE_STATE_DIR"):
        Suspects(tmp_path / "missing" / "file")


def test_a_file_that_cannot_be_written_later_is_an_outage(path):
    """A full disk is nobody's text."""
    life = Suspects(path)
    life._db.close()
    with pytest.raises(Outage):
        life.depart(["id"])
    assert issubclass(sqlite3.ProgrammingError, sqlite3.Error)
