"""The vault on the real broker: kept by intake, restored by the library, erased by the command."""

import json
import signal

import pytest
from click.testing import CliRunner, Result

from schemas.automation.case import Case
from services.chassis.vault.keys import new_master
from services.chassis.vault.restoring import Missing, Vault
from services.chassis.vault.settings import VaultSettings
from services.cli.main import cli
from tests.fakes_intake import TICKETS, cloud, said
from tests.integration.intake.conftest import House
from topics.catalog import ALL
from topics.dead_letters import INTAKE_DEAD_LETTERS, INTAKE_RETRY
from topics.vault import VAULT_CHANGED, VAULT_KEY_CHANGED

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

PRIVATE, PUBLIC = new_master()
WITH_VAULT = {"SLUICE_INTAKE_VAULT_PUBLIC_KEY": PUBLIC}
# Where a clear value may lie: as it came, until the topic's retention ends.
RAW = {TICKETS, INTAKE_RETRY.name, INTAKE_DEAD_LETTERS.name}


def message(customer: int, number: int) -> bytes:
    """A ticket in which a customer tells how to reach them."""
    text = f"Call +91 98765 {customer:05} or write to customer{customer}@example.com, {number}"
    return json.dumps(
        said(text, sent_at="2026-11-20T08:00:00Z")
        | {"ticket_id": f"T-{customer}", "revision": number, "requester": {"id": str(customer)}}
    ).encode()


def publish(house: House, customers: int, numbers: range) -> None:
    """Each customer's messages, all over the partitions."""
    for customer in range(customers):
        for number in numbers:
            house.send(
                TICKETS,
                [message(customer, number)],
                key=b"%d" % (customer * 7 + number),
                headers=cloud(TICKETS, "/helpdesk/acme", f"e-{customer}-{number}"),
            )


def courier(house: House) -> Vault:
    """The library over the topics as they are now."""
    vault = Vault(VaultSettings(private_keys=PRIVATE).masters)
    for record in house.records(VAULT_KEY_CHANGED.name):
        vault.apply_key(record)
    for record in house.records(VAULT_CHANGED.name):
        vault.apply_value(record)
    return vault


def erase(house: House, *words: str) -> Result:
    """The command, as an operator runs it."""
    environment = {"SLUICE_KAFKA_BOOTSTRAP_SERVERS": house.kafka.bootstrap_servers}
    found = CliRunner().invoke(cli, ["vault", *words], env=environment, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found


def cases(house: House) -> dict[str, Case]:
    """Of each customer one, by their reference."""
    found = [case for same in house.cases().values() for case in same]
    return {case.customer_ref: case for case in found if case.customer_ref}


def clear_in(house: House) -> set[str]:
    """The topics in which a customer's address stands in the clear."""
    return {
        topic.name
        for topic in ALL
        for record in house.records(topic.name)
        for part in (record.key, record.value, *(value for _, value in record.headers))
        if b"@example.com" in (part or b"") or b"98765" in (part or b"")
    }


def test_what_customers_tell_survives_a_kill_and_nothing_of_it_is_clear(house: House) -> None:
    """Killed after the send and before the ack, twice: everything is restored, by its customer."""
    publish(house, 10, range(1, 4))
    crash = {"SLUICE_CRASH_POINT": "boundary.after-send"}
    mark = str(house.folder / "mark")
    process = house.start(**WITH_VAULT, **crash, SLUICE_CRASH_MARK=mark)
    assert process.wait(60) == -signal.SIGKILL, house.log()
    process = house.start(**WITH_VAULT)
    house.settled(TICKETS)
    vault, found = courier(house), cases(house)
    assert len(found) == 10
    for reference, case in found.items():
        restored = vault.restore(case.text, "acme", reference)
        customer = int(case.subject_id.rpartition("-")[2])
        assert restored.missing == {}
        assert (
            f"+91 98765 {customer:05} or write to customer{customer}@example.com" in restored.text
        )
    assert clear_in(house) == {TICKETS} <= RAW
    assert "@example.com" not in house.log(0) + house.log(1)
    process.terminate()
    assert process.wait(29) == 0, house.log()


def test_an_erasure_takes_one_customer_and_nobody_else(house: House) -> None:
    """Dry run first; afterwards not even the holder of the master key reads it."""
    publish(house, 3, range(1, 3))
    process = house.start(**WITH_VAULT)
    house.settled(TICKETS)
    first, *others = sorted(cases(house))
    text = {reference: case.text for reference, case in cases(house).items()}
    told = erase(house, "erase", "--tenant", "acme", "--customer", first).output
    assert "1 customers, 2 keys, 2 values, 2 of them readable" in told
    assert "nothing done; repeat with --execute" in told
    assert courier(house).restore(text[first], "acme", first).missing == {}

    before = courier(house)
    done = erase(house, "erase", "--tenant", "acme", "--customer", first, "--execute").output
    assert "destroyed 2 keys, removed 2 values" in done
    assert f"{TICKETS}  14 days  as it came" in done
    gone = courier(house).restore(text[first], "acme", first)
    assert gone.text == text[first]
    assert set(gone.missing.values()) == {Missing.UNKNOWN}
    for record in house.records(VAULT_KEY_CHANGED.name):
        before.apply_key(record)  # a copy of the values alone, from before: worth nothing now
    assert set(before.restore(text[first], "acme", first).missing.values()) == {Missing.ERASED}
    for reference in others:
        assert courier(house).restore(text[reference], "acme", reference).missing == {}

    shown = json.loads(erase(house, "show", "--tenant", "acme", "--json").output)
    assert (shown["customers"], shown["values"], shown["readable"]) == (2, 4, 4)
    assert shown["classes"] == {"EMAIL": 2, "PHONE": 2}
    again = erase(house, "erase", "--tenant", "acme", "--customer", first, "--execute").output
    assert "destroyed 0 keys, removed 0 values" in again
    process.terminate()
    assert process.wait(29) == 0, house.log()
