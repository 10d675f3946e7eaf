"""A broker of the assessor's own, and the house around it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.kafka import KafkaBroker
from services.chassis.kafka.provisioning import apply
from tests.broker import native_broker
from tests.integration.assessor.house import PARTITIONS, House


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """One of its own: the declared topics must be empty, and belong to nobody else."""
    with native_broker(tmp_path_factory.mktemp("kafka")) as made:
        client = {"bootstrap.servers": made.bootstrap_servers}
        assert apply(client, partitions=PARTITIONS, replication=1) == []
        yield made


@pytest.fixture
def house(broker: KafkaBroker, tmp_path: Path) -> Iterator[House]:
    """No process survives its test."""
    made = House(broker.bootstrap_servers, tmp_path)
    try:
        yield made
    finally:
        for process in made.processes:
            if process.poll() is None:
                process.kill()
                process.wait(10)
