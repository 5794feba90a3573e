# SPDX-License-Identifier: Apache-2.0
"""The deciding half of a machine, on a simulated cart, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from answerable.admission.trust import Trust
from answerable.errors import Refused
from answerable.model.devices import Hand, Mode
from tests.fleet import ManualClock, key
from tests.small_site import (
    COPY_KEY,
    LIMITS,
    NARROW,
    PERSON,
    Site,
    envelope,
    envelope_token,
    order,
    token,
    under,
)  # fmt: skip
from tests.unit.admission import a_stop
from tests.unit.admission.a_stop import ISSUER, KID, ORIGIN, PULSE, PULSE_KID, T0


class Driver:
    """Leads the machine: shows the newest warrant each 100 ms, as its issuer gives it while it can."""

    def __init__(self, site: Site, *, life: int = 60_000, onsite: int = 0) -> None:
        self.site = site
        self.seq = 0
        self.ends = site.clock.now + life  # until then the issuer signs
        self.envelope = envelope(site.clock.now, onsite) if onsite else None
        self.text = envelope_token(self.envelope) if self.envelope else ""
        self.token = ""
        self.expires = 0
        self.codes: list[str] = []

    def beat(self) -> None:
        now = self.site.clock.now
        if now >= self.expires - 1_300 and now < self.ends:
            self.seq += 1
            if self.envelope is not None:
                if now >= self.envelope.exp_ms:
                    return
                self.token = under(self.envelope, self.text, now, seq=self.seq)
                self.expires = min(now + 2_000, self.envelope.exp_ms)
            else:
                self.token, self.expires = token(now, seq=self.seq), now + 2_000
        self.codes.append(self.site.lease(self.token, self.text).code)

    def drive(self, ms: int) -> None:
        for passed in range(0, ms, 10):
            if passed % 100 == 0:
                self.beat()
            self.site.turn()


def moving(speed: int = 1_000, **given: Any) -> tuple[Site, Driver]:
    site = Site(**given.pop("site", {}))
    driver = Driver(site, **given)
    driver.beat()
    assert site.machine.state(0, 0).mode is Mode.LIVE
    assert site.command(speed).code == ""
    driver.drive(2_500)
    assert site.plant.seen.speed == speed
    return site, driver


def test_it_drives_while_its_leader_leads() -> None:
    site, driver = moving()
    driver.drive(20_000)
    assert site.plant.seen.speed == 1_000
    assert set(driver.codes) == {""}
    assert site.book.whats() == ["lease", "faster"]


def test_a_lease_alone_moves_nothing_and_nothing_moves_without_one() -> None:
    site = Site()
    assert site.command(100).code == "device.authority"
    driver = Driver(site)
    driver.drive(1_000)
    assert site.plant.seen.speed == 0
    assert site.drive is not None
    assert site.drive.powered


@pytest.mark.parametrize("watchdog_ms", [100, 300, 500])
def test_no_renewal_and_it_brakes_within_its_watchdog(watchdog_ms: int) -> None:
    site, _ = moving(site={"watchdog_ms": watchdog_ms})
    took = site.until_standing(watchdog_ms + 1_000)
    assert took <= watchdog_ms + 100 + 1_000 * 1_000 // 1_500
    assert site.machine.state(0, 0).why == "device.authority"


def test_the_actuator_brakes_when_the_station_is_frozen() -> None:
    site, _ = moving()
    took = site.until_standing(2_000, station=False)
    assert site.plant.tripped
    assert 300 < took <= 300 + 20 + 1_000 * 1_000 // 3_000


def test_the_second_dead_man_renewals_go_on_and_the_warrant_ends() -> None:
    """A frozen issuer: the leader is there, and shows what it has."""
    site, driver = moving(life=2_600)
    before = site.clock.mono
    while site.machine.state(0, 0).mode is Mode.LIVE:
        driver.drive(100)
    assert driver.expires - 150 <= site.clock.now <= driver.expires + 150
    assert site.until_standing(2_000) <= 1_000 * 1_000 // 1_500 + 50
    assert site.machine.state(0, 0).why == "warrant.expired"
    assert site.clock.mono - before <= 2_000 + 1_000


def test_a_warrant_alone_counts_by_the_monotonic_clock_when_the_wall_clock_goes_back() -> None:
    site, driver = moving(life=2_600)
    site.clock.now -= 60_000
    driver.ends = 0
    driver.drive(2_300)
    assert site.machine.state(0, 0).mode is not Mode.LIVE


def test_a_lease_begun_anew_with_the_same_warrant_ends_as_it_would_have() -> None:
    site, driver = moving(life=2_600)
    issued = driver.expires - 2_000
    ends = site.clock.mono - (site.clock.now - issued) + 2_000
    site.ask("stop")
    site.until_standing(2_000)
    site.turn()
    site.clock.now = issued  # the wall clock goes back
    site.run_no = 0
    said = site.lease(driver.token)
    assert (said.code, said.state.left) == ("", ends - site.clock.mono)
    site.turn(said.state.left)
    site.clock.now = issued
    site.run_no = 0
    assert site.lease(driver.token).code == "warrant.expired"


@pytest.mark.parametrize("data", [b"", b"x", b"{}", b"gone ", b"gone another", b"gone voice"])
def test_its_leaders_last_words_brake_and_noise_or_anothers_do_not(data: bytes) -> None:
    site, _ = moving()
    assert site.machine.ask(data, site.clock.now, site.clock.mono) == b""
    assert site.machine.state(0, 0).mode is (Mode.STOPPING if data == b"gone voice" else Mode.LIVE)


def test_stop_one_brakes_then_stands_then_loses_power() -> None:
    site, _ = moving()
    assert site.ask("stop").code == ""  # by nobody in particular
    site.turn()
    assert site.drive is not None
    assert (site.drive.speed, site.drive.powered) == (0, True)
    site.until_standing(2_000)
    site.turn()
    assert (site.drive.powered, site.machine.state(0, 0).mode) == (False, Mode.STOPPED)
    assert site.book.whats()[-2:] == ["stop", "standstill"]


def test_a_stop_is_left_by_a_new_lease_and_a_new_command_alone() -> None:
    site, driver = moving()
    site.ask("stop")
    site.until_standing(2_000)
    site.turn()
    driver.beat()
    assert driver.codes[-1] == "device.authority", "its leader hears that it was stopped"
    assert site.command(1_000).code == "device.authority"
    driver.drive(500)
    assert site.plant.seen.speed == 0, "a lease that began anew waits for a command"
    assert site.command(500).code == ""
    driver.drive(1_000)
    assert site.plant.seen.speed == 500


def test_an_order_keeps_it_stopped_until_a_person_resets_it_and_then_it_stands() -> None:
    site, driver = moving()
    message = order()
    said = site.ask("stop", {"order": message.decode()})
    assert said.code == ""
    assert len(said.state.order) == 32
    site.until_standing(2_000)
    driver.drive(200)
    assert driver.codes[-1] == "stop.system"
    assert site.hand("reset").code == ""
    driver.drive(500)
    assert site.plant.seen.speed == 0
    assert driver.codes[-1] == "stop.system", "a reset un-stops nothing"


def test_started_again_it_is_no_freer_than_before() -> None:
    site = Site(order="o" * 32)
    driver = Driver(site)
    driver.beat()
    assert (driver.codes, site.machine.state(0, 0).mode) == (["device.stopped"], Mode.STOPPED)
    site.machine.hand(Hand.RESET, PERSON, site.clock.now, site.clock.mono)
    driver.beat()
    assert driver.codes[1:] == [""]
    held = Site(person=PERSON)
    driver = Driver(held)
    driver.beat()
    assert (driver.codes, held.machine.state(0, 0).mode) == (["device.person"], Mode.PERSON)
    held.machine.hand(Hand.GIVE, PERSON, held.clock.now, held.clock.mono)
    driver.beat()
    assert driver.codes[1:] == [""]


def test_an_order_for_somebody_else_brakes_and_stops_nobody_for_good() -> None:
    site, driver = moving()
    assert site.ask("stop", {"order": order(99).decode()}).state.order == ""
    site.until_standing(2_000)
    site.turn()
    driver.drive(200)
    assert driver.codes[-1] == ""


def test_an_order_that_is_forged_still_brakes() -> None:
    site, _ = moving()
    said = site.ask("stop", {"order": "{}"})
    assert said.code == "order.malformed"
    assert said.state.mode is Mode.STOPPING


def test_what_slows_is_admitted_from_anyone_whatever_ended() -> None:
    site, _ = moving()
    assert site.command(400, by=None).code == ""
    site.machine.turn(site.plant.seen, site.clock.now, site.clock.mono)
    assert site.command(401, by=None).code == "device.forged"
    assert site.command(-300, by=None).code == "device.forged"
    assert site.command(0, by=key("stranger"), beat=0).code == ""
    assert "slower" in site.book.whats() or site.machine.write_down() is None


def test_what_is_said_again_fills_no_journal() -> None:
    site, _ = moving()
    for speed in (500, 500, 0, 0, 0):
        assert site.command(speed).code == ""
    site.machine.write_down()
    assert site.book.whats().count("slower") == 2


def test_a_full_journal_never_blocks_braking_and_always_what_moves_more() -> None:
    site, driver = moving()
    site.book.full = True
    assert site.command(1_500).code == "device.unrecorded"
    assert site.command(500).code == ""
    assert site.ask("stop").code == ""
    assert site.until_standing(2_000) < 1_000
    site.turn()
    state = site.machine.state(0, 0)
    assert state.mode is Mode.STOPPED
    assert state.unrecorded >= 3
    driver.beat()
    driver.beat()
    assert driver.codes[-2:] == ["device.authority", "device.unrecorded"]


def test_a_person_takes_over_at_any_moment() -> None:
    site, driver = moving()
    assert site.hand("take").code == ""
    assert site.until_standing(2_000) <= 1_000 * 1_000 // 1_500 + 50
    driver.drive(100)
    assert driver.codes[-1] == "device.person"
    assert site.command(500).code == "device.person"
    assert site.told[-1][0] == "device.takeover"
    assert (
        "takeover",
        {"hand": "take", "person": PERSON, "x": site.told[-1][1]["x"], "speed": 1_000},
    ) in site.book.lines
    assert site.hand("give").code == ""
    driver.drive(500)
    assert site.plant.seen.speed == 0, "giving back starts nothing"
    assert site.command(300).code == ""


def test_giving_back_a_moving_cart_brakes_it_under_power() -> None:
    site, _ = moving()
    site.hand("take")
    site.turn()
    site.hand("give")
    site.turn()
    assert site.drive is not None
    assert site.drive.powered
    site.until_standing(2_000)


def test_a_takeover_needs_a_pinned_key() -> None:
    site, _ = moving()
    assert site.hand("take", by=COPY_KEY).code == "device.forged"
    assert site.hand("take", kid="nobody").code == "device.forged"
    assert site.hand("take", beat=site.clock.mono - 501).code == "device.stale"
    assert site.machine.state(0, 0).mode is Mode.LIVE


def test_another_person_may_take_but_not_give_back() -> None:
    site, _ = moving()
    site.hand("take")
    with pytest.raises(Refused) as error:
        site.machine.hand(Hand.GIVE, "panel", 0, 0)
    assert error.value.code == "device.person"
    site.machine.hand(Hand.TAKE, "panel", 0, 0)
    assert site.machine.state(0, 0).person == "panel"


def test_late_doubled_and_forged_messages_move_nothing() -> None:
    site, _ = moving(500)
    assert site.command(800, seq=1).code == "device.stale"
    assert site.command(800, beat=site.clock.mono - 501).code == "device.stale"
    assert site.command(800, beat=site.clock.mono + 1).code == "device.stale"
    assert site.command(800, by=key("stranger")).code == "device.forged"
    assert site.command(800).code == ""


def test_another_copy_cannot_take_the_lease() -> None:
    site, _ = moving()
    body = {"warrant": token(site.clock.now, seq=9), "envelope": "", "run": 0}
    assert site.ask("lease", body, by=key("stranger")).code == "device.forged"


def test_who_did_not_hear_that_it_leads_may_ask_again_over_the_same_connection() -> None:
    site = Site()
    assert site.lease(token(site.clock.now)).state.run == 1
    site.run_no = 0  # the answer was lost
    assert site.lease(token(site.clock.now)).state.run == 1
    body = {"warrant": token(site.clock.now), "envelope": "", "run": 0, "voice": "another"}
    assert site.ask("lease", body, by=COPY_KEY).code == "device.authority", "a second connection is somebody else"


def test_an_older_warrant_is_a_replay() -> None:
    site, driver = moving()
    old = token(site.clock.now - 1_000, seq=1)
    assert site.lease(old).code == "warrant.replayed"
    assert driver.codes[-1] == ""


def test_a_warrant_for_another_device_or_world_leads_nothing() -> None:
    site = Site()
    assert site.lease(token(site.clock.now, aud="spiffe://demo.invalid/device/x")).code == "warrant.audience"
    assert site.lease(token(site.clock.now, worlds=("information",))).code == "warrant.world"
    assert site.lease(token(site.clock.now, iss="spiffe://demo.invalid/issuer/other")).code == "warrant.forged"


def test_where_a_pulse_is_pinned_a_warrant_needs_it_fresh() -> None:
    trust = Trust(ORIGIN, issuers={KID: ISSUER.public}, pulses={PULSE_KID: PULSE.public})
    site = Site(trust=trust)
    assert site.lease(token(site.clock.now)).code == "pulse.missing"


def test_a_pulse_that_somebody_carries_lets_it_live_until_it_is_stale() -> None:
    trust = Trust(ORIGIN, issuers={KID: ISSUER.public}, pulses={PULSE_KID: PULSE.public})
    site = Site(trust=trust)
    assert site.ask("tell", {"pulse": a_stop.beat(at=site.clock.now).decode()}).code == ""
    assert site.ask("tell", {"pulse": "{}"}).code == "pulse.malformed"
    assert site.ask("tell").code == "device.malformed"
    driver = Driver(site)
    driver.beat()
    assert site.command(500).code == ""
    driver.drive(9_000)
    assert site.plant.seen.speed == 500
    driver.drive(2_000)
    assert site.plant.seen.speed == 0
    assert driver.codes[-1] == "pulse.stale"


def test_an_order_that_somebody_carries_stops_whom_it_reaches_alone() -> None:
    site, driver = moving()
    assert site.ask("tell", {"order": order(99).decode()}).code == ""
    driver.drive(200)
    assert site.plant.seen.speed == 1_000
    said = site.ask("tell", {"order": order(17, epoch=2).decode()})
    assert (said.code, said.state.mode, len(said.state.order)) == ("", Mode.STOPPING, 32)


def test_an_order_that_its_own_ears_brought_stops_it_for_good() -> None:
    site, _ = moving()
    site.view.order(order())
    site.turn()
    state = site.machine.state(0, 0)
    assert (state.mode, len(state.order), state.why) == (Mode.STOPPING, 32, "stop.system")


# --- envelopes ----------------------------------------------------------------------------------------------------


def test_under_an_envelope_it_drives_through_an_outage_and_is_standing_when_the_envelope_ends() -> None:
    site, driver = moving(onsite=12_000)
    began = driver.envelope.iat_ms if driver.envelope else 0
    rates: set[int] = set()
    while site.plant.seen.speed:
        driver.drive(100)
        if site.drive is not None and site.machine.state(0, 0).mode is Mode.STOPPING:
            rates.add(site.drive.rate)
            assert not site.plant.tripped, "a manoeuvre, not a cut"
    assert 9_000 <= site.clock.now - began <= 12_000
    assert rates == {600}
    assert site.machine.state(0, 0).why == "envelope.expired"
    site.run_no = 0
    assert site.lease(driver.token, driver.text).code == "envelope.expired", "too late to begin anew"
    driver.drive(5_000)
    assert site.plant.seen.speed == 0
    assert site.lease(driver.token, driver.text).code == "warrant.expired"


def test_an_order_that_comes_to_the_site_ends_it_at_once() -> None:
    site, driver = moving(onsite=60_000)
    site.ask("stop", {"order": order(17).decode()})
    assert site.until_standing(1_500) < 1_000
    driver.drive(200)
    assert driver.codes[-1] == "stop.system"


def test_the_envelope_narrows_the_machines_own_limits() -> None:
    site, driver = moving(1_000, onsite=120_000, life=200_000)
    assert site.command(1_001).code == "device.limit"
    driver.drive(60_000)
    assert site.plant.seen.speed == 0, "it stands before the border of the area"
    assert 49_800 <= site.plant.seen.x <= NARROW.area[0].x1
    assert not site.told
    assert site.command(-500).code == ""
    driver.drive(1_000)
    assert site.plant.seen.speed == -500


def test_it_stops_before_a_protected_zone() -> None:
    site, driver = moving(2_000, site={"start": 50_000})
    driver.drive(20_000)
    assert site.plant.seen.speed == 0
    assert 59_700 <= site.plant.seen.x < LIMITS.keep_out[0].x0
    assert not site.told


def test_a_protected_zone_that_was_entered_is_a_red_line() -> None:
    """Pushed there, by whatever force."""
    site, _ = moving()
    site.plant._x = 61_000.0
    site.turn()
    site.turn()
    assert [(what, facts["why"]) for what, facts in site.told] == [("device.unsafe", "zone")]
    assert site.machine.state(0, 0).mode is Mode.STOPPING
    assert "unsafe" in site.book.whats()
    assert site.machine.state(0, 0).unsafe == "zone"
    site.plant._x = 0.0
    site.until_standing(2_000)
    site.turn()
    site.hand("reset")
    assert site.machine.state(0, 0).unsafe == ""


def test_no_standstill_within_s_is_a_red_line() -> None:
    """Brakes that do not bite."""
    site, _ = moving()
    site.ask("stop")
    for _ in range(400):
        site.plant._speed = 1_000.0
        site.turn()
    told = [facts for what, facts in site.told if what == "device.unsafe"]
    assert [facts["why"] for facts in told] == ["no_stop"]
    assert told[0]["ms"] > told[0]["limit"]


def test_a_watchdog_has_its_bounds() -> None:
    for watchdog_ms in (99, 501):
        with pytest.raises(ValueError, match="100 to 500"):
            Site(clock=ManualClock(T0, 1), watchdog_ms=watchdog_ms)
