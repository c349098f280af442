// SPDX-License-Identifier: Apache-2.0
/*
 * A hart goes away (M12): kernel/hart_off.c, kernel/vector_file.c and those who claim, move,
 * free and post meanwhile. Hart 0 goes, hart 1 stays. The steps have the names of the C
 * functions. That a place that was left is free only when nothing can arrive there any
 * more is retire.pml's to show, and one step here.
 *
 * Settings: IDS (identities of each file). V0 sits on hart 0. ALLOC: V1 is allocated, on
 * whichever hart. COMES: V1 sits on hart 1, and somebody moves it to hart 0. LEAVES: somebody
 * moves V0 to hart 1. POST: somebody posts work to hart 0. GIVE_UP: the closer may give up at
 * any time. EVENTS: messages of V1's function or, when there is none, of V0's.
 *
 * RUN alloc: -DALLOC=1
 * RUN comes: -DCOMES=1
 * RUN leaves: -DLEAVES=1 -DGIVE_UP=1
 * RUN post: -DPOST=1 -DGIVE_UP=1 -DEVENTS=0
 * RUN give-up: -DALLOC=1 -DGIVE_UP=1 -DEVENTS=0
 * RUN no-room: -DALLOC=1 -DIDS=1
 * FAULT 1 alloc: the closer looks once what sits there
 * FAULT 2 comes: the hart stops when no slot has a vector, drained or not
 * FAULT 3 alloc: what is given back to a closed file is offered again
 * FAULT 4 give-up: who collects does not look again whether the file is closed
 * FAULT 5 post: who posts does not look again whether the hart is on line
 * FAULT 6 leaves: a reserved place is taken with a load and a store
 * FAULT 7 leaves: reserved places that nobody took are not given back
 * FAULT 8 alloc: collecting does not hold the space's credit
 */
#ifndef FAULT
#define FAULT 0
#endif
#ifndef IDS
#define IDS 2
#endif
#ifndef ALLOC
#define ALLOC 0
#endif
#ifndef COMES
#define COMES 0
#endif
#ifndef LEAVES
#define LEAVES 0
#endif
#ifndef POST
#define POST 0
#endif
#ifndef GIVE_UP
#define GIVE_UP 0
#endif
#define VECTORS 2
#define NOWHERE 9
#define UNOWNED 0
#define PARKED  9
#ifndef EVENTS
#define EVENTS 1
#endif

#define ONLINE   0
#define LEAVING  1
#define STOPPING 2
#define OFFLINE  3
byte state = ONLINE;
bool stopped, work, refused, worked;
bool no_room; /* ghost */

/* --- the vector space; hands: ghost, how many have a place --- */

#define AT(h, x) ((h) * IDS + (x))
byte credit, held;
byte fcredit[2], kept;
bool closed;
bool free_bit[2 * IDS];
byte hands[2 * IDS];

byte slot[2 * IDS];
bool eip[2 * IDS];
byte exit_of[IDS]; /* hart->exits: 1 + place, 0: none */

/* Vectors: word, place, message; what is under way from the function. */
byte target[VECTORS], cur[VECTORS], message[VECTORS];
bool owned[VECTORS], written[VECTORS];
byte raised[VECTORS], seen[VECTORS];
chan sent[VECTORS] = [1] of { byte };

byte at_work; /* ghost: processes that have not ended */

#define HART_OF(place) ((place) / IDS)

/* claim_drain and free_place, when nothing of the past is left */
#define drained(p) (slot[p] == PARKED && !eip[p] && !(sent[0]??[eval(p)]) && !(sent[1]??[eval(p)]))

inline collect()
{
	/* hold_space */
	atomic {
		n = (fcredit[0] < credit -> fcredit[0] : credit);
#if FAULT == 8
		n = fcredit[0];
#else
		credit = credit - n; held = held + n
#endif
	};
	if
	:: n ->
		/* take_file */
		atomic { k = (fcredit[0] < n -> fcredit[0] : n); fcredit[0] = fcredit[0] - k };
		kept = kept + k;
#if FAULT != 8
		atomic { held = held - n; credit = credit + n - k };
#endif
#if FAULT != 4
		if
		:: !closed -> give_back()
		:: else
		fi;
#endif
		n = 0; k = 0
	:: else
	fi
}

inline give_back()
{
	atomic { k = kept; kept = 0 };
	fcredit[0] = fcredit[0] + k;
	credit = credit + k;
	k = 0
}

/* vector_release */
inline release(p)
{
	/* give_bit */
	atomic { hands[p]--; free_bit[p] = true };
	/* give_file */
	fcredit[HART_OF(p)]++;
	/* give_space */
	credit++;
#if FAULT != 3
	if
	:: HART_OF(p) == 0 && closed -> collect()
	:: else
	fi
#endif
}

inline take_bits(h)
{
	atomic {
		if
		:: free_bit[AT(h, 0)] -> x = AT(h, 0)
#if IDS > 1
		:: free_bit[AT(h, 1)] -> x = AT(h, 1)
#endif
		fi;
		free_bit[x] = false;
		hands[x]++;
		assert(hands[x] == 1)
	}
}

/* One place on any hart: x, or NOWHERE. */
inline claim()
{
	/* promise */
	atomic {
		x = NOWHERE;
		if
		:: credit > 0 -> credit--; n = 1
		:: else
		fi
	};
	if
	:: n ->
		/* file_credit: of one that has some, which is certain to come */
		atomic {
			if
			:: fcredit[0] > 0 -> fcredit[0]--; k = 0
			:: fcredit[1] > 0 -> fcredit[1]--; k = 1
			fi
		};
		take_bits(k);
		n = 0; k = 0
	:: else
	fi
}

/* One on exactly this hart: vector_claim_block(1). */
inline claim_at(h)
{
	/* promise */
	atomic {
		x = NOWHERE;
		if
		:: fcredit[h] > 0 && credit > 0 -> credit--; held++; n = 1
		:: else
		fi
	};
	if
	:: n ->
		/* file_credit */
		atomic {
			if
			:: fcredit[h] > 0 -> fcredit[h]--; k = 1
			:: else -> k = 0
			fi
		};
		if
		:: k -> take_bits(h)
		:: else
		fi;
		/* settle */
		atomic { held--; credit = credit + 1 - k };
		n = 0; k = 0
	:: else
	fi
}

/* --- functions and interrupts --- */

proctype Function(byte v)
{
	byte n;

	do
	:: n < EVENTS -> atomic { written[v] -> raised[v]++; sent[v]!message[v]; n++ }
	:: n == EVENTS -> atomic { at_work--; break }
	od
}

#define INTERRUPT(p) atomic { \
	eip[p] && !(HART_OF(p) == 0 && stopped) -> \
	eip[p] = false; v = slot[p]; assert(v != UNOWNED); \
	if :: v != PARKED -> seen[v - 1] = raised[v - 1] :: else -> d_step { seen[0] = raised[0]; seen[1] = raised[1] } fi; \
	v = 0 }

#define DRAIN(p) atomic { drained(p) && !(HART_OF(p) == 0 && stopped) -> x = p; slot[p] = UNOWNED }

proctype Harts()
{
	byte x, v, n, k;

end:	do
	:: atomic { sent[0]?x -> assert(!(HART_OF(x) == 0 && stopped)); eip[x] = true; x = 0 }
	:: atomic { sent[1]?x -> assert(!(HART_OF(x) == 0 && stopped)); eip[x] = true; x = 0 }
	:: INTERRUPT(0)
	:: INTERRUPT(1)
	:: DRAIN(0) -> release(x); x = 0
	:: DRAIN(1) -> release(x); x = 0
#if IDS > 1
	:: INTERRUPT(2)
	:: INTERRUPT(3)
	:: DRAIN(2) -> release(x); x = 0
	:: DRAIN(3) -> release(x); x = 0
#endif
	od
}

/* --- the owner of a vector --- */

/* hart_take_exit */
inline take_exit(e)
{
#if FAULT == 6
	x = exit_of[e];
	exit_of[e] = 0;
#else
	atomic { x = exit_of[e]; exit_of[e] = 0 };
#endif
	atomic {
		if
		:: x -> x--
		:: else -> x = NOWHERE
		fi
	}
}

inline move(v, to)
{
	x = NOWHERE;
	if
	:: HART_OF(cur[v]) == 0 && to == 1 -> take_exit(cur[v]) /* hart_has_exit */
	:: else
	fi;
	if
	:: x == NOWHERE -> claim_at(to)
	:: else
	fi;
	if
	:: x == NOWHERE ->
		/* drop_target */
		failed = true;
		atomic {
			if
			:: target[v] == to -> target[v] = HART_OF(cur[v])
			:: else
			fi
		}
	:: else ->
		slot[x] = v + 1;
		message[v] = x;
		/* settle, retire_place */
		atomic { slot[cur[v]] = PARKED; cur[v] = x }
	fi;
	x = NOWHERE
}

inline own(v)
{
	do
	:: st = target[v];
	   if
	   :: st != HART_OF(cur[v]) -> move(v, st)
	   :: else
	   fi;
	   /* disown */
	   atomic {
		if
		:: target[v] == HART_OF(cur[v]) -> owned[v] = false; st = 0; break
		:: else
		fi
	   }
	od
}

/* irq_set_affinity; smp_online, then the wish */
inline set_affinity(v, to)
{
	failed = false;
	if
	:: to == 0 && state != ONLINE -> failed = true
	:: else ->
		atomic {
			target[v] = to;
			if
			:: !owned[v] -> owned[v] = true; mine = true
			:: else
			fi
		};
		if
		:: mine -> mine = false; own(v)
		:: else
		fi
	fi
}

#define OWNER bool mine, failed; byte st, x = NOWHERE, n, k

proctype Mover(byte v, to)
{
	OWNER;

	set_affinity(v, to);
	at_work--
}

/* msi_alloc and msi_enable of V1 */
proctype Alloc()
{
	OWNER;

	claim();
	if
	:: x != NOWHERE ->
		atomic { cur[1] = x; target[1] = HART_OF(x) };
		/* publish */
		slot[x] = 2;
		/* irq_activate; who owns it meanwhile writes the message as well */
		atomic { !owned[1] -> message[1] = cur[1]; written[1] = true };
		at_work++;
		run Function(1)
	:: else
	fi;
	at_work--
}

proctype Poster()
{
	/* smp_post */
	if
	:: state != ONLINE -> refused = true
	:: else ->
		work = true;
#if FAULT != 5
		if
		:: state != ONLINE ->
			/* retract */
			atomic {
				if
				:: work -> work = false; refused = true
				:: else
				fi
			}
		:: else
		fi
#endif
	fi;
	at_work--
}

/* --- the hart's own thread --- */

#define nothing_sits(p) (slot[p] == UNOWNED || slot[p] == PARKED)
#define sits_none       (nothing_sits(0) && nothing_sits(IDS - 1))

/* What it would see in vain is left out. */
#if FAULT == 2
#define is_empty sits_none
#else
#define is_empty (kept == IDS)
#endif

proctype Hart0()
{
	byte n, k;

end:	do
	:: atomic { work && !stopped -> work = false; worked = true }
#if FAULT != 3
	:: state == STOPPING && fcredit[0] -> collect()
#endif
	:: state == STOPPING && !work && is_empty ->
		/* hart_stop_if_asked, leave */
		atomic {
			if
			:: state == STOPPING ->
				k = 1;
				state = OFFLINE
			:: else
			fi
		};
		if
		:: k && work -> k = 0; state = STOPPING
		:: k && !work ->
			/* is_quiet: delivery off, one look at all */
			atomic {
				k = 0;
				assert(!eip[0] && !eip[IDS - 1]);
				stopped = true
			}
		:: else
		fi
	od
}

/* --- the closer --- */

inline look(p)
{
	atomic {
		k = slot[p];
		if
		:: k == UNOWNED || k == PARKED -> k = 0
		:: else -> sits = true
		fi
	};
	if
	:: k -> seat = k - 1; k = 0; set_affinity(seat, 1)
	:: else
	fi
}

/* Without room for what sits there, the next look finds the same (-EAGAIN). */
#define worth_a_look (sits_none || exit_of[0] || (credit && fcredit[1]))

inline move_all()
{
	sits = false;
	look(0);
#if IDS > 1
	look(1)
#endif
}

proctype Closer()
{
	OWNER;
	byte seat;
	bool sits;


	/* close */
	state = LEAVING;
	closed = true;
	collect();
	/* reserve: for V0, if it sits there */
	if
	:: slot[0] == 1 ->
		claim();
		if
		:: x != NOWHERE && HART_OF(x) == 1 -> exit_of[0] = x + 1; x = NOWHERE
		:: else ->
			no_room = true;
			if
			:: x != NOWHERE -> release(x); x = NOWHERE
			:: else
			fi;
			goto reopen
		fi
	:: else
	fi;
	/* move */
	do
	:: move_all();
#if FAULT == 1
	   break
#else
	   if
	   :: !sits -> break
	   :: sits && GIVE_UP -> goto drop
	   :: sits && worth_a_look
#if IDS == 1
	   :: sits && !worth_a_look -> no_room = true; goto drop
#endif
	   fi
#endif
	od;
	/* stop */
	state = STOPPING;
	do
	:: stopped -> break
#if FAULT != 1
	:: !stopped && !sits_none && worth_a_look -> move_all()
#endif
	:: !stopped && (GIVE_UP || (IDS == 1 && !sits_none && !worth_a_look)) ->
		atomic {
			no_room = !GIVE_UP;
			if
			:: state == STOPPING -> state = LEAVING; goto drop
			:: else
			fi
		}
	od;
drop:
	/* drop_exits */
#if FAULT != 7
	take_exit(0);
	if
	:: x != NOWHERE -> release(x); x = NOWHERE
	:: else
	fi;
#endif
reopen:
	if
	:: !stopped ->
		state = ONLINE;
		/* vector_file_reopen */
		closed = false;
		give_back()
	:: else
	fi;
	at_work--
}

/* When nothing can happen any more. */
proctype Rest()
{
	byte i, used[2];

	timeout ->
	assert(at_work == 0);
	for (i : 0 .. VECTORS - 1) {
		assert(!owned[i] && seen[i] == raised[i]);
		assert(cur[i] == NOWHERE || slot[cur[i]] == i + 1);
		assert(cur[i] == NOWHERE || message[i] == cur[i] || !written[i]);
		if
		:: cur[i] != NOWHERE -> used[HART_OF(cur[i])]++; assert(target[i] == HART_OF(cur[i]))
		:: else
		fi
	}
	/* credits are those of the places */
	assert(held == 0 && fcredit[1] + used[1] == IDS);
	assert(credit == fcredit[0] + fcredit[1]);
	if
	:: stopped -> assert(kept == IDS && fcredit[0] == 0 && used[0] == 0 && state == OFFLINE)
	:: else -> assert(kept == 0 && fcredit[0] + used[0] == IDS && state == ONLINE)
	fi;
	assert(stopped || GIVE_UP || no_room);
	assert(!POST || refused || worked);
	assert(!work)
}

init
{
	byte i;

	atomic {
		for (i : 0 .. 2 * IDS - 1) { free_bit[i] = true }
		fcredit[0] = IDS - 1; fcredit[1] = IDS; credit = 2 * IDS - 1;
		free_bit[0] = false; hands[0] = 1; slot[0] = 1; written[0] = true;
		cur[1] = NOWHERE;
#if COMES
		cur[1] = AT(1, 0); message[1] = AT(1, 0); target[1] = 1; written[1] = true;
		free_bit[AT(1, 0)] = false; hands[AT(1, 0)] = 1; slot[AT(1, 0)] = 2; fcredit[1]--; credit--;
		at_work++; run Function(1);
		at_work++; run Mover(1, 0);
#endif
		run Rest();
		run Harts();
		run Hart0();
#if !ALLOC && !COMES
		at_work++; run Function(0);
#endif
		at_work++; run Closer();
#if LEAVES
		at_work++; run Mover(0, 1);
#endif
#if ALLOC
		at_work++; run Alloc();
#endif
#if POST
		at_work++; run Poster();
#endif
	}
}
