"""The generated TypeScript is what the contract says now."""

from pathlib import Path

import pytest

from telemetry_bridge import generate_typescript
from telemetry_bridge.generate_typescript import OUTPUT, main, typescript


def test_the_committed_file_has_not_drifted() -> None:
    assert OUTPUT.read_text("utf-8") == typescript(), "run python -m telemetry_bridge.generate_typescript"
    assert main(["--check"]) == 0


def test_check_notices_a_stale_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "new" / "wire.ts"
    monkeypatch.setattr(generate_typescript, "OUTPUT", output)
    assert main(["--check"]) == 2
    assert "out of date" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0
    output.write_text(output.read_text("utf-8") + "\n", "utf-8")
    assert main(["--check"]) == 2
