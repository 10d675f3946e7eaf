"""Where a command finds Kafka: at the address it is told, else in this machine's stack."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from services.chassis.kafka.settings import KafkaSettings


def _settings(
    _context: click.Context, _option: click.Parameter, address: str | None
) -> "KafkaSettings":
    """The address and, from the environment, how to be let in."""
    from services.chassis.kafka.settings import KafkaSettings  # noqa: PLC0415 - keeps --help fast
    from services.chassis.settings import load  # noqa: PLC0415 - the same

    address = address or _local()
    if not address:
        raise click.UsageError(
            "no Kafka: no stack is up on this machine (`make up` starts one), and neither"
            " --bootstrap-servers nor SLUICE_KAFKA_BOOTSTRAP_SERVERS names another"
        )
    return load(KafkaSettings, bootstrap_servers=address)


def _local() -> str | None:
    from infra.local.home import Home  # noqa: PLC0415 - keeps --help fast

    home = Home()
    if not home.is_held():
        return None
    kafka = home.read().get("parts", {}).get("kafka", {})
    address: str | None = kafka.get("addresses", {}).get("bootstrap_servers")
    return address


# Gives the command a KafkaSettings named `kafka`.
KAFKA = click.option(
    "--bootstrap-servers",
    "kafka",
    envvar="SLUICE_KAFKA_BOOTSTRAP_SERVERS",
    callback=_settings,
    help="Kafka's address. Default: that of the stack on this machine. SLUICE_KAFKA_* variables"
    " say how to log in.",
)
