"""Which packs are meant, and when a fitted head beside one is taken."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml

from services.assessor.domain.asking import Task
from services.assessor.packs import choosing, fitted, head_specs, load_pack, load_packs
from services.assessor.packs.pack import OTHER
from services.chassis.errors import ConfigurationError

PACK = """\
pack: shop
version: 2
task: intent
title: A shop's tickets
description: What customers want.
thresholds: {confidence: 0.5, margin: 0.2, scope: 0.4}
labels:
  refund: {title: Refund, description: Money back.}
  other: {title: Else, description: None., known_as: NO LABEL}
"""
SHIPPED = choosing.shipped()


def with_head(folder: Path, **changes: object) -> Path:
    """A pack and a head beside it, as `sluice packs fit` writes them."""
    file = folder / "shop.yaml"
    file.write_text(PACK)
    np.savez(fitted.weights(file), labels=np.array(["refund"]))
    head = {
        "pack": "shop:2",
        "pack_digest": load_pack(file).digest,
        "sha256": hashlib.sha256(fitted.weights(file).read_bytes()).hexdigest(),
        "encoder": {"name": "encoder", "digest": "e" * 64},
        "data": "tickets.csv",
        "data_sha256": "0" * 64,
        "licence": "ours",
        "rows": 12,
        "settings": {"seed": 1},
        "held_out": {"accuracy": 0.9},
    }
    fitted.description(file).write_text(yaml.safe_dump(head | changes))
    return file


class TestShipped:
    """Every pack that comes with Sluice, chosen by default or by name."""

    def test_there_are_packs_for_other_trades(self):
        """A bank is not a shop."""
        assert {"retail", "banking", "it_helpdesk", "travel"} <= set(SHIPPED)

    @pytest.mark.parametrize("name", SHIPPED)
    def test_it_is_called_as_its_file(self, name):
        """People choose it by that name; supply:1 is known by its file's older one."""
        pack = load_pack(SHIPPED[name])
        assert name.startswith(pack.pack)
        assert pack.task is not Task.INTENT or OTHER in pack.labels

    @pytest.mark.parametrize("name", ["banking", "it_helpdesk", "travel"])
    def test_it_says_what_routing_needs_in_each_of_its_languages(self, name):
        """As the retail pack does: complete, with examples in all five languages."""
        pack = load_pack(SHIPPED[name])
        assert set(pack.languages) == {"en", "hi", "hi-Latn", "bn", "ta"}
        for label, about in pack.labels.items():
            assert about.category, label
            assert about.risk, label
            assert about.queue, label
            assert set(about.examples) == set(pack.languages), label
            assert not [text for texts in about.examples.values() for text in texts if "@" in text]

    @pytest.mark.parametrize("name", SHIPPED)
    def test_a_sentence_is_one_example(self, name):
        """In brackets YAML would end it at its first comma; shipped packs have one a line."""
        for line in SHIPPED[name].read_text(encoding="utf-8").splitlines():
            assert not (line.startswith("      ") and "[" in line and ", " in line), line


class TestChosen:
    """A folder, a file, a name."""

    def test_a_name_changes_its_task_alone(self):
        """The tone of a message and supply's exceptions are read as before."""
        packs, before = load_packs(Path("banking")), load_packs()
        assert packs[Task.INTENT].id == "banking:1"
        assert packs[Task.SENTIMENT] == before[Task.SENTIMENT]
        assert packs[Task.EXCEPTION] == before[Task.EXCEPTION]

    def test_a_file_and_its_folder_mean_the_same(self, tmp_path):
        """A head's description beside it is no pack."""
        file = with_head(tmp_path)
        assert load_packs(file) == load_packs(tmp_path)
        assert load_packs(file)[Task.INTENT].id == "shop:2"

    def test_what_is_nowhere_is_told_with_what_there_is(self):
        """A typing error is found by reading the line."""
        with pytest.raises(
            ConfigurationError, match=r"bankin: no such .*banking, injection, it_helpdesk"
        ):
            load_packs(Path("bankin"))

    def test_labels_go_by_what_files_call_them_too(self, tmp_path):
        """Unless two would be called the same."""
        assert load_pack(with_head(tmp_path)).known_as["NO LABEL"] == OTHER
        twice = PACK.replace("description: Money back.", "description: M., known_as: other")
        (tmp_path / "twice.yaml").write_text(twice)
        with pytest.raises(ConfigurationError, match=r"twice\.yaml:\d+: labels\.other\.known_as"):
            load_pack(tmp_path / "twice.yaml")


class TestFitted:
    """A head that was fitted to a labelled file."""

    def test_it_is_what_the_build_takes(self, tmp_path):
        """With everything that the build checks and the manifest tells."""
        (spec,) = [each for each in head_specs(with_head(tmp_path)) if "fitted" in each]
        assert spec["model"] == "intent_retail"
        assert spec["fitted"]["encoder_digest"] == "e" * 64
        assert spec["fitted"]["data"] == "tickets.csv"

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"sha256": "1" * 64}, "is not the file that shop.head.yaml describes"),
            ({"pack_digest": "1" * 64}, "fitted to other labels than those of shop.yaml"),
            ({"rows": 0}, r"shop\.head\.yaml:\d+: rows"),
            ({"surprise": 1}, r"shop\.head\.yaml:\d+: surprise"),
        ],
    )
    def test_what_does_not_belong_together_is_refused(self, tmp_path, changes, says):
        """Numbers of another head under these labels' names would be noise."""
        with pytest.raises(ConfigurationError, match=says):
            load_packs(with_head(tmp_path, **changes))

    def test_a_description_without_its_head_is_refused(self, tmp_path):
        """Half a copy."""
        fitted.weights(with_head(tmp_path)).unlink()
        with pytest.raises(ConfigurationError, match=r"shop\.head\.npz is missing: run"):
            load_packs(tmp_path)

    def test_thresholds_may_be_edited(self, tmp_path):
        """They are the operator's; labels are the head's."""
        file = with_head(tmp_path)
        file.write_text(PACK.replace("scope: 0.4", "scope: 0.7"))
        assert load_packs(file)[Task.INTENT].thresholds.scope == 0.7
        file.write_text(PACK.replace("title: Refund", "title: Return"))
        with pytest.raises(ConfigurationError, match="take the edit back"):
            load_packs(file)
