"""How this process reaches Kafka: one set of settings for both client libraries."""

import ssl
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import AdapterSettings


class KafkaSettings(AdapterSettings):
    """Address, security and the few clocks that decide how faults are met."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_KAFKA_", frozen=True, extra="forbid")

    bootstrap_servers: str = Field(
        min_length=1, description="host:port, several separated by commas; no default on purpose."
    )
    chain_partitions: int = Field(
        24,
        ge=1,
        description="The chain's one partition count. A service refuses to start on another: "
        "keys would have moved. 4 on one machine.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="PLAINTEXT fits loopback only; production sets SASL_SSL or SSL."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="Used with the SASL_ protocols; the strongest by default."
    )
    sasl_username: str | None = Field(None, description="The service's own account.")
    sasl_password: SecretStr | None = Field(None, description="Never logged.")
    ssl_ca_file: Path | None = Field(
        None, description="PEM of the authority; None trusts the system's."
    )
    ssl_certificate_file: Path | None = Field(None, description="PEM, for mutual TLS.")
    ssl_key_file: Path | None = Field(None, description="PEM, for mutual TLS.")
    session_timeout_s: float = Field(
        10, ge=1, description="A killed worker is replaced after this; below 6 a pause looks dead."
    )
    heartbeat_interval_s: float = Field(
        2, gt=0, description="A fifth of the session: four lost ones in a row are survived."
    )
    rebalance_timeout_s: float = Field(
        30, ge=10, description="Room for every member to drain (5 s) and commit before it rejoins."
    )
    commit_interval_s: float = Field(
        0.5, gt=0, description="What a kill -9 makes us do again; shorter costs broker CPU."
    )
    linger_ms: float = Field(
        5, ge=0, description="Producer batching: +40 % throughput for 5 ms (measured)."
    )
    delivery_timeout_s: float = Field(
        30, ge=1, description="After this an unconfirmed message is an outage, not patience."
    )
    compression: Literal["none", "lz4", "zstd"] = Field(
        "lz4", description="JSON shrinks fourfold for a few µs; none where the CPU is the limit."
    )
    buffer_records: int = Field(
        1_000, ge=1, description="Records kept per input partition before fetching pauses."
    )
    buffer_bytes: int = Field(
        4 * 1024 * 1024, ge=1, description="The same in bytes: big records fill memory first."
    )
    standstill_s: float = Field(
        60, ge=5, description="Committed offsets that stand still this long with lag end us."
    )
    exit_grace_s: float = Field(
        28, ge=6, description="From SIGTERM to a hard exit; under the usual 30 s before SIGKILL."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        sasl = self.security_protocol.startswith("SASL")
        if sasl and not (self.sasl_username and self.sasl_password):
            raise ValueError("SASL needs SLUICE_KAFKA_SASL_USERNAME and SLUICE_KAFKA_SASL_PASSWORD")
        if (self.ssl_certificate_file is None) != (self.ssl_key_file is None):
            raise ValueError("ssl_certificate_file and ssl_key_file belong together")
        if self.heartbeat_interval_s * 3 > self.session_timeout_s:
            raise ValueError("heartbeat_interval_s must be a third of session_timeout_s or less")
        return self

    def confluent(self) -> dict[str, str | int | float | bool]:
        """The common part of a librdkafka configuration."""
        config: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            # Quick to come back after a broker restart: the default backs off up to 10 s.
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1_000,
            # Its own lines are no JSON, and of a broker that is away it tells forty times a second;
            # what counts comes back as an error.
            "log.connection.close": False,
            "log_level": 2,
        }
        if self.security_protocol.startswith("SASL"):
            assert self.sasl_username is not None  # noqa: S101 - the validator saw to it
            assert self.sasl_password is not None  # noqa: S101 - the validator saw to it
            config["sasl.mechanism"] = self.sasl_mechanism
            config["sasl.username"] = self.sasl_username
            config["sasl.password"] = self.sasl_password.get_secret_value()
        if self.ssl_ca_file:
            config["ssl.ca.location"] = str(self.ssl_ca_file)
        if self.ssl_certificate_file:
            config["ssl.certificate.location"] = str(self.ssl_certificate_file)
            config["ssl.key.location"] = str(self.ssl_key_file)
        return config

    def aiokafka(self) -> dict[str, object]:
        """The same for aiokafka, which the consumer stands on."""
        config: dict[str, object] = {
            "bootstrap_servers": self.bootstrap_servers.split(","),
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol.startswith("SASL"):
            assert self.sasl_password is not None  # noqa: S101 - the validator saw to it
            config["sasl_mechanism"] = self.sasl_mechanism
            config["sasl_plain_username"] = self.sasl_username
            config["sasl_plain_password"] = self.sasl_password.get_secret_value()
        if self.security_protocol.endswith("SSL"):
            context = ssl.create_default_context(cafile=self.ssl_ca_file)
            if self.ssl_certificate_file:
                context.load_cert_chain(self.ssl_certificate_file, self.ssl_key_file)
            config["ssl_context"] = context
        return config
