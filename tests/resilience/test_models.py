"""Triton and its processes die in mid-batch, and texts that kill them; the flow goes on."""

import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from tritonclient.grpc import service_pb2_grpc

from infra.resilience import load
from schemas.automation.assessment import CaseAssessed
from services.assessor.domain.asking import Question
from services.assessor.reader import signature
from services.chassis.triton.wire import encode
from tests.flows import judged, records, until
from topics.automation import CASE_ASSESSED


@pytest.fixture
def marks(model_home) -> Path:
    """Where the model says that it is in the midst of something."""
    return model_home / "marks"


def _tickets(name: str, count: int, what: str = "", tenant: str = "south") -> list[load.Given]:
    text = "The parcel is late again and I want my money back."
    return [load.ticket(f"{name}-{n}", tenant, f"{text} {what} {n}") for n in range(count)]


def test_the_model_server_killed_in_mid_batch_costs_time_only(flow, oracle, triton, marks) -> None:
    """Its answers are lost on the way; a supervisor brings it back, and it is asked again."""
    published = flow.publish(
        [*_tickets("served", 60), *_tickets("served-slow", 1, "(linger server)")]
    )
    until((marks / "server").exists, 60, "the text is in the model")
    triton.kill()
    published += flow.publish([*_tickets("served-later", 40), *load.stream(41, 200)])
    judged(flow, published, oracle)


def test_the_model_s_process_killed_in_mid_batch_is_brought_back(flow, oracle, marks) -> None:
    """Triton never restarts a dead stub; who asked it loads the model again, and blames no text."""
    published = flow.publish([*_tickets("stub", 60), *_tickets("stub-slow", 1, "(linger stub)")])
    until(lambda: _said(marks / "stub"), 60, "the text is in the model")
    os.kill(int(_said(marks / "stub")), signal.SIGKILL)
    published += flow.publish([*_tickets("stub-later", 40), *load.stream(42, 200)])
    judged(flow, published, oracle)


def test_a_text_that_kills_the_model_is_found_and_no_other_is_blamed(flow, marks) -> None:
    """Batch mates are read in the end; the killer is a dead letter; the model lives again."""
    killer = _tickets("killer", 1, "(die here)")[0]
    published = flow.publish([*_tickets("mates", 40), killer, *_tickets("mates-later", 40)])
    found = judged(flow, _dying(published, {killer.id}))
    (letters,) = [found.letters[each.places[0][:3]] for each in published if each.given is killer]
    assert {letter.reason for letter in letters} == {"inference-failed"}
    assert len((marks / "died").read_text()) >= 3, "it had three chances alone"
    judged(flow, flow.publish(_tickets("after-killer", 20)))


def test_texts_that_break_the_model_at_once_do_not_lock_the_server_up(triton) -> None:
    """A step that fails while the next one is scheduled did: no client of gRPC was answered."""
    failing = encode(signature(Question.TICKET), [b"(raise at once)"])
    sound = encode(signature(Question.TICKET), [b"refund"])
    with grpc.insecure_channel(triton.url) as channel:
        server = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        for _ in range(1_000):
            with pytest.raises(grpc.RpcError, match="asked to, at once"):
                server.ModelInfer(failing, timeout=20)
        assert server.ModelInfer(sound, timeout=20).outputs


def test_one_tenant_s_flood_of_garbage_stops_nobody_else(flow, oracle) -> None:
    """Broken records and texts that break the model, hundreds of them: only theirs are dead."""
    deaths = flow.deaths.copy()
    garbage = [
        load.Given(f"flood-{n}", given.topic, b"{broken", given.headers, "dead-letter", "west")
        for n, given in enumerate(_tickets("flood", 600, tenant="west"))
    ]
    poison = _tickets("poison", 60, "(raise here)", tenant="west")
    good = [*_tickets("good", 60, tenant="north"), *load.stream(43, 300)]
    mixed = [each for trio in zip(garbage, good * 2, strict=False) for each in trio]
    published = flow.publish([*poison, *mixed[: 2 * len(good)], *garbage[len(good) :]])
    poisoned = {given.id for given in poison}
    found = judged(flow, _dying(published, poisoned), within_s=180)
    dead = {each.given.id for each in published if each.places[0][:3] in found.letters}
    broken = {each.given.id for each in published if not each.cases}
    assert dead == poisoned | broken
    oracle([each for each in published if each.given.id not in poisoned])
    assert flow.deaths == deaths, "the limit against bad deploys is not for one tenant's garbage"


def test_fifty_revisions_under_random_delays_come_out_as_they_went_in(flow) -> None:
    """Chunks are computed at the same time and overtake each other; what is written does not."""
    for assessor in list(flow.of("assessor")):
        flow.remove(assessor)
    flow.add(
        "assessor", 5, SLUICE_ASSESSOR_CHUNK="1", SLUICE_ASSESSOR_CHUNKS_IN_FLIGHT="8",
        SLUICE_TRITON_MAX_ROWS="1", SLUICE_TRITON_LINGER_MS="0",
    )  # fmt: skip
    flow.await_ready()
    dice = random.Random(44)  # noqa: S311 - repeatable, not secret
    # Order is a partition's: a producer keys a ticket's revisions alike.
    published = flow.publish(
        replace(_revision(n, dice.randrange(300)), partition=2) for n in range(1, 51)
    )
    judged(flow, published)
    cases = {case for each in published for case in each.cases}
    seen = [
        CaseAssessed.from_json(message.value())
        for message in records(flow.broker.bootstrap_servers, CASE_ASSESSED.name)
    ]
    mine = [event for event in seen if str(event.case.case_id) in cases]
    assert [event.case.revision for event in mine] == list(range(1, 51))
    computed = [event.assessment.assessed_at for event in mine]
    assert computed != sorted(computed), "nothing overtook anything: the test shows nothing"


def _revision(number: int, delay_ms: int) -> load.Given:
    text = f"Revision {number} (slow {delay_ms})"
    return load.ticket(f"rev-{number}", "north", text, of="T-fifty", revision=number)


def _dying(published: list[load.Published], ids: set[str]) -> list[load.Published]:
    """The same, with those expected to end as dead letters though their records are sound."""
    return [
        load.Published(replace(each.given, must="dead-letter"), each.partition, each.offset)
        if each.given.id in ids
        else each
        for each in published
    ]


def _said(mark: Path) -> str:
    return mark.read_text() if mark.exists() else ""
