"""The ceiling: the served model called in process, on the same texts, as many processes as served.

Nothing but the model: no broker, no server, no heads. Texts are put together as the flow does it:
windows of what the assessor has in flight, sorted by length, cut to the server's largest batch.
"""

import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.bench.target import BenchError
from infra.triton import environment
from infra.triton.environment import Environment

_WORKER = Path(__file__).with_name("direct_worker.py")


@dataclass(frozen=True, slots=True)
class Direct:
    """One measurement. `per_s` adds up what each process did in its own busy time.

    `other_cores`: what programs that are neither of the stack nor these processes used meanwhile.
    """

    texts: int
    tokens: int
    seconds: float
    per_s: float
    cpu_ms_per_text: float
    other_cores: float = 0.0


def batches(texts: Sequence[str], window: int, largest: int) -> Iterator[list[str]]:
    """The texts in the order and company in which the flow has them computed."""
    for at in range(0, len(texts), window):
        alike = sorted(texts[at : at + window], key=lambda text: len(text.encode()))
        for start in range(0, len(alike), largest):
            yield alike[start : start + largest]


class Model:
    """Processes that hold the model, idle between measurements."""

    def __init__(self, workers: Sequence[subprocess.Popen[str]]) -> None:
        self._workers = workers
        hellos = [self._answer(worker) for worker in workers]
        self.manifest: Mapping[str, Any] = hellos[0]["manifest"]
        self.versions: Mapping[str, str] = hellos[0]["versions"]

    @property
    def processes(self) -> int:
        """How many."""
        return len(self._workers)

    def measure(self, work: Sequence[list[str]], say: Callable[[int], None]) -> Direct:
        """Compute every batch; whoever is free takes the next, as the server's instances do."""
        left = list(reversed(work))
        busy = dict.fromkeys(self._workers, 0.0)
        texts = dict.fromkeys(self._workers, 0)
        tokens, cpu_s = 0, 0.0
        began = time.monotonic()
        with selectors.DefaultSelector() as ready:
            for worker in self._workers:
                ready.register(worker.stdout, selectors.EVENT_READ, worker)  # type: ignore[arg-type] # it is a pipe
                self._give(worker, left)
            while ready.get_map():
                for key, _ in ready.select():
                    worker = key.data
                    done = self._answer(worker)
                    busy[worker] = time.monotonic() - began
                    texts[worker] += done["texts"]
                    tokens += done["tokens"]
                    cpu_s += done["cpu_s"]
                    say(sum(texts.values()))
                    if not self._give(worker, left):
                        ready.unregister(key.fileobj)
        count = sum(texts.values())
        return Direct(
            texts=count,
            tokens=tokens,
            seconds=max(busy.values()),
            per_s=sum(texts[worker] / busy[worker] for worker in self._workers if busy[worker]),
            cpu_ms_per_text=1000 * cpu_s / count,
        )

    @staticmethod
    def _give(worker: subprocess.Popen[str], left: list[list[str]]) -> bool:
        if not left:
            return False
        assert worker.stdin is not None  # noqa: S101 - for the type checker
        worker.stdin.write(json.dumps(left.pop()) + "\n")
        worker.stdin.flush()
        return True

    @staticmethod
    def _answer(worker: subprocess.Popen[str]) -> dict[str, Any]:
        assert worker.stdout is not None  # noqa: S101 - for the type checker
        line = worker.stdout.readline()
        if not line:
            raise BenchError(f"the model in process ended with {worker.wait()}; see above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def model(env: Environment, encoder: Path, processes: int) -> Iterator[Model]:
    """Load the model beside the server, in its own environment; gone at the end.

    Raises:
        BenchError: it cannot be loaded.
    """
    workers: list[subprocess.Popen[str]] = []
    try:
        for _ in range(processes):
            workers.append(_worker(env, encoder))  # noqa: PERF401 - what was started must be ended
        yield Model(workers)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            for pipe in (worker.stdin, worker.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()


def _worker(env: Environment, encoder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(env.python), str(_WORKER), str(encoder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        start_new_session=True,  # Ctrl-C is ours to answer
        env={
            **os.environ,
            **environment.libraries(),
            # One thread per process, as the server's instances have it.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
