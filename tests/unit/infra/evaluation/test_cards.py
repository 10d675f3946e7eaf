"""Cards of shipped heads say what the build and the pack say."""

from infra.evaluation import asking, cards
from services.assessor.packs import choosing, load_pack


def test_a_card_has_origin_licence_and_limits():
    """Who decides by a head can read what it was made from and how little that proves."""
    pack = load_pack(choosing.shipped()["banking"])
    head = {
        "identity": {"digest": "a" * 64, "pack_digest": pack.digest},
        "licence": "Apache-2.0", "held_out": 250, "held_out_accuracy": 0.875,
        "held_out_log_loss": 0.5,
    }  # fmt: skip
    bits = {"digest": "e" * 64, "quantization": "int8-static", "runtime": "openvino"}
    encoder = {"identity": bits, "weights": "multilingual-e5-small", "licence": "MIT"}
    card = cards.text("banking", pack, head, encoder)
    assert card.startswith("# banking:1: Ticket intents of a retail bank\n")
    for told in ("15 labels", "Apache-2.0", "250, 87.5% read right", "hi 45,", "scope 0", "MIT"):
        assert told in card
    assert pack.digest[:16] in card


def test_the_cards_that_are_shipped_are_of_the_packs_that_are_shipped():
    """By name and version: of a new one `make cards` writes the card again."""
    shipped = {
        name: file
        for name, file in choosing.shipped().items()
        if load_pack(file).task in asking.QUESTIONS
    }
    assert {card.stem for card in cards.INTO.glob("*.md")} == set(shipped)
    for name, file in shipped.items():
        card = (cards.INTO / f"{name}.md").read_text()
        assert card.startswith(f"# {load_pack(file).id}: "), name
