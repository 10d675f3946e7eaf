"""What resilience tests share: a model that can die, records read raw, a verdict."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from confluent_kafka import Consumer, Message, TopicPartition

from infra.local.triton import TritonPart
from infra.resilience import judge
from infra.resilience.flow import Flow
from infra.resilience.found import Found
from infra.resilience.load import Published

# The production model, unchanged, behind a door at which a text may name a fault. Triton loads
# this file in place of model.py, and only in this repository, which exists for tests alone.
_PERISHABLE = """
import os, re, signal, sys, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import triton_python_backend_utils as pb
from model import TritonPythonModel as Production

MARKS = Path({marks!r})


class TritonPythonModel(Production):
    def execute(self, requests):
        for request in requests:
            for raw in pb.get_input_tensor_by_name(request, "TEXT").as_numpy().reshape(-1):
                self.suffer(raw.decode("utf-8", "replace"))
        return super().execute(requests)

    def suffer(self, text):
        if "(die here)" in text:
            (MARKS / "died").open("a").write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        if "(raise at once)" in text:
            raise RuntimeError("asked to, at once")
        if "(raise here)" in text:
            # Not at once: an ensemble step that fails while the next one is still being scheduled
            # locks Triton's gRPC front up for ever. No real model fails in microseconds.
            time.sleep(0.02)
            raise RuntimeError("asked to")
        slow = re.search(r"\\(slow (\\d+)\\)", text)
        if slow:
            time.sleep(int(slow[1]) / 1000)
        linger = re.search(r"\\(linger ([a-z-]+)\\)", text)
        if linger:
            try:
                (MARKS / linger[1]).open("x").write(str(os.getpid()))
            except FileExistsError:
                return
            time.sleep(6)
"""


def perishable_repository(folder: Path) -> Path:
    """Today's model repository with the encoder behind that door; marks go to `folder`/marks."""
    built = TritonPart(folder / "build.log")
    built.prepare()
    assert built._repository is not None
    repository = folder / "repository"
    (folder / "marks").mkdir(parents=True)
    shutil.copytree(built._repository, repository, copy_function=_link)
    encoder = repository / "encoder"
    file = encoder / "1" / "perishable.py"
    file.write_text(_PERISHABLE.format(marks=str(folder / "marks")))
    config = encoder / "config.pbtxt"
    text = config.read_text()
    config.unlink()  # a link into the cache
    config.write_text(f'{text}\ndefault_model_filename: "{file.name}"\n')
    return repository


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


def until(what: Callable[[], object], seconds: float, why: str) -> None:
    """Wait for a condition; fails the test with the reason."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s: {why}"
        time.sleep(0.1)


def judged(
    flow: Flow,
    published: Sequence[Published],
    oracle: Callable[[Sequence[Published]], Found] | None = None,
    *,
    within_s: float = 120,
) -> Found:
    """Wait for the end and judge; fails with every promise that was broken."""
    found = flow.settle(published, within_s=within_s)
    calm = oracle(published) if oracle is not None else None
    assert judge.faults(published, found, calm)[:20] == []
    assert judge.unasked(flow.published, found)[:20] == []
    assert not found.owed
    return found


def records(bootstrap_servers: str, topic: str) -> list[Message]:
    """Everything on a topic, partition by partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "looking",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    there = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in there])
    found: list[Message] = []
    ended = 0
    while ended < len(there):
        message = consumer.poll(10)
        assert message is not None, f"{topic} cannot be read"
        if message.error():
            ended += 1
        else:
            found.append(message)
    consumer.close()
    return sorted(found, key=lambda each: (each.partition(), each.offset()))
