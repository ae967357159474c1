"""Who feeds whom: loads on circuits, circuits in a tree, meters on both, strings into inverters.

By the devices' attributes: `circuit` (what a load hangs on, or what a meter measures), `parent_circuit` (of
a meter: the circuit above its own), `feeds` (circuits behind a board or a transformer, by semicolons),
`plug_kw` (of a meter: what people plug in on its circuit), `inverter` (of a string: an inverter's `unit`).
"""

from collections.abc import Sequence
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.points import Device

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NONE = -1


class Load(Enum):
    """What a device is to its circuit."""

    CONSUMER = auto()
    PRODUCER = auto()
    METER = auto()
    NONE = auto()


class Circuits:
    """The venue's electrical tree; arrays are `(devices,)` in the devices' order."""

    def __init__(self, devices: Sequence[Device], loads: Sequence[Load]) -> None:
        """`loads[i]` says what device i is to its circuit."""
        measured = [
            _measured(device) if load is Load.METER else []
            for device, load in zip(devices, loads, strict=True)
        ]
        hung = [
            _words(device, "circuit")[:1] if load is not Load.METER else []
            for device, load in zip(devices, loads, strict=True)
        ]
        names = sorted({name for group in (*measured, *hung) for name in group} | _parents(devices))
        self._number = {name: i for i, name in enumerate(names)}
        self._circuit = self._numbered([group[0] if group else "" for group in hung])
        sign = {Load.CONSUMER: 1.0, Load.PRODUCER: -1.0}
        self._sign = np.array([sign.get(load, 0.0) for load in loads])
        self._meters = [
            (i, [self._number[name] for name in group]) for i, group in enumerate(measured) if group
        ]
        self._up = self._parent_of(devices, names)
        self._plug_kw = np.zeros(len(names))
        for device, group in zip(devices, measured, strict=True):
            if len(group) == 1 and device.attributes.get("plug_kw"):
                self._plug_kw[self._number[group[0]]] = float(device.attributes["plug_kw"])
        self._inverter = _inverters(devices)

    def _numbered(self, names: Sequence[str]) -> Ints:
        return np.array([self._number.get(name, NONE) for name in names], dtype=np.int64)

    def _parent_of(self, devices: Sequence[Device], names: Sequence[str]) -> Ints:
        parent = {
            device.attributes["circuit"]: device.attributes["parent_circuit"]
            for device in devices
            if device.attributes.get("parent_circuit") and device.attributes.get("circuit")
        }
        return self._numbered([parent.get(name, "") for name in names])

    def through(self, power_kw: Floats, plugs: float) -> Floats:
        """Net power into each circuit and all below it, kW: consumption positive, feed-in negative.

        `plugs` is the share of the plugged-in load that is on.
        """
        hangs = (self._circuit != NONE) & (self._sign != 0)
        signed = (power_kw * self._sign)[hangs]
        net = np.bincount(self._circuit[hangs], signed, minlength=len(self._number)) + self._plug_kw * plugs
        carried = net.copy()
        for _ in range(len(net)):
            moving = (self._up != NONE) & (carried != 0)
            if not moving.any():
                break
            carried = np.bincount(self._up[moving], carried[moving], minlength=len(net)).astype(np.float64)
            net += carried
        return net

    def draw_kw(self, power_kw: Floats, without: Ints) -> float:
        """What all loads draw less what is fed in, kW, leaving some devices out."""
        counted = self._sign.copy()
        counted[without] = 0.0
        return float((power_kw * counted).sum())

    def measure(self, power_kw: Floats, plugs: float) -> None:
        """Write into `power_kw` what every meter, board and transformer shows: never below zero.

        A circuit that only feeds in (a PV meter) shows what it feeds.
        """
        if not self._meters:
            return
        net = self.through(power_kw, plugs)
        for meter, circuits in self._meters:
            flow = float(net[circuits].sum())
            feeding = flow < 0 and all(self._up[circuit] != NONE for circuit in circuits)
            power_kw[meter] = -flow if feeding else max(flow, 0.0)

    def into_inverters(self, power_kw: Floats) -> Floats:
        """What each inverter gets from its strings, `(devices,)` kW; zero for what is no inverter."""
        into = np.zeros(len(power_kw))
        linked = np.flatnonzero(self._inverter != NONE)
        np.add.at(into, self._inverter[linked], power_kw[linked])
        return into


def _words(device: Device, attribute: str) -> list[str]:
    return device.attributes.get(attribute, "").replace(";", " ").split()


def _measured(device: Device) -> list[str]:
    return _words(device, "feeds") or _words(device, "circuit")


def _parents(devices: Sequence[Device]) -> set[str]:
    return {name for device in devices for name in _words(device, "parent_circuit")}


def _inverters(devices: Sequence[Device]) -> Ints:
    position = {
        device.attributes["unit"]: i for i, device in enumerate(devices) if device.attributes.get("unit")
    }
    position |= {device.id: i for i, device in enumerate(devices)}
    return np.array(
        [position.get(device.attributes.get("inverter", ""), NONE) for device in devices], dtype=np.int64
    )
