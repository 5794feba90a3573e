# SPDX-License-Identifier: Apache-2.0
"""Energy counters of this machine: RAPL (Linux powercap) for processors, NVML for NVIDIA GPUs. Both grow for ever and
count the whole machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Protocol

POWERCAP: Final = Path("/sys/class/powercap")


class EnergyCounter(Protocol):
    name: str

    def read_mj(self) -> int:
        """Millijoule since some fixed moment; never falls."""


class Rapl:
    """Processor packages and memory, by the kernel's powercap interface. root: of that interface."""

    name = "rapl"

    def __init__(self, domains: list[Path]) -> None:
        self._domains = [(path / "energy_uj", _integer(path / "max_energy_range_uj")) for path in domains]
        self._last = [_integer(path) for path, _ in self._domains]
        self._wrapped = [0] * len(self._domains)
        self._start = list(self._last)

    @classmethod
    def find(cls, root: Path = POWERCAP) -> Rapl | None:
        """None where the machine has no counter or this user may not read it."""
        domains: list[Path] = []
        for path in sorted(root.glob("intel-rapl:*")):
            try:
                name = (path / "name").read_text().strip()
                # A package counts its cores and graphics itself; memory stands beside it.
                if name.startswith("package") or name == "dram":
                    _integer(path / "energy_uj")
                    domains.append(path)
            except (OSError, ValueError):
                continue
        return cls(domains) if domains else None

    def read_mj(self) -> int:
        total = 0
        for index, (path, span) in enumerate(self._domains):
            try:
                now = _integer(path)
            except (OSError, ValueError):
                now = self._last[index]
            if now < self._last[index]:
                self._wrapped[index] += span
            self._last[index] = now
            total += now + self._wrapped[index] - self._start[index]
        return total // 1000


class Nvml:
    """All NVIDIA GPUs of the machine, by ``nvidia-ml-py``."""

    name = "nvml"

    def __init__(self, library: Any, devices: list[Any]) -> None:
        self._library = library
        self._devices = devices
        self._last = [0] * len(devices)

    @classmethod
    def find(cls) -> Nvml | None:
        """None without the library, the driver, or a GPU that counts energy (Volta and later do)."""
        try:
            import pynvml
        except ImportError:
            return None
        try:
            pynvml.nvmlInit()
            devices = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
            for device in devices:
                pynvml.nvmlDeviceGetTotalEnergyConsumption(device)
        except pynvml.NVMLError:
            return None
        return cls(pynvml, devices) if devices else None

    def read_mj(self) -> int:
        for index, device in enumerate(self._devices):
            try:
                self._last[index] = int(self._library.nvmlDeviceGetTotalEnergyConsumption(device))
            except self._library.NVMLError:
                continue
        return sum(self._last)


def find(source: str) -> tuple[EnergyCounter, ...]:
    """The counters for a config's ``meter.source``: ``auto`` (all), ``rapl``, ``nvml``, ``declared`` (none)."""
    counters: list[EnergyCounter] = []
    if source in ("auto", "rapl") and (rapl := Rapl.find()) is not None:
        counters.append(rapl)
    if source in ("auto", "nvml") and (nvml := Nvml.find()) is not None:
        counters.append(nvml)
    return tuple(counters)


def _integer(path: Path) -> int:
    return int(path.read_text())
