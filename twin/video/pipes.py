"""How the server and its video processes talk: what both sides must agree on, without libav. Pure."""

import importlib.util
import struct

OK, FAILED = 0, 1
LENGTH = struct.Struct("<I")


def has_libav() -> bool:
    """Whether PyAV is installed; it is never loaded into the server itself."""
    return importlib.util.find_spec("av") is not None
