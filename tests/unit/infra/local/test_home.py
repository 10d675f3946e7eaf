"""One stack at a time, a state that is never half written, secrets for their owner alone."""

import json
import os
from pathlib import Path

import pytest

from infra.local import jars
from infra.local.home import MARK, Home
from infra.local.kafka import KafkaBroker
from infra.local.part import StackError
from infra.local.places import Ports
from infra.local.stack import Plan, units
from infra.local.zipkin import Zipkin
from services.chassis.vault.keys import MasterKey


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder of its own."""
    return Home(tmp_path / "home")


def test_a_second_stack_is_refused_with_the_way_out(home: Home) -> None:
    """It names the first one's pid and what to type."""
    with home.only_one():
        home.write({"supervisor_pid": 4711})
        with pytest.raises(StackError, match=r"already up.*pid 4711.*make status.*make down"):  # noqa: SIM117
            with Home(home.folder).only_one():
                pass
        assert Home(home.folder).is_held()
    assert not home.is_held()


def test_a_state_that_was_never_written_reads_as_empty(home: Home) -> None:
    """`sluice status` on a fresh machine is no error."""
    assert home.read() == {}
    assert not home.is_held()


def test_state_is_replaced_in_one_step(home: Home) -> None:
    """A reader never sees half a file, and nothing is left beside it."""
    home.folder.mkdir()
    home.write({"state": "ready"})
    assert json.loads(home.state_file.read_text()) == {"state": "ready"}
    assert [path.name for path in home.folder.iterdir()] == ["state.json"]


def test_a_secret_is_made_once_and_for_its_owner(home: Home) -> None:
    """The masking key must stay the same: pseudonyms are joined by it."""
    first = home.secret("intake-masking-key")
    assert home.secret("intake-masking-key") == first
    assert len(bytes.fromhex(first)) == 32
    file = home.folder / "secrets" / "intake-masking-key"
    assert file.stat().st_mode & 0o077 == 0


def test_the_mark_is_in_the_environment_only_inside(home: Home) -> None:
    """Whatever is started inside can be found again by it."""
    with home.mark():
        assert os.environ[MARK] == str(home.folder)
    assert MARK not in os.environ


def test_logs_of_the_last_run_are_kept_aside(home: Home) -> None:
    """A crash can still be read after the next start."""
    home.logs.mkdir(parents=True)
    (home.logs / "kafka.log").write_text("old")
    home.keep_old_logs()
    assert [path.name for path in home.logs.iterdir()] == ["kafka.log.1"]


def test_jars_are_judged_by_their_checksums(tmp_path: Path) -> None:
    """A missing, a changed and a foreign jar are each named."""
    (tmp_path / "changed.jar").write_text("x")
    (tmp_path / "foreign.jar").write_text("x")
    pinned = {"changed.jar": "0" * 64, "missing.jar": "0" * 64}
    assert jars.faults(tmp_path, pinned) == [
        "missing.jar is missing",
        "foreign.jar is not a pinned jar",
        "changed.jar has another checksum than the pinned one",
    ]


class FixedPorts(Ports):
    """No socket in unit tests: numbers in a row."""

    def take(self, name: str) -> int:
        """Told from the name alone."""
        return 20_000 + len(name)


def test_every_part_listens_on_loopback_only(tmp_path: Path) -> None:
    """Nothing of a local stack is reachable from outside."""
    kafka = KafkaBroker(tmp_path, ports=FixedPorts())
    assert kafka.bootstrap_servers == "127.0.0.1:20005"
    assert "0.0.0.0" not in str(kafka._config())  # noqa: S104 - it is what must not be there
    assert kafka._config()["auto.create.topics.enable"] == "false"
    zipkin = Zipkin(tmp_path / "log", ports=FixedPorts())
    assert zipkin.url == "http://127.0.0.1:20006"


def test_services_get_what_they_need_and_no_more(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses by environment; intake's keys go to intake alone; folders never shared.

    Of the vault's master key not even intake gets the half that opens.
    """
    monkeypatch.setattr("infra.local.stack.Ports", lambda *_: FixedPorts())
    made = units(Plan(workers={"decider": 2}), home)
    services = {unit.name: unit for unit in made if hasattr(unit, "service")}
    assert list(services) == ["intake-1", "assessor-1", "decider-1", "decider-2"]
    envs = {name: service.command().env for name, service in services.items()}
    assert envs["decider-2"]["SLUICE_KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:20005"
    assert envs["decider-2"]["SLUICE_INSTANCE"] == "decider-2"
    assert envs["decider-1"]["OTEL_TRACES_EXPORTER"] == "zipkin_json"
    assert envs["decider-1"]["SLUICE_STATE_DIR"] != envs["decider-2"]["SLUICE_STATE_DIR"]
    for key in ("SLUICE_INTAKE_MASKING_KEY", "SLUICE_INTAKE_VAULT_PUBLIC_KEY"):
        assert [name for name in envs if key in envs[name]] == ["intake-1"]
    private = home.secret("vault-private-key")
    assert MasterKey.parse(private).public.raw.hex() in envs["intake-1"].values()
    assert not [name for name in envs if private in envs[name].values()]


def test_a_part_is_chosen_with_what_it_needs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sluice up intake` starts the broker too, and not the decider."""
    monkeypatch.setattr("infra.local.stack.Ports", lambda *_: FixedPorts())
    made = [unit.name for unit in units(Plan(only=("intake",)), home)]
    assert made == ["kafka", "zipkin", "topics", "intake-1"]


def test_a_writer_is_part_of_the_stack_only_where_somebody_wants_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the model that is asked for, or by the service's name; nobody else starts it."""
    monkeypatch.setattr("infra.local.stack.Ports", lambda *_: FixedPorts())
    assert "writer-1" not in [unit.name for unit in units(Plan(), home)]
    named = [unit.name for unit in units(Plan(only=("writer",)), home)]
    assert named == ["kafka", "zipkin", "triton", "topics", "writer-1"]
    monkeypatch.setenv("SLUICE_MODELS_WRITER", "qwen2.5-coder-0.5b")
    made = {unit.name: unit for unit in units(Plan(), home)}
    assert "writer-1" in made
    told = {name: unit.command().env for name, unit in made.items() if hasattr(unit, "service")}
    assert [name for name in told if "SLUICE_DECIDER_WRITER" in told[name]] == ["decider-1"]


def test_an_unknown_part_is_named_beside_the_known_ones(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typing error starts nothing."""
    monkeypatch.setattr("infra.local.stack.Ports", lambda *_: FixedPorts())
    with pytest.raises(StackError, match="no part is called kafak; known: assessor, decider"):
        units(Plan(only=("kafak",)), home)
