/* SPDX-License-Identifier: Apache-2.0
 *
 * The protocol of a stop for two holders, for Spin: clocks that step and drift, answers and pushes that are lost, pulses
 * that travel by file, pull, restarts, delegation, one authority that lies. Safety: no admission at or after
 * t_stop + BOUND, no effect at or after t_stop + BOUND + DELTA.
 *
 * True time is counted in ticks; the stop is committed somewhere in tick 0. Two configurations, each with the other kind
 * of clock in its worst case (it never says that anything has ended), so that each rule is enough by itself:
 *   -DSYNCED     a wall clock shows anything within E each time it is read; monotonic clocks stand still
 *   -DMONOTONIC  a monotonic clock runs at 2/3 to 3/3 of true time, so rho = 1/3; wall clocks show anything
 * All may happen at any time, or never, but for what a rule forbids: a message that is lost is one that is never taken,
 * a process that is frozen is one that takes no step. What can do nothing any more is set to 0: fewer states.
 *
 * The wrong variants, one each: STALE_ISSUER, REPLAY, NO_NESTING, OR, NO_RECHECK, NO_ROOT, FROZEN (with SINK it is right
 * again).
 */

#define TTL 2
#define D 1     /* the issuer's view, and the second authority's */
#define V 1     /* life of a pulse */
#define E 1     /* error of a wall clock, either way */
#define DELTA 1 /* long work is admitted again each DELTA; S is 0 */
#define SLOW 2  /* a monotonic clock counts 2 or 3 thirds of a tick in one tick */
#define FAST 3

#ifdef SYNCED
#define RIGHT (D + TTL + E + E)
#define IN_THIRDS 1
#else
#define RIGHT (D + (TTL * FAST) / SLOW) /* TTL / (1 - rho) */
#define IN_THIRDS (TTL * FAST)
#endif
#ifndef BOUND
#define BOUND RIGHT
#endif
#define LAST (RIGHT + DELTA + 1)

typedef Holder {
  byte asking; /* 0 no, 1 the issuer, 2 the other holder */
  byte since;  /* on its monotonic clock, in thirds of a tick, since it asked */
  bool has;    /* a warrant, */
  byte exp;    /* which ends on a wall clock that is right at exp - E, */
  byte left;   /* and on its monotonic clock in so many thirds */
  bool told;    /* it knows the order */
  bool working; /* long work was admitted and goes on */
  byte age;     /* ticks since that work was last admitted */
#ifdef REPLAY
  byte image /* a snapshot with a warrant in it: its exp, 1 in MONOTONIC */
#endif
};

byte now;
bool stopped, issuer_sees, pulse_sees;
byte liar; /* 0 nobody, 1 the issuer, 2 the second authority */
/* As exp, of the newest pulse whose stop root a holder that knows no stop can meet: a file that lies about for ever, at
   hand for anyone. A pulse that tells of a stop prolongs the life of nobody who does not know the order. */
byte file;
Holder h[2];
chan answer[2] = [1] of { byte, byte }; /* exp, life in thirds */

#ifdef SYNCED
#define warrant_ok(i, shown) (h[i].has && shown < h[i].exp)
#define pulse_ok(i, shown) (shown < file)
#define ends(shown) (shown + TTL)
#define asks(i, whom) (!h[i].told) /* when it asked is nothing to a wall clock: it asks as it is answered */
#define reading(clock) if :: clock = now :: clock = now + 2 * E fi /* one tick slow, or fast */
#else
#define warrant_ok(i, shown) (h[i].has && h[i].left > 0)
#define pulse_ok(i, shown) true
#define ends(shown) 1
#define asks(i, whom) (h[i].asking == whom)
#define reading(clock) skip
#endif
#ifdef OR
#define admits(i, shown) ((warrant_ok(i, shown) || pulse_ok(i, shown)) && !h[i].told)
#else
#define admits(i, shown) (warrant_ok(i, shown) && pulse_ok(i, shown) && !h[i].told)
#endif

/* The property. Before the stop anything goes; after it, until the bound. */
#define in_time(more) (!stopped || now < BOUND + more)

inline forget(i) {
  h[i].has = false; h[i].exp = 0; h[i].left = 0; h[i].asking = 0;
  h[i].since = 0;
  if :: nempty(answer[i]) -> answer[i]?_, _ :: empty(answer[i]) fi
}

inline drift(i, rate) {
#ifdef MONOTONIC
  if :: h[i].left > rate -> h[i].left = h[i].left - rate :: else -> h[i].left = 0; h[i].has = false; h[i].exp = 0 fi;
  if
  :: h[i].asking && h[i].since + rate < IN_THIRDS -> h[i].since = h[i].since + rate
  :: h[i].asking && h[i].since + rate >= IN_THIRDS -> h[i].since = IN_THIRDS
  :: else
  fi
#else
  if :: h[i].has && h[i].exp <= now -> h[i].has = false; h[i].exp = 0; h[i].left = 0 :: else fi
#endif
}

inline grow(i) {
  if :: h[i].working && h[i].age <= DELTA -> h[i].age++ :: else fi
}

/* Time. It waits for nobody, but for who must look again by now (delta). */
active proctype clock() {
  byte one, other;
  do
  :: atomic {
       (now < LAST
#if !defined(NO_RECHECK) && !defined(FROZEN)
       && !(h[0].working && h[0].age == DELTA) && !(h[1].working && h[1].age == DELTA)
#endif
       ) ->
       stopped = true;
       now++;
#ifndef STALE_ISSUER
       if :: now > D -> issuer_sees = true :: else fi;
#endif
       if :: now > D -> pulse_sees = true :: else fi;
#ifdef MONOTONIC
       if :: one = SLOW :: one = FAST fi;
       if :: other = SLOW :: other = FAST fi;
#endif
       drift(0, one); drift(1, other);
       grow(0); grow(1);
       one = 0; other = 0
     }
  od
}

/* The control plane, the second authority, and a net that loses answers. */
active proctype authorities() {
  byte shown;
#ifdef SYNCED
  if :: liar = 0 :: liar = 1 :: liar = 2 fi;
#endif
  /* Without the issuer's honesty nothing bounds what is counted from asking it: no liar in MONOTONIC. */
  do
  :: d_step { !stopped -> stopped = true }
  :: d_step { stopped && !issuer_sees -> issuer_sees = true }
  :: d_step { stopped && !pulse_sees -> pulse_sees = true }
  :: atomic { asks(0, 1) && empty(answer[0]) && (!issuer_sees || liar == 1) ->
              reading(shown); answer[0]!ends(shown), IN_THIRDS; shown = 0 }
  :: atomic { asks(1, 1) && empty(answer[1]) && (!issuer_sees || liar == 1) ->
              reading(shown); answer[1]!ends(shown), IN_THIRDS; shown = 0 }
  :: d_step { nempty(answer[0]) -> answer[0]?_, _; h[0].asking = 0; h[0].since = 0 }
  :: d_step { nempty(answer[1]) -> answer[1]?_, _; h[1].asking = 0; h[1].since = 0 }
#ifdef SYNCED
  :: atomic { (!pulse_sees || liar == 2) ->
              reading(shown); if :: shown + V > file -> file = shown + V :: else fi; shown = 0 }
#ifdef NO_ROOT
  :: atomic { pulse_sees && liar != 2 ->
              reading(shown); if :: shown + V > file -> file = shown + V :: else fi; shown = 0 }
#endif
#endif
  od
}

proctype holder(byte i) {
  byte exp, life, shown;
  do
#ifdef MONOTONIC
  :: d_step { !h[i].asking && !h[i].told -> h[i].asking = 1 }
  :: d_step { i == 1 && !h[i].asking && !h[i].told -> h[i].asking = 2 }
#endif
  /* The other one's own warrant is good, so it delegates. */
  :: atomic { i == 0 && asks(1, 2) && empty(answer[1]) ->
              reading(shown);
              if
              :: admits(0, shown) ->
                 exp = ends(shown); life = IN_THIRDS;
#ifndef NO_NESTING
                 if :: h[0].exp < exp -> exp = h[0].exp :: else fi;
                 if :: h[0].left < life -> life = h[0].left :: else fi;
#endif
                 answer[1]!exp, life
              :: else
              fi;
              exp = 0; life = 0; shown = 0 }
  :: d_step { nempty(answer[i]) ->
              answer[i]?exp, life;
              if
              :: life > h[i].since -> h[i].has = true; h[i].exp = exp; h[i].left = life - h[i].since
              :: else
              fi;
              h[i].asking = 0; h[i].since = 0; exp = 0; life = 0 }
  /* The order comes: by push, or pulled. */
  :: d_step { stopped && !h[i].told -> forget(i); h[i].told = true }
  /* Restart: all that it knew is gone, the order too. */
  :: d_step { h[i].has || h[i].told ->
              forget(i); h[i].told = false; h[i].working = false; h[i].age = 0
#ifdef REPLAY
              ; if :: h[i].image -> h[i].has = true; h[i].exp = h[i].image; h[i].left = IN_THIRDS :: else fi
#endif
            }
#ifdef REPLAY
  :: d_step { h[i].has && !h[i].image -> h[i].image = h[i].exp }
#endif
  /* Acting. */
  :: atomic { !h[i].working ->
              reading(shown);
              if
              :: admits(i, shown) -> assert(in_time(0)); h[i].working = true; h[i].age = 0
              :: else
              fi;
              shown = 0 }
#ifndef NO_RECHECK
  :: atomic { h[i].working && h[i].age > 0 ->
              reading(shown);
              if
              :: admits(i, shown) -> assert(in_time(0)); h[i].age = 0
              :: else -> h[i].working = false; h[i].age = 0
              fi;
              shown = 0 }
#endif
  :: atomic { h[i].working ->
#ifdef SINK
              reading(shown);
              if :: admits(i, shown) -> assert(in_time(DELTA)) :: else fi;
              shown = 0
#else
              assert(in_time(DELTA))
#endif
            }
  od
}

init {
  atomic { run holder(0); run holder(1) }
}
