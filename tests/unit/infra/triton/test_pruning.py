"""What no configuration needs any more goes, and nothing else does."""

from pathlib import Path

import pytest

from infra.triton import pruning


@pytest.fixture
def cache(tmp_path: Path, monkeypatch) -> Path:
    """A cache of models of its own."""
    monkeypatch.setenv("SLUICE_CACHE_HOME", str(tmp_path))
    return tmp_path / "triton"


def made(folder: Path, size: int) -> Path:
    """A build with a file of so many bytes."""
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"x" * size)
    return folder


def test_all_but_what_is_kept_is_found_the_largest_first(cache: Path) -> None:
    """Encoders, repositories, writers and environments; weights stay, they come from outside."""
    kept = made(cache / "encoder" / "now", 10)
    old = made(cache / "encoder" / "old", 100_000)
    older = made(cache / "repository" / "older", 300_000)
    env = made(cache / "env-old", 200_000)
    weights = made(cache / "files", 10)
    found = pruning.leftovers({kept})
    assert [each.folder for each in found] == [older, env, old]
    assert found[0].bytes >= 300_000
    pruning.remove(found)
    assert (kept.exists(), weights.exists()) == (True, True)
    assert not any(each.exists() for each in (old, older, env))


def test_a_shared_file_is_counted_once_and_not_where_it_stays(cache: Path) -> None:
    """Repositories link the encoder's files."""
    encoder = made(cache / "encoder" / "now", 100_000)
    linked = cache / "repository" / "old"
    linked.mkdir(parents=True)
    (linked / "model.bin").hardlink_to(encoder / "model.bin")
    assert [each.bytes for each in pruning.leftovers({encoder})] == [0]
    assert 100_000 <= sum(each.bytes for each in pruning.leftovers(set())) < 200_000


def test_an_empty_cache_has_nothing(cache: Path) -> None:
    """Before the first build."""
    assert not cache.exists()
    assert pruning.leftovers(set()) == []
