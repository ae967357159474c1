"""QR pictures of check-in codes."""

import io

import segno

BORDER = 2  # modules; the page gives the rest of the quiet zone that ISO/IEC 18004 asks for


def qr_svg(text: str) -> bytes:
    """A QR code as SVG that takes any size; error correction M, dark on white whatever the page's theme."""
    out = io.BytesIO()
    code = segno.make_qr(text, error="m")
    code.save(out, kind="svg", border=BORDER, dark="#10151c", light="#ffffff", omitsize=True, xmldecl=False)
    return out.getvalue()
