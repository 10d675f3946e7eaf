"""The operator acts while a decider is dead: what was decided stays, what was stopped stays so."""

import re

import pytest

from infra.resilience import faults, load
from infra.resilience.flow import Flow
from schemas.automation.control import Stop
from schemas.automation.journal import Decided, JournalAppended
from tests.flows import judged, records, until
from topics.automation import ACTION_REQUESTED, CASE_DECIDED, JOURNAL_APPENDED


@pytest.fixture
def flow(triton, tmp_path):
    """One decider, so that nobody takes over; its policies may be changed."""
    own = Flow(tmp_path / "flow", triton, workers={"intake": 1, "assessor": 1, "decider": 1})
    try:
        own.start()
        yield own
    finally:
        own.stop()


def test_what_was_appended_goes_out_verbatim_but_what_was_stopped_never(flow) -> None:
    """Killed between append and emission; meanwhile the policy changes and a stop is pressed."""
    (decider,) = flow.of("decider")
    faults.stop_at(decider, "decider.after-append")
    published = flow.publish(load.stream(61, 400, tickets=0.2))
    until(lambda: not decider.running, 60, "it dies after its first append")
    flow.workers.remove(decider)
    appended = _journal(flow)
    assert appended
    assert not flow.look().cases
    for file in flow.policies.glob("*.yaml"):
        file.write_text(_newer(file.read_text()))
    stopped = next(entry.tenant for entry, body in _decided(appended) if _asks(body))
    flow.control(Stop(tenant=stopped, active=True))
    flow.workers.append(decider)
    decider.kill()
    decider.start()
    judged(flow, published)

    # What the first life had appended is on the wire word for word, by the policy it had then.
    wire = {
        message.value() for message in records(flow.broker.bootstrap_servers, CASE_DECIDED.name)
    }
    old = {out.value.encode() for _, body in _decided(appended) for out in body.outbox
           if out.topic == CASE_DECIDED.name}  # fmt: skip
    assert old <= wire
    versions = {re.search(rb'"version":"([^"]*)"', value)[1] for value in old}  # type: ignore[index]
    later = {re.search(rb'"version":"([^"]*)"', value)[1] for value in wire - old}  # type: ignore[index]
    assert versions.isdisjoint(later)

    # What was stopped is cancelled, and a later life without memory does not send it either.
    asked = {str(out.action_id) for entry, body in _decided(appended) if entry.tenant == stopped
             for out in body.outbox if out.topic == ACTION_REQUESTED.name}  # fmt: skip
    assert asked
    assert asked <= flow.look().cancelled.keys()
    flow.control(Stop(tenant=stopped, active=False))
    decider.kill()
    faults.forget_snapshots(decider)
    decider.start()
    published += flow.publish(load.stream(62, 100))
    found = judged(flow, published)
    assert not asked & found.actions.keys()
    assert any(
        found.cases[case].promised and each.given.tenant == stopped
        for each in published[-100:]
        for case in each.cases
    ), "the stop was lifted for those that came later"


def _newer(policy: str) -> str:
    """The same policy as its operator would publish it next."""
    return re.sub(r"(?m)^version: .*$", 'version: "999"', policy, count=1)


def _journal(flow: Flow) -> list[JournalAppended]:
    found = records(flow.broker.bootstrap_servers, JOURNAL_APPENDED.name)
    return [JournalAppended.from_json(message.value()) for message in found]


def _decided(entries: list[JournalAppended]):
    return [(entry, entry.body) for entry in entries if isinstance(entry.body, Decided)]


def _asks(body: Decided) -> bool:
    return any(out.topic == ACTION_REQUESTED.name for out in body.outbox)
