"""What of a case is kept for the courier: the customer's own words, sealed, and nothing else."""

import json

import pytest

from services.chassis.outcome import DeadLetter, Done
from services.chassis.record import Message, Record
from services.chassis.vault.keys import MasterKey, new_master
from services.chassis.vault.records import place_of
from services.chassis.vault.restoring import Vault as Reading
from services.chassis.vault.sealing import Sealer
from services.intake.app import maskers_of
from services.intake.handler import Accept
from services.intake.vault import Vault
from tests.fakes_intake import KEY, SUPPLY, Door, cloud, loaded, record, said, supply
from topics.automation import CASE_ACCEPTED
from topics.vault import VAULT_CHANGED, VAULT_KEY_CHANGED

TEXT = (
    "I am asha@example.com, +91 98765 43210, IBAN DE89 3704 0044 0532 0130 00,"
    " GSTIN 27AAPFU0939F1ZV, PAN AFZPK7190K, Aadhaar 2345 6789 0124,"
    " card 4111 1111 1111 1111, password: hunter22"
)
KEPT = {"EMAIL", "PHONE", "IBAN", "GSTIN"}
REQUESTER = {"id": "42", "email": "asha@example.com"}


class KeepingDoor(Door):
    """Intake with a vault, and the courier behind it."""

    def __init__(self, known) -> None:
        super().__init__(known)
        self.master = MasterKey.parse(new_master()[0])
        vault = Vault(Sealer(self.master.public), self.metrics)
        self.handler = Accept(known, maskers_of(KEY, known), self.metrics, vault)
        self.reading = Reading([self.master])

    def messages(self, given: Record) -> list[Message]:
        """All that a record leads to; the courier hears of what is meant for it."""
        outcome = self.open(given)
        assert isinstance(outcome, Done), outcome
        for each in outcome.messages:
            heard = Record(each.topic, 0, 0, 0, each.key, each.value)
            if each.topic == VAULT_KEY_CHANGED.name:
                self.reading.apply_key(heard)
            elif each.topic == VAULT_CHANGED.name:
                self.reading.apply_value(heard)
        return list(outcome.messages)

    def kept(self, given: Record) -> set[str]:
        """The classes of which something is kept."""
        places = [place_of(m.key) for m in self.messages(given) if m.topic == VAULT_CHANGED.name]
        return {place.name.partition(":")[0] for place in places if place is not None}


@pytest.fixture
def keeping(tmp_path) -> KeepingDoor:
    """Over the tests' sources."""
    return KeepingDoor(loaded(tmp_path))


def told(text: str = TEXT, requester: dict[str, str] | None = REQUESTER, **message) -> Record:
    """A customer's message."""
    return record(said(text, **message) | ({"requester": requester} if requester else {}))


def test_what_an_answer_may_repeat_is_restored_as_it_was_written(keeping):
    """And only that: citizens' numbers, cards and secrets stay what they became."""
    *_, last = keeping.messages(told())
    case = json.loads(last.value)["case"]
    restored = keeping.reading.restore(case["text"], "acme", case["customer_ref"])
    for gone in ("PAN AFZPK7190K", "2345 6789 0124", "4111 1111 1111 1111", "hunter22"):
        assert gone not in restored.text
    for kept in ("asha@example.com", "+91 98765 43210", "DE89 3704", "27AAPFU0939F1ZV"):
        assert kept in restored.text
        assert kept not in case["text"]
    assert {name.partition(":")[0] for name in restored.missing} == {"PAN", "AADHAAR"}


def test_the_key_goes_before_the_values_and_these_before_the_case(keeping):
    """In one send: whoever reads the case finds what it stands for."""
    topics = [message.topic for message in keeping.messages(told())]
    assert topics == [VAULT_KEY_CHANGED.name, *[VAULT_CHANGED.name] * 4, CASE_ACCEPTED.name]


def test_nothing_that_is_written_holds_a_clear_value(keeping):
    """Keys, headers, values of every topic."""
    for message in keeping.messages(told()):
        raw = b"".join([message.key or b"", message.value or b"", *(v for _, v in message.headers)])
        for clear in (b"asha", b"98765", b"DE89", b"27AAPFU", b"AFZPK", b"4111", b"hunter"):
            assert clear not in raw


def test_the_same_record_again_lies_in_the_same_places(keeping):
    """A redelivery replaces and adds nothing; its key is another, and both open."""
    first = {m.key for m in keeping.messages(told()) if m.topic == VAULT_CHANGED.name}
    again = {m.key for m in keeping.messages(told()) if m.topic == VAULT_CHANGED.name}
    assert first == again
    *_, last = keeping.messages(told())
    case = json.loads(last.value)["case"]
    missing = keeping.reading.restore(case["text"], "acme", case["customer_ref"]).missing
    assert set(missing.values()) == {"unknown"}  # PAN and Aadhaar


NOT_THEIRS = {
    "an agent wrote it": {"author_kind": "agent", "direction": "outbound"},
    "a colleague noted it": {"author_kind": "agent", "direction": "internal"},
    "a robot sent it": {"author_kind": "bot"},
    "a mail server answered": {"automatic": True},
    "our own integration put it there": {"author_id": "sluice-bot"},
}


@pytest.mark.parametrize("message", NOT_THEIRS.values(), ids=NOT_THEIRS.keys())
def test_only_the_customers_own_words_are_kept(keeping, message):
    """An internal note must never come to stand in an answer."""
    assert keeping.kept(told()) == KEPT
    assert keeping.kept(told(**message)) == set()


def test_what_nobody_could_erase_is_not_kept(keeping):
    """Without a customer there is no key to destroy: a ticket of nobody's, a supplier's notice."""
    assert keeping.kept(told(requester=None)) == set()
    notice = record(supply(text=TEXT), topic=SUPPLY, headers=cloud(SUPPLY, "/suppliers/acme"))
    assert keeping.kept(notice) == set()


def test_a_list_of_addresses_is_no_message(keeping):
    """One record must not become thousands; what is too long is no address."""
    many = " ".join(f"user{n}@example.com" for n in range(500))
    places = [m for m in keeping.messages(told(many)) if m.topic == VAULT_CHANGED.name]
    assert len(places) == 32
    assert keeping.kept(told(f"{'x' * 400}@example.com")) == set()
    assert keeping.metrics.counts["sluice_vault_values_total"] == 501


def test_a_refused_record_keeps_nothing(keeping):
    """Its text lies among the dead letters, and nowhere else."""
    outcome = keeping.open(record(said(TEXT) | {"revision": -1, "requester": REQUESTER}))
    assert isinstance(outcome, DeadLetter)


def test_a_cut_text_keeps_only_what_is_still_in_it(keeping):
    """What nobody can ask for need not be there."""
    text = f"asha@example.com {'x ' * 33_000} ben@example.com"
    assert len([m for m in keeping.messages(told(text)) if m.topic == VAULT_CHANGED.name]) == 1


def test_without_a_vault_nothing_is_kept(door):
    """The operator has given no key."""
    outcome = door.open(told())
    assert [message.topic for message in outcome.messages] == [CASE_ACCEPTED.name]
