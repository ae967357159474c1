"""Several servers and workers share a broker outside: none of them runs one of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.running import ROOT, environment


@pytest.mark.parametrize("command", ["serve", "bridge"])
def test_no_broker_is_embedded_beyond_one_process(command: str, house: Path, tmp_path: Path) -> None:
    variables = {
        "TWIN_EMBEDDED_BROKER": "1",
        "TWIN_REDIS": "redis://127.0.0.1:1",
        "TWIN_DATABASE": "postgresql://nobody@127.0.0.1:1/none",
        "TWIN_DATA": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "twin.cli", command, str(house)],
        cwd=ROOT,
        env=environment() | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2
    assert "TWIN_EMBEDDED_BROKER" in done.stderr
    assert "mosquitto" in done.stderr
