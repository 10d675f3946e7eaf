"""`sluice vault` without a broker: its words, and how it counts what is held."""

import pytest
from click.testing import CliRunner

from services.chassis.record import Record
from services.chassis.vault.holdings import UNREADABLE, Holdings
from services.chassis.vault.keys import MasterKey, new_master
from services.chassis.vault.records import Place
from services.chassis.vault.sealing import Sealer
from services.cli.main import cli
from topics.vault import VAULT_CHANGED, VAULT_KEY_CHANGED

EMAIL = "EMAIL:6f1c09d2aa31"


def _say(*words: str):
    environment = {"SLUICE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    return CliRunner().invoke(cli, ["vault", *words], env=environment)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), ["erase", "new-key", "show"]),
        (("erase",), ["--tenant", "--customer", "--execute", "only say what would be done"]),
        (("show",), ["--tenant", "--customer", "--json", "never a clear"]),
        (("new-key",), ["To rotate"]),
    ],
)
def test_help_tells_every_option(words, told) -> None:
    """And asks no broker for it."""
    said = _say(*words, "--help")
    assert said.exit_code == 0
    assert not [each for each in told if each not in " ".join(said.output.split())]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["erase", "--tenant", "acme"], "Missing option '--customer'"),
        (["erase", "--customer", "x", "--execute"], "Missing option '--tenant'"),
        (["show"], "Missing option '--tenant'"),
    ],
)
def test_bad_input_is_refused_by_name(words, told) -> None:
    """Whom to erase is never guessed."""
    said = _say(*words)
    assert said.exit_code == 2
    assert told in said.output


def test_a_new_pair_fits_together_and_is_never_the_same() -> None:
    """As the two services' environments take it."""
    told = dict(line.split("=") for line in _say("new-key").output.split())
    master = MasterKey.parse(told["SLUICE_VAULT_PRIVATE_KEYS"])
    assert master.public.raw.hex() == told["SLUICE_INTAKE_VAULT_PUBLIC_KEY"]
    assert _say("new-key").output != _say("new-key").output


def _held(tenant: str = "acme", *customers: str) -> tuple[Holdings, dict[str, Record]]:
    sealer = Sealer(MasterKey.parse(new_master()[0]).public)
    holdings, keys = Holdings(tenant, frozenset(customers)), {}
    for whose, customer in (("acme", "a"), ("acme", "b"), ("globex", "a")):
        sealed = sealer.seal(whose, customer, {EMAIL: "x@example.com"})
        place = Place(whose, customer, sealed.key.key_id)
        keys[f"{whose} {customer}"] = Record(
            VAULT_KEY_CHANGED.name, 3, 0, 0, place.key, sealed.key.to_json()
        )
        holdings.take(keys[f"{whose} {customer}"])
        (value,) = sealed.values
        place = Place(whose, customer, EMAIL)
        holdings.take(Record(VAULT_CHANGED.name, 1, 0, 0, place.key, value.to_json()))
    return holdings, keys


def test_only_who_is_meant_is_counted() -> None:
    """A customer of that reference at another tenant is somebody else."""
    assert _held()[0].known == ["a", "b"]
    only, _ = _held("acme", "a")
    assert only.known == ["a"]
    assert [held.tombstone.partition for held in only.keys.values()] == [3]
    assert [held.tombstone.key for held in only.values.values()] == [b"acme|a|EMAIL:6f1c09d2aa31"]


def test_a_destroyed_key_leaves_a_value_that_nobody_opens() -> None:
    """Until it is removed, too."""
    holdings, keys = _held("acme", "a")
    key = keys["acme a"]
    (value,) = holdings.values.values()
    assert holdings.opens(value)
    holdings.take(Record(key.topic, key.partition, 1, 0, key.key, None))
    assert not holdings.opens(value)
    assert not holdings.masters


def test_what_cannot_be_read_is_destroyed_all_the_same() -> None:
    """Its place is in its Kafka key."""
    holdings = Holdings("acme", frozenset({"a"}))
    holdings.take(Record(VAULT_KEY_CHANGED.name, 0, 0, 0, b"acme|a|k", b"\xff"))
    holdings.take(Record(VAULT_KEY_CHANGED.name, 0, 1, 0, b"no place", b"{}"))
    (held,) = holdings.keys.values()
    assert held.by == UNREADABLE
    assert held.tombstone.value is None
