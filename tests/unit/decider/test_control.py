"""Control: nothing is released by default, stops cover, and the unreadable narrows."""

from typing import Any

import orjson
import pytest

from schemas.automation.action import Autonomy
from schemas.automation.control import AutonomyGrant, ControlChanged, ModelPointer, Stop
from services.chassis.record import Record
from services.decider.control import ControlView
from services.decider.domain.autonomy import Level
from tests.fakes_decider import NOW, FakeMetrics


def _record(value: bytes | None) -> Record:
    return Record("automation.control.changed.v1", 0, 0, 0, b"k", value)


class Desk:
    """A view and the operator who writes to it."""

    def __init__(self) -> None:
        self.metrics = FakeMetrics()
        self.view = ControlView(self.metrics)
        self.count = 0

    def say(self, change: AutonomyGrant | Stop | ModelPointer) -> str:
        """Write a readable record; returns its id."""
        self.count += 1
        changed = ControlChanged(control_id=f"c{self.count}", by="op", at=NOW, change=change)
        self.view.apply(_record(changed.to_json()))
        return changed.control_id

    def mumble(self, value: Any) -> None:
        """Write something that is no record of control."""
        raw = value if isinstance(value, bytes) else orjson.dumps(value)
        try:
            self.view.apply(_record(raw))
        except ValueError as error:
            self.view.unreadable(_record(raw), error)
        else:
            pytest.fail("it was readable")

    def level(self, language: str | None = "en", tenant: str = "acme") -> Level:
        """What routing may do."""
        return self.view.autonomy(tenant, "support.route", language)[0]

    def grant(self, level: Autonomy, language: str = "*") -> str:
        """Release routing for acme."""
        return self.say(
            AutonomyGrant(
                tenant="acme", action_type="support.route", language=language, level=level
            )
        )


@pytest.fixture
def desk() -> Desk:
    """An empty control topic."""
    return Desk()


def test_what_nobody_released_is_shadow(desk: Desk) -> None:
    """No record, no action."""
    assert desk.view.autonomy("acme", "support.route", "en") == (Level.SHADOW, None)


def test_a_grant_names_its_record_and_a_later_one_replaces_it(desk: Desk) -> None:
    """The warrant says who allowed it."""
    desk.grant(Autonomy.APPROVE)
    last = desk.grant(Autonomy.ACT)
    assert desk.view.autonomy("acme", "support.route", "en") == (Level.ACT, last)
    assert desk.level(tenant="other") is Level.SHADOW


def test_a_languages_own_record_goes_before_the_general_one(desk: Desk) -> None:
    """A language that is read less well may be held back, or the other way round."""
    desk.grant(Autonomy.ACT)
    desk.grant(Autonomy.APPROVE, "bn")
    assert desk.level("bn") is Level.APPROVE
    assert desk.level("hi") is Level.ACT
    assert desk.level(None) is Level.ACT


@pytest.mark.parametrize(
    ("tenant", "action_type"),
    [("*", "*"), ("acme", "*"), ("*", "support.route"), ("acme", "support.route")],
)
def test_a_stop_covers_what_it_names_until_it_is_lifted(
    desk: Desk, tenant: str, action_type: str
) -> None:
    """Everything, a tenant, an action type, or both."""
    desk.say(Stop(tenant=tenant, action_type=action_type, active=True))
    assert desk.view.stopped("acme", "support.route")
    assert desk.view.stopped("globex", "support.route") == (tenant == "*")
    assert desk.view.stopped("acme", "support.reply") == (action_type == "*")
    desk.say(Stop(tenant=tenant, action_type=action_type, active=False))
    assert not desk.view.stopped("acme", "support.route")


def test_lifting_one_stop_leaves_the_others(desk: Desk) -> None:
    """A lifted tenant stop does not undo the general one."""
    desk.say(Stop(active=True))
    desk.say(Stop(tenant="acme", active=True))
    desk.say(Stop(tenant="acme", active=False))
    assert desk.view.stopped("acme", "support.route")


def test_a_level_of_a_later_version_is_shadow(desk: Desk) -> None:
    """What we do not know releases nothing."""
    desk.grant(Autonomy.ACT)
    value = ControlChanged(
        control_id="x",
        by="op",
        at=NOW,
        change=AutonomyGrant(tenant="acme", action_type="support.route", level=Autonomy.ACT),
    ).to_json()
    desk.view.apply(_record(value.replace(b'"level":"act"', b'"level":"act_boldly"')))
    assert desk.level() is Level.SHADOW


def test_an_unreadable_grant_narrows_its_class_until_a_readable_one(desk: Desk) -> None:
    """A class whose record cannot be read does nothing, and somebody is told."""
    desk.grant(Autonomy.ACT)
    change = {"kind": "autonomy", "tenant": "acme", "action_type": "support.route", "level": 7}
    desk.mumble({"control_id": "c", "change": change})
    assert desk.level() is Level.SHADOW
    assert desk.metrics.gauges["sluice_alarm"] == 1
    desk.grant(Autonomy.ACT)
    assert desk.level() is Level.ACT
    assert desk.metrics.gauges["sluice_alarm"] == 0


def test_an_unreadable_stop_counts_as_pressed(desk: Desk) -> None:
    """Whoever reached for the switch meant it."""
    desk.grant(Autonomy.ACT)
    desk.mumble({"change": {"kind": "stop", "tenant": "acme", "active": "yes, please"}})
    assert desk.view.stopped("acme", "support.route")
    assert desk.level() is Level.SHADOW
    desk.say(Stop(tenant="acme", active=False))
    assert not desk.view.stopped("acme", "support.route")
    assert desk.level() is Level.ACT


@pytest.mark.parametrize(
    "value", [b"", b"\xff", b"[]", b"null", b'{"change": 3}', b'{"change":{}}']
)
def test_what_names_nothing_only_alarms(desk: Desk, value: bytes) -> None:
    """A stray record neither stops the whole house nor blocks a start."""
    desk.grant(Autonomy.ACT)
    desk.mumble(value)
    assert desk.level() is Level.ACT
    assert not desk.view.stopped("acme", "support.route")
    assert desk.metrics.gauges["sluice_alarm"] == 1


def test_a_model_pointer_is_not_the_deciders_business(desk: Desk) -> None:
    """The topic is shared."""
    desk.say(ModelPointer(task="intent", model="e5", version="1"))
    assert desk.level() is Level.SHADOW
