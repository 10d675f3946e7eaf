"""On what the numbers were measured: without this they cannot be compared with anything."""

import importlib.metadata
import os
import platform
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import psutil

from infra.bench.target import Target
from infra.local import kafka, zipkin
from infra.triton import forms

_ROOT = Path(__file__).parents[2]
_PACKAGES = (
    "faust-streaming",
    "aiokafka",
    "confluent-kafka",
    "tritonclient",
    "pydantic",
    "opentelemetry-sdk",
)


def machine() -> dict[str, Any]:
    """The CPU, its features that matter to a model, cores, memory."""
    return {
        "cpu": _cpu_name(),
        "architecture": platform.machine(),
        "features": list(forms.choose(forms.cpu_features()).cpu_features),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def versions(target: Target, model: Mapping[str, str]) -> dict[str, str]:
    """Of everything that took part; `model`: what the model's own environment has."""
    return {
        "sluice": importlib.metadata.version("sluice"),
        "commit": _commit(),
        "python": platform.python_version(),
        "kafka": kafka.VERSION,
        "zipkin": zipkin.VERSION,
        "tritonserver": str(_triton(target, "/v2")["version"]),
        **{name: importlib.metadata.version(name) for name in _PACKAGES},
        **model,
    }


def passes(target: Target, model: str) -> tuple[int, int]:
    """How many texts the model has computed since the server began, and in how many passes."""
    (stats,) = _triton(target, f"/v2/models/{model}/stats")["model_stats"]
    return int(stats["inference_count"]), int(stats["execution_count"])


def largest_batch(target: Target, model: str) -> int:
    """How many texts the server computes together at most."""
    return int(_triton(target, f"/v2/models/{model}/config")["max_batch_size"])


def _triton(target: Target, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(target.address("triton", "http") + path, timeout=10) as reply:  # noqa: S310 - our own address
        answer: dict[str, Any] = orjson.loads(reply.read())
        return answer


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown"


def _commit() -> str:
    """Of the checkout, "+" for changes that are in no commit; unknown outside a checkout."""
    try:
        done = subprocess.run(
            ["/usr/bin/env", "git", "describe", "--always", "--dirty=+", "--abbrev=12"],
            capture_output=True,
            text=True,
            check=True,
            cwd=_ROOT,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
