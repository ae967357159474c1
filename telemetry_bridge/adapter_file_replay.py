"""The settings of a recording that is played, as `adapters.yaml` has them. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from annotated_types import Gt, Le
from pydantic import ConfigDict

from telemetry_bridge.adapter_file_parts import STRICT, AdapterSettings, Text
from telemetry_bridge.yaml_lines import Path

FORMATS = (".csv", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNames:
    """What the file's columns are called."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    time: Text = "time"
    device: Text = "device"
    point: Text = "point"
    value: Text = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySettings(AdapterSettings):
    """A file of samples in order of time, played at `speed` times the speed at which it was recorded."""

    kind: Literal["replay"]
    file: Text
    speed: Annotated[float, Gt(0), Le(100_000)] = 1.0
    loop: bool = False
    quality: Literal["simulated", "good"] = "simulated"
    """What is played is shown as simulated, unless this says that it is to be taken for real."""
    columns: ColumnNames = field(default_factory=ColumnNames)

    def faults(self) -> Iterator[tuple[Path, str]]:
        """Give what does not fit together."""
        if not self.file.endswith(FORMATS):
            yield ("file",), f"file: one of {', '.join(FORMATS)}, by the end of its name"
