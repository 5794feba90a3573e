# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
from typing import Any

from answerable.upstreams.energy import Nvml, Rapl, find


def domain(root: Path, name: str, title: str, uj: int) -> Path:
    path = root / name
    path.mkdir()
    (path / "name").write_text(title + "\n")
    (path / "energy_uj").write_text(f"{uj}\n")
    (path / "max_energy_range_uj").write_text("1000000\n")
    return path


def test_packages_and_memory_are_counted_once(tmp_path: Path) -> None:
    package = domain(tmp_path, "intel-rapl:0", "package-0", 100)
    core = domain(tmp_path, "intel-rapl:0:0", "core", 100)
    memory = domain(tmp_path, "intel-rapl:0:1", "dram", 100)
    rapl = Rapl.find(tmp_path)
    assert rapl is not None
    assert rapl.read_mj() == 0
    for path in (package, core, memory):
        (path / "energy_uj").write_text("50100")
    assert rapl.read_mj() == 100
    (package / "energy_uj").write_text("100")  # it wrapped round
    assert rapl.read_mj() == 50 + 1000
    (package / "energy_uj").unlink()
    assert rapl.read_mj() == 50 + 1000, "a counter that fails does not fall"


def test_no_counter_is_none(tmp_path: Path) -> None:
    assert Rapl.find(tmp_path) is None
    assert find("declared") == ()


class Library:
    class NVMLError(Exception):
        pass

    def __init__(self) -> None:
        self.mj: list[Any] = [1000, 2000]

    def nvmlDeviceGetTotalEnergyConsumption(self, device: int) -> int:
        if self.mj[device] is None:
            raise self.NVMLError
        return int(self.mj[device])


def test_gpus_are_added_up_and_a_lost_one_keeps_its_last_value() -> None:
    library = Library()
    nvml = Nvml(library, [0, 1])
    assert nvml.read_mj() == 3000
    library.mj = [1500, None]
    assert nvml.read_mj() == 3500
