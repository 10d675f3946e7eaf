"""Rules need no broker and no model server, and nothing happens when a module is imported."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(
    path.parent.name for path in (ROOT / "services").glob("*/domain") if path.is_dir()
)


def modules(folder, skip=()):
    """The dotted names of a folder's modules."""
    names = (
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / folder).rglob("*.py"))
    )
    found = (name.removesuffix(".__init__") for name in names)
    return [name for name in found if not name.startswith(tuple(skip))]


def run(code, *arguments, options=(), root=ROOT):
    """Python in a process of its own, where nothing is loaded yet; its output, or the failure."""
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code), *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


BLOCKED = """
    import importlib, sys

    class Blocker:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in {"faust", "aiokafka", "confluent_kafka", "tritonclient"}:
                raise ImportError(f"{name} is blocked here")

    sys.meta_path.insert(0, Blocker())
    for name in sys.argv[1:]:
        importlib.import_module(name)
    print(len(sys.argv) - 1)
"""


def test_every_service_has_a_domain_and_a_handler():
    """What the next test is about; a service without either has no rules, or hides them."""
    assert SERVICES == ["assessor", "decider", "intake", "writer"]
    assert all((ROOT / f"services/{name}/handler.py").is_file() for name in SERVICES)


def test_domains_and_handlers_load_without_faust_and_tritonclient():
    """The rules can be run, tested and read by people who have neither."""
    names = [
        name
        for service in SERVICES
        for name in (*modules(f"services/{service}/domain"), f"services.{service}.handler")
    ]
    assert run(BLOCKED, *names).strip() == str(len(names))


def test_the_blocker_blocks():
    """Else the test above would prove nothing."""
    with pytest.raises(AssertionError, match="faust is blocked here"):
        run(BLOCKED, "services.chassis.kafka.app")
    with pytest.raises(AssertionError, match=r"tritonclient.* is blocked here"):
        run(BLOCKED, "services.chassis.triton.client")


def test_domains_load_with_the_standard_library_alone():
    """Whatever is installed: -S leaves site-packages out."""
    names = [name for service in SERVICES for name in modules(f"services/{service}/domain")]
    code = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    run(code, *names, options=("-S",))


QUIET = """
    import builtins, importlib, pathlib, socket, subprocess, sys, threading

    OURS = tuple(f"{sys.argv[1]}/{each}/" for each in ("schemas", "topics", "services"))

    def watch(owner, name):
        real = getattr(owner, name)

        def watched(*args, **kwargs):
            frame = sys._getframe(1)
            # Libraries may do what they like; what we do goes through the standard library at most.
            while frame is not None and "/site-packages/" not in frame.f_code.co_filename:
                if frame.f_code.co_filename.startswith(OURS):
                    raise AssertionError(f"{frame.f_code.co_filename} calls {name} at import")
                frame = frame.f_back
            return real(*args, **kwargs)

        setattr(owner, name, watched)

    for owner, names in (
        (builtins, ("open",)),
        (pathlib.Path, ("open", "mkdir")),
        (socket.socket, ("bind", "connect")),
        (subprocess.Popen, ("__init__",)),
        (threading.Thread, ("start",)),
    ):
        for name in names:
            watch(owner, name)
    for name in sys.argv[2:]:
        importlib.import_module(name)
    print(len(sys.argv) - 2)
"""


def test_importing_starts_reads_and_connects_nothing():
    """A module is a description: who imports it decides when something begins."""
    names = [name for folder in ("schemas", "topics", "services") for name in modules(folder)]
    assert len(names) > 80
    assert run(QUIET, str(ROOT), *names).strip() == str(len(names))


@pytest.mark.parametrize("act", ["open(__file__)", "import threading; threading.Thread().start()"])
def test_the_watch_sees_what_a_module_does_at_import(tmp_path, act):
    """Else the test above would prove nothing."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").touch()  # before what PYTHONPATH may name
    (tmp_path / "services" / "busy.py").write_text(act)
    with pytest.raises(AssertionError, match=r"services/busy\.py calls (open|start) at import"):
        run(QUIET, str(tmp_path), "services.busy", root=tmp_path)
