"""Are the cold files what was written? For `twin film verify`."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from twin.errors import ColdAwayError, DamagedFilmError
from twin.film.cold.ledger import ColdFile, ColdLedger
from twin.film.cold.reading import ColdReader
from twin.film.cold.shelf import MissingFileError, Shelf


async def faults_of_files(
    ledger: ColdLedger, shelf: Shelf | None
) -> AsyncIterator[tuple[ColdFile | None, str]]:
    """Each file with what is wrong with it, `""`: nothing; None: of a file that nothing knows of, or of the
    store itself.

    A file is compared with what was written by its SHA-256; what it reads as was compared then.
    Beside a server a file may go meanwhile: what counts is looked up again before it is complained of.
    """
    reader = ColdReader(shelf)
    files = await ledger.files()
    for file in files:
        try:
            found = await asyncio.to_thread(_fault, reader, file)
        except ColdAwayError as error:
            yield None, f"{len(files)} cold files cannot be checked: {error}"
            return
        still = found and file.key in {each.key for each in await ledger.files()}
        yield file, found if still else ""
    if shelf is not None and files:
        async for stray in _strays(ledger, shelf):
            yield None, f"the cold file {stray} in {shelf.place} belongs to nothing: delete it"


def _fault(reader: ColdReader, file: ColdFile) -> str:
    try:
        data = reader.data(file.key)
    except MissingFileError:
        return f"the cold file {file.key} is missing"
    except ColdAwayError:
        raise
    except DamagedFilmError as error:
        return str(error)
    same = hashlib.sha256(data).hexdigest() == file.sha256
    return "" if same else f"the cold file {file.key} is not what was written"


async def _strays(ledger: ColdLedger, shelf: Shelf) -> AsyncIterator[str]:
    there = await asyncio.to_thread(shelf.keys)
    known = {file.key for file in await ledger.files()} | set(await ledger.unfinished())
    for key in sorted(there.keys() - known):
        yield key
