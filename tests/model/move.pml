// SPDX-License-Identifier: Apache-2.0
/*
 * Memory order of the maskable move (M7, M16): move() of drivers/msi/direct.c on one hart, and
 * imsic_entry on the two harts that the vector moves between. Who owns what, wishes and the latch
 * are in latch.pml, the way of a place from retired to free in retire.pml.
 *
 * The owner's stores to memory go through its store buffer, in any order, until a fence; its
 * writes to the function are in order among themselves, and have taken effect at the latest
 * when a read from it has come back. A load may be done at any time before its place in
 * the program, down to the last fence. A place that was retired is free when what had been
 * sent to it by then has arrived and been handled (one step).
 *
 * Settings: EVENTS (messages; each after a write to memory, its data). MASKED: the vector is
 * masked when it is moved, and unmasked later.
 *
 * RUN move: -DEVENTS=2
 * RUN masked: -DEVENTS=2 -DMASKED=1
 * FAULT 1 move: the message may pass the slot (publish: fence w,o)
 * FAULT 2 move: the slot may pass the descriptor (publish: release)
 * FAULT 3 move: the slot is loaded before the claim (fence i,r)
 * FAULT 4 move: what the function wrote is loaded before the claim (fence i,rw)
 * FAULT 5 move: address and data are written unmasked
 * FAULT 6 move: unmasked before the data is written
 * FAULT 7 move: the flush is left out
 * FAULT 8 move: the flush comes before the mask
 * FAULT 9 move: the place is left before the message is written
 * FAULT 10 masked: the move unmasks what was masked before
 * FAULT 11 move: the new place is published after the unmask
 */
#ifndef FAULT
#define FAULT 0
#endif
#ifndef EVENTS
#define EVENTS 1
#endif
#ifndef MASKED
#define MASKED 0
#endif

/* A place on each hart, with different identities, so that half a message is neither. */
#define OLD 0
#define NEW 1
#define NONE 9

/* Memory. */
#define UNOWNED 0
#define VECTOR  1
#define PARKED  2
byte slot[2];
bool described[2]; /* what the descriptor says of its place: hart, identity, count of places */
byte dma;          /* what the function wrote before its message: how many events */
bool left, is_free;
byte behind;       /* messages that were under way when the old place was left */

/* The owner's store buffer: memory. Its writes to the function, in order. */
bool b_slot, b_described;
#define ADDRESS 0
#define DATA    1
#define MASK    2
chan writes = [6] of { byte, byte };

/* The function, and its messages under way; the files. */
byte address, data;
bool mask, pba;
chan sent = [3] of { byte };
bool eip[2];

byte seen; /* ghost: events that a handler has seen */
bool wished_off; /* ghost: the wish binds: no message is sent */
bool done;

#define all_stored (!b_slot && !b_described)

proctype Buffer()
{
end:	do
	:: atomic { b_slot -> slot[NEW] = VECTOR; b_slot = false }
	:: atomic { b_described -> described[NEW] = true; b_described = false }
	od
}

inline send_message()
{
	assert(address == data); /* whole */
	assert(!wished_off);
	sent!address
}

proctype Function()
{
	byte n, what, value;

end:	do
	:: atomic {
		n < EVENTS ->
		n++;
		dma = n;
		if
		:: mask -> pba = true
		:: else -> send_message()
		fi
	   }
	:: atomic { pba && !mask -> pba = false; send_message() }
	:: atomic {
		writes?what, value ->
		if
		:: what == ADDRESS -> address = value
		:: what == DATA -> data = value
		:: what == MASK -> mask = value
		fi;
		what = 0; value = 0
	   }
	od
}

proctype Fabric()
{
	byte p;

end:	do
	:: atomic {
		sent?p ->
		assert(p == NEW || !is_free);
		eip[p] = true;
		behind = (behind -> behind - 1 : 0);
		p = 0
	   }
	od
}

proctype Hart(byte h)
{
	byte s = NONE, d = NONE;

end:	do
	:: /* the drain, by the hart itself */
	   atomic { h == OLD && left && !behind && !eip[OLD] && !is_free -> is_free = true; slot[OLD] = UNOWNED }
#if FAULT == 3
	:: atomic { s == NONE -> s = slot[h] }
#endif
#if FAULT == 4
	:: atomic { d == NONE -> d = dma }
#endif
	:: /* claim */
	   atomic { eip[h] -> eip[h] = false };
	   /* fence i,rw; slot */
	   atomic {
		if
		:: s == NONE -> s = slot[h]
		:: else
		fi;
		assert(s != UNOWNED)
	   };
	   /* latch, run: by the descriptor, and what the function wrote */
	   atomic {
		assert(described[h]);
		if
		:: d == NONE -> d = dma
		:: else
		fi;
		seen = (d > seen -> d : seen);
		s = NONE; d = NONE
	   }
	od
}

inline publish()
{
#if FAULT == 2
	b_described = true;
	atomic { b_slot = true };
	!b_slot /* fence w,o, of the slot */
#else
	b_described = true;
	!b_described; /* release */
	b_slot = true;
#if FAULT != 1
	all_stored /* fence w,o, in write_msg */
#endif
#endif
}

inline flush()
{
	empty(writes)
}

inline write_msg()
{
	writes!ADDRESS, NEW;
#if FAULT == 6
	if
	:: !MASKED -> writes!MASK, false
	:: else
	fi;
#endif
	writes!DATA, NEW
}

/* retire_place */
inline leave()
{
	slot[OLD] = PARKED;
	atomic { behind = len(sent); left = true }
}

proctype Owner()
{
#if MASKED
	writes!MASK, true;
	flush();
	wished_off = true;
#endif
#if FAULT != 11
	publish();
#endif
#if FAULT == 8
	flush();
#endif
#if FAULT != 5
	writes!MASK, true;
#endif
#if FAULT != 7 && FAULT != 8
	flush();
#endif
#if FAULT == 9
	slot[OLD] = UNOWNED;
#endif
	write_msg();
#if FAULT == 5
	flush();
#endif
#if !MASKED || FAULT == 10
	writes!MASK, false;
#endif
#if FAULT == 11
	publish();
#endif
	leave();
#if MASKED
	wished_off = false;
	writes!MASK, false;
#endif
	done = true
}

proctype Rest()
{
	timeout ->
	assert(done && empty(writes) && empty(sent) && !pba && !mask);
	assert(seen == EVENTS);
	assert(address == NEW && slot[NEW] == VECTOR && is_free && slot[OLD] == UNOWNED)
}

init
{
	atomic {
		slot[OLD] = VECTOR;
		described[OLD] = true;
		run Rest();
		run Buffer();
		run Function();
		run Fabric();
		run Hart(OLD);
		run Hart(NEW);
		run Owner()
	}
}
