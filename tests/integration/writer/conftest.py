"""A broker of the writer's own."""

from collections.abc import Iterator

import pytest

from infra.local.kafka import KafkaBroker
from services.chassis.kafka.provisioning import apply
from tests.broker import native_broker
from tests.integration.writer.desk import PARTITIONS


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """One of its own: the declared topics must be empty, and belong to nobody else."""
    with native_broker(tmp_path_factory.mktemp("kafka")) as made:
        client = {"bootstrap.servers": made.bootstrap_servers}
        assert apply(client, partitions=PARTITIONS, replication=1) == []
        yield made
