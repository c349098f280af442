// SPDX-License-Identifier: Apache-2.0
/*
 * The ownership word and the in-progress latch of kernel/irq.c for one vector and a place
 * at each of two interrupt files. The steps have the names of the functions there and in
 * drivers/msi/direct.c, and of the labels in drivers/irqchip/imsic_entry.S.
 * Each read-modify-write of the word is one step; a compare-and-swap loop is the one step
 * that ends it, as its failures change nothing.
 *
 * Settings: EVENTS (messages of the device), MASKABLE (0: the function has no mask bit),
 * MASKS (mask-unmask pairs), MOVES (1: set_affinity to hart 1), KILL (1: irq_kill),
 * ENABLE (1: the driver activates the vector, 2: and deactivates it and again),
 * STRAYS (messages that reach the first place from elsewhere, at any time).
 *
 * RUN maskable: -DMASKS=1 -DMOVES=1
 * RUN unmaskable: -DMASKABLE=0 -DMASKS=1 -DMOVES=1
 * RUN many-events: -DMASKABLE=0 -DMASKS=2 -DEVENTS=3
 * RUN kill: -DKILL=1 -DMASKS=1 -DMOVES=1 -DEVENTS=1
 * RUN kill-unmaskable: -DKILL=1 -DMASKS=1 -DMOVES=1 -DMASKABLE=0
 * RUN enable: -DENABLE=1 -DSTRAYS=1 -DMASKS=1 -DEVENTS=1
 * RUN enable-and-move: -DENABLE=1 -DSTRAYS=1 -DMOVES=1
 * RUN enable-unmaskable: -DENABLE=1 -DSTRAYS=1 -DMASKS=1 -DMASKABLE=0
 * RUN strays-alone: -DENABLE=1 -DSTRAYS=1 -DEVENTS=0 -DMASKS=1 -DMOVES=1
 * RUN enable-again: -DENABLE=2 -DMASKS=1 -DMOVES=1 -DEVENTS=1
 * RUN no-livelock: -DNP -DMASKS=1 -DMOVES=1
 * RUN no-livelock-enable: -DNP -DENABLE=1 -DMASKS=1 -DMOVES=1 -DEVENTS=1
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
 * FAULT 11 kill-unmaskable: kill does not wait for RUN
 * FAULT 12 maskable: complete before the handler has ended
 * FAULT 13 unmaskable: a claim does not look at OFF
 * FAULT 14 unmaskable: disown does not look for PEND, which a mask and unmask may have left
 * FAULT 15 kill-unmaskable: a claim does not look at DEAD, when an unmask came after the kill
 * FAULT 16 maskable: unmask owns the vector by what its first step saw, without looking again
 * FAULT 17 enable: a claim does not look at INACTIVE
 * FAULT 18 enable-and-move: a claim that found INACTIVE drops its event without looking again
 * FAULT 19 strays-alone: what is dropped while INACTIVE is not counted
 * FAULT 20 enable: activate opens the source before INACTIVE is cleared
 * FAULT 21 enable-again: disown does not compare INACTIVE
 * FAULT 22 maskable: the common round lets go without comparing the word
 * FAULT 23 maskable: move writes the message before the new slot is published
 * FAULT 24 maskable: move retires the old slot before the message is written
 * FAULT 25 maskable: move retires the old slot in place of parking it
 * FAULT 26 maskable: move writes the message without masking
 * FAULT 27 enable-again: deactivate sets INACTIVE and nobody applies it
 * FAULT 28 enable-unmaskable: activate does not wait for another owner
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
#define MASKS 0
#endif
#ifndef MOVES
#define MOVES 0
#endif
#ifndef KILL
#define KILL 0
#endif
#ifndef ENABLE
#define ENABLE 0
#endif
#ifndef STRAYS
#define STRAYS 0
#endif
#define HARTS 2

/* hart->slots at the vector's identity of each file; a parked slot leads to the vector too. */
#define UNOWNED 0
#define VECTOR  1
#define PARKED  2
byte slot[HARTS];

/* One atomic word. */
bool off, pend, running, owned, dead, inactive;
byte target;
#define shut   (off || dead || inactive)
#define nobodys_event (pend && !shut && !running)

/* desc->hart and desc->shadow, the owner's. */
byte cur;
bool shadow_masked, shadow_written;

/* The source: its registers, and the hart that its message is sent to. */
bool mask_bit, pba, started;
byte message;
bool eip[HARTS];    /* the vector's identity, current or left behind, at each file */

byte raised, seen;  /* ghost: the device's events so far, and when the handler last looked */
bool stray;         /* ghost: a stray message that neither a handler nor a counter noticed */
byte inside;        /* ghost: handlers running */
bool killed;        /* ghost: irq_kill() has returned */
byte at_work;       /* ghost: processes that have not ended */

/* A source without mask bit sends nothing before the function is started. */
proctype Device()
{
	byte n;

	do
	:: n < EVENTS ->
		atomic {
			MASKABLE || started ->
			raised++;
			if
			:: mask_bit -> pba = true
			:: else -> eip[message] = true
			fi;
			n++
		}
	:: else -> break
	od;
	at_work--
}

proctype Pending()
{
end:	do
	:: atomic { pba && !mask_bit -> pba = false; eip[message] = true }
	od
}

proctype Stray()
{
	atomic { stray = true; eip[0] = true; at_work-- }
}

/* Sets taken: PEND was there and nobody else's to take. */
inline take_pend()
{
	atomic {
		if
		:: nobodys_event -> pend = false; taken = true
		:: else -> taken = false
		fi
	}
}

/* desc->spurious or desc->dead */
inline count()
{
#if FAULT == 19
	skip
#else
	stray = false
#endif
#if ENABLE == 2
	/* What was under way when the driver deactivated the vector may go. */
	; seen = raised
#endif
}

proctype Hart(byte h)
{
	bool was_off, was_running, was_dead, was_inactive, was_pend, mine, taken;
	bool shut_then; /* ghost: OFF, DEAD or INACTIVE when the handler was granted */

end:	do
	:: /* claim */
	   atomic { eip[h] -> eip[h] = false };
	   /* slot; irq_unowned: claim_nobody() */
	   if
	   :: slot[h] == UNOWNED -> goto again
	   :: else
	   fi;
	   /* latch */
	   atomic {
		shut_then = shut;
		was_off = off; was_dead = dead; was_inactive = inactive; was_running = running;
		running = true
	   };
#if FAULT == 8
	   was_running = false;
#elif FAULT == 13
	   was_off = false;
#elif FAULT == 15
	   was_dead = false;
#elif FAULT == 17
	   was_inactive = false;
#endif
	   if
	   :: !was_off && !was_running && !was_dead && !was_inactive -> goto run_handler
	   :: else
	   fi;
	   /* irq_claim_slow */
	   mine = !was_running;
#if FAULT == 10
	   atomic { was_off = off; was_running = running };
	   if
	   :: mine && was_off -> atomic { off = was_off; pend = true; running = false }; goto again
	   :: else
	   fi;
#elif FAULT == 18
	   if
	   :: mine && was_inactive -> atomic { running = false; count() }; goto again
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
		:: !mine && running ->
			pend = true;
			if
			:: inactive || dead -> count()
			:: else
			fi;
			goto again
#endif
		:: else ->
			if
			:: dead || inactive -> running = false; count(); goto again
			:: !dead && !inactive && off ->
				pend = true;
#if FAULT != 5
				running = false;
#endif
				goto again
			:: !shut -> shut_then = false; running = true
			fi
		fi
	   };
run_handler:
	   atomic {
		was_off = false; was_dead = false; was_inactive = false; was_running = false; mine = false;
		inside++;
		assert(inside == 1); assert(!killed); assert(!shut_then)
	   };
#if FAULT == 12
	   atomic { running = false; was_pend = pend };
#endif
	   atomic { assert(!killed); seen = raised; stray = false };
	   inside--;
	   /* complete */
#if FAULT == 3
	   was_pend = pend;
	   atomic { running = false; pend = was_pend };
#elif FAULT != 12
	   atomic { running = false; was_pend = pend };
#endif
#if FAULT == 2
	   was_pend = false;
#endif
	   /* irq_complete_slow */
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
again:	   atomic {
		shut_then = false; was_off = false; was_dead = false; was_inactive = false;
		was_running = false; was_pend = false; mine = false
	   }
	od
}

/* --- the owner --- */

/* What a holder of OWNED knows: the word that it read, and how far it is. */
#define OWNER bool mine, so, sd, si, sp, sr, was_masked, taken, slow; byte st, old

inline read_word()
{
	so = off; sd = dead; si = inactive; sp = pend; sr = running; st = target;
#if FAULT == 20
	si = false;
#endif
}

inline forget_word()
{
	so = false; sd = false; si = false; sp = false; sr = false; st = 0; mine = false
}

#if FAULT == 20 || FAULT == 21
#define same_inactive true
#else
#define same_inactive (inactive == si)
#endif
#if FAULT == 7
#define no_new_wish true
#else
#define no_new_wish (off == so && dead == sd && same_inactive && target == st)
#endif

/* The device never sees half of a message: it is masked, or was not started yet. */
inline write_msg(place)
{
	atomic { assert(mask_bit || (!MASKABLE && !started)); message = place }
}

inline write_mask(masked)
{
#if MASKABLE
	mask_bit = masked
#else
	skip
#endif
}

/* The target is another hart: chip->set_affinity(), which is move() if it can be moved. */
inline apply_move()
{
	if
	:: !MASKABLE && shadow_written ->
		/* drop_target; what is wished instead now, the registers follow */
		atomic {
			if
			:: target == st -> target = cur
			:: else
			fi
		};
		d_step { read_word() }
	:: else ->
#if FAULT != 23
		/* publish */
		slot[st] = VECTOR;
#endif
#if FAULT == 24
		slot[cur] = UNOWNED;
#endif
		if
		:: shadow_written ->
			d_step { was_masked = shadow_masked; shadow_masked = true };
#if FAULT != 26
			write_mask(true);
#endif
			write_msg(st);
			if
			:: !was_masked -> shadow_masked = false; write_mask(false)
			:: else
			fi;
			was_masked = false
		:: else
		fi;
#if FAULT == 23
		slot[st] = VECTOR;
#endif
		d_step { old = cur; cur = st };
#if FAULT == 25
		slot[old] = UNOWNED;
#else
		/* park */
		slot[old] = PARKED;
#endif
		old = 0
	fi
}

inline apply_registers()
{
	if
	:: !si && !shadow_written ->
		/* chip->activate */
		write_msg(cur);
		d_step { shadow_written = true; shadow_masked = so || sd };
		if
		:: !shadow_masked -> write_mask(false)
		:: else
		fi
	:: else ->
		shadow_written = !si;
		if
		:: shadow_masked != (so || sd || si) ->
			shadow_masked = so || sd || si;
			write_mask(shadow_masked)
		:: else
		fi
	fi
}

inline own_until_no_wish_is_new()
{
	do
	:: d_step { read_word() };
	   if
	   :: st != cur && !sd -> apply_move()
	   :: else
	   fi;
	   apply_registers();
#if FAULT != 6
	   if
	   :: sp ->
		take_pend();
		if
		:: taken -> taken = false; eip[cur] = true
		:: else
		fi
	   :: else
	   fi;
#endif
	   /* disown */
	   atomic {
		if
#if FAULT == 6 || FAULT == 7 || FAULT == 14
		:: no_new_wish && st == cur ->
#else
		/* OFF may have been set and cleared since, and an event latched between */
		:: no_new_wish && !nobodys_event && (st == cur || sd) ->
#endif
			owned = false;
			forget_word();
			break
		:: else
		fi
	   }
	od
}

/* Who set OWNED has read the word in the same step. */
inline own()
{
	if
	:: sp || st != cur -> slow = true
	:: else ->
		apply_registers();
		atomic {
			if
#if FAULT == 22
			:: true -> owned = false; forget_word()
#else
			:: no_new_wish && pend == sp && running == sr -> owned = false; forget_word()
			:: else -> slow = true
#endif
			fi
		}
	fi;
	if
	:: slow -> slow = false; own_until_no_wish_is_new()
	:: else
	fi
}

/* Part of the step that writes the wish, or the second one. */
inline ask_for_owned()
{
	if
#if FAULT == 9
	:: true -> mine = true; owned = true; read_word()
#else
	:: !owned -> mine = true; owned = true; read_word()
	:: else
#endif
	fi
}

/* Who found OWNED clear applies the wish; else its holder sees it before it lets go. */
inline own_or_leave()
{
	if
	:: mine -> own()
	:: else
	fi
}

/* --- who wishes --- */

proctype Masker()
{
	OWNER;
	byte n;

	do
	:: n < MASKS ->
		/* irq_mask: one step */
		atomic { off = true; ask_for_owned() };
		own_or_leave();
		/* irq_unmask: the wish, then OWNED */
#if FAULT == 16
		atomic { off = false; mine = !owned };
		atomic {
			if
			:: mine -> owned = true; read_word()
			:: else
			fi
		};
#else
		off = false;
		atomic { ask_for_owned() };
#endif
		own_or_leave();
		n++
	:: else -> break
	od;
	at_work--
}

/* irq_set_affinity */
proctype Mover()
{
	OWNER;

	atomic {
		if
		:: dead
		:: else -> target = 1; ask_for_owned()
		fi
	};
	own_or_leave();
	at_work--
}

/* irq_activate: the wish, then OWNED; waits for who has it, who may be writing the message. */
inline activate()
{
#if FAULT == 20
	atomic { !owned; ask_for_owned() };
	own_or_leave();
	inactive = false
#elif FAULT == 28
	inactive = false;
	atomic { ask_for_owned() };
	own_or_leave()
#else
	inactive = false;
	atomic { !owned; ask_for_owned() };
	own_or_leave()
#endif
}

/* msi_enable() and msi_disable() */
proctype Driver()
{
	OWNER;

	activate();
	started = true;
#if ENABLE == 2
	/* irq_deactivate: one step */
#if FAULT == 27
	inactive = true;
#else
	atomic { inactive = true; ask_for_owned() };
	own_or_leave();
#endif
	assert(owned || mask_bit == MASKABLE);
	activate();
#endif
	at_work--
}

/* irq_kill */
proctype Killer()
{
	atomic { dead = true; off = true };
#if FAULT == 11
	!owned;
#else
	!running && !owned;
#endif
	killed = true;
	at_work--
}

/* When nothing can happen any more. */
proctype Rest()
{
	timeout ->
	assert(at_work == 0);
	assert(!running && !owned && !inside);
#if KILL
	assert(killed);
#else
	assert(!off && !inactive && !pend && !pba);
	assert(seen == raised && !stray);
	assert(target == cur && message == cur && mask_bit == off);
	assert(shadow_written && !shadow_masked);
	assert(slot[cur] == VECTOR);
#if MASKABLE
	assert(target == MOVES)
#endif
#endif
}

init
{
	atomic {
		slot[0] = VECTOR;
#if ENABLE
		inactive = true;
		shadow_masked = true;
		mask_bit = MASKABLE;
		at_work++; run Driver();
#else
		shadow_written = true;
		started = true;
#endif
		run Rest();
		run Pending();
		run Hart(0);
		run Hart(1);
		at_work++; run Device();
#if STRAYS
		at_work++; run Stray();
#endif
#if MASKS
		at_work++; run Masker();
#endif
#if MOVES
		at_work++; run Mover();
#endif
#if KILL
		at_work++; run Killer();
#endif
	}
}
