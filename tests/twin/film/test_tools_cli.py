"""`twin film`: exit codes, the last line in JSON, and lines that say what to do."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.twin.film.toolbox import busy_script, cuts_of, filmed, new_engine, rows_of, told
from twin.cli import EXIT_FAULT, EXIT_OK, run
from twin.film.hold import served
from twin.store.database import writing
from twin.store.tables import FILM_STRIP


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a film."""

    async def make() -> None:
        engine = await new_engine(tmp_path)
        await filmed(engine, busy_script(6))
        await engine.dispose()

    asyncio.run(make())
    return tmp_path


def last_line(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def spoil(folder: Path) -> None:
    async def change() -> None:
        engine = await new_engine(folder)
        async with writing(engine) as connection:
            row = (await connection.execute(select(FILM_STRIP))).first()
            assert row is not None
            same = (FILM_STRIP.c.strip == row.strip) & (FILM_STRIP.c.segment == row.segment)
            await connection.execute(update(FILM_STRIP).where(same).values(data=row.data[:-1] + b"?"))
        await engine.dispose()

    asyncio.run(change())


def test_verify_says_what_is_wrong_and_repair_takes_it_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verify = ["film", "verify", "--data", str(folder)]
    assert run([*verify, "--json"]) == EXIT_OK
    assert last_line(capsys)["holds"] is True
    spoil(folder)
    assert run([*verify, "--json"]) == EXIT_FAULT
    found = capsys.readouterr()
    told_of = json.loads(found.out.splitlines()[-1])
    assert told_of["holds"] is False
    assert told_of["faults"][0]["kind"] == "strip"
    assert "cannot be read" in found.err
    assert "--repair" in found.err
    assert "l1/" in found.err
    assert run([*verify, "--repair"]) == EXIT_OK
    assert "given up" in capsys.readouterr().err
    assert run(verify) == EXIT_OK


def test_a_film_goes_from_one_twin_to_another(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, other = folder / "part.twinfilm", folder / "other"
    assert run(["film", "export", str(file), "--data", str(folder), "--json"]) == EXIT_OK
    exported = last_line(capsys)
    assert run(["film", "import", str(file), "--data", str(other), "--json"]) == EXIT_OK
    assert last_line(capsys)["new_samples"] == exported["samples"] > 0
    assert run(["film", "compact", "--data", str(other), "--json"]) == EXIT_OK
    assert last_line(capsys)["bytes_won"] >= 0
    assert run(["film", "verify", "--data", str(other)]) == EXIT_OK

    async def both() -> None:
        engines = await new_engine(folder), await new_engine(other)
        cuts = [await cuts_of(engine) for engine in engines]
        assert rows_of(cuts[0]) == rows_of(cuts[1])
        for engine in engines:
            await engine.dispose()

    asyncio.run(both())


def test_wrong_files_and_options_are_said_in_a_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(folder)]
    (folder / "broken.twinfilm").write_bytes(b"PK nothing")
    for arguments, said in (
        (["export", str(folder / "x.doc"), *data], ".twinfilm"),
        (["export", str(folder / "x.parquet"), "--device", "nobody", *data], "no point"),
        (["export", str(folder / "x.csv"), "--from", "2040-01-01T00:00:00Z", *data], "no film"),
        (["export", str(folder / "x.csv"), "--from", "soon", *data], "no time"),
        (["import", str(folder / "broken.twinfilm"), "--data", str(folder / "new")], "no export of film"),
        (["verify"], "say which twin"),
        (["verify", "--data", str(folder / "new")], "no database"),
    ):
        assert run(["film", *arguments]) == EXIT_FAULT
        assert said in capsys.readouterr().err
    assert not (folder / "new").exists()
    assert not list(folder.glob("x.*")) + list(folder.glob(".x.*"))


def test_what_rewrites_is_refused_beside_a_server(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "all.twinfilm"
    assert run(["film", "export", str(file), "--data", str(folder)]) == EXIT_OK

    async def beside() -> list[int]:
        engine = await new_engine(folder)
        async with served(engine):
            codes = [
                await asyncio.to_thread(run, ["film", *arguments, "--data", str(folder)])
                for arguments in (["compact"], ["import", str(file)], ["verify", "--repair"], ["verify"])
            ]
        await engine.dispose()
        return codes

    before = asyncio.run(_told(folder))
    assert asyncio.run(beside()) == [EXIT_FAULT, EXIT_FAULT, EXIT_FAULT, EXIT_OK]
    assert capsys.readouterr().err.count("stop it first") == 3
    assert asyncio.run(_told(folder)) == before


async def _told(folder: Path) -> list[object]:
    engine = await new_engine(folder)
    try:
        return told(await cuts_of(engine))
    finally:
        await engine.dispose()
