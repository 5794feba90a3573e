/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom an order does not reach goes on, whenever the control plane dies (docs/spec/warrant.md, "Explained"), for Spin.
 *
 * A guard (0) and its gateway (1), of a lineage that the order does not reach, each hold warrants of TTL ticks. The
 * control plane commits the order at any time, tells each of the two at any time or never, renews at any time, and dies
 * at any time, or never. A warrant names the order once it is committed, and whoever lacks an order that a warrant names
 * refuses it. The guard and its gateway reach each other; what the guard does at once it does within a tick.
 *
 * Safety: as long as the guard holds any warrant that lives, the gateway admits its calls, and as long as the gateway
 * does, its own are good too.
 *
 * The wrong variants, one each: NO_ORDERS (a renewal says nothing of the order that it names), NO_HANDING (the guard
 * keeps what it heard to itself), NO_WAITING (the newer warrant is shown at once).
 */

#define TTL 3
#define LAST 8

typedef Holder {
  bool knows;    /* the order */
  byte exp;      /* of the warrant that it shows: it lives while now < exp */
  bool names;    /* that one names the order */
  byte newer;    /* as exp, of the newest, while that waits; 0 for none */
  bool newnames;
};

byte now;
bool committed, dead;
Holder h[2];

#define lives(i) (now < h[i].exp)
#define any(i) (lives(i) || now < h[i].newer)
#define known(i) (h[i].knows && (i == 1 || h[1].knows)) /* by all whom it is shown to */
#define good(i) (lives(i) && (!h[i].names || known(i)))
/* What waits and may be taken up: it is explained, or nothing else lives. */
#define ready(i) (now < h[i].newer && (!h[i].newnames || known(i) || !lives(i)))
#ifdef NO_HANDING
#define hands false
#else
#define hands (h[0].newer && h[0].newnames && h[0].knows && !h[1].knows)
#endif

#define fine (!any(0) || !any(1) || (good(0) && good(1)))

inline renew(i) {
#ifndef NO_ORDERS
  if :: committed -> h[i].knows = true :: else fi;
#endif
#ifdef NO_WAITING
  h[i].exp = now + TTL; h[i].names = committed;
#else
  h[i].newer = now + TTL; h[i].newnames = committed;
#endif
  assert(fine)
}

inline take(i) {
  h[i].exp = h[i].newer; h[i].names = h[i].newnames; h[i].newer = 0; h[i].newnames = false;
  assert(fine)
}

/* Time waits for what is done at once, and looks when it has passed. */
active proctype clock() {
end_a: do
  :: atomic { now < LAST && !ready(0) && !ready(1) && !hands ->
              now++;
              if
              :: !lives(0) && ready(0) -> take(0)
              :: else
              fi;
              if
              :: !lives(1) && ready(1) -> take(1)
              :: else
              fi;
              assert(fine) }
  od
}

active proctype control_plane() {
end_b: do
  :: atomic { !dead && !committed -> committed = true }
  :: atomic { !dead && committed && !h[0].knows -> h[0].knows = true }
  :: atomic { !dead && committed && !h[1].knows -> h[1].knows = true }
  :: atomic { !dead && any(0) && h[0].newer != now + TTL && h[0].exp != now + TTL -> renew(0) }
  :: atomic { !dead && any(1) && h[1].newer != now + TTL && h[1].exp != now + TTL -> renew(1) }
  :: atomic { !dead -> dead = true }
  od
}

active proctype guard() {
end_c: do
  :: atomic { hands -> h[1].knows = true }
  :: atomic { ready(0) -> take(0) }
  od
}

active proctype gateway() {
end_d: do
  :: atomic { ready(1) -> take(1) }
  od
}

init {
  d_step { h[0].exp = TTL; h[1].exp = TTL }
}
