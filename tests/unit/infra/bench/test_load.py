"""What the bench publishes is varied, the same for a seed, and nobody else's."""

import json
import random
from itertools import islice, pairwise
from pathlib import Path

import pytest

from infra.bench import direct, load
from infra.bench.texts import texts
from schemas.supply import SupplyEventReceived
from schemas.support import TicketReceived
from services.intake import sources
from services.intake.domain.masking import Masker

SOURCES = Path(sources.__file__).with_name("sources.yaml")


def seeded(seed: int) -> random.Random:
    """The same numbers for the same seed."""
    return random.Random(seed)  # noqa: S311 - reproducible load, not a secret


def test_no_text_is_said_twice() -> None:
    """A cache of answers, anywhere, would be measured instead of the model."""
    made = list(islice(texts(seeded(1)), 3000))
    assert len(set(made)) == 3000
    assert not any("{" in text or "}" in text for text in made)


def test_texts_are_of_four_languages_and_many_lengths() -> None:
    """Both decide the model's speed: scripts make tokens, equal lengths make groups."""
    made = list(islice(texts(seeded(1)), 1000))
    devanagari = sum(any("\u0900" <= c <= "\u097f" for c in text) for text in made)
    bengali = sum(any("\u0980" <= c <= "\u09ff" for c in text) for text in made)
    assert 80 < devanagari < 250
    assert 50 < bengali < 200
    lengths = sorted(map(len, made))
    assert lengths[10] < 60
    assert 90 < lengths[500] < 250
    assert lengths[-10] > 400


def test_the_same_seed_says_the_same() -> None:
    """Two runs are comparable; another seed is another load."""
    once, again, other = (list(islice(texts(seeded(n)), 50)) for n in (7, 7, 8))
    assert once == again != other


def test_tickets_keep_the_contract_and_their_names() -> None:
    """Intake takes them as they are, and its masking leaves alone what the bench looks for."""
    masker = Masker(b"k" * 32)
    for _ in range(50):
        run = load.new_run()
        for given in islice(load.tickets(run, seed=1), 20):
            ticket = TicketReceived.from_json(given.value)
            assert ticket.message is not None
            assert run in masker.identifier(ticket.ticket_id)


def test_supply_events_need_no_model() -> None:
    """They have codes and no text, and one shipment each, named after the run."""
    for given in islice(load.supply_events("abcdefgh", seed=1), 200):
        event = SupplyEventReceived.from_json(given.value)
        assert event.text is None
        assert "abcdefgh" in event.refs[0].value.lower()


def test_runs_do_not_share_ids() -> None:
    """The same seed twice makes new cases, not repeats of known ones."""
    runs = [load.new_run() for _ in range(2)]
    ids = [
        {given.id for given in islice(made(run, 1), 100)}
        for run in runs
        for made in (load.tickets, load.supply_events)
    ]
    assert len(set.union(*ids)) == 400


def test_the_shipped_sources_know_the_bench() -> None:
    """Its tenant is its own, so that it uses up nobody's budgets, and takes no bare records."""
    known = sources.load(SOURCES)
    for given in (next(load.tickets("r", 1)), next(load.supply_events("r", 1))):
        ce_source = dict(given.headers)["ce_source"].decode()
        (source,) = (s for s in known.by_topic[given.topic] if s.matches(ce_source))
        assert source.tenant == load.TENANT
        assert not source.bare
    others = [s for each in known.by_topic.values() for s in each if s.tenant != load.TENANT]
    assert others


def test_arrivals_are_random_and_keep_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evenly spaced arrivals would never queue up and flatter the percentiles."""
    clock = _Clock()
    monkeypatch.setattr(load, "time", clock)
    at = [clock.now for _ in load.paced(load.tickets("r", 1), per_s=50, for_s=40, seed=1)]
    gaps = [after - before for before, after in pairwise(at)]
    assert 1800 < len(at) < 2200
    assert at[-1] < 40
    assert min(gaps) < 0.002
    assert max(gaps) > 0.08


class _Clock:
    """A clock that sleeps by moving on."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_texts_are_put_together_as_the_flow_does_it() -> None:
    """Sorted by length within a window, cut to the largest batch, none lost."""
    said = ["x" * n for n in (5, 1, 4, 2, 3, 9, 7, 8)]
    made = list(direct.batches(said, window=5, largest=2))
    assert [[len(text) for text in batch] for batch in made] == [[1, 2], [3, 4], [5], [7, 8], [9]]


def test_length_is_what_the_flow_sorts_by() -> None:
    """Bytes: a Bengali character is three of them, and about as many tokens."""
    assert next(direct.batches(["aaaa", "আআ"], 2, 2)) == ["aaaa", "আআ"]


def test_values_are_utf8_json() -> None:
    """As an outside producer sends them."""
    value = next(load.tickets("r", 1)).value
    assert json.loads(value.decode())["revision"] == 1
