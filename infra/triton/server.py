"""How tritonserver is called, on this machine and in a container."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.triton import environment
from infra.triton.environment import Environment

# NVIDIA's images have Triton there; in other ones the environment's own serves.
_INSTALLED = Path("/opt/tritonserver")


def program(env: Environment) -> Path:
    """The server of the environment."""
    return env.server / "bin" / "tritonserver"


def arguments(
    repository: Path,
    backends: Path,
    *,
    host: str,
    ports: Mapping[str, int],
    beside: Sequence[Path] = (),
) -> tuple[str, ...]:
    """Options of tritonserver; `ports` by protocol: grpc, http, metrics.

    `beside`: repositories of optional models.

    No response cache (it makes empty answers of errors), no queue policy (bursts stall for half a
    second), no tracing (it crashes at high rates, and the client has spans).
    """
    options: dict[str, object] = {
        "model-repository": repository,
        "backend-directory": backends,
        "model-control-mode": "explicit",  # the client loads a model again whose process died
        "load-model": "*",
        "strict-readiness": "false",  # else one failed load makes it unready for ever
        "allow-gpu-metrics": "false",
        "exit-timeout-secs": 10,
        "log-format": "ISO8601",
    }
    for protocol, port in ports.items():
        options |= {f"{protocol}-address": host, f"{protocol}-port": port}
    named = [f"--{name}={value}" for name, value in options.items()]
    named += [f"--model-repository={each}" for each in beside]
    if beside:
        named.append("--exit-on-error=false")  # the others serve where an optional one cannot
    return ("--disable-auto-complete-config", *named)


def variables(env: Environment) -> dict[str, str]:
    """What tritonserver hands on to the processes of its models."""
    return {
        **environment.libraries(),
        # They find their packages through the `python3` that comes first here.
        "PATH": f"{env.folder / 'bin'}:/usr/bin:/bin",
        "PYTHONPATH": "",
        "PYTHONHOME": "",
        # One thread per process: there are as many processes as cores.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }


def main() -> None:
    """Become the server, in a container: `python -m infra.triton.server ENVIRONMENT REPOSITORY`.

    What follows is handed on, such as --model-config-name.
    """
    env, repository = Environment(Path(sys.argv[1])), Path(sys.argv[2])
    place, backends = env.server, env.backends
    if _INSTALLED.exists():
        place, backends = _INSTALLED, _INSTALLED / "backends"
    ports = {"http": 8000, "grpc": 8001, "metrics": 8002}
    # The network of a container is its own: who may reach it, is for the operator to say.
    called = arguments(repository, backends, host="0.0.0.0", ports=ports)  # noqa: S104
    argv = [str(place / "bin" / "tritonserver"), *called, *sys.argv[3:]]
    os.execve(argv[0], argv, {**os.environ, **variables(env)})  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
