"""The command line in a process of its own: exit 0, or 2 with one line and no traceback."""

import json
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest

from tests.contract.running import run_twin

IFC_HEADER = "ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n"


def refused(*arguments: str | Path) -> str:
    """The one line of a command that must fail."""
    done = run_twin(*arguments)
    assert done.returncode == 2, done
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("twin: ")
    assert "Traceback" not in done.stderr + done.stdout
    assert "a fault in twin itself" not in line
    return line


def test_build_ends_with_one_json_object(house_ifc: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.twin"
    done = run_twin("build", house_ifc, "-o", target, "--jobs", "1", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    wanted = (
        "elements rendered_elements triangles tiles bytes storeys spaces portals seconds peak_rss_mb warnings"
    )
    assert set(wanted.split()) <= set(report)
    assert {"read", "geometry", "write", "total"} <= set(report["seconds"])
    assert (report["elements"], report["storeys"], report["spaces"]) == (17, 2, 3)
    again = run_twin("build", house_ifc, "-o", target, "--json")
    assert json.loads(again.stdout.splitlines()[-1]) == report


def test_build_says_in_words_what_it_made(house_ifc: Path, tmp_path: Path) -> None:
    done = run_twin("build", house_ifc, "-o", tmp_path / "out.twin", "--jobs", "1")
    assert done.returncode == 0
    assert "17 elements" in done.stderr
    assert done.stdout == ""


def test_inspect_tells_what_a_package_holds(house: Path) -> None:
    facts = json.loads(run_twin("inspect", house, "--json").stdout)
    assert facts["classes"]["IfcLightFixture"] == 2
    assert [storey["name"] for storey in facts["storeys"]] == ["1F", "2F"]
    assert facts["counts"]["elements"] == 17
    assert "IfcLightFixture" in run_twin("inspect", house).stdout


def test_inspect_tells_what_a_model_s_makers_should_mend(house: Path) -> None:
    report = json.loads(run_twin("inspect", house, "--quality", "--json").stdout)
    assert sum(len(group["rooms"]) for group in report["groups"]) == 3
    assert sum(report["counts"].values()) == len(report["findings"])
    assert all(finding["message"] for finding in report["findings"])
    text = run_twin("inspect", house, "--quality").stdout
    assert "of 3 rooms hang together" in text
    assert all(guid in text for finding in report["findings"] for guid in finding["guids"][:4])


def bad_sources(folder: Path, house_ifc: Path) -> dict[str, Path]:
    text = house_ifc.read_text("utf-8")
    contents = {
        "not_an_ifc": "Dear Sir or Madam",
        "empty": "",
        "truncated": text[: len(text) // 2],
        "no_product": IFC_HEADER + "ENDSEC;\nEND-ISO-10303-21;\n",
        "old_schema": text.replace("IFC4", "IFC2X_FINAL"),
    }
    for name, content in contents.items():
        (folder / f"{name}.ifc").write_text(content, "utf-8")
    (folder / "a_folder.ifc").mkdir()
    return {name: folder / f"{name}.ifc" for name in [*contents, "a_folder", "missing"]}


@pytest.mark.parametrize(
    "name", ["not_an_ifc", "empty", "truncated", "no_product", "old_schema", "a_folder", "missing"]
)
def test_a_bad_source_leaves_nothing_behind(tmp_path: Path, house_ifc: Path, name: str) -> None:
    source = bad_sources(tmp_path, house_ifc)[name]
    before = sorted(tmp_path.iterdir())
    assert source.name in refused("build", source, "-o", tmp_path / "out.twin")
    assert sorted(tmp_path.iterdir()) == before


def test_a_target_that_is_no_package_is_not_replaced(tmp_path: Path, house_ifc: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    assert "mine" in refused("build", house_ifc, "-o", tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_an_unwritable_target_is_said(tmp_path: Path, house_ifc: Path) -> None:
    """A file stands where a folder would be needed: nobody can write there, not even root."""
    (tmp_path / "file").write_text("x")
    assert "file" in refused("build", house_ifc, "-o", tmp_path / "file" / "out.twin")


@pytest.mark.parametrize("command", ["inspect", "serve"])
def test_what_is_no_package_is_said(tmp_path: Path, command: str) -> None:
    assert "twin build" in refused(command, tmp_path)
    assert "nowhere" in refused(command, tmp_path / "nowhere")


def test_a_damaged_package_is_said(tmp_path: Path, house: Path) -> None:
    damaged = tmp_path / "damaged.twin"
    shutil.copytree(house, damaged)
    (damaged / "model.db").write_bytes(b"SQLite format 3\0 and then nothing")
    assert "model.db" in refused("serve", damaged, "--port", "0")
    with sqlite3.connect(tmp_path / "empty.db") as connection:
        connection.execute("CREATE TABLE other (x)")
    shutil.copy(tmp_path / "empty.db", damaged / "model.db")
    assert "build the package again" in refused("inspect", damaged)
    (damaged / "manifest.json").write_text('{"format": 99}')
    assert "99" in refused("inspect", damaged)


def test_a_port_in_use_is_said_before_anything_slow(tmp_path: Path, house: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port}" in refused("serve", house, "--port", port)
        assert f"port {port}" in refused("demo", "--port", port, "--var", tmp_path / "var")
    assert not (tmp_path / "var").exists()


def test_unwritable_folders_are_said(tmp_path: Path, house: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "--data" in refused("serve", house, "--port", "0", "--data", tmp_path / "file" / "data")
    assert "--var" in refused("demo", "--port", "0", "--var", tmp_path / "file" / "var")


def test_faults_of_a_venue_folder_are_named_by_file(tmp_path: Path, house: Path) -> None:
    (tmp_path / "venue.yaml").write_text("id: Not An Id\n", "utf-8")
    (tmp_path / "layers.yaml").write_text("- {id: 3}\n", "utf-8")
    line = refused("serve", house, "--port", "0", "--venue", tmp_path)
    assert "venue.yaml: id" in line
    assert "layers.yaml" in line


def test_faults_of_the_devices_are_named_by_line(tmp_path: Path, house: Path, venue: Path) -> None:
    shutil.copytree(venue, tmp_path / "venue")
    with (tmp_path / "venue" / "devices.csv").open("a", encoding="utf-8") as file:
        file.write("X-01,teapot,x,x,,,\n")
    assert "devices.csv:5" in refused("serve", house, "--port", "0", "--venue", tmp_path / "venue")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--mqtt", "http://broker"], "mqtt://"),
        (["--port", "70000"], "--port"),
        (["--port", "http"], "--port"),
        (["--speed", "-1", "--simulate"], "--speed"),
        (["--start", "yesterday"], "yesterday"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid"),
        (["--nonsense"], "--nonsense"),
        (["--dev", "--host", "0.0.0.0"], "--dev"),
    ],
)
def test_options_that_make_no_sense_are_said(house: Path, options: list[str], expected: str) -> None:
    assert expected in refused("serve", house, *options)


@pytest.mark.parametrize("arguments", [[], ["build"], ["build", "x.ifc"], ["inspect"], ["fly"]])
def test_half_a_command_is_told_the_way(arguments: list[str]) -> None:
    assert "--help" in refused(*arguments)


@pytest.mark.parametrize("command", [[], ["build"], ["inspect"], ["serve"], ["demo"]])
def test_help_helps(command: list[str]) -> None:
    done = run_twin(*command, "--help")
    assert done.returncode == 0
    assert "Usage: twin" in done.stdout
