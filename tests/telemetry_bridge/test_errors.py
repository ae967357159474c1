"""The errors are as their module says."""

import inspect
import re

from telemetry_bridge import errors
from telemetry_bridge.errors import BridgeError, Fault, FaultsError


def test_the_tree_in_the_docstring_is_the_real_one() -> None:
    drawn = {}
    above = {0: "BridgeError"}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^([│ ]*)[├└]── (\w+)", line)
        if found:
            depth = len(found.group(1)) // 4 + 1
            above[depth] = found.group(2)
            drawn[found.group(2)] = above[depth - 1]
    real = {
        name: kind.__bases__[0].__name__
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, BridgeError) and kind is not BridgeError
    }
    assert drawn == real


def test_faults_say_where_and_what() -> None:
    faults = [Fault("a.csv:3", "no such type"), Fault("", "all wrong")]
    assert str(FaultsError(faults)) == "a.csv:3: no such type; all wrong"
    many = FaultsError([Fault("a", str(number)) for number in range(12)])
    assert str(many).endswith("a: 9; and 2 more")
