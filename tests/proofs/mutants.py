# SPDX-License-Identifier: Apache-2.0
"""The mutants: what one might get wrong in the code of the stop, as a change of its text, each with the test that
catches it. `test_mutants.py` applies every one and demands that its test fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

UNIT = "tests/unit"
MACHINE = "tests/property/test_stop_machine.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """file: under src/answerable. old -> new: in its text, where old stands exactly once. caught: the test's id."""

    name: str
    file: str
    old: str
    new: str
    catcher: str
    more: tuple[str, ...] = ()

    @property
    def caught(self) -> tuple[str, ...]:
        return (self.catcher, *self.more)

    def mutated(self, text: str) -> str:
        assert text.count(self.old) == 1, f"{self.name}: {text.count(self.old)} times in {self.file}: {self.old!r}"
        return text.replace(self.old, self.new)


ENDS = "    if now_ms >= warrant.exp_ms or mono_ms >= deadline_mono_ms:\n"
MUTANTS = (
    # --- the admission function ---
    Mutant("a warrant does not end by the wall clock", "admission/admit.py", "now_ms >= warrant.exp_ms or ", "",
           f"{UNIT}/admission/test_admit.py"),
    Mutant("a warrant does not end by the monotonic clock", "admission/admit.py", " or mono_ms >= deadline_mono_ms", "",
           f"{MACHINE}::test_a_clock_that_is_set_back_lengthens_nothing"),
    Mutant("a fresh pulse keeps an ended warrant alive (OR for AND)", "admission/admit.py", ENDS,
           "    if view is None and (now_ms >= warrant.exp_ms or mono_ms >= deadline_mono_ms):\n",
           f"{MACHINE}::test_with_the_issuer_cut_off_a_fresh_pulse_is_not_enough"),
    Mutant("a live warrant is enough without a pulse (OR for AND)", "admission/admit.py",
           "        view.check(now_ms, mono_ms, pulse=not enveloped)\n", "        pass\n",
           f"{MACHINE}::test_with_the_pulse_cut_off_a_live_warrant_is_not_enough"),
    Mutant("what was told past the registry does not count", "admission/admit.py",
           "        order = told.blocks_warrant(warrant, now_ms)\n", "        order = \"\"\n",
           f"{UNIT}/admission/test_admit.py"),
    Mutant("a holder that knows fewer stops than the issuer admits", "admission/admit.py",
           "    if warrant.epoch > stops.epoch and (", "    if False and (", f"{UNIT}/admission/test_admit.py"),
    Mutant("a node shows a warrant whose orders it does not know", "warrants/far.py",
           "        if self._explained(fresh.bearer):\n", "        if fresh is not None:\n",
           f"{UNIT}/warrants/test_far.py"),
    Mutant("a guard shows a warrant that its gateway cannot explain", "guard/explaining.py",
           "        return holds and not self.done(newer)\n", "        return False\n",
           "tests/property/test_explained.py"),
    Mutant("the end of a warrant is one millisecond late", "admission/admit.py", "now_ms >= warrant.exp_ms or",
           "now_ms > warrant.exp_ms or", "tests/proofs/test_bound.py"),
    # --- the stop set ---
    Mutant("the closure is forgotten: a lineage's stop reaches its root alone", "admission/stopset.py",
           "order = _meets(self.lineages, numbers, now_ms)", "order = _meets(self.lineages, numbers[-1:], now_ms)",
           f"{UNIT}/admission/test_stopset.py"),
    Mutant("a termination lapses as a suspension does", "admission/stopset.py",
           "lapses = stop.kind == OrderKind.SUSPEND and stop.until > 0", "lapses = stop.until > 0",
           f"{UNIT}/admission/test_stopset.py"),
    Mutant("a scope that is not known stops nobody", "admission/stopset.py", "        return Scope.ALL\n",
           "        return Scope.COPY\n", f"{UNIT}/admission/test_stopset.py"),
    Mutant("what was found of one warrant is believed of the copy's next", "admission/stopset.py",
           "self._clear.get(warrant.copy_rid) is warrant:", "warrant.copy_rid in self._clear:",
           f"{UNIT}/admission/test_stopset.py"),
    Mutant("a suspension that lapsed is remembered as none", "admission/stopset.py",
           "worlds=worlds, now_ms=0):", "worlds=worlds, now_ms=now_ms):", f"{UNIT}/admission/test_stopset.py"),
    # --- the issuer ---
    Mutant("stale issuer: renewals look at no stop", "warrants/eligible.py",
           "        or stops.blocks(copy=", "        or StopSet().blocks(copy=",
           f"{UNIT}/warrants/test_issuer.py::test_stopped_ended_and_lapsed_are_not_renewed_nor_granted"),
    Mutant("stale issuer: its view is made once", "warrants/stopview.py",
           "if stops is not None and self._directory.changes == self._changes:", "if stops is not None:",
           f"{UNIT}/warrants/test_stopview.py"),
    Mutant("a first grant does not look again after its write", "warrants/issuer.py",
           "                Expect(Space.COUNTERS, EPOCH, epoch),\n", "",
           f"{UNIT}/warrants/test_issuer.py::test_a_stop_that_commits_while_the_grant_waits_wins"),
    Mutant("an issuer gives longer lives than the class", "admission/warrant.py",
           "    if w.exp_ms - w.iat_ms > row.max_ms:\n", "    if False:\n", f"{UNIT}/admission/test_warrant.py"),
    # --- the lease ---
    Mutant("a warrant is counted from when the answer came", "guard/lease.py", "ends=asked.mono + life,",
           "ends=self._mono() + life,", f"{MACHINE}::test_an_answer_that_comes_late_lengthens_nothing"),
    Mutant("a lease is counted on a clock that stands still in sleep", "guard/lease.py", "time.CLOCK_BOOTTIME",
           "time.CLOCK_MONOTONIC", f"{MACHINE}::test_leases_are_counted_on_a_clock_that_goes_on_in_sleep"),
    Mutant("restart replay: a boot goes on under the name of the one before", "guard/lease.py",
           "        self._boot = nonce()\n        self._asked: Asked | None = None\n",
           "        self._boot = \"A\" * 22\n        self._asked: Asked | None = None\n",
           f"{MACHINE}::test_a_restored_image_gets_no_second_boot"),
    Mutant("a first warrant counts from a question that was refused long before", "guard/lease.py",
           "    self._asked, self._unheard = None, True\n            raise error", "    pass\n            raise error",
           f"{UNIT}/guard/test_beginning.py::"
           "test_a_warrant_counts_from_the_question_that_it_answers_not_from_before_the_wait"),
    Mutant("a guard waits for ever for a registry that only listens", "guard/beginning.py",
           "until is not None and mono_ms() + RETRY_MS > until", "False",
           f"{UNIT}/guard/test_beginning.py::test_at_the_bound_the_start_fails_as_it_was_refused"),
    Mutant("a control plane that started signs before its gateways said what they know", "app/recovering.py",
           "        if self._unheard and self._listens():\n", "        if False:\n",
           f"{UNIT}/app/test_recovering.py::test_a_start_listens_before_it_signs"),
    Mutant("an older warrant of a copy is admitted beside its newest", "warrants/replays.py",
           "            raise Refused(\"warrant.replayed\")", "            return", f"{UNIT}/warrants/test_replays.py"),
    # --- what a holder is told ---
    Mutant("a pulse prolongs though it speaks of orders that are not here", "admission/holding.py",
           "if waiting is not None and self.epoch >= waiting.epoch and self.root(waiting.epoch) == waiting.root:",
           "if waiting is not None:", f"{MACHINE}::test_a_withheld_order_gains_the_carrier_nothing"),
    Mutant("a pulse's root is not compared", "admission/holding.py",
           " and self.root(waiting.epoch) == waiting.root:", ":", f"{UNIT}/admission/test_holding.py"),
    Mutant("an old pulse counts again", "admission/holding.py", "        if beat.seq <= self._seq:\n",
           "        if False:\n", f"{UNIT}/admission/test_holding.py"),
    Mutant("a pulse lives by its carrier's delay: counted from when it came", "admission/holding.py",
           "self.ends_ms = beat.at + life_ms", "self.ends_ms = now_ms + life_ms",
           f"{MACHINE}::test_a_pulse_that_comes_late_lives_no_longer"),
    Mutant("a pulse does not end by the monotonic clock", "admission/holding.py",
           "now_ms < life.ends_ms and mono_ms < life.ends_mono_ms", "now_ms < life.ends_ms",
           f"{UNIT}/admission/test_holding.py::test_a_pulse_ends_by_either_clock"),
    Mutant("the newest order replaces those before it", "admission/holding.py",
           "        self._known[name] = both\n", "        self._known = {name: both}\n",
           f"{UNIT}/admission/test_holding.py"),
    Mutant("an issuer gives out one number twice", "warrants/issuer.py", "        if seq != boot.seq + 1:\n",
           "        if False:\n", f"{UNIT}/warrants/test_issuer.py::test_each_number_once_each_key_one_boot"),
    Mutant("a number is given again for other words", "warrants/issuer.py",
           "(boot.nonce, boot.seq, boot.signature) != (request.nonce, request.seq, signature)",
           "(boot.nonce, boot.seq) != (request.nonce, request.seq)",
           f"{UNIT}/warrants/test_issuer.py::test_a_request_that_is_repeated_gets_the_same_warrant_and_no_other"),
    Mutant("a repeat comes before a stop", "warrants/issuer.py",
           "copy, lapsed=self._lapsed, now_ms=self._clock.now_ms())\n        return answered",
           "copy, lapsed=self._lapsed, now_ms=self._clock.now_ms()) if False else None\n        return answered",
           f"{UNIT}/warrants/test_issuer.py::test_a_request_that_is_repeated_gets_the_same_warrant_and_no_other"),
    Mutant("a recorded request is answered when its warrant has ended", "warrants/issuer.py",
           "if answered is not None and now_ms < answered.warrant.exp_ms:", "if answered is not None:",
           f"{UNIT}/warrants/test_issuer.py::test_a_repeat_is_answered_as_long_as_its_warrant_lives_and_no_longer"),
    Mutant("a repeat is a sign of life", "warrants/issuer.py",
           "            return self._again(copy.rid, answered)\n        timely(",
           "            self._asked(copy.rid, request.nonce, \"\", now_ms)\n"
           "            return self._again(copy.rid, answered)\n        timely(",
           f"{UNIT}/warrants/test_issuer.py::test_a_repeat_shows_nobody_alive"),
    Mutant("a refused number begins a new boot though no answer was lost", "guard/lease.py",
           '(error.code == "warrant.replayed" and self._unheard)', '(error.code == "warrant.replayed")',
           f"{UNIT}/guard/test_lease.py::test_a_number_that_was_answered_to_nobody_is_given_up_with_its_boot"),
    Mutant("two boots of one copy are live at once", "warrants/issuer.py",
           "if before is not None and before.exp_ms > self._clock.now_ms() and (once or before.nonce != nonce):",
           "if False:", f"{MACHINE}::test_a_restored_image_gets_no_second_boot"),
    Mutant("anybody's order is an order", "admission/orders.py",
           "    if not (issued or officers or authorities or vouched):\n", "    if False:\n",
           f"{UNIT}/admission/test_orders.py"),
    Mutant("a termination is released", "admission/orders.py", "release is None or leaf.kind != OrderKind.SUSPEND",
           "release is None", f"{UNIT}/admission/test_orders.py"),
    Mutant("a clock that is not synchronised is trusted", "admission/clocks.py", "    elif not reading.synchronised:\n",
           "    elif False:\n", f"{UNIT}/admission/test_clocks.py"),
    Mutant("a clock's state that was read once is good for ever", "admission/clocks.py",
           "    elif not 0 <= mono_ms - reading.mono_ms <= READING_MS:\n", "    elif False:\n",
           f"{UNIT}/admission/test_clocks.py"),
    # --- delegation ---
    Mutant("delegation without nesting: a child outlives its envelope", "admission/onsite.py",
           "        \"exp\": w.exp_ms <= e.exp_ms,\n", "", f"{UNIT}/admission/test_onsite.py"),
    Mutant("an on-site warrant is good though its envelope ended", "admission/onsite.py",
           "    if now_ms >= envelope.exp_ms or mono_ms >= deadline_mono_ms:\n", "    if False:\n",
           f"{UNIT}/admission/test_onsite.py"),
    Mutant("a gateway ends an on-site warrant by its own life, not by its envelope's", "warrants/desk.py",
           "min(mono_ms + left, agreed.ends_mono_ms), enveloped=True", "mono_ms + left, enveloped=True",
           f"{UNIT}/warrants/test_agreed.py::test_it_ends_with_its_envelope_on_either_clock"),
    Mutant("a gateway counts an envelope anew each time it is shown", "warrants/agreed.py",
           "        if known is not None:\n            return known\n", "",
           f"{UNIT}/warrants/test_agreed.py::test_a_clock_set_back_lengthens_no_envelope"),
    Mutant("an envelope is taken up without a pulse", "warrants/agreed.py",
           "            self._told.check(now_ms, mono_ms)\n", "            pass\n",
           f"{UNIT}/warrants/test_agreed.py::test_the_pulse_is_asked_for_when_the_envelope_is_first_seen_and_not_after"),
    Mutant("under an envelope a clock that is not synchronised is trusted", "admission/admit.py",
           "        view.check(now_ms, mono_ms, pulse=not enveloped)\n",
           "        if not enveloped:\n            view.check(now_ms, mono_ms)\n",
           f"{UNIT}/warrants/test_agreed.py::test_a_clock_that_is_not_synchronised_admits_nobody_envelope_or_not"),
    Mutant("the envelope of another issuer is good", "warrants/agreed.py",
           "        if envelope.iss != self._iss:\n", "        if False:\n",
           f"{UNIT}/warrants/test_agreed.py::test_an_envelope_by_another_issuer_or_another_key"),
    Mutant("what was recognised under one envelope is good under any", "warrants/desk.py",
           "return f\"{agreed.digest} {credential.value}\" if agreed is not None else \"\"",
           "return credential.value",
           f"{UNIT}/warrants/test_agreed.py::test_the_warrant_is_worth_nothing_without_its_envelope_nor_under_another"),
    # --- long work ---
    Mutant("no re-check: work goes on as it was admitted", "pipeline/steps.py",
           "    if flight.horizon is not None and deps.gate.holds(flight.horizon):\n", "    if True:\n",
           f"{UNIT}/pipeline/test_carry.py::test_a_warrant_that_nobody_renews_ends_the_stream"),
    Mutant("a stop does not cut what is in flight", "pipeline/flights.py",
           "                    flight.cut(Refused(\"stop.system\", order=order))\n", "                    pass\n",
           f"{UNIT}/pipeline/test_flights.py"),
    Mutant("what is seen ahead is not ended by what is told", "warrants/gate.py",
           "horizon.changes == self._directory.changes + (told.changes if told is not None else 0)",
           "horizon.changes >= self._directory.changes",
           f"{UNIT}/warrants/test_gate.py::test_what_is_seen_ahead_ends_with_the_pulse_and_with_what_it_brings"),
    # --- the registry ---
    Mutant("the same weights under a new name are not stopped", "registry/stopped.py",
           "    return others.blocks_digests(digests, now_ms)", "    return \"\"",
           "tests/property/test_registry_machine.py::test_a_fixed_story"),
    Mutant("what derives from a stopped system after the stop is alive", "registry/stopped.py",
           "    if found := known.blocks(copy=_NO_COPY, numbers=numbers,",
           "    if found := known.blocks(copy=_NO_COPY, numbers=(0,),",
           "tests/unit/registry/test_systems.py::test_a_derivative_of_a_stopped_system_is_recorded_refused_and_dead_for_ever"),
    # --- policy ---
    Mutant("an operator's permit widens the kernel", "policy/combine.py", "        if here > best:\n",
           "        if here != best:\n", f"{UNIT}/policy/test_combine.py::test_tightening_never_widens"),
    Mutant("an operator's policy that raises permits", "policy/combine.py",
           "    except Exception:  # noqa: BLE001  a policy that fails must not decide by failing\n"
           "        return Decision(Ruling.REFUSE, FAILED, FAILED)\n",
           "    except Exception:  # noqa: BLE001\n        return Decision(Ruling.PERMIT, FAILED, FAILED)\n",
           f"{UNIT}/policy/test_combine.py::test_an_operator_that_fails_refuses"),
    Mutant("the domain's people are not asked for", "policy/combine.py", "[row, *[consult(", "[*[consult(",
           f"{UNIT}/policy/test_worlds.py"),
    Mutant("a limb waits for approval", "policy/combine.py", "final.ruling is Ruling.HOLD and not asked.held",
           "False", f"{UNIT}/policy/test_combine.py"),
    Mutant("a tool that is moved into the physical world needs no envelope", "policy/worlds.py",
           "    if floor.world is World.PHYSICAL:\n", "    if False:\n",
           f"{UNIT}/policy/test_worlds.py::test_a_world_asks_of_its_own"),
    Mutant("the registry lowers a floor", "policy/worlds.py", "approvals=max(tool.approvals, least.approvals)",
           "approvals=tool.approvals",
           f"{UNIT}/policy/test_worlds.py::test_the_row_of_the_registry_raises_and_never_lowers"),
    Mutant("a guard that the domain asks for is not looked at", "policy/worlds.py",
           "        and (guarded or not asked.guard)\n", "",
           f"{UNIT}/policy/test_worlds.py::test_needs_are_met_only_with_all_of_them"),
    Mutant("a policy that errs forbids nothing", "cedar/policy.py",
           "        if verdict.errors:\n            return Decision(Ruling.REFUSE, _rule(verdict.rules), ERRS)\n"
           "        if not verdict.allowed:\n", "        if not (verdict.allowed or verdict.errors):\n",
           f"{UNIT}/cedar/test_policy.py::test_an_error_refuses_though_the_engine_would_allow"),
    Mutant("an unknown principal is permitted", "cedar/loaded.py", "            if uid not in known.uids:\n",
           "            if False:\n",
           f"{UNIT}/cedar/test_loaded.py::test_an_unknown_principal_is_refused_though_the_engine_would_allow_it"),
    Mutant("a folder is loaded without its schema", "cedar/loaded.py", "        if not valid.validation_passed:\n",
           "        if False:\n",
           f"{UNIT}/cedar/test_loaded.py::test_what_is_not_right_refuses_the_whole_folder"),
    Mutant("a call waits for people that nobody permits", "cedar/policy.py", "        if not verdict.allowed:\n",
           "        if not verdict.allowed and verdict.rules:\n",
           f"{UNIT}/cedar/test_policy.py::test_a_call_waits_only_where_it_is_permitted"),
    Mutant("a file with a misspelt name is passed over", "cedar/folder.py",
           "if not stat.S_ISREG(status.st_mode) or not _known(entry.name):", "if not stat.S_ISREG(status.st_mode):",
           f"{UNIT}/cedar/test_folder.py::test_a_misspelt_name_is_a_fault_and_no_silence"),
    Mutant("a folder is taken while it is written", "app/policing.py", "            if not moving or touched:\n",
           "            if not touched:\n",
           f"{UNIT}/app/test_policing.py::test_a_folder_that_is_being_written_is_left_alone"),
    Mutant("another policy decides before it is recorded", "app/policing.py",
           "                    await self._written(loaded.digest)\n",
           "                    self._from.swap(loaded)\n                    await self._written(loaded.digest)\n",
           f"{UNIT}/app/test_policing.py::test_what_the_log_does_not_take_does_not_decide"),
    Mutant("the digest of a record is that of the start", "policy/combine.py",
           "*[policy.digest for policy in policies]", "*[str(type(policy)) for policy in policies]",
           f"{UNIT}/policy/test_combine.py::test_the_digest_follows_the_policy_that_is_in_force"),
    # --- the printed bound ---
    Mutant("the printed bound forgets the issuer's view", "admission/bound.py",
           "    synced = clocks.view_ms + ttl_ms", "    synced = ttl_ms", "tests/proofs/test_bound.py"),
    Mutant("the printed bound is rounded down", "admission/bound.py",
           "clocks.view_ms - (-ttl_ms * PPM // (PPM - clocks.drift_ppm))",
           "clocks.view_ms + ttl_ms * PPM // (PPM - clocks.drift_ppm)", "tests/proofs/test_bound.py"),
    Mutant("the printed bound forgets the last re-check", "admission/bound.py",
           "max(synced, monotonic) + clocks.recheck_ms +", "max(synced, monotonic) +", "tests/proofs/test_bound.py"),
)  # fmt: skip


def unmutated(mutants: Sequence[Mutant]) -> Mutant:
    """The code as it is, before the tests of all of these: a test that fails anyway catches nothing."""
    first, *more = dict.fromkeys(mutant.catcher for mutant in mutants)
    return Mutant("", "admission/admit.py", ENDS, ENDS, first, tuple(more))
