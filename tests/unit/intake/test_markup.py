"""HTML as the text that its reader sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.formats.markup import MAX_MARKUP, is_markup, text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ("a &amp; b &lt; c &nbsp; d &#8377; 5", "a & b < c d ₹ 5"),
        (
            "<head><title>t</title><style>p{}</style></head><body>seen<script>x()</script></body>",
            "seen",
        ),
        ("before<!-- not seen -->after<!--[if mso]>nor this<![endif]-->", "beforeafter"),
        ("<![if !vml]>kept<![endif]>", "kept"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<b>bold<i>both", "boldboth"),
        ("no markup\nat all", "no markup at all"),
        ("<!-- never closed", ""),
        ("<style>never closed", ""),
        ("<p title='a > b'>x", "x"),
        ("", ""),
    ],
)
def test_what_is_seen_is_kept_a_line_per_block(html, text):
    """Markup is nothing that a customer wrote."""
    assert text_of(html) == text


@pytest.mark.parametrize(
    "quoted",
    [
        "<blockquote type='cite'>old<blockquote>older</blockquote></blockquote>",
        "<div class='gmail_quote gmail_quote_container'>old<div>older</div></div>",
        "<div id='divRplyFwdMsg'>old</div>",
        "<div class='yahoo_quoted'>old",
    ],
)
def test_what_a_mail_program_quotes_is_left_out_when_asked(quoted):
    """Each in its own way, nested or never closed."""
    assert text_of(f"<p>new</p>{quoted}", without_quotes=True) == "new"
    assert "old" in text_of(f"<p>new</p>{quoted}")


@pytest.mark.parametrize(
    ("text", "found"),
    [("<p>x", True), ("  <!doctype html>", True), ("<3 you", False), ("a <b>", False), ("", False)],
)
def test_what_begins_with_a_tag_is_markup(text, found):
    """Where a source may send either."""
    assert is_markup(text) == found


@pytest.mark.parametrize(
    "unit",
    ["<a", "<a ", "<!--", "<![CDATA[", "</", "<?", "<a x=", "<a x='", "<!", "<", "<a/", "<![if>",
     "<a x='>", "&#", "<p>", "<![CDATA[>", "<script>", "<a '>"],
)  # fmt: skip
def test_hostile_markup_takes_no_longer_than_other(unit):
    """The parser alone takes minutes for these; a test's time limit is one."""
    assert isinstance(text_of(unit * (MAX_MARKUP // len(unit))), str)


@given(st.text(st.sampled_from("<>&;!-/='\"abp[]\n "), max_size=60))
def test_any_text_is_read(html):
    """Nothing makes it raise, and nothing that it gives would be read otherwise again."""
    assert "\n\n\n" not in text_of(html)
