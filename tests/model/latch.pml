// SPDX-License-Identifier: Apache-2.0
/*
 * The ownership word and the in-progress latch of kernel/irq.c for one vector and two
 * interrupt files. The steps have the names of the functions there and of the labels in
 * drivers/irqchip/imsic_entry.S: claim, latch, complete, take_pend; own, disown.
 * Each read-modify-write of the word is one step; a compare-and-swap loop is the one step
 * that ends it, as its failures change nothing.
 *
 * Settings: EVENTS (messages of the device), MASKABLE (0: the function has no mask bit),
 * MASKS (mask-unmask pairs), MOVES (1: set_affinity to hart 1), KILL (1: irq_kill).
 *
 * RUN maskable: -DMASKS=1 -DMOVES=1
 * RUN unmaskable: -DMASKABLE=0 -DMASKS=1 -DMOVES=1
 * RUN many-events: -DMASKABLE=0 -DMASKS=2 -DEVENTS=3 -DMOVES=0
 * RUN kill: -DKILL=1 -DMASKS=1 -DMOVES=1 -DMASKABLE=0
 * RUN no-livelock: -DNP -DMASKS=1 -DMOVES=1
 * FAULT 1 maskable: a claim that finds RUN drops its event
 * FAULT 2 maskable: complete does not look at PEND
 * FAULT 3 maskable: complete clears RUN with a load and a store
 * FAULT 4 maskable: a claim that found RUN sets PEND without looking at RUN again
 * FAULT 5 unmaskable: a claim that finds OFF leaves RUN set
 * FAULT 6 unmaskable: unmask does not re-send PEND
 * FAULT 7 maskable: disown does not look for new wishes
 * FAULT 8 maskable: a claim does not look at RUN
 * FAULT 9 maskable: who wishes applies it even if there is an owner
 * FAULT 10 unmaskable: a claim that finds OFF writes the word with a load and a store
 * FAULT 11 kill: kill does not wait for RUN
 * FAULT 12 maskable: complete before the handler has ended
 * FAULT 13 unmaskable: a claim does not look at OFF
 * FAULT 14 unmaskable: disown does not look for PEND, which a mask and unmask may have left
 * FAULT 15 kill: a claim does not look at DEAD, when an unmask came after the kill
 */
#ifndef FAULT
#define FAULT 0
#endif
#ifndef EVENTS
#define EVENTS 2
#endif
#ifndef MASKABLE
#define MASKABLE 1
#endif
#ifndef MASKS
#define MASKS 1
#endif
#ifndef MOVES
#define MOVES 0
#endif
#ifndef KILL
#define KILL 0
#endif
#define HARTS 2

/* One atomic word. */
bool off, pend, running, owned, dead;
byte target;

/* The source's registers; message: the hart that it is sent to. */
bool mask_bit, pba;
byte message;
byte cur;           /* desc->hart: the owner's */
bool eip[HARTS];    /* the vector's identity, current or left behind, at each file */

byte raised, seen;  /* ghost: events so far, and when the handler last looked */
byte inside;        /* ghost: handlers running */
bool killed;        /* ghost: irq_kill() has returned */
byte finished, started;

proctype Device()
{
	byte n;

	do
	:: n < EVENTS ->
		atomic {
			raised++;
			if
			:: mask_bit -> pba = true
			:: else -> eip[message] = true
			fi;
			n++
		}
	:: else -> break
	od;
	finished++
}

proctype Pending()
{
end:	do
	:: atomic { pba && !mask_bit -> pba = false; eip[message] = true }
	od
}

/* Sets taken: PEND was there and nobody else's to take. */
inline take_pend()
{
	atomic {
		if
		:: pend && !off && !running && !dead -> pend = false; taken = true
		:: else -> taken = false
		fi
	}
}

proctype Hart(byte h)
{
	bool was_off, was_running, was_dead, was_pend, mine, taken;
	bool off_then; /* ghost: OFF when the handler was granted */

end:	do
	:: atomic { eip[h] -> eip[h] = false };
	   /* latch */
	   atomic { off_then = off; was_off = off; was_dead = dead; was_running = running; running = true };
#if FAULT == 8
	   was_running = false;
#endif
#if FAULT == 13
	   was_off = false;
#endif
	   if
#if FAULT == 15
	   :: !was_off && !was_running -> goto handler
#else
	   :: !was_off && !was_running && !was_dead -> goto handler
#endif
	   :: else
	   fi;
	   /* irq_claim_slow */
	   mine = !was_running;
#if FAULT == 10
	   atomic { was_off = off; was_pend = pend; was_running = running };
	   if
	   :: mine && was_off -> atomic { off = was_off; pend = true; running = false }; goto again
	   :: else
	   fi;
#endif
	   atomic {
		if
#if FAULT == 4
		:: !mine -> pend = true; goto again
#elif FAULT == 1
		:: !mine && running -> goto again
#else
		:: !mine && running -> pend = true; goto again
#endif
		:: !(!mine && running) && dead -> running = false; goto again
#if FAULT == 5
		:: !(!mine && running) && !dead && off -> pend = true; goto again
#else
		:: !(!mine && running) && !dead && off -> pend = true; running = false; goto again
#endif
		:: !(!mine && running) && !dead && !off -> off_then = false; running = true
		fi
	   };
handler:   atomic { was_off = false; was_dead = false; was_running = false; mine = false; inside++; assert(inside == 1); assert(!killed); assert(!off_then) };
#if FAULT == 12
	   atomic { running = false; was_pend = pend };
#endif
	   atomic { assert(!killed); seen = raised };
	   inside--;
complete:
#if FAULT == 12
	   skip;
#elif FAULT == 3
	   was_pend = pend;
	   atomic { running = false; pend = was_pend };
#else
	   atomic { running = false; was_pend = pend };
#endif
#if FAULT == 2
	   was_pend = false;
#endif
	   if
	   :: was_pend ->
		was_pend = false;
		take_pend();
		if
		:: taken -> taken = false; eip[h] = true
		:: else
		fi
	   :: else
	   fi;
again:	   atomic { off_then = false; was_off = false; was_dead = false; was_running = false; was_pend = false; mine = false }
	od
}

/* Holder of OWNED: brings the source to the wishes until none is new. */
inline own()
{
	do
	:: d_step { so = off; st = target; sd = dead };
	   /* apply_move */
	   if
	   :: st != cur && !sd ->
		was_masked = mask_bit;
#if MASKABLE
		mask_bit = true;
		atomic { assert(mask_bit); message = st };
		mask_bit = was_masked;
#else
		message = st;
#endif
		cur = st
	   :: else
	   fi;
	   /* apply_registers */
#if MASKABLE
	   mask_bit = so || sd;
#endif
#if FAULT != 6
	   take_pend();
	   if
	   :: taken -> taken = false; eip[cur] = true
	   :: else
	   fi;
#endif
	   /* disown */
	   atomic {
		if
#if FAULT == 7
		:: true ->
#elif FAULT == 6 || FAULT == 14
		:: off == so && target == st && dead == sd ->
#else
		/* OFF may have been set and cleared since, and an event latched between */
		:: off == so && target == st && dead == sd && !(pend && !off && !running && !dead) ->
#endif
			owned = false; so = false; st = 0; sd = false; was_masked = false;
			break
		:: else
		fi
	   }
	od
}

/* Who found OWNED clear applies the wish; else its holder sees it before it lets go. */
inline own_if(first)
{
#if FAULT == 9
	first = true;
#endif
	if
	:: first -> own()
	:: else
	fi
}

proctype Masker()
{
	bool so, sd, was_masked, taken, mine;
	byte st, n;

	do
	:: n < MASKS ->
		/* irq_mask: one fetch_or */
		atomic { off = true; mine = !owned; owned = true };
		own_if(mine);
		/* irq_unmask: the wish by a fetch_and, then OWNED */
		off = false;
		atomic { mine = !owned; owned = true };
		own_if(mine);
		n++
	:: else -> break
	od;
	finished++
}

proctype Mover()
{
	bool so, sd, was_masked, taken, mine;
	byte st;

	atomic {
		if
		:: dead -> mine = false
		:: else -> target = 1; mine = !owned; owned = true
		fi
	};
	own_if(mine);
	finished++
}

/* irq_kill() */
proctype Killer()
{
	atomic { dead = true; off = true };
#if FAULT == 11
	!owned;
#else
	!running && !owned;
#endif
	killed = true;
	finished++
}

/* When nothing can happen any more. */
proctype Rest()
{
	timeout ->
	assert(finished == started);
	assert(!running && !owned && !inside);
#if KILL
	assert(killed);
#else
	assert(!off && !pend && !pba);
	assert(seen == raised);
	assert(cur == target && message == target && mask_bit == off);
	assert(target == MOVES)
#endif
}

init
{
	atomic {
		run Rest();
		run Device(); started++;
		run Pending();
		run Hart(0);
		run Hart(1);
#if MASKS
		run Masker(); started++;
#endif
#if MOVES
		run Mover(); started++;
#endif
#if KILL
		run Killer(); started++;
#endif
	}
}
