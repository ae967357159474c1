"""What every room is given: the running twin, as a dependency."""

from typing import Annotated

from fastapi import Depends, Request

from twin.runtime import Twin


def _twin(request: Request) -> Twin:
    twin: Twin = request.app.state.twin
    return twin


TwinDep = Annotated[Twin, Depends(_twin)]
