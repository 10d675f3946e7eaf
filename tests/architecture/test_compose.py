"""docker-compose.yml keeps the house's rules also where nobody can start it."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
# One-shot: their exit code is awaited. Nothing in their images could ask: said in the file.
_WITHOUT_HEALTH_CHECK = {"topics", "models", "collector", "jaeger"}
_HEALTH_IN_DOCKERFILE = {"intake", "assessor", "decider"}


def _services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found["services"]


def test_every_container_has_a_limit_and_a_way_to_tell_its_health() -> None:
    """One that eats all memory, or hangs unseen, takes the others with it."""
    for name, service in _services().items():
        assert "mem_limit" in service, name
        if name not in _WITHOUT_HEALTH_CHECK | _HEALTH_IN_DOCKERFILE:
            assert "healthcheck" in service, name
    assert "HEALTHCHECK" in (ROOT / "infra/docker/service.Dockerfile").read_text()


def test_every_image_is_pinned_and_named_in_the_example_environment() -> None:
    """A version is a decision, made in one place."""
    examples = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    text = (ROOT / "docker-compose.yml").read_text()
    for variable, default in re.findall(r"\$\{(\w+):-([^}]+)\}", text):
        if not default.endswith(":local"):
            assert examples[variable] == default, variable
            assert variable == "KAFKA_PORT" or re.search(r":v?\d", default), variable
    for variable in re.findall(r"\$\{(\w+):\?", text):
        assert examples[variable] == "", f"{variable} is a secret and has no default"


def test_the_services_expect_the_partitions_that_the_topics_get() -> None:
    """They refuse to start on another count."""
    services = _services()
    command = services["topics"]["command"]
    made = command[command.index("--partitions") + 1]
    for name in ("intake", "assessor", "decider"):
        assert services[name]["environment"]["SLUICE_KAFKA_CHAIN_PARTITIONS"] == made


def test_every_mounted_file_is_there_and_every_port_is_on_loopback() -> None:
    """Docker makes an empty folder of a missing file, and opens a port to the world."""
    for name, service in _services().items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (ROOT / source).exists(), f"{name}: {source}"
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), f"{name}: {port}"


def test_prometheus_scrapes_what_the_file_starts() -> None:
    """A target that nobody is called is a silent gap."""
    config = yaml.safe_load((ROOT / "infra/prometheus/prometheus.yml").read_text())
    targets = {
        target.split(":")[0]
        for job in config["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    }
    assert targets <= set(_services())
    assert {"intake", "assessor", "decider", "triton"} <= targets
