"""What every room is given: the running twin and who asks, as dependencies."""

from typing import Annotated

from fastapi import Depends, Request

from twin.http.identity import PersonDep
from twin.runtime import Twin


def _twin(request: Request) -> Twin:
    twin: Twin = request.app.state.twin
    return twin


TwinDep = Annotated[Twin, Depends(_twin)]


def _actor(person: PersonDep) -> str:
    """Who asks, as events name them."""
    return person.actor


ActorDep = Annotated[str, Depends(_actor)]
