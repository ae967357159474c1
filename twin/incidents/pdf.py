"""From the report's HTML to PDF by weasyprint, which needs Pango of the system, and fonts.

weasyprint is imported when the first report is made: whoever makes none needs no Pango.
"""

import ctypes
import ctypes.util
import functools
import re
from collections.abc import Mapping
from typing import Any

from twin.incidents.errors import ExportUnableError

PICTURE = "picture:"
JPEG = b"\xff\xd8"
NEEDED = "install it with: sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
FONT_NEEDED = "install one with: sudo apt-get install fonts-noto-cjk"
CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


def pdf_of(html: str, pictures: Mapping[str, bytes]) -> bytes:
    """The document; `pictures` are PNGs or JPEGs by id. Nothing else is ever fetched, whatever the HTML says.

    Raises:
        ExportUnableError: Pango, or a font for Chinese, is not here; the message says what to install.
    """
    weasyprint = _weasyprint()
    if CHINESE.search(html) and not has_chinese_font():
        raise ExportUnableError(f"no font on this machine can write Chinese; {FONT_NEEDED}", "font")
    document = weasyprint.HTML(string=html, url_fetcher=_fetcher_class(weasyprint)(pictures))
    found: bytes = document.write_pdf()
    return found


def check_pdf() -> None:
    """Raise ExportUnableError where no PDF can be made here."""
    _weasyprint()


def _weasyprint() -> Any:
    try:
        import weasyprint  # noqa: PLC0415 - see the module's first lines
    except (ImportError, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise ExportUnableError(
            f"PDF needs Pango, which is not here ({reason}); {NEEDED}", "pango"
        ) from error
    return weasyprint


def _fetcher_class(weasyprint: Any) -> Any:
    """What weasyprint asks for pictures; a class within a function, because its base is imported late."""
    base: Any = weasyprint.urls.URLFetcher

    class Fetcher(base):  # type: ignore[misc, unused-ignore]
        def __init__(self, pictures: Mapping[str, bytes]) -> None:
            super().__init__()
            self._pictures = pictures

        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002 - the base's signature
            png = self._pictures.get(url.removeprefix(PICTURE)) if url.startswith(PICTURE) else None
            if png is None:
                raise ValueError("a report shows its own pictures alone")
            kind = "image/jpeg" if png.startswith(JPEG) else "image/png"
            return weasyprint.urls.URLFetcherResponse(url, png, {"Content-Type": kind})

    return Fetcher


@functools.cache
def has_chinese_font() -> bool:
    """Whether fontconfig, which Pango asks, knows a font that covers Chinese."""
    name = ctypes.util.find_library("fontconfig")
    if name is None:
        return False
    library = ctypes.CDLL(name)
    for function in ("FcPatternCreate", "FcFontList", "FcObjectSetCreate"):
        getattr(library, function).restype = ctypes.c_void_p
    pattern, objects = library.FcPatternCreate(), library.FcObjectSetCreate()
    library.FcPatternAddString(ctypes.c_void_p(pattern), b"lang", b"zh-cn")
    fonts = library.FcFontList(None, ctypes.c_void_p(pattern), ctypes.c_void_p(objects))
    # FcFontSet begins with the number of its fonts (fontconfig.h).
    count = ctypes.cast(fonts, ctypes.POINTER(ctypes.c_int)).contents.value if fonts else 0
    for free, made in (
        ("FcFontSetDestroy", fonts),
        ("FcObjectSetDestroy", objects),
        ("FcPatternDestroy", pattern),
    ):
        if made:
            getattr(library, free)(ctypes.c_void_p(made))
    return count > 0
