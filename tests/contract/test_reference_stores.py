"""What every place for the reference copy must do: the product's, the fake, the measured ones."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.bench.reference_stores import CANDIDATES, DictStore, installed
from services.assessor.reference.store import Kept, SqliteStore, Store
from services.chassis.errors import ConfigurationError, Crash

Open = Callable[[], Store]


# The others are measured where they are installed, and no part of Sluice.
@pytest.fixture(params=[name for name in CANDIDATES if installed(name)])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same place again; what was open before is closed."""
    name = request.param
    if not installed(name):
        pytest.skip(
            f"{CANDIDATES[name][0]} is not installed: it is measured, and no part of Sluice"
        )
    made: list[Store] = []

    def one() -> Store:
        for store in made:
            store.close()
        if not (made and isinstance(made[0], DictStore)):  # it has nothing to be opened again from
            made[:] = [CANDIDATES[name][1](tmp_path)]
        return made[0]

    yield one
    for store in made:
        store.close()


def test_nothing_is_kept_at_first(reopen: Open) -> None:
    """A new place is told from an empty copy: nobody says that it is sound."""
    assert reopen().kept() is None


def test_what_was_begun_is_empty_and_sound(reopen: Open) -> None:
    """Also when it is opened again."""
    reopen().begin("mine", 5.5)
    assert reopen().kept() == Kept("mine", {}, 5.5)


def test_the_last_word_on_a_name_counts(reopen: Open) -> None:
    """Within one call as between two."""
    store = reopen()
    store.begin("mine", 1.0)
    store.apply([("a", b"1"), ("b", b"1"), ("a", b"2"), ("c", b"1"), ("c", None)], {0: 5})
    store.apply([("b", None), ("d", b"1"), ("e", None)], {0: 8, 3: 1})
    for again in (lambda: store, reopen):
        one = again()
        assert [one.get(name) for name in "abcde"] == [b"2", None, None, b"1", None]
        assert one.kept() == Kept("mine", {0: 8, 3: 1}, 1.0)


def test_offsets_go_on_without_changes(reopen: Open) -> None:
    """Of a topic whose last records were compacted away."""
    reopen().begin("mine", 1.0)
    reopen().apply([], {2: 77})
    assert reopen().kept() == Kept("mine", {2: 77}, 1.0)


def test_soundness_is_remembered(reopen: Open) -> None:
    """It decides whether the copy may be gone on with."""
    reopen().begin("mine", 1.0)
    reopen().sound(2.25)
    assert reopen().kept() == Kept("mine", {}, 2.25)


def test_to_begin_anew_leaves_nothing(reopen: Open) -> None:
    """Neither entities nor offsets of the copy before."""
    store = reopen()
    store.begin("mine", 1.0)
    store.apply([("a", b"1"), ("b", b"")], {0: 5})
    store.begin("another", 9.0)
    for again in (lambda: store, reopen):
        one = again()
        assert (one.get("a"), one.holes()) == (None, 0)
        assert one.kept() == Kept("another", {}, 9.0)


def test_holes_are_counted_until_they_are_filled(reopen: Open) -> None:
    """An alarm stands for as long as there is one."""
    store = reopen()
    store.begin("mine", 1.0)
    store.apply([("a", b""), ("b", b""), ("c", b"1")], {0: 3})
    assert (store.holes(), store.get("a")) == (2, b"")
    store.apply([("a", b"1"), ("b", None)], {0: 5})
    assert reopen().holes() == 0


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.tuples(NAMES, st.none() | st.binary(max_size=9)), max_size=9)))
def test_it_is_a_mapping_whatever_the_names(reopen: Open, batches: list) -> None:
    """Umlauts, quotes, zeros, percent signs: a name is a name."""
    store, expected = reopen(), {}
    store.begin("mine", 1.0)
    for number, batch in enumerate(batches):
        store.apply(batch, {0: number})
        expected |= dict(batch)
    assert {name: store.get(name) for name in expected} == expected
    assert store.holes() == sum(value == b"" for value in expected.values())


class TestSqlite:
    """What the product's own promises besides."""

    def test_a_second_process_is_refused_by_name(self, tmp_path: Path) -> None:
        """Two would overwrite each other's offsets."""
        first = SqliteStore(tmp_path / "copy.sqlite")
        with pytest.raises(ConfigurationError, match="SLUICE_INSTANCE: another assessor uses"):
            SqliteStore(tmp_path / "copy.sqlite")
        first.close()
        SqliteStore(tmp_path / "copy.sqlite").close()

    @pytest.mark.parametrize("damage", [b"", b"not a database" * 1000])
    def test_what_is_no_database_is_thrown_away(self, tmp_path: Path, damage: bytes) -> None:
        """The topic has all of it."""
        file = tmp_path / "copy.sqlite"
        file.write_bytes(damage)
        store = SqliteStore(file)
        assert store.kept() is None
        store.begin("mine", 1.0)
        store.close()

    def test_what_turns_out_damaged_ends_the_process_and_is_gone(self, tmp_path: Path) -> None:
        """The next one begins anew, instead of dying of it again."""
        file = tmp_path / "copy.sqlite"
        store = SqliteStore(file)
        store.begin("mine", 1.0)
        store.apply([(f"acme|order:{n}", b"x" * 100) for n in range(5_000)], {0: 5_000})
        store.close()
        with file.open("r+b") as pages:
            pages.seek(40_000)
            pages.write(b"\xff" * (file.stat().st_size - 80_000))
        damaged = SqliteStore(file)
        with pytest.raises(Crash, match="damaged"):
            [damaged.get(f"acme|order:{n}") for n in range(5_000)]
        assert not file.exists()
        SqliteStore(file).close()

    def test_a_place_that_cannot_be_written_is_refused_by_name(self, tmp_path: Path) -> None:
        """Before anything is read."""
        with pytest.raises(ConfigurationError, match="SLUICE_STATE_DIR"):
            SqliteStore(tmp_path / "nowhere" / "copy.sqlite")
