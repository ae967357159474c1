"""What a new revision of the model changed, as the viewer asks for it."""

from pathlib import Path

import ifcopenshell
import pytest
from starlette.testclient import TestClient

from bim_pipeline.build import build_package
from twin.app import assemble
from twin.runtime import open_twin
from twin.settings import Settings

URL = "http://127.0.0.1"


@pytest.fixture
def revised(house_ifc: Path, tmp_path: Path) -> Path:
    build_package(house_ifc, tmp_path / "house.twin", jobs=1)
    model = ifcopenshell.open(str(house_ifc))
    model.by_type("IfcWall")[0].Description = "as it was built"
    model.write(str(tmp_path / "next.ifc"))
    build_package(tmp_path / "next.ifc", tmp_path / "house.twin", jobs=1)
    return tmp_path / "house.twin"


def test_the_list_of_a_new_revision_is_public_as_the_model_is(revised: Path, tmp_path: Path) -> None:
    with TestClient(assemble(open_twin(Settings(package=revised, data=tmp_path / "data"))), URL) as client:
        model = client.get("/api/model").json()
        answer = client.get("/api/model/differences")
        assert answer.status_code == 200
        content = answer.json()
        assert content["revision"] == model["revision"]
        assert content["counts"] == {"added": 0, "removed": 0, "changed": 1}
        (wall,) = content["differences"]
        assert (wall["class"], wall["kind"], wall["what"]) == ("IfcWall", "changed", ["properties"])
        again = client.get("/api/model/differences", headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304


def test_a_first_revision_changed_nothing(house: Path, tmp_path: Path) -> None:
    with TestClient(assemble(open_twin(Settings(package=house, data=tmp_path / "data"))), URL) as client:
        content = client.get("/api/model/differences").json()
        assert (content["previous"], content["counts"], content["differences"]) == (None, None, [])
