"""Paper, fonts and text of PDF reports (reportlab); nothing here knows of scans.

Text from outside is set in DejaVu Sans (Latin, Greek, Cyrillic, Hebrew and Arabic letters, of which the last two are
neither joined nor turned), else in the Asian fonts that PDF viewers bring along; a character that none of them has
is written as its code point, ``[U+1F600]``.
"""

from __future__ import annotations

import io
import unicodedata
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Table

from brain_core import __version__
from brain_core.reports.caption import font_file
from brain_core.reports.wording import DISCLAIMER, SOFTWARE

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
# Fonts that no file is needed for, each with the character set that it holds; the first that fits is taken.
ASIAN = (("HeiseiKakuGo-W5", "shift_jis"), ("STSong-Light", "gb2312"), ("MSung-Light", "big5"))
KOREAN = "HYSMyeongJo-Medium"
HANGUL = range(0xAC00, 0xD7A4)
MARGIN = 16 * mm
TOP, BOTTOM = 13 * mm, 17 * mm
WIDTH = A4[0] - 2 * MARGIN
INK, QUIET, RULE = colors.HexColor("#1B1F24"), colors.HexColor("#57606A"), colors.HexColor("#D0D7DE")
PAPER, NOTICE, NOTICE_EDGE = colors.HexColor("#F6F8FA"), colors.HexColor("#FFF4D6"), colors.HexColor("#E69F00")
LONGEST = 300  # characters of a text from outside; the rest would push the report over its two pages


@cache
def register() -> None:
    """Make the fonts known to reportlab."""
    pdfmetrics.registerFont(TTFont(REGULAR, str(font_file())))
    pdfmetrics.registerFont(TTFont(BOLD, str(font_file(bold=True))))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    for name, _ in ASIAN:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    pdfmetrics.registerFont(UnicodeCIDFont(KOREAN))


@cache
def style(name: str) -> ParagraphStyle:
    """One of the report's text styles."""
    register()
    size, options = {
        "title": (15, {"fontName": BOLD, "leading": 19}),
        "heading": (9.5, {"fontName": BOLD, "leading": 13, "spaceBefore": 7, "spaceAfter": 3}),
        "body": (8.2, {"leading": 11.2}),
        "bold": (8.2, {"leading": 11.2, "fontName": BOLD}),
        "large": (13, {"leading": 16, "fontName": BOLD}),
        "quiet": (7.2, {"leading": 9.6, "textColor": QUIET}),
        "caption": (7.2, {"leading": 9.4, "alignment": TA_CENTER}),
        "notice": (8.1, {"leading": 11.4, "fontName": BOLD}),
    }[name]
    return ParagraphStyle(name, **{"fontName": REGULAR, "fontSize": size, "textColor": INK, **options})


def markup(text: object, longest: int = LONGEST) -> str:
    """Text from outside as reportlab shows it literally, every character in a font that has it.

    Args:
        longest: characters; a longer text is cut, and ends with ``…``.
    """
    register()
    runs = groupby(_plain(str(text), longest), key=_font_of)
    return "".join(_run(font, "".join(characters)) for font, characters in runs)


def paragraph(text: object, kind: str = "body", longest: int = LONGEST) -> Paragraph:
    """A text, shown literally; see `markup`."""
    return Paragraph(markup(text, longest), style(kind))


def _plain(text: str, longest: int) -> str:
    """One line of printable characters."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(each) in ("Cc", "Zl", "Zp", "Zs") else each for each in text)
    text = "".join(each for each in text if unicodedata.category(each) != "Cf")  # no direction marks: they hide text
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _font_of(character: str) -> str | None:
    """The font for a character, empty for the paragraph's own; None where there is none."""
    if ord(character) in pdfmetrics.getFont(REGULAR).face.charToGlyph:
        return ""
    if ord(character) in HANGUL:
        return KOREAN
    return next((name for name, charset in ASIAN if _holds(charset, character)), None)


def _holds(charset: str, character: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _run(font: str | None, text: str) -> str:
    if font is None:
        return "".join(f"[U+{ord(each):04X}]" for each in text)
    return f'<font name="{font}">{escape(text)}</font>' if font else escape(text)


def grid(rows: list[list], widths: list[float], *commands: tuple) -> Table:
    """A table without borders; ``commands`` are reportlab's, on top of small padding at the left and the top."""
    base = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    return Table(rows, widths, style=[*base, *commands], hAlign="LEFT")


def boxed(content: list[Flowable], fill=PAPER, edge=RULE) -> Table:
    """Paragraphs in a box as wide as the page, with a coloured bar at its left."""
    commands = [
        ("BACKGROUND", (0, 0), (-1, -1), fill),
        ("LINEBEFORE", (0, 0), (0, -1), 3, edge),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, 0), 5),
        ("BOTTOMPADDING", (0, -1), (-1, -1), 6),
    ]
    return grid([[each] for each in content], [WIDTH], *commands)


def build(story: list[Flowable], title: str, made: datetime) -> bytes:
    """The PDF file of a story: the same bytes for the same story and time; its metadata name no patient."""
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=title,
        author=SOFTWARE,
        subject=DISCLAIMER,
        creator=f"{SOFTWARE} {__version__}",
        lang="en-GB",
        initialFontName=REGULAR,
        invariant=1,
    )
    frame = Frame(MARGIN, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    document.build(story, canvasmaker=lambda *args, **kwargs: _Paper(*args, made=made, **kwargs))
    return buffer.getvalue()


class _Paper(Canvas):
    """Pages with a foot that counts them."""

    def __init__(self, *args, made: datetime, **kwargs):
        super().__init__(*args, **kwargs)
        self.setDateFormatter(lambda *_: f"D:{made.astimezone(UTC):%Y%m%d%H%M%S}Z")
        self._made, self._pages = made, []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self._foot(f"{SOFTWARE} {__version__} · {stated(self._made)} · page {number} of {len(self._pages)}")
            super().showPage()
        super().save()

    def _foot(self, text: str) -> None:
        self.setStrokeColor(RULE)
        self.line(MARGIN, 13 * mm, A4[0] - MARGIN, 13 * mm)
        self.setFillColor(QUIET)
        self.setFont(REGULAR, 6.6)
        self.drawString(MARGIN, 9.5 * mm, DISCLAIMER.split(". ")[0] + ".")
        self.drawRightString(A4[0] - MARGIN, 9.5 * mm, text)


def stated(made: datetime) -> str:
    """A time for readers, with its zone where it has one."""
    return f"{made:%d %B %Y, %H:%M %Z}".strip()
