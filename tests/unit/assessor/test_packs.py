"""Label packs: what is shipped loads, what is wrong is refused with file, line and field."""

from pathlib import Path

import pytest

from services.assessor.domain.asking import Task
from services.assessor.domain.reading import Thresholds
from services.assessor.packs import MODELS, SHIPPED, configure, head_specs, load_packs
from services.assessor.packs.pack import OTHER, Pack
from services.chassis import documents
from services.chassis.errors import ConfigurationError
from services.decider.domain.exceptions import EXCEPTIONS

PACK = """\
pack: shop
version: 2
task: intent
title: A shop's tickets
description: What customers want.
languages: [en, hi]
thresholds: {confidence: 0.5, margin: 0.2}
labels:
  refund:
    title: Refund
    description: The customer wants money back.
    risk: high
    queue: refunds
    examples:
      en:
        - I want my money back.
        - Refund, please.
      hi: [पैसे वापस चाहिए]
  other:
    title: Something else
    description: None of the others.
    examples:
      en: [Hello]
"""


def pack(text: str = PACK) -> Pack:
    """Read as a file would be."""
    return documents.parse(text, Pack, name="shop.yaml")


def folder(at: Path, text: str = PACK) -> Path:
    """The shipped packs, with this one for the intents."""
    for file in SHIPPED.glob("*.yaml"):
        if file.name != "retail.yaml":
            (at / file.name).write_bytes(file.read_bytes())
    (at / "shop.yaml").write_text(text)
    return at


class TestShipped:
    """What comes with Sluice."""

    def test_there_is_a_pack_for_every_head(self):
        """Without one the assessor could not say what its model's labels mean."""
        assert set(load_packs()) == set(MODELS)

    def test_supply_labels_are_those_that_policies_know(self):
        """The decider's tables and the model speak of the same exceptions."""
        assert set(load_packs()[Task.EXCEPTION].labels) == set(EXCEPTIONS)

    @pytest.mark.parametrize("task", MODELS)
    def test_every_label_has_examples_in_every_language_of_its_pack(self, task):
        """A language is named because texts in it can be read, not as a wish."""
        read = load_packs()[task]
        # An order to a machine is one in every language, also in those that nobody tried.
        assert bool(read.languages) == (task is not Task.INJECTION)
        for name, label in read.labels.items():
            assert set(label.examples) >= set(read.languages), name

    def test_intents_say_what_routing_needs(self):
        """Category, risk and queue are optional in the format and complete in what we ship."""
        for name, label in load_packs()[Task.INTENT].labels.items():
            assert label.category, name
            assert label.risk, name
            assert label.queue, name

    def test_no_example_is_personal(self):
        """Packs are published with the code."""
        for read in load_packs().values():
            for label in read.labels.values():
                for texts in label.examples.values():
                    assert not [text for text in texts if "@" in text]


class TestConfigured:
    """What the service is told."""

    def test_thresholds_and_digest_come_from_the_pack(self, tmp_path):
        """`other` never counts; the language has a threshold without a pack."""
        configured = configure(folder(tmp_path))
        assert configured.thresholds[Task.INTENT] == Thresholds(
            0.5, 0.2, frozenset({"en", "hi"}), frozenset({OTHER})
        )
        assert configured.thresholds[Task.SENTIMENT].out_of_scope == frozenset()
        assert configured.thresholds[Task.LANGUAGE].confidence > 0
        assert configured.packs[Task.INTENT].name == "shop:2"
        assert configured.packs[Task.INTENT].digest == pack().digest
        assert Task.LANGUAGE not in configured.packs

    def test_specs_of_heads_name_models_of_the_repository(self, tmp_path):
        """One per head, of plain values, in an order of their own."""
        specs = {spec["model"]: spec for spec in head_specs(folder(tmp_path))}
        assert set(specs) == {
            "intent_retail",
            "sentiment",
            "supply_exception",
            # Not in the folder: then the shipped ones.
            "urgency",
            "injection",
        }
        assert specs["injection"]["pack_digest"] == load_packs()[Task.INJECTION].digest
        shop = specs["intent_retail"]
        assert (shop["pack"], shop["pack_digest"]) == ("shop:2", pack().digest)
        assert [label["id"] for label in shop["labels"]] == ["other", "refund"]
        assert len(shop["labels"][1]["examples"]) == 3


class TestDigest:
    """A head is made again when, and only when, what it is made from changed."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("labels:", "# a comment\n\nlabels:"),
            ("      hi: [पैसे वापस चाहिए]", "      hi:\n        - 'पैसे वापस चाहिए'"),
            (
                "        - I want my money back.\n        - Refund, please.",
                "        - Refund, please.\n        - I want my money back.",
            ),
            ("confidence: 0.5", "confidence: 0.6"),
            ("queue: refunds", "queue: money"),
        ],
        ids=["comment", "layout", "order", "threshold", "queue"],
    )
    def test_stays(self, old, new):
        """Comments, layout and order have no meaning; thresholds and queues are not the head's."""
        assert old in PACK
        assert pack(PACK.replace(old, new)).digest == pack().digest

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("money back.\n    risk", "money back!\n    risk"),
            ("Refund, please.", "Refund, now."),
            ("  refund:", "  money:"),
            ("title: Refund", "title: Money"),
            ("version: 2", "version: 3"),
            ("pack: shop", "pack: store"),
        ],
        ids=["description", "example", "label", "title", "version", "name"],
    )
    def test_changes(self, old, new):
        """Whatever the model or a warrant would show otherwise."""
        assert old in PACK
        assert pack(PACK.replace(old, new)).digest != pack().digest


class TestRefused:
    """One line per mistake: file, line, field, what to do."""

    @pytest.mark.parametrize(
        ("old", "new", "line", "field", "says"),
        [
            ("    risk: high", "    risky: high", 12, "labels.refund.risky", "Extra inputs"),
            (
                "    risk: high",
                "    risk: huge",
                12,
                "labels.refund.risk",
                "'low', 'medium' or 'high'",
            ),
            (
                "    description: The customer wants money back.\n",
                "",
                9,
                "labels.refund.description",
                "required",
            ),
            ("    title: Refund", "    title: ''", 10, "labels.refund.title", "at least 1"),
            ("confidence: 0.5", "confidence: 1.5", 7, "thresholds.confidence", "less than 1"),
            ("margin: 0.2", "margin: -1", 7, "thresholds.margin", "greater than or equal to 0"),
            (", margin: 0.2", "", 7, "thresholds.margin", "required"),
            ("version: 2", "version: 0", 2, "version", "greater than or equal to 1"),
            ("task: intent", "task: language", 3, "task", "Input should be"),
            ("task: intent", "task: injection", 8, "labels", "has the labels instruction, ord"),
            ("languages: [en, hi]", "languages: [en, English]", 6, "languages.1", "pattern"),
            ("  refund:", "  Re-fund:", 9, "labels.Re-fund.[key]", "pattern"),
            ("- Refund, please.", "- yes", 17, "labels.refund.examples.en.1", "valid string"),
            (
                "languages: [en, hi]",
                "languages: [en]",
                18,
                "labels.refund.examples.hi",
                "add it there",
            ),
            (
                "en: [Hello]",
                "en: ['REFUND,  please.']",
                23,
                "labels.other.examples.en.0",
                "'refund' has this example",
            ),
            ("  other:", "  else:", 8, "labels", "there is no label 'other'"),
        ],
    )
    def test_with_file_line_and_field(self, tmp_path, old, new, line, field, says):
        """Whoever edited it finds the place at once."""
        assert old in PACK
        with pytest.raises(ConfigurationError) as refused:
            load_packs(folder(tmp_path, PACK.replace(old, new)))
        (mistake,) = str(refused.value).splitlines()
        assert mistake.startswith(f"{tmp_path / 'shop.yaml'}:{line}: {field}: ")
        assert says in mistake

    def test_a_label_that_is_there_twice(self, tmp_path):
        """YAML itself would silently take the second one."""
        twice = PACK + PACK[PACK.index("  refund:") : PACK.index("  other:")]
        with pytest.raises(ConfigurationError, match=r"shop\.yaml:24: .*duplicate key 'refund'"):
            load_packs(folder(tmp_path, twice))

    def test_what_is_no_yaml(self, tmp_path):
        """The line that YAML stumbled over."""
        with pytest.raises(ConfigurationError, match=r"shop\.yaml:7: not valid YAML"):
            load_packs(folder(tmp_path, PACK.replace("[en, hi]", "[en, hi")))

    def test_two_packs_for_one_task(self, tmp_path):
        """Which one counts must not depend on file names."""
        (folder(tmp_path) / "zoo.yml").write_text(PACK.replace("pack: shop", "pack: zoo"))
        with pytest.raises(ConfigurationError, match=r"zoo\.yml: task: shop:2 is a pack"):
            load_packs(tmp_path)

    def test_a_folder_without_a_pack(self, tmp_path):
        """Whoever names a folder means to use something in it."""
        with pytest.raises(ConfigurationError, match="no label pack"):
            load_packs(tmp_path)

    def test_a_folder_that_is_not_there(self, tmp_path):
        """By the setting that named it."""
        with pytest.raises(ConfigurationError, match="SLUICE_ASSESSOR_PACKS"):
            load_packs(tmp_path / "nowhere")
