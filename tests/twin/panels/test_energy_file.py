"""`energy.yaml`: what it says, and that every fault is named by its line."""

from pathlib import Path

import pytest

from telemetry_bridge.errors import RegistryError
from twin.errors import VenueError
from twin.panels.energy.energy_file import EmissionFactor, EnergyInfo, Tariff, load_energy, parse_energy
from twin.venue import Venue, load_venue, plain_venue

PALACE = Path(__file__).parents[3] / "assets" / "palace" / "venue"
WHOLE = """
emission_factor:
  kgco2e_per_kwh: 0.4
  source: the ministry
tariff: {currency: CNY, per_kwh: 0.72, source: the contract}
"""


def venue_with(folder: Path, content: bytes | None) -> Venue:
    (folder / "venue.yaml").write_text("id: x\nname: X\ntimezone: UTC\n", "utf-8")
    if content is not None:
        (folder / "energy.yaml").write_bytes(content)
    return load_venue(folder)


def test_factor_and_tariff_are_read() -> None:
    factor, tariff = EmissionFactor(kgco2e_per_kwh=0.4, source="the ministry"), None
    tariff = Tariff(currency="CNY", per_kwh=0.72, source="the contract")
    assert parse_energy(WHOLE) == EnergyInfo(emission_factor=factor, tariff=tariff)


def test_the_demo_venue_says_where_its_factor_is_from() -> None:
    info = load_energy(load_venue(PALACE))
    assert info.emission_factor is not None
    assert info.emission_factor.kgco2e_per_kwh == 0.4092
    assert "2022" in info.emission_factor.source


@pytest.mark.parametrize("content", [None, b"", b"# nothing yet\n", b"emission_factor:\n"])
def test_what_is_left_out_is_not_reckoned(tmp_path: Path, content: bytes | None) -> None:
    assert load_energy(venue_with(tmp_path, content)) == EnergyInfo()


def test_a_model_without_a_venue_folder_has_none() -> None:
    assert load_energy(plain_venue("House")) == EnergyInfo()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (WHOLE.replace("0.4\n", "-1\n"), 3, "emission_factor.kgco2e_per_kwh"),
        (WHOLE.replace("0.4\n", ".inf\n"), 3, "finite"),
        (WHOLE.replace("0.4\n", "little\n"), 3, "number"),
        (WHOLE.replace("  source: the ministry\n", ""), 2, "emission_factor.source"),
        (WHOLE.replace("the ministry", "''"), 4, "emission_factor.source"),
        (WHOLE.replace("CNY", "yuan"), 5, "such as CNY"),
        (WHOLE + "price: 3\n", 6, "price"),
        (WHOLE + "tariff: {}\n", 6, "twice"),
        ("\n\n- 1\n", 3, "emission_factor and tariff"),
        ("\ntariff: [\n", 3, "not YAML"),
    ],
)
def test_a_fault_is_named_by_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(RegistryError) as caught:
        parse_energy(text)
    (fault,) = caught.value.faults
    assert fault.where == f"energy.yaml:{line}"
    assert said in fault.message


def test_all_faults_reach_the_user_in_one_line(tmp_path: Path) -> None:
    venue = venue_with(tmp_path, WHOLE.replace("0.4\n", "-1\n").replace("CNY", "yuan").encode())
    with pytest.raises(VenueError) as caught:
        load_energy(venue)
    assert [fault.split(": ")[0] for fault in caught.value.faults] == ["energy.yaml:3", "energy.yaml:5"]
    assert "\n" not in str(caught.value)


def test_a_file_in_another_encoding_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(VenueError, match=r"energy\.yaml: cannot be read"):
        load_energy(venue_with(tmp_path, "tariff: 电价".encode("gbk")))
