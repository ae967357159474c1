"""A panel written into a folder outside the project joins the server by being registered, nothing else."""

import importlib
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from twin.app import assemble
from twin.panels import PANELS
from twin.panels.panel import Panel
from twin.runtime import open_twin
from twin.settings import Settings

TOY = '''
"""Counts what people greet."""

import contextlib
from pathlib import Path

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request

from twin.accounts.roles import Role
from twin.events.event import Draft
from twin.http.identity import requires
from twin.panels.panel import Panel, service_of
from twin.store.database import writing

GREETING = sa.Table("toy_greeting", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
router = APIRouter(prefix="/api/toy", dependencies=[Depends(requires(Role.PUBLIC))])


@router.post("/greetings")
async def greet(request: Request) -> dict[str, int]:
    twin = service_of(request, "toy")
    async with writing(twin.database) as connection:
        await connection.execute(GREETING.insert())
        count = (await connection.execute(sa.select(sa.func.count()).select_from(GREETING))).scalar_one()
        events = await twin.events.append_within(connection, Draft("toy.greeted", "toy:1", "person:toy", {}))
    twin.events.announce(events)
    return {"count": count}


@contextlib.asynccontextmanager
async def run(twin):
    yield twin


PANEL = Panel("toy", router, run, Path(__file__).parent / "migrations")
'''

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "toy_1"
down_revision = None


def upgrade() -> None:
    op.create_table("toy_greeting", sa.Column("id", sa.Integer, primary_key=True))
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    folder = tmp_path / "toybox" / "toy"
    (folder / "migrations").mkdir(parents=True)
    (folder / "__init__.py").write_text(textwrap.dedent(TOY))
    (folder / "migrations" / "0001_toy.py").write_text(textwrap.dedent(MIGRATION))
    monkeypatch.syspath_prepend(str(folder.parent))
    panel: Panel = importlib.import_module("toy").PANEL
    yield panel
    sys.modules.pop("toy", None)


def test_a_toy_panel_has_routes_a_table_and_events(
    toy: Panel, house: Path, venue: Path, tmp_path: Path
) -> None:
    settings = Settings(package=house, venue=venue, data=tmp_path / "data", dev=True)
    for started_before in (0, 1):  # the second start finds the table as the first left it
        app = assemble(open_twin(settings), (*PANELS, toy))
        with TestClient(app, "http://127.0.0.1", client=("127.0.0.1", 40_000)) as client:
            assert client.post("/api/toy/greetings").json() == {"count": started_before + 1}
            described = client.get("/openapi.json").json()["paths"]
            assert "/api/toy/greetings" in described
            events = client.get("/api/events", params={"type": "toy.greeted"}).json()
            assert len(events["items"]) == started_before + 1


def test_panels_have_names_of_their_own() -> None:
    names = [panel.id for panel in PANELS]
    assert len(set(names)) == len(names)
