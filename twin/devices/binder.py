"""The venue's binding rules at work on its model: what they bind at the start, and the report for people."""

import functools
from collections.abc import Iterable, Sequence

from bim_pipeline.differences import read_differences
from spatial.package import ModelPackage
from telemetry_bridge.bindings import Bindings
from telemetry_bridge.points import Registry
from twin.devices.binding_report import Past, Report, make_report, pasts_of
from twin.devices.binding_rules import BindingRule
from twin.devices.ground import read_ground
from twin.devices.guessing import Ground, Task, guess_bindings, sure_bindings


class Binder:
    """Guesses the elements of devices; what it reads of the model it reads once, and only when asked."""

    def __init__(self, package: ModelPackage, registry: Registry, rules: Sequence[BindingRule]) -> None:
        self._package, self._registry = package, registry
        self.rules = tuple(rules)

    @functools.cached_property
    def ground(self) -> Ground:
        """What the rules look at; takes a second for a large model."""
        return read_ground(self._package, self.rules)

    @functools.cached_property
    def pasts(self) -> dict[str, Past]:
        """What the newest revision of the model removed, by guid."""
        return pasts_of(read_differences(self._package.folder))

    def bound(self, bindings: Bindings) -> Bindings:
        """The bindings with what the rules that bind without asking find for devices that have none."""
        binding = [rule for rule in self.rules if rule.bind]
        unbound = [
            self._registry.devices[device]
            for device, guid in bindings.element_of.items()
            if guid is None and device not in bindings.overrides
        ]
        if not binding or not unbound:
            return bindings
        taken = frozenset(guid for guid in bindings.element_of.values() if guid is not None)
        guesses = guess_bindings(Task(unbound, self._registry.types, taken), self.ground, binding)
        return bindings.with_rules(sure_bindings(guesses, binding))

    def report(self, bindings: Bindings, rejected: Iterable[tuple[str, str]]) -> Report:
        """What about these bindings deserves a look."""
        return make_report(self._registry, bindings, self.ground, self.rules, self.pasts, rejected)
