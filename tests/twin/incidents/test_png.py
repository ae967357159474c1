"""Pictures from outside: plain PNGs come through unchanged, everything else is refused."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.twin.incidents.pictures import chunk, header, png
from twin.incidents.errors import PictureError
from twin.incidents.png import MOST_BYTES, SIGNATURE, checked_png

END = chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_what_others_write_is_taken_pixel_for_pixel(mode: str) -> None:
    image = Image.new(mode, (13, 7), 1)
    target = io.BytesIO()
    image.save(target, "png")
    clean = checked_png(target.getvalue())
    assert (clean.width, clean.height) == (13, 7)
    with Image.open(io.BytesIO(clean.data)) as again, Image.open(target) as before:
        assert again.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()


def test_what_is_not_the_picture_is_left_out() -> None:
    secret = chunk(b"tEXt", b"Location\0at home") + chunk(b"eXIf", b"MM\0*")
    clean = checked_png(png(6, 5, secret))
    assert b"at home" not in clean.data
    assert clean.data == png(6, 5)


@given(width=st.integers(1, 40), height=st.integers(1, 40), shade=st.integers(0, 255))
def test_a_clean_picture_stays_as_it_is(width: int, height: int, shade: int) -> None:
    data = png(width, height, shade=shade)
    assert checked_png(data).data == data


@given(st.data())
def test_a_damaged_picture_is_refused_and_never_raises_otherwise(data: st.DataObject) -> None:
    whole = bytearray(png(9, 8))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(PictureError):
        checked_png(bytes(whole))


@given(st.integers(0, len(png(9, 8)) - 1))
def test_a_truncated_picture_is_refused(length: int) -> None:
    with pytest.raises(PictureError):
        checked_png(png(9, 8)[:length])


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    for data in (noise, SIGNATURE + noise):
        with pytest.raises(PictureError):
            checked_png(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (SIGNATURE + header(100_000, 1) + chunk(b"IDAT", b"") + END, "at most 4096 a side"),
        (SIGNATURE + header(0, 1) + chunk(b"IDAT", b"") + END, "at most 4096 a side"),
        (SIGNATURE + header(4, 3, interlace=1) + chunk(b"IDAT", b"") + END, "without interlacing"),
        (SIGNATURE + header(4, 3, depth=4) + chunk(b"IDAT", b"") + END, "kind of PNG"),
        (SIGNATURE + header(4, 3) + END, "not whole"),
        (SIGNATURE + header(4, 3) + header(4, 3) + chunk(b"IDAT", b"") + END, "not whole"),
        (SIGNATURE + header(4, 3) + chunk(b"IDAT", zlib.compress(bytes(5))) + END, "not as many"),
        (SIGNATURE + header(4, 3) + chunk(b"IDAT", b"nonsense") + END, "cannot be unpacked"),
        (SIGNATURE + chunk(b"IHDR", struct.pack(">I", 1)) + chunk(b"IDAT", b"") + END, "wrong length"),
        (bytes(MOST_BYTES + 1), "at most"),
    ],
)
def test_why_it_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        checked_png(data)


def test_a_picture_that_swells_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    with pytest.raises(PictureError, match="not as many"):
        checked_png(SIGNATURE + header(4, 3) + chunk(b"IDAT", bomb) + END)
