"""A document is cut where its readers would cut it."""

from hypothesis import given
from hypothesis import strategies as st

from server.library.passages import LONGEST, cut

PAGE = """# A page

A paragraph
of two lines.

## Tables

| name | is |
| --- | --- |
| one | the first |
| two | the second |

These are listed:

- first item
  goes on
- [only a link](elsewhere.md)
- second item

Run it:

```console
$ run

# no heading
```
"""


def test_markdown_is_cut_into_paragraphs_rows_items_and_code():
    document = cut(PAGE, ".md")
    assert document.title == "A page"
    assert [(piece.line, piece.heading, piece.text.split("\n")[0]) for piece in document.pieces] == [
        (3, "", "A paragraph"),
        (10, "Tables", "| one | the first |"),
        (11, "Tables", "| two | the second |"),
        (13, "Tables", "These are listed:"),
        (18, "Tables", "- second item"),
        (20, "Tables", "Run it:"),
    ]
    assert "# no heading" in document.pieces[-1].code
    assert document.pieces[1].columns == "| name | is |"
    assert document.pieces[1].about == "one "


def test_keywords_of_a_heading_are_no_text_and_hold_until_the_next_one():
    pieces = cut("# Title\n\n## Stop\n<!-- keywords: abort halt -->\n\nSend it.\n\n## Go\n\nWait.\n", ".md").pieces
    assert [(piece.heading, piece.keywords, piece.text) for piece in pieces] == [
        ("Stop", "abort halt", "Send it."),
        ("Go", "", "Wait."),
    ]
    assert cut("<!-- keywords: abort -->", ".txt").pieces[0].text == "<!-- keywords: abort -->"


@given(st.text(alphabet="# -|`=~\n\tab.", max_size=400), st.sampled_from([".md", ".rst", ".txt"]))
def test_every_text_is_cut_in_order_into_pieces_that_are_not_too_long(text, suffix):
    pieces = cut(text, suffix).pieces
    assert [piece.line for piece in pieces] == sorted(piece.line for piece in pieces)
    assert all(len(piece.text) <= 2 * LONGEST for piece in pieces)


def test_a_long_line_is_cut():
    assert [len(piece.text) for piece in cut("x" * 4000, ".txt").pieces] == [LONGEST, LONGEST, 1000]
