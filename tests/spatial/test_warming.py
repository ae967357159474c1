from spatial import kernels
from spatial.package import ModelPackage
from spatial.warming import warm_up

LOOPS = ("search", "nearest", "first_places", "first_crossings")


def compiled() -> dict[str, int]:
    """For how many kinds of arguments each loop has machine code."""
    return {name: len(getattr(kernels, name).signatures) for name in LOOPS}


def test_once_warm_a_server_compiles_nothing_for_its_queries(package: ModelPackage) -> None:
    warm_up(package)
    known = compiled()
    assert min(known.values()) > 0
    package.locate(1.0, 1.0, 1.0)
    package.nearest(1.0, 1.0, 1.0, ["IfcWall"], radius_m=3.0)
    assert compiled() == known
