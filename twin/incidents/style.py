"""How the printed report looks: `report.css`, and what of the page depends on the report."""

from pathlib import Path

from twin.incidents.phrases import Language, phrase

FONTS = (
    '"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "Noto Sans", sans-serif'
)


def sheet() -> str:
    """What is the same for all reports."""
    return Path(__file__).with_name("report.css").read_text("utf-8")


def page_rules(head: str, title: str, language: Language) -> str:
    """The page with its running head, its title and its number."""
    before, _, rest = phrase("page", language).partition("{page}")
    between, _, after = rest.partition("{pages}")
    number = f'"{before}" counter(page) "{between}" counter(pages) "{after}"'
    small = f"font: 7.5pt {FONTS}; color: #5c6b73;"
    return f"""
@page {{
  size: A4; margin: 21mm 18mm 20mm;
  @top-left {{ content: {quoted(head)}; {small} }}
  @bottom-left {{ content: {quoted(_short(title))}; {small} }}
  @bottom-right {{ content: {number}; {small} }}
}}
@page :first {{ @top-left {{ content: none; }} }}
"""


def quoted(text: str) -> str:
    """A CSS string (CSS Syntax 3, 4.3.5): whatever could end it, or the style element, is an escape."""
    escaped = (letter if _is_plain(letter) else f"\\{ord(letter):x} " for letter in text)
    return f'"{"".join(escaped)}"'


def _is_plain(letter: str) -> bool:
    return letter not in "\"\\<>&'" and letter.isprintable()


def _short(title: str, most: int = 60) -> str:
    return title if len(title) <= most else title[: most - 1] + "…"
