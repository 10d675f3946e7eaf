"""How long tombstones live, where the broker does not tell."""

from concurrent.futures import Future
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException

from services.chassis.kafka.extent import _retention_s
from topics.reference import ENTITY_CHANGED


class Broker:
    """Answers with a setting, or refuses."""

    def __init__(self, value: str | None) -> None:
        self.value = value

    def describe_configs(self, asked, **_):
        """As the client does."""
        answer: Future = Future()
        if self.value is None:
            refusal = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
            answer.set_exception(KafkaException(refusal))
        else:
            answer.set_result({"delete.retention.ms": SimpleNamespace(value=self.value)})
        return dict.fromkeys(asked, answer)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("3600000", 3600), (None, 86_400)],
    ids=["told", "may not ask"],
)
def test_who_may_not_ask_believes_the_shorter(told, seconds) -> None:
    """A day is what brokers do by themselves; a week is what we declare, and nobody checked."""
    assert _retention_s(Broker(told), ENTITY_CHANGED) == seconds
