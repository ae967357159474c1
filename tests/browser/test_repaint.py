"""A kept view that is repainted, as while time is dragged, shows the colours that drawing the model shows."""

from typing import Any

import pytest

from tests.browser.conftest import UPPER_WALL, WALL, Venue
from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

RED, BLUE = (210, 40, 40, 255), (40, 80, 220, 255)
#: What stands at places, drawn for one paint after the other, then repainted for each: mean colours of 5 by 5
#: pixels of the canvas.
BOTH_WAYS = """async ([places, paints]) => {
  const scene = window.__twin.scene
  const box = scene.canvas.getBoundingClientRect()
  const paint = (elements) => {
    const colours = elements.flatMap(([, rgba]) => rgba)
    scene.setColours(Uint32Array.from(elements, ([element]) => element), Uint8Array.from(colours))
  }
  const mean = (pixels, part) => pixels.filter((_, i) => i % 4 === part).reduce((a, b) => a + b) / 25
  const look = async (quick) => {
    scene.hurry(quick)
    const shot = await createImageBitmap(await scene.picture(4096))
    const context = new OffscreenCanvas(shot.width, shot.height).getContext('2d')
    context.drawImage(shot, 0, 0)
    const scale = shot.width / box.width
    return places.map(({ x, y }) => {
      const at = [x - box.left, y - box.top].map((each) => Math.round(each * scale) - 2)
      const { data } = context.getImageData(...at, 5, 5)
      return [0, 1, 2].map((part) => mean(data, part))
    })
  }
  // Ambient occlusion and what is finer at rest is all that may differ.
  const near = (colour, other) => colour.every((part, k) => Math.abs(part - other[k]) <= 30)
  const alike = (one, other) => one.every((colour, i) => near(colour, other[i]))
  const seen = []
  for (const elements of paints) {
    paint(elements)
    seen.push({ full: await look(false) })
  }
  for (const [k, elements] of paints.entries()) {
    scene.hurry(true)
    paint(elements)
    const until = performance.now() + 20000
    // What is seen through follows a little later.
    do seen[k].quick = await look(true)
    while (!alike(seen[k].quick, seen[k].full) && performance.now() < until)
  }
  return seen
}"""
COMPARE = """(lower) => window.__twin.scene.compare(
  { indices: Uint32Array.of(lower), rgba: Uint8Array.of(40, 80, 220, 255) })"""
#: What else of the scene is set, and how it is taken back.
SETTINGS = {
    "as it is": ("scene => undefined", "scene => undefined"),
    "selected": ("(scene, upper) => scene.select(upper)", "scene => scene.select(null)"),
    "x-ray": ("scene => scene.xray(true)", "scene => scene.xray(false)"),
    "cut, with rooms": (
        "scene => { scene.setClipHeight(1.5); scene.showSpaces(true) }",
        "scene => { scene.setClipHeight(null); scene.showSpaces(false) }",
    ),
}
Paint = list[tuple[int, tuple[int, int, int, int]]]


def both_ways(visit: Visit, places: list[dict[str, float]], *paints: Paint) -> list[dict[str, Any]]:
    """For each of the paints the colours at the places, `quick` (repainted) and `full` (drawn)."""
    found: list[dict[str, Any]] = visit.page.evaluate(BOTH_WAYS, [places, paints])
    for look in found:
        for quick, full in zip(look["quick"], look["full"], strict=True):
            assert quick == pytest.approx(full, abs=30), look
    return found


def set_scene(visit: Visit, change: str, element: int) -> None:
    """Change a setting of the scene and wait until it is drawn."""
    visit.page.evaluate(f"(element) => ({change})(window.__twin.scene, element)", element)
    visit.rest()


def is_red(colour: list[float]) -> bool:
    """Painted red, in whatever light."""
    return colour[0] > colour[2] + 60


def is_blue(colour: list[float]) -> bool:
    """Painted blue, in whatever light."""
    return colour[2] > colour[0] + 60


def test_a_repainted_view_has_the_colours_of_a_drawn_one(visit: Visit, venue: Venue) -> None:
    visit.open()
    lower, upper, room = (venue.index_of(name) for name in (WALL, UPPER_WALL, "R1"))
    wall = visit.seen(lower)
    for name, (change, back) in SETTINGS.items():
        set_scene(visit, change, upper)
        place = visit.seen(room) if "rooms" in name else wall
        one, other = [(lower, RED), (room, RED), (upper, BLUE)], [(lower, BLUE), (room, BLUE), (upper, RED)]
        first, then = both_ways(visit, [place], one, other)
        assert is_red(first["quick"][0]), name
        assert is_blue(then["quick"][0]), name
        set_scene(visit, back, upper)
    places = [wall, visit.seen(upper)]
    set_scene(visit, "(scene, upper) => scene.setHidden([upper], true)", upper)
    (seen,) = both_ways(visit, places, [(lower, RED), (upper, RED)])
    assert [is_red(each) for each in seen["quick"]] == [True, False]


def test_two_moments_beside_each_other_are_repainted_alike(visit: Visit, venue: Venue) -> None:
    visit.open()
    lower, upper = venue.index_of(WALL), venue.index_of(UPPER_WALL)
    visit.page.evaluate(COMPARE, lower)
    visit.rest()
    right = visit.seen(lower)
    width = visit.page.evaluate("() => window.__twin.scene.size.width")
    (seen,) = both_ways(visit, [right, {**right, "x": right["x"] - width}], [(lower, RED), (upper, RED)])
    assert is_red(seen["quick"][0])
    assert is_blue(seen["quick"][1])
