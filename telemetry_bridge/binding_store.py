"""Where changed bindings are kept: `bindings.json` in the data folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from telemetry_bridge.errors import BindingError, Fault
from telemetry_bridge.whole_file import replace_file

FILE_NAME = "bindings.json"
FORMAT = 1


class BindingStore:
    """Reads and writes what was bound by hand: `{"format": 1, "bindings": {device: guid or null}}`."""

    def __init__(self, data_folder: Path) -> None:
        self.path = data_folder / FILE_NAME

    def load(self) -> dict[str, str | None]:
        """Give the overrides; none where there is no file.

        Raises:
            BindingError: a file that cannot be read. It is left as it is: it holds somebody's work.
        """
        try:
            text = self.path.read_text("utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise self._fault(f"cannot be read: {error}") from error
        try:
            return self._checked(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise self._fault(f"not JSON ({error}); mend it, or move it away to begin without") from error

    def _checked(self, document: Any) -> dict[str, str | None]:
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise self._fault(f"not of format {FORMAT}; move it away to begin without")
        bindings = document.get("bindings")
        if not isinstance(bindings, dict):
            raise self._fault('"bindings" is missing')
        for device, element in bindings.items():
            if not isinstance(element, str | None):
                raise self._fault(f"{device}: an element is a guid or null")
        return bindings

    def save(self, overrides: Mapping[str, str | None]) -> None:
        """Write the overrides: after a crash there is either the old file or the new one, whole.

        Raises:
            BindingError: it cannot be written; the old file is still there.
        """
        document = {"format": FORMAT, "bindings": dict(sorted(overrides.items()))}
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.path, text.encode())
        except OSError as error:
            raise self._fault(f"cannot be written: {error.strerror or error}") from error

    def _fault(self, message: str) -> BindingError:
        return BindingError([Fault(str(self.path), message)])
