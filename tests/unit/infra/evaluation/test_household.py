"""Sentences drawn from templates: all forms of the grammar, the same for a seed."""

import json

import pytest

from infra.evaluation import household

DOCUMENT = {
    "expansion_rules": {"please": "(please|kindly)", "deep": "<please> do"},
    "lists": {
        "level": {"range": {"from": 10, "to": 30, "step": 10}},
        "colour": {"values": [{"in": "(red|ruby)"}, "blue"]},
        "any": {"wildcard": True},
    },
    "intents": {
        "Light": {
            "data": [
                {
                    "sentences": ["<deep> light [the] {area} {colour:c}"],
                    "slots": {"domain": "light"},
                },
                {"sentences": ["{level} [(percent;bright)] on {name}", "call {any}"]},
            ]
        }
    },
}


@pytest.fixture
def data(tmp_path):
    """A package's folder with one language."""
    (tmp_path / "en.json").write_text(json.dumps(DOCUMENT))
    return tmp_path


def test_sentences_are_of_their_templates(data):
    """Rules, lists, ranges, choices; a template that needs what is nowhere gives none."""
    found = list(household.sentences(data, "en", 60, seed=1))
    assert {wish for _, wish in found} == {"Light", "Light/light"}
    for said, wish in found:
        words = said.split()
        if wish == "Light/light":
            assert words[0] in {"please", "kindly"}
            assert words[-1] in {"red", "ruby", "blue"}
        else:
            assert words[0] in {"10", "20", "30"}
            assert words[1:3] in (["percent", "bright"], ["bright", "percent"], words[1:3])
    assert any("percent bright" in said for said, _ in found)
    assert any("bright percent" in said for said, _ in found)
    assert not any("call" in said or "{" in said or "(" in said for said, _ in found)


def test_a_seed_draws_the_same_and_none_twice(data):
    """Else a figure could not be had again."""
    first = list(household.sentences(data, "en", 30, seed=1))
    assert first == list(household.sentences(data, "en", 30, seed=1))
    assert first != list(household.sentences(data, "en", 30, seed=2))
    assert len(set(first)) == len(first)
