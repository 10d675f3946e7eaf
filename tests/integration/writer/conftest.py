"""A broker of the writer's own."""

from collections.abc import Iterator

import pytest

from infra.local.kafka import KafkaBroker
from services.chassis.kafka.provisioning import apply
from tests.integration.writer.desk import PARTITIONS


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """One of its own: the declared topics must be empty, and belong to nobody else."""
    made = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    made.prepare()
    made.start()
    try:
        made.wait_ready()
        client = {"bootstrap.servers": made.bootstrap_servers}
        assert apply(client, partitions=PARTITIONS, replication=1) == []
        yield made
    finally:
        made.stop()
