/* The protocol of newsletter/mailing/ledger.py, for Spin: every order in which things can happen, two readers in a slice.
 *
 * Runs of the slice begin at any time, also while an earlier one lives (asleep, taken for dead). Transactions are atomic.
 * A process may die between any two steps; its journal may be there and be believed, or not. Mutants, by -D:
 *   MARK_AFTER  rows are marked after the sending      REQUEUE  what a dead run had claimed waits again
 *   NOCAS       rows are claimed whatever they are     NOUNSUB  nobody asks whether she has left
 *   NOPAUSE     nobody asks whether the mailing runs   LOSECOMMIT  the database forgets a commit it has answered
 */
#ifndef RUNS
#define RUNS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#define READERS 2

mtype = { pending, attempting, accepted, deferred, rejected, skipped, in_doubt };
mtype state[READERS];
byte token[READERS];        /* which run claimed the row last */
byte begun[READERS];        /* journal: which run has begun to hand it over */
byte arrived[READERS];      /* what really happened */
bool is_active[READERS];
bool is_paused, is_closed, after_leaving, in_pause;
byte holder, started, alive, deaths, lost_commits, put_off;

#define WAITS(i) (state[i] == pending || state[i] == deferred)

/* What becomes of the rows that an earlier run left attempting. */
inline settle(was, i) {
  i = 0;
  do
  :: i < READERS ->
     if
     :: state[i] == attempting ->
#ifdef REQUEUE
        state[i] = pending
#else
        if
        :: was -> /* a dead process whose journal is believed: what it never began waits again */
           if :: begun[i] == token[i] -> state[i] = in_doubt :: else -> state[i] = pending; token[i] = 0 fi
        :: else -> state[i] = in_doubt
        fi
#endif
     :: else
     fi;
     i++
  :: else -> break
  od
}

proctype run_of_slice(byte me; bool journal) {
  byte i; bool mine; mtype answer;
  atomic { holder = me; settle(false, i); i = 0 }
  do
  :: i < READERS ->
     mine = false;
#ifndef MARK_AFTER
     atomic {
       if
       :: (holder == me
#ifndef NOCAS
           && WAITS(i)
#endif
#ifndef NOUNSUB
           && is_active[i]
#endif
#ifndef NOPAUSE
           && !is_paused
#endif
          ) ->
          state[i] = attempting; token[i] = me; mine = true;
          if :: !is_active[i] -> after_leaving = true :: else fi;
          if :: is_paused -> in_pause = true :: else fi
       :: else ->
          if :: WAITS(i) && !is_active[i] && holder == me -> state[i] = skipped :: else fi
       fi
     }
#ifdef LOSECOMMIT
     if :: mine && lost_commits < 1 -> atomic { lost_commits++; state[i] = pending } :: skip fi;
#endif
#else
     mine = (WAITS(i) && is_active[i] && !is_paused);
#endif
     if
     :: !mine
     :: mine ->
        if :: deaths < DEATHS -> deaths++; goto dead :: skip fi;
        begun[i] = me;
        if
        :: arrived[i]++; answer = accepted
        :: put_off < 1 -> put_off++; answer = deferred
        :: answer = rejected
        :: arrived[i]++; answer = in_doubt   /* it arrived, and the answer did not */
        :: answer = in_doubt                 /* the connection ended after the final dot */
        fi;
        if :: deaths < DEATHS -> deaths++; goto dead :: skip fi;
#ifdef MARK_AFTER
        atomic { if :: WAITS(i) -> state[i] = answer; token[i] = me :: else fi }
#else
        atomic { /* a late answer resolves a doubt, of the run that claimed the row last only */
          if :: (state[i] == attempting || state[i] == in_doubt) && token[i] == me -> state[i] = answer :: else fi
        }
#endif
     fi;
     i++
  :: else -> break
  od;
  atomic {
    if
    :: holder == me ->
       holder = 0; mine = true; i = 0;
       do
       :: i < READERS -> if :: WAITS(i) || state[i] == attempting -> mine = false :: else fi; i++
       :: else -> break
       od;
       is_closed = mine
    :: else
    fi
  }
  alive--;
  goto done;
dead:
  atomic { /* somebody finds it dead, and settles what it had claimed */
    if :: holder == me -> holder = 0; settle(journal, i) :: else fi;
    alive--
  }
done: skip
}

proctype workers() {
  byte i;
  do
  :: !is_closed && started < RUNS ->
     started++; alive++;
     if :: run run_of_slice(started, true) :: run run_of_slice(started, false) fi
  :: is_closed || started == RUNS -> break
  od;
  (alive == 0);
  is_paused = false;
  atomic { /* at last a run that does not die */
    settle(false, i); i = 0;
    do
    :: i < READERS ->
       if
       :: WAITS(i) && !is_active[i] -> state[i] = skipped
       :: WAITS(i) && is_active[i] -> state[i] = accepted; arrived[i]++
       :: else
       fi;
       i++
    :: else -> break
    od;
    i = 0
  }
  do
  :: i < READERS ->
     assert(arrived[i] <= 1);                                                       /* nobody twice */
     assert(state[i] != pending && state[i] != deferred && state[i] != attempting);  /* nobody forgotten */
     assert(state[i] != accepted || arrived[i] == 1);
     assert((state[i] != rejected && state[i] != skipped) || arrived[i] == 0);
     i++
  :: else -> break
  od;
  assert(!after_leaving);
  assert(!in_pause)
}

proctype people() {
  if :: is_active[0] = false :: skip fi;
  if :: is_paused = true; if :: is_paused = false :: skip fi :: skip fi
}

init {
  atomic {
    byte k = 0;
    do :: k < READERS -> state[k] = pending; is_active[k] = true; k++ :: else -> break od;
    run workers(); run people()
  }
}
