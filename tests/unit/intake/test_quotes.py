"""What of a mail's text is new, in the ways of many programs and languages."""

import pytest

from services.intake.formats.quotes import newest

ADDRESS = "Acme Support <support@acme.example>"
HEADER = f"From: {ADDRESS}\nSent: Thursday, 19 November 2026 18:00\nTo: Meera\nSubject: RE: order"


@pytest.mark.parametrize(
    "quoted",
    [
        f"On Thu, 19 Nov 2026 at 18:00, {ADDRESS} wrote:\n> Dear Meera,\n> it is on its way.",
        "On Thu, 19 Nov 2026 at 18:00, Acme Support\n<support@acme.example> wrote:\n\n> Dear Meera",
        f"On 19 Nov 2026, at 18:00, {ADDRESS} wrote:\n\nDear Meera, unmarked as phones do",
        f"Am Do., 19. Nov. 2026 um 18:00 Uhr schrieb {ADDRESS}:\n> Hallo Meera",
        f"Le jeu. 19 nov. 2026 à 18:00, {ADDRESS} a écrit :\n> Bonjour",
        "El jue, 19 nov 2026 a las 18:00, Acme (<support@acme.example>) escribió:\n> Hola",
        f"Em qui., 19 de nov. de 2026 às 18:00, {ADDRESS} escreveu:\n> Olá",
        f"गुरु, 19 नव॰ 2026 को 06:00 अपराह्न बजे {ADDRESS} ने लिखा:\n\n> नमस्ते",
        f"বৃহস্পতি, ১৯ নভে, ২০২৬ 6:00 PM তারিখে {ADDRESS} লিখেছেন:\n> প্রিয়",
        "2026年11月19日(木) 18:00 Acme <support@acme.example>:\n\n> こんにちは",
        f"{HEADER}\n\nDear Meera, it is on its way.",
        f"________________________________\n{HEADER}\n\nDear Meera",
        f"-----Original Message-----\n{HEADER}\n\nDear Meera",
        "> Dear Meera,\n> it is on its way.",
    ],
)
def test_what_a_mail_program_quotes_is_not_new(quoted):
    """The customer's own words are what is read, classified and answered."""
    said = "Hello,\nSO-48213 has still not arrived.\n- no call\n- no mail\nThank you, Meera"
    assert newest(f"{said}\n\n{quoted}\n", replies=True) == said
    assert (
        newest(f"{said}\r\n\r\n{quoted}\r\n".replace("\n", "\r\n"), replies=True).split()
        == said.split()
    )


@pytest.mark.parametrize(
    "text",
    [
        "Please collect it.\nFrom: Pune\nTo: Delhi\nDate: 20 Nov 2026\nWeight: 20 kg",
        "Thank you, it came.\nBest regards\nMeera",
        "On Monday the driver wrote:\nnobody there",
        "My list:\n- one cup\n- two pots\n-- \u200b not a signature",
        "Order 48213: 2 cups",
        "See https://shop.example/a?b=c@d: broken",
    ],
)
def test_what_a_customer_wrote_stays(text):
    """A word too many costs a second, a sentence too few a customer."""
    assert newest(text, replies=True) == text


def test_answers_between_quotations_are_put_together():
    """As technical people write."""
    text = "> Where is it?\nIn Pune.\n\n> Since when?\nMonday."
    assert newest(text, replies=True) == "In Pune.\nMonday."


def test_a_signature_is_cut_also_where_nothing_is_quoted():
    """RFC 3676 §4.3; at the very beginning it is none."""
    assert newest("Hello\n-- \nMeera\n+91 98765 43210", replies=False) == "Hello"
    assert newest("--\nHello", replies=False) == "--\nHello"


def test_where_nothing_would_be_left_all_of_it_stays():
    """Somebody sent a quotation and nothing else: people will see why."""
    assert newest("> only\n> quoted", replies=True) == "> only\n> quoted"


@pytest.mark.parametrize(
    "line",
    ["On On 1@a ", "On 1@: ", "Am 1@ ", "From: 1@\n", "> \n", "\n", "_" * 249 + "\n", "* 1@ ",
     "@:\n", "2026年1月1日(@) ", "a@1:", "Den 1@ skrev ", "\t1@:\n"],
)  # fmt: skip
def test_a_hostile_text_is_looked_at_in_single_places_only(line):
    """The patterns' own library takes minutes for 64 KiB of these; a test's time limit is one."""
    text = "\n".join([(line * 200)[:249]] * 260)
    assert newest(text, replies=True) is not None
    assert newest((line * 70_000)[:65_536], replies=True) is not None
