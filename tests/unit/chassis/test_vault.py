"""The vault: what is sealed opens for its own customer by its master key, and for nobody else."""

import json
from dataclasses import dataclass, field

import pytest

from schemas.base import Event
from services.chassis.errors import ConfigurationError
from services.chassis.record import Record
from services.chassis.settings import load
from services.chassis.vault.keys import MasterKey, new_master
from services.chassis.vault.records import Place
from services.chassis.vault.restoring import Missing, Vault
from services.chassis.vault.sealing import Sealed, Sealer
from services.chassis.vault.settings import VaultSettings

EMAIL, PHONE = "EMAIL:6f1c09d2aa31", "PHONE:0b1c2d3e4f50"
ASHA, BEN = "5b0f6cf6cc4f0f5c1d2a9e37", "c0ffee00c0ffee00c0ffee00"
TEXT = f"We wrote to [[{EMAIL}]] and called [[{PHONE}]]."
CLEAR = {EMAIL: "Asha.Rao@example.com", PHONE: "+91 98765 43210"}


def record(event: Event, name: str, **changes: str) -> Record:
    """As it lies in its topic; changed by who should not."""
    value = json.loads(event.to_json()) | changes
    key = Place(value["tenant"], value["customer_ref"], name).key
    return Record(event.event_type, 0, 0, 0, key, json.dumps(value).encode())


@dataclass
class Courier:
    """Who may read: the library over the two topics."""

    master: MasterKey = field(default_factory=lambda: MasterKey.parse(new_master()[0]))

    def __post_init__(self) -> None:
        self.vault = Vault([self.master])

    def hear(self, sealed: Sealed) -> None:
        """Both topics, in the order they are sent."""
        self.vault.apply_key(record(sealed.key, sealed.key.key_id))
        for each in sealed.values:
            self.vault.apply_value(record(each, each.placeholder))

    def erase(self, sealed: Sealed) -> None:
        """What `sluice vault erase` writes: a null value for the key."""
        key = record(sealed.key, sealed.key.key_id)
        self.vault.apply_key(Record(key.topic, 0, 1, 0, key.key, None))

    def restore(self, text: str = TEXT, customer: str = ASHA, tenant: str = "acme"):
        """For one customer."""
        return self.vault.restore(text, tenant, customer)


@pytest.fixture
def courier() -> Courier:
    """With a master key of its own."""
    return Courier()


@pytest.fixture
def sealed(courier) -> Sealed:
    """What intake wrote of one message of Asha's."""
    return Sealer(courier.master.public).seal("acme", ASHA, CLEAR)


def test_what_a_customer_told_is_restored_in_a_text_for_them(courier, sealed):
    """As they wrote it, wherever a placeholder stands."""
    courier.hear(sealed)
    found = courier.restore(f"{TEXT} Again: [[{EMAIL}]]")
    assert found.text == (
        "We wrote to Asha.Rao@example.com and called +91 98765 43210. Again: Asha.Rao@example.com"
    )
    assert found.missing == {}


def test_no_record_holds_the_clear_value(sealed):
    """Who copies both topics has nothing."""
    for each in (sealed.key, *sealed.values):
        assert b"asha" not in each.to_json().lower()
        assert b"98765" not in each.to_json()


@pytest.mark.parametrize(("customer", "tenant"), [(BEN, "acme"), (ASHA, "globex")])
def test_another_customer_gets_nothing(courier, sealed, customer, tenant):
    """A placeholder in the wrong answer must not become somebody's address."""
    courier.hear(sealed)
    found = courier.restore(customer=customer, tenant=tenant)
    assert found.text == TEXT
    assert found.missing == {EMAIL: Missing.UNKNOWN, PHONE: Missing.UNKNOWN}


def test_two_customers_who_name_one_address_have_it_each(courier):
    """Erasing one of them takes nothing from the other."""
    sealer = Sealer(courier.master.public)
    hers, his = sealer.seal("acme", ASHA, CLEAR), sealer.seal("acme", BEN, CLEAR)
    courier.hear(hers)
    courier.hear(his)
    courier.erase(hers)
    assert courier.restore().missing == dict.fromkeys(CLEAR, Missing.ERASED)
    assert courier.restore(customer=BEN).missing == {}


def test_without_its_key_a_value_is_gone_for_ever(courier, sealed):
    """Whoever has the values, the session and the master key still lacks the salt."""
    courier.hear(sealed)
    courier.erase(sealed)
    found = courier.restore()
    assert found.text == TEXT
    assert found.missing == dict.fromkeys(CLEAR, Missing.ERASED)


def test_writing_again_after_an_erasure_brings_nothing_old_back(courier):
    """The same process, the same customer, another message: another key."""
    sealer = Sealer(courier.master.public)
    before = sealer.seal("acme", ASHA, CLEAR)
    courier.hear(before)
    courier.erase(before)
    courier.hear(sealer.seal("acme", ASHA, {PHONE: "+91 98765 43210"}))
    assert courier.restore().missing == {EMAIL: Missing.ERASED}


def test_two_processes_with_one_new_customer_need_not_agree(courier):
    """In whatever order their records come to lie, in either topic."""
    one = Sealer(courier.master.public).seal("acme", ASHA, CLEAR)
    other = Sealer(courier.master.public).seal("acme", ASHA, CLEAR)
    for first, last in ((one, other), (other, one)):
        both = Courier(courier.master)
        for key in (one.key, other.key):
            both.vault.apply_key(record(key, key.key_id))
        for each in (first.values[0], last.values[0], last.values[1], first.values[1]):
            both.vault.apply_value(record(each, each.placeholder))
        assert both.restore().missing == {}


def test_another_master_key_opens_nothing(courier, sealed):
    """Named as what it is: the remedy is another setting."""
    other = Courier()
    other.hear(sealed)
    assert other.restore().missing == dict.fromkeys(CLEAR, Missing.OTHER_MASTER)


def test_a_replaced_master_key_opens_what_was_sealed_to_it(courier, sealed):
    """Rotation: the courier has both until the topics have forgotten the old one."""
    new = MasterKey.parse(new_master()[0])
    both = Courier(courier.master)
    both.vault = Vault([new, courier.master])
    both.hear(sealed)
    assert both.restore().missing == {}
    both.hear(Sealer(new.public).seal("acme", ASHA, CLEAR))
    assert both.restore().missing == {}


KEY_DAMAGE = {
    "another session": {"session": "AAAA"},
    "no base 64": {"session": "%%%"},
    "another salt": {"salt": "AAAA"},
    "another customer's": {"customer_ref": BEN},
}


@pytest.mark.parametrize("change", KEY_DAMAGE.values(), ids=KEY_DAMAGE.keys())
def test_a_changed_key_opens_nothing(courier, sealed, change):
    """Nor does it end the courier."""
    courier.hear(sealed)
    changed = record(sealed.key, sealed.key.key_id, **change)
    place = Place("acme", ASHA, sealed.key.key_id)
    courier.vault.apply_key(Record(changed.topic, 0, 1, 0, place.key, changed.value))
    missing = courier.restore().missing
    # The place counts, not what the record says of itself: its bytes are still Asha's key.
    assert set(missing.values()) == (set() if change == {"customer_ref": BEN} else {"damaged"})


VALUE_DAMAGE = {
    "a bit": {"sealed": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="},
    "too short": {"sealed": "AAAA"},
    "another nonce": {"nonce": "AAAAAAAAAAAAAAAA"},
    "a nonce of no length": {"nonce": ""},
}


@pytest.mark.parametrize("change", VALUE_DAMAGE.values(), ids=VALUE_DAMAGE.keys())
def test_a_changed_value_is_not_restored(courier, sealed, change):
    """Better an answer that is not sent than one with somebody's doing in it."""
    courier.hear(sealed)
    courier.vault.apply_value(record(sealed.values[0], EMAIL, **change))
    found = courier.restore()
    assert found.missing == {EMAIL: Missing.DAMAGED}
    assert f"[[{EMAIL}]]" in found.text
    assert "+91 98765 43210" in found.text


def test_a_value_in_anothers_place_is_not_restored(courier, sealed):
    """Copied from one placeholder, or one customer, to another, it opens nothing."""
    courier.hear(sealed)
    moved = sealed.values[0].model_copy(update={"placeholder": PHONE})
    courier.vault.apply_value(record(moved, PHONE))
    assert courier.restore().missing == {PHONE: Missing.DAMAGED}
    other = Sealer(courier.master.public).seal("acme", BEN, CLEAR)
    courier.vault.apply_key(record(other.key, other.key.key_id, customer_ref=ASHA))
    courier.vault.apply_value(record(other.values[0], EMAIL, customer_ref=ASHA))
    assert courier.restore().missing == {EMAIL: Missing.DAMAGED, PHONE: Missing.DAMAGED}


@pytest.mark.parametrize("value", [b"", b"{}", b"\xff", b"[1]"])
def test_foreign_bytes_are_damage(courier, sealed, value):
    """In either topic."""
    courier.hear(sealed)
    key = Place("acme", ASHA, EMAIL).key
    courier.vault.apply_value(Record("t", 0, 1, 0, key, value))
    assert courier.restore().missing == {EMAIL: Missing.DAMAGED}


@pytest.mark.parametrize("key", [None, b"", b"acme", b"acme|x|", b"a|b|c|d", b"\xff|b|c"])
def test_a_key_that_is_none_of_ours_alarms(courier, key):
    """The broadcast counts it as unreadable; nothing else is touched."""
    with pytest.raises(ValueError, match="key"):
        courier.vault.apply_value(Record("t", 0, 1, 0, key, b"{}"))


@pytest.mark.parametrize("text", ["[[CARD]]", "[[EMAIL]]", "[EMAIL:6f1c09d2aa31]", "[[x:1]]"])
def test_what_stands_for_nothing_stays(courier, sealed, text):
    """Cards and secrets have nothing behind them, and that is no fault of the text."""
    courier.hear(sealed)
    assert courier.restore(text) == courier.restore(text).__class__(text, {})


def test_a_session_is_opened_once(courier, monkeypatch):
    """Public-key work is paid per process of intake, not per value."""
    sealer = Sealer(courier.master.public)
    for number in range(3):
        courier.hear(sealer.seal("acme", f"{ASHA}{number}", CLEAR))
    for number in range(3):
        assert courier.restore(customer=f"{ASHA}{number}").missing == {}
    assert courier.master._open.cache_info().misses == 1


@pytest.mark.parametrize("text", ["", "ff", "zz" * 32, "ab" * 31])
def test_a_wrong_master_key_is_refused_with_the_remedy(monkeypatch, text):
    """And never quoted: it may be a typing error away from the right one."""
    monkeypatch.setenv("SLUICE_VAULT_PRIVATE_KEYS", f"{'ab' * 32},{text}")
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits; `sluice vault") as error:
        load(VaultSettings)
    assert "ab" * 8 not in str(error.value)


def test_several_master_keys_are_read_in_their_order(monkeypatch):
    """With spaces or without."""
    pairs = [new_master(), new_master()]
    monkeypatch.setenv("SLUICE_VAULT_PRIVATE_KEYS", ", ".join(private for private, _ in pairs))
    masters = load(VaultSettings).masters
    assert [each.public.raw.hex() for each in masters] == [public for _, public in pairs]
