"""Kafka's settings: refused where they contradict each other, the same for both clients."""

import pytest
from pydantic import ValidationError

from services.chassis.kafka.settings import KafkaSettings


def test_plain_text_needs_an_address_and_nothing_else():
    """Loopback."""
    settings = KafkaSettings(bootstrap_servers="a:1,b:2")
    assert settings.confluent()["bootstrap.servers"] == "a:1,b:2"
    assert settings.aiokafka() == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "PLAINTEXT",
    }


def test_both_clients_get_the_same_account():
    """And the password is in no repr."""
    settings = KafkaSettings(
        bootstrap_servers="a:1",
        security_protocol="SASL_SSL",
        sasl_username="intake",
        sasl_password="secret-1",
    )
    assert settings.confluent()["sasl.password"] == "secret-1"
    assert settings.aiokafka()["sasl_plain_password"] == "secret-1"
    assert settings.aiokafka()["ssl_context"] is not None
    assert "secret-1" not in repr(settings)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"security_protocol": "SASL_SSL"}, "SASL needs"),
        ({"ssl_key_file": "k.pem"}, "belong together"),
        ({"session_timeout_s": 5, "heartbeat_interval_s": 2}, "a third of session_timeout_s"),
    ],
)
def test_contradictions_are_refused(wrong, said):
    """At the start, naming the setting."""
    with pytest.raises(ValidationError, match=said):
        KafkaSettings(bootstrap_servers="a:1", **wrong)
