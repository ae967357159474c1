"""The widget: the model drawn by pythreejs, coloured by what an analyst asks for."""

from __future__ import annotations

import html
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from spatial.model import Element
from spatial.package import ModelPackage
from twin.errors import ExportError
from twin.notebook.bodies import Body, join
from twin.notebook.colours import COLOUR_MAPS, Colouring, Legend, by_value
from twin.notebook.tiles import read_pieces

try:
    import ipywidgets
    import pythreejs
except ImportError as missing:  # pragma: no cover - the extra is installed where tests run
    raise ExportError(
        f"a notebook needs {missing.name}; install the extra: pip install 'venue-twin[notebook]'"
    ) from missing


@runtime_checkable
class Items(Protocol):
    """What pairs guids with values: a dict, a pandas Series."""

    def items(self) -> Any:
        """The pairs."""


ColourBy: TypeAlias = str | Items | None
Listener: TypeAlias = Callable[[Element | None], None]

ALL_STOREYS = "all storeys"
_OPACITY = {"glass": 0.35, "space": 0.35}
_FIELD_OF_VIEW_DEG = 45.0
_MOST_NAMED = 3


def view(
    package: ModelPackage | Path | str,
    colour_by: ColourBy = None,
    *,
    storey: str | None = None,
    spaces: bool = False,
    colour_map: str = "viridis",
    size: tuple[int, int] = (900, 600),
) -> ModelView:
    """Show a model package in a notebook.

    package: the package's folder, or an open package. colour_by: None for the model's own colours, `class`,
    `storey`, a property `Pset.Name`, or pairs of guid and value (a dict, a pandas Series). storey: name or
    guid of the only one shown. spaces: draw the rooms' volumes too. colour_map: for numbers, one of
    COLOUR_MAPS. size: width and height, px.

    Raises ExportError for what the package does not hold, PackageError for a folder that is none.
    """
    opened = package if isinstance(package, ModelPackage) else ModelPackage.open(Path(package))
    shown = ModelView(opened, join(read_pieces(opened.folder, spaces=spaces), opened.columns.storey), size)
    shown.colour(colour_by, colour_map)
    if storey is not None:
        shown.show_storey(storey)
    return shown


class ModelView:
    """A model on the screen. Show it as a cell's last line; change it by its methods from other cells.

    Attributes: `widget` (ipywidgets), `legend`, `picked` (the element clicked last, None for none),
    `bodies` and `meshes` (one each for a storey, material and shading).
    """

    def __init__(self, package: ModelPackage, bodies: tuple[Body, ...], size: tuple[int, int]) -> None:
        if not bodies:
            raise ExportError(f"{package.folder} holds nothing that is drawn; look at it with twin inspect")
        self.package = package
        self.bodies = bodies
        self.legend = Legend("", ())
        self.picked: Element | None = None
        self._listeners: list[Listener] = []
        self._drawn = np.zeros(package.element_count, dtype=np.bool_)
        for body in bodies:
            self._drawn[body.feature] = True
        self.meshes = tuple(_mesh(body) for body in bodies)
        self._body_of = dict(zip(self.meshes, bodies, strict=True))
        self._legend_box = ipywidgets.HTML()
        self._told = ipywidgets.HTML("&nbsp;")
        names = [ALL_STOREYS, *dict.fromkeys(storey.name for storey in package.storeys)]
        self._storeys = ipywidgets.Dropdown(options=names, value=ALL_STOREYS, description="storey")
        self._storeys.observe(lambda change: self._filter(change["new"]), names="value")
        self.renderer = self._renderer(size)
        self.widget = ipywidgets.VBox(
            [self._storeys, ipywidgets.HBox([self.renderer, self._legend_box]), self._told]
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """What Jupyter shows for a cell that ends with this object."""
        return self.widget._repr_mimebundle_(**kwargs)

    def close(self) -> None:
        """Close the package's files; the picture stays."""
        self.package.close()

    # Colours

    def colour(self, by: ColourBy, colour_map: str = "viridis") -> Legend:
        """Colour the model anew, as `view` does, and give the legend. Raises ExportError."""
        if colour_map not in COLOUR_MAPS:
            raise ExportError(f"no colour map {colour_map!r}; choose one of {', '.join(COLOUR_MAPS)}")
        if by is None:
            self._paint(None)
            return self.legend
        values, title = self._values(by)
        self._paint(by_value(values, self.package.element_count, title, self._drawn, colour_map))
        return self.legend

    def _paint(self, colouring: Colouring | None) -> None:
        self.legend = colouring.legend if colouring else Legend("", ())
        for body, mesh in zip(self.bodies, self.meshes, strict=True):
            colours = body.colours if colouring is None else colouring.colours[body.feature]
            mesh.geometry.attributes["color"].array = np.ascontiguousarray(colours, dtype=np.float32)
        self._legend_box.value = legend_html(self.legend)

    def _values(self, by: str | Items) -> tuple[dict[int, Any], str]:
        """The value of each element, by index, and the legend's title."""
        columns = self.package.columns
        if not isinstance(by, str):
            return self._values_by_guid(by)
        if by == "class":
            return dict(enumerate(columns.class_names[i] for i in columns.class_id.tolist())), "class"
        if by == "storey":
            names = {index: storey.name for index, storey in self.package.storey_by_index.items()}
            return {i: names.get(of) for i, of in enumerate(columns.storey.tolist())}, "storey"
        return self._property_values(by), by

    def _property_values(self, by: str) -> dict[int, Any]:
        pset, dot, name = by.partition(".")
        found = self.package.values_of(pset) if dot else {}
        values = {index: told[name] for index, told in found.items() if name in told}
        if not values:
            known = sorted({each for told in found.values() for each in told})
            hint = f"; {pset} has {', '.join(known)}" if known else ""
            raise ExportError(
                f"colour_by {by!r} is no property of this model (class, storey, Pset.Name or a dict){hint}"
            )
        return values

    def _values_by_guid(self, pairs: Items) -> tuple[dict[int, Any], str]:
        index_of = {element.guid: element.element_index for element in self.package.iterate()}
        told = dict(pairs.items())
        unknown = [str(guid) for guid in told if guid not in index_of]
        if told and len(unknown) == len(told):
            raise ExportError(f"none of the {len(told)} keys is a guid of this model, such as {unknown[0]!r}")
        if unknown:
            some = ", ".join(unknown[:_MOST_NAMED])
            warnings.warn(f"{len(unknown)} of {len(told)} guids are not in this model: {some}", stacklevel=4)
        title = getattr(pairs, "name", None)
        return {index_of[guid]: value for guid, value in told.items() if guid in index_of}, str(
            title or "value"
        )

    # Storeys

    def show_storey(self, storey: str | None) -> None:
        """Show one storey alone, by name or guid, or all for None. Raises ExportError."""
        names = [each.name for each in self.package.storeys if storey in (each.name, each.guid)]
        if storey is not None and not names:
            known = ", ".join(each.name for each in self.package.storeys)
            raise ExportError(f"no storey {storey!r}; this model has {known}")
        self._storeys.value = names[0] if storey is not None else ALL_STOREYS

    def _filter(self, name: str) -> None:
        shown = {each.element_index for each in self.package.storeys if each.name == name}
        for body, mesh in zip(self.bodies, self.meshes, strict=True):
            mesh.visible = name == ALL_STOREYS or body.storey in shown

    # Picking

    def on_pick(self, listener: Listener) -> None:
        """Call a function with the element that is clicked, None for the background."""
        self._listeners.append(listener)

    def element_at(self, mesh: Any, triangle: int | None) -> Element | None:
        """The element that a triangle of a mesh shows; None for none."""
        body = self._body_of.get(mesh)
        index = None if body is None or triangle is None else body.element_at(triangle)
        return None if index is None else self.package.element_at(index)

    def _hover(self, change: Mapping[str, Any]) -> None:
        picker = change["owner"]
        self._tell(self.element_at(picker.object, picker.faceIndex), "")

    def _click(self, change: Mapping[str, Any]) -> None:
        picker = change["owner"]
        self.picked = self.element_at(picker.object, picker.faceIndex)
        self._tell(self.picked, "picked: ")
        for listener in self._listeners:
            listener(self.picked)

    def _tell(self, element: Element | None, lead: str) -> None:
        self._told.value = "&nbsp;" if element is None else lead + element_html(element)

    # Scene

    def _renderer(self, size: tuple[int, int]) -> Any:
        low, high = _extent(self.bodies)
        centre, reach = (low + high) / 2, float(np.linalg.norm(high - low)) or 1.0
        eye = centre + np.array([0.7, -1.0, 0.75]) / np.linalg.norm([0.7, -1.0, 0.75]) * reach * 1.15
        sun = pythreejs.DirectionalLight(position=(eye + np.array([0, 0, reach])).tolist(), intensity=0.6)
        camera = pythreejs.PerspectiveCamera(
            position=eye.tolist(),
            up=[0, 0, 1],
            fov=_FIELD_OF_VIEW_DEG,
            aspect=size[0] / size[1],
            near=reach / 1000,
            far=reach * 10,
        )
        camera.lookAt(centre.tolist())
        model = pythreejs.Group(children=list(self.meshes))
        scene = pythreejs.Scene(
            children=[model, camera, sun, pythreejs.AmbientLight(intensity=0.55)], background="#f4f5f7"
        )
        orbit = pythreejs.OrbitControls(controlling=camera, target=centre.tolist())
        hover = pythreejs.Picker(controlling=model, event="mousemove")
        click = pythreejs.Picker(controlling=model, event="click")
        # The point changes with every pick; by then mesh and triangle are known.
        hover.observe(self._hover, names="point")
        click.observe(self._click, names="point")
        self.pickers = (hover, click)
        return pythreejs.Renderer(
            camera=camera,
            scene=scene,
            controls=[orbit, hover, click],
            width=size[0],
            height=size[1],
            antialias=True,
        )


def legend_html(legend: Legend) -> str:
    """A legend for people, as HTML; '' for none."""
    if not legend.title and not legend.entries:
        return ""
    rows = [f"<b>{html.escape(legend.title)}</b>"]
    if legend.scale is not None:
        low, high, stops = legend.scale
        ramp = f"linear-gradient(to right,{','.join(stops)})"
        rows.append(
            f'<div style="width:160px;height:12px;background:{ramp}"></div>'
            f'<div style="width:160px;display:flex;justify-content:space-between">'
            f"<span>{low:g}</span><span>{high:g}</span></div>"
        )
    rows += [
        f'<div><span style="display:inline-block;width:12px;height:12px;background:{entry.colour}"></span> '
        f"{html.escape(entry.label)} ({entry.count:,})</div>"
        for entry in legend.entries
    ]
    return '<div style="padding:8px;line-height:1.5">' + "".join(rows) + "</div>"


def element_html(element: Element) -> str:
    """What is told of an element under the pointer."""
    name = element.long_name or element.name
    return f"<code>{html.escape(element.guid)}</code> {html.escape(element.ifc_class)} {html.escape(name)}"


def _mesh(body: Body) -> Any:
    attributes = {
        "position": pythreejs.BufferAttribute(body.positions, normalized=False),
        "color": pythreejs.BufferAttribute(body.colours, normalized=False),
        "index": pythreejs.BufferAttribute(body.triangles.ravel(), normalized=False),
    }
    if body.normals is not None:
        attributes["normal"] = pythreejs.BufferAttribute(body.normals, normalized=False)
    opacity = _OPACITY.get(body.material, 1.0)
    material = pythreejs.MeshPhongMaterial(
        vertexColors="VertexColors",
        flatShading=body.normals is None,
        specular="#000000",
        side="DoubleSide",
        transparent=opacity < 1,
        opacity=opacity,
        depthWrite=opacity == 1,
    )
    return pythreejs.Mesh(geometry=pythreejs.BufferGeometry(attributes=attributes), material=material)


def _extent(bodies: tuple[Body, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lowest and highest corner of all bodies, m."""
    low = np.min([body.positions.min(axis=0) for body in bodies], axis=0).astype(np.float64)
    high = np.max([body.positions.max(axis=0) for body in bodies], axis=0).astype(np.float64)
    return low, high
