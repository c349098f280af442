// SPDX-License-Identifier: Apache-2.0
/*
 * Moves of a function without mask bits (M8: drivers/msi/direct_move.c) and of a block of
 * messages (M9: kernel/irq_block.c): one address and one data register for all. The steps
 * have the names there and in docs/msi.md.
 *
 * Two harts with NUMBERS aligned blocks of MESSAGES identities each. The function takes writes
 * in order, and one has taken effect at the latest when a read comes back (flush). A place that
 * was retired is free when what had been sent to it by then has arrived and been handled: that
 * is retire.pml's to show, and so is a step here. Mask and latch are one step (latch.pml).
 *
 * Settings: MESSAGES, NUMBERS, EVENTS (of the last message), MOVES (1: to hart 1, 2: and
 * back), AGAIN (1: somebody else wishes hart 1 as well), PAIR (1: somebody masks and unmasks the
 * last message), OTHER (1: somebody claims any place, and gives it back), TAKEN (1: the first
 * number is another's at hart 1, so the data has to change).
 *
 * RUN move: -DMOVES=1 -DTAKEN=1
 * RUN same-number: -DMOVES=1
 * RUN there-and-back: -DMOVES=2 -DTAKEN=1
 * RUN other: -DMOVES=2 -DOTHER=1 -DTAKEN=1 -DEVENTS=1
 * RUN three: -DMOVES=1 -DNUMBERS=3 -DTAKEN=1
 * RUN block: -DMESSAGES=2 -DMOVES=1 -DTAKEN=1 -DPAIR=1
 * RUN wishes: -DMESSAGES=2 -DNUMBERS=1 -DMOVES=2 -DAGAIN=1 -DPAIR=1 -DEVENTS=1
 * RUN all-wishes: -DMESSAGES=2 -DMOVES=2 -DAGAIN=1 -DTAKEN=1 -DPAIR=1 -DEVENTS=1
 * FAULT 1 move: only (to, j) is published, not (from, j)
 * FAULT 2 move: only (from, j) is published, not (to, j)
 * FAULT 3 move: the address is written before the data
 * FAULT 4 move: (from, i) is retired before flush_data
 * FAULT 5 move: (from, j) is retired before flush_address
 * FAULT 6 move: only one of the two places is retired
 * FAULT 7 other: j is reserved at the other hart only
 * FAULT 8 block: a block publishes its lead's place only
 * FAULT 9 wishes: who finds an owner does not set DIRTY
 * FAULT 10 wishes: disown_lead does not look at DIRTY
 * FAULT 11 wishes: DIRTY is cleared after the block was applied
 * FAULT 12 wishes: apply_block looks at the lead's word only
 * FAULT 13 wishes: a wisher applies the block, whoever owns it
 * FAULT 14 three: data is not taken whole (an assumption)
 */
#ifndef FAULT
#define FAULT 0
#endif
#ifndef MESSAGES
#define MESSAGES 1
#endif
#ifndef NUMBERS
#define NUMBERS 2
#endif
#ifndef EVENTS
#define EVENTS 2
#endif
#ifndef MOVES
#define MOVES 0
#endif
#ifndef AGAIN
#define AGAIN 0
#endif
#ifndef PAIR
#define PAIR 0
#endif
#ifndef TAKEN
#define TAKEN 0
#endif
#ifndef OTHER
#define OTHER 0
#endif

#define BLOCKS  (2 * NUMBERS)
#define PLACES  (BLOCKS * MESSAGES)
#define BLOCK(h, j) ((h) * NUMBERS + (j))
#define AT(b, m)    ((b) * MESSAGES + (m))
#define LAST        (MESSAGES - 1)
#define NOWHERE     15

/* Who has a block of places: nobody, this function, somebody else. */
#define FREE   0
#define OURS   1
#define LEFT   2
#define OTHERS 3
byte has[BLOCKS];
byte behind[BLOCKS];  /* LEFT: messages that were under way when it was left */
byte slot[PLACES];    /* 0: unowned; 1 + message, parked or not */
bool eip[PLACES];

/* The function. */
byte address, data;
chan writes = [2] of { bool, byte };  /* true: the address */
chan sent = [3] of { byte };
byte raised, seen;                    /* ghost, of the last message */

/* The words: the members', and what is the lead's alone. */
bool off, pend;                       /* the last message's */
bool lead_owned, lead_dirty;
byte target;
byte hart, number;                    /* the owner's: where the block sits */
byte owners;                          /* ghost */
byte at_work;                         /* ghost: processes that have not ended */

proctype Function()
{
	byte n;

	do
	:: n < EVENTS -> atomic { raised++; sent!AT(BLOCK(address, data), LAST); n++ }
	:: n == EVENTS -> atomic { at_work--; break }
	od
}

inline arrive(p)
{
	assert(has[p / MESSAGES] == OURS || has[p / MESSAGES] == LEFT);
	assert(slot[p] == 1 + LAST); /* published before the message */
	eip[p] = true
}

proctype Fabric()
{
	byte p, b;
	bool is_address;

end:	do
	:: atomic { writes?is_address, b -> if :: is_address -> address = b :: else -> data = b fi; b = 0; is_address = false }
	:: atomic {
		sent?p ->
		arrive(p);
		do
		:: b < BLOCKS -> behind[b] = (behind[b] -> behind[b] - 1 : 0); b++
		:: else -> break
		od;
		b = 0; p = 0
	   }
	od
}

#define nothing_pending(b) (!eip[AT(b, 0)] && !eip[AT(b, LAST)])

#define CLAIM(p) atomic { eip[p] -> eip[p] = false; if :: off -> pend = true :: else -> seen = raised fi }
#define DRAIN(b) atomic { \
	has[b] == LEFT && !behind[b] && nothing_pending(b) -> \
	has[b] = FREE; slot[AT(b, 0)] = 0; slot[AT(b, LAST)] = 0 }

proctype Harts()
{
end:	do
	:: CLAIM(AT(0, LAST))
	:: CLAIM(AT(1, LAST))
	:: DRAIN(0)
	:: DRAIN(1)
#if NUMBERS > 1
	:: CLAIM(AT(2, LAST))
	:: CLAIM(AT(3, LAST))
	:: DRAIN(2)
	:: DRAIN(3)
#endif
#if NUMBERS > 2
	:: CLAIM(AT(4, LAST))
	:: CLAIM(AT(5, LAST))
	:: DRAIN(4)
	:: DRAIN(5)
#endif
	od
}

proctype Other()
{
	byte b = NOWHERE;

	atomic {
		if
		:: has[BLOCK(0, NUMBERS - 1)] == FREE -> b = BLOCK(0, NUMBERS - 1)
		:: has[BLOCK(1, 0)] == FREE -> b = BLOCK(1, 0)
		:: has[BLOCK(1, NUMBERS - 1)] == FREE -> b = BLOCK(1, NUMBERS - 1)
		:: has[BLOCK(0, 0)] == FREE -> b = BLOCK(0, 0)
		fi;
		has[b] = OTHERS
	};
	atomic { has[b] = FREE; at_work-- }
}

/* --- M8 --- */

inline publish(b)
{
#if MESSAGES > 1
	slot[AT(b, 0)] = 1;
#endif
#if FAULT != 8
	slot[AT(b, LAST)] = 1 + LAST
#else
	slot[AT(b, 0)] = 1
#endif
}

inline retire(b)
{
	atomic { has[b] = LEFT; behind[b] = len(sent) }
}

inline give(b)
{
	has[b] = FREE
}

/* A number that is free on both harts, bit by bit: j, or NOWHERE. */
inline reserve_pair(to)
{
	j = 0;
	do
	:: j < NUMBERS ->
		atomic {
			ok = (has[BLOCK(to, j)] == FREE);
			if
			:: ok -> has[BLOCK(to, j)] = OURS
			:: else
			fi
		};
#if FAULT == 7
		if
		:: ok -> break
		:: else
		fi;
#else
		if
		:: ok && j == number -> break
		:: ok && j != number ->
			atomic {
				ok = (has[BLOCK(hart, j)] == FREE);
				if
				:: ok -> has[BLOCK(hart, j)] = OURS
				:: else
				fi
			};
			if
			:: ok -> break
			:: else -> give(BLOCK(to, j))
			fi
		:: else
		fi;
#endif
		j++
	:: else -> j = NOWHERE; break
	od;
	ok = false
}

inline flush()
{
	empty(writes)
}

inline write_data(j)
{
#if FAULT == 14
	writes!false, NUMBERS - 1;
#endif
	writes!false, j
}

/* At (hart, number), to the same number there or by way of (hart, j). */
inline move(to)
{
	reserve_pair(to);
	if
	:: j == NOWHERE ->
		/* drop_target */
		atomic {
			if
			:: target == to -> target = hart
			:: else
			fi
		}
	:: else ->
		/* publish_both */
#if FAULT != 2
		publish(BLOCK(to, j));
#endif
#if FAULT == 3
		writes!true, to;
		flush();
#endif
		if
		:: j != number ->
#if FAULT != 1
			publish(BLOCK(hart, j));
#endif
			/* write_data, flush_data */
			write_data(j);
#if FAULT != 4
			flush();
#endif
			/* settle, retire_both */
			i = number;
			number = j;
			retire(BLOCK(hart, i));
			i = 0
		:: else
		fi;
#if FAULT != 3
		/* write_address, flush_address */
		writes!true, to;
#endif
#if FAULT != 5
		flush();
#endif
		/* settle, retire_both */
		i = hart;
		hart = to;
#if FAULT != 6
		retire(BLOCK(i, j));
#endif
		i = 0
	fi;
	j = 0
}

/* --- M9 --- */

inline apply_block()
{
#if FAULT == 11
	st = target;
#else
	atomic { lead_dirty = false; st = target };
#endif
	if
	:: st != hart -> move(st)
	:: else
	fi;
	/* apply_members: take_pend, and the re-send to the current place */
#if FAULT == 12 && MESSAGES > 1
	skip;
#else
	atomic {
		if
		:: pend && !off -> pend = false; ok = true
		:: else
		fi
	};
	if
	:: ok -> ok = false; atomic { arrive(AT(BLOCK(hart, number), LAST)) }
	:: else
	fi;
#endif
#if FAULT == 11
	lead_dirty = false
#endif
}

inline own_lead()
{
	atomic { owners++; assert(owners == 1) };
	do
	:: apply_block();
	   /* disown_lead */
	   atomic {
		if
#if FAULT == 10
		:: true -> lead_owned = false; owners--; st = 0; break
#else
		:: !lead_dirty -> lead_owned = false; owners--; st = 0; break
		:: else
#endif
		fi
	   }
	od
}

/* After the wish: who finds LEAD_OWNED clear is the owner. */
inline dirty()
{
	atomic {
#if FAULT == 9
		lead_dirty = lead_dirty || !lead_owned;
#else
		lead_dirty = true;
#endif
#if FAULT == 13
		mine = true;
#else
		mine = !lead_owned;
#endif
		lead_owned = true
	};
	if
	:: mine -> mine = false; own_lead()
	:: else
	fi
}

#define OWNER bool mine, ok; byte st, i, j

proctype Mover()
{
	OWNER;

	/* wish */
	target = 1;
	dirty();
#if MOVES > 1
	target = 0;
	dirty();
#endif
	at_work--
}

proctype Again()
{
	OWNER;

	target = 1;
	dirty();
	at_work--
}

proctype Masker()
{
	OWNER;

	off = true;
	dirty();
	off = false;
	dirty();
	at_work--
}

/* When nothing can happen any more. */
proctype Rest()
{
	byte b;

	timeout ->
	assert(at_work == 0);
	assert(!lead_owned && !lead_dirty && !pend);
	assert(seen == raised);
	assert(address == hart && data == number && target == hart);
	for (b : 0 .. BLOCKS - 1) {
		/* what was left is free, the block has one place and the message goes there */
		assert(has[b] == (b == BLOCK(hart, number) -> OURS : FREE) || (TAKEN && b == BLOCK(1, 0)));
		assert((slot[AT(b, LAST)] == 1 + LAST) == (b == BLOCK(hart, number)))
	}
#if !OTHER
	assert(MOVES != 1 || hart == 1)
#endif
}

init
{
	atomic {
		has[0] = OURS;
#if TAKEN
		has[BLOCK(1, 0)] = OTHERS;
#endif
		slot[AT(0, 0)] = 1;
		slot[AT(0, LAST)] = 1 + LAST;
		at_work++; run Function();
		run Rest();
		run Fabric();
		run Harts();
		at_work++; run Mover();
#if AGAIN
		at_work++; run Again();
#endif
#if PAIR
		at_work++; run Masker();
#endif
#if OTHER
		at_work++; run Other();
#endif
	}
}
