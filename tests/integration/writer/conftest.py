"""A broker of the writer's own, and a Triton that writes."""

from collections.abc import Iterator

import pytest

from infra.local.kafka import KafkaBroker
from infra.local.triton import TritonPart
from services.chassis.kafka.provisioning import apply
from tests.integration.writer.desk import PARTITIONS
from tests.writer import writing_triton


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


@pytest.fixture(scope="module")
def writing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonPart]:
    """The writer's model, for real."""
    with writing_triton(tmp_path_factory.mktemp("writer")) as part:
        yield part
