"""YAML that remembers on which line each value stands, so that an error can name it."""

from collections.abc import Mapping
from typing import Any

import yaml

from telemetry_bridge.errors import Fault, RegistryError

Path = tuple[str | int, ...]

#: libyaml's where PyYAML was built with it: ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 12
MAX_NODES = 500_000


def load_yaml(text: str, file: str) -> tuple[Any, Mapping[Path, int]]:
    """Read one YAML document; gives its value and the line (from 1) of every path in it.

    Raises:
        RegistryError: not YAML, or a key twice in one mapping (which YAML forbids and PyYAML lets pass).
    """
    lines: dict[Path, int] = {}
    faults: list[Fault] = []
    try:
        _check_depth(text, file)
        loader = LOADER(text)
        node = loader.get_single_node()
        if node is None:
            return None, {}
        _walk(node, (), file, lines, faults)
        value = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else file
        raise RegistryError([Fault(where, f"not YAML: {error.problem or error.context}")]) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RegistryError([Fault(file, f"not YAML: {error}")]) from error
    if faults:
        raise RegistryError(faults)
    return value, lines


def _check_depth(text: str, file: str) -> None:
    """Refuse deep nesting before libyaml composes it: that recurses until the process crashes."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_much(file, event.start_mark.line + 1 if event.start_mark else 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_much(file: str, line: int) -> RegistryError:
    return RegistryError([Fault(f"{file}:{line}", "nested too deep, or too large")])


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """Give the line of the longest part of `path` that stands in the document; 1 for none."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _walk(node: yaml.Node, path: Path, file: str, lines: dict[Path, int], faults: list[Fault]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > MAX_DEPTH or len(lines) > MAX_NODES:
        # An anchor within itself, or anchors that multiply.
        raise _too_much(file, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            _walk(item, (*path, position), file, lines, faults)
    elif isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            child = (*path, str(key.value))
            line = key.start_mark.line + 1
            if child in lines:
                faults.append(Fault(f"{file}:{line}", f"{key.value} is there twice"))
                continue
            lines[child] = line
            _walk(item, child, file, lines, faults)
