// SPDX-License-Identifier: Apache-2.0
/*
 * Retirement and reuse of identities (M11): kernel/retire.c, with who leaves, returns and frees
 * (drivers/msi/direct.c) and who re-sends (kernel/irq.c). Steps have the names there.
 *
 * One interrupt file in full, that of hart H: KICK, DRAIN and IDS identities. Every other place
 * is ELSEWHERE, which a vector has for itself, and keeps while it lives; hart K claims there.
 *
 * Three ways lead to a pending bit of H. A function's messages go in order (posted). What a hart
 * stores goes through its store buffer: stores of one kind in order, kinds in any, until a fence.
 * Both then have their place in the global memory order (file), and take effect in it, any time
 * later. A store that its fence follows at once is one step. Claims take any pending identity:
 * nothing rests on priority.
 *
 * Settings: VECTORS, IDS, EVENTS and EVENTS1 (messages of V0's and V1's function). V0 sits at H,
 * V1 does not. A0, B0 and A1 are wishes, each from a hart of its own, for V0, V0 and V1: AWAY and
 * BACK, moves from and to H; PAIR, mask and unmask; AGAIN, away, back and away; VISIT, back and
 * away. FREE: V0 is freed at any time, and its descriptor has a second life at H.
 *
 * RUN reuse: -DA0=AWAY -DA1=BACK
 * RUN return: -DVECTORS=1 -DA0=AGAIN -DEVENTS=2
 * RUN return-and-reuse: -DA0=AGAIN -DA1=BACK -DEVENTS1=0
 * RUN visit: -DA0=AGAIN -DA1=VISIT -DEVENTS=0
 * RUN resend: -DVECTORS=1 -DA0=AWAY -DB0=PAIR -DEVENTS=2
 * RUN free: -DVECTORS=1 -DFREE=1 -DA0=AWAY -DEVENTS=2
 * FAULT 1 return: fence left out: what leaving stores may pass the flush
 * FAULT 2 return: flush left out
 * FAULT 3 return: freed before the drain
 * FAULT 4 return: kick equal to drain
 * FAULT 5 return: DRAIN stored by who leaves
 * FAULT 6 return: the batch frees without a look at the tag
 * FAULT 7 return: the tags LEFT and BATCH are one
 * FAULT 8 return: a place that was seen pending is freed by its claim, before its handler ran
 * FAULT 9 return: the latch is left out
 * FAULT 10 free: the descriptor goes with its current place
 * FAULT 11 return: a late claim leaves the tag BATCH, though its completion may re-send
 * FAULT 12 resend: a re-send may pass the release of OWNED
 * FAULT 13 return: the kick may pass the bit in retired
 * FAULT 14 return: DRAIN may pass the taking of the batch
 * FAULT 15 return: pending bits are not looked at
 * FAULT 16 return: take_back is a load and a store
 * FAULT 17 free: the bit in the vector space is given back before the slot
 * FAULT 18 return: stores do not take effect in order at one file (an assumption)
 * FAULT 19 return: the claim of a place that was seen pending does not kick
 * FAULT 20 return: a kick takes another batch while one is under way
 * FAULT 21 return: the drain does not take the next batch
 * FAULT 22 return: the tag LEFT is stored before the slot
 * FAULT 23 visit: take_back does not look whose place it is
 * FAULT 24 return: the bit in retired may pass the tag
 * FAULT 25 reuse: the message may pass the slot
 */
#ifndef FAULT
#define FAULT 0
#endif
#ifndef VECTORS
#define VECTORS 2
#endif
#ifndef IDS
#define IDS 1
#endif
#ifndef EVENTS
#define EVENTS 1
#endif
#ifndef EVENTS1
#define EVENTS1 1
#endif
#define NOTHING 0
#define AWAY    1
#define BACK    2
#define PAIR    3
#define AGAIN   4
#define VISIT   5
#ifndef A0
#define A0 NOTHING
#endif
#ifndef B0
#define B0 NOTHING
#endif
#ifndef A1
#define A1 NOTHING
#endif
#ifndef FREE
#define FREE 0
#endif

#define KICK  IDS
#define DRAIN (IDS + 1)
#if FAULT == 5
#define LEAVE_ID DRAIN
#else
#define LEAVE_ID KICK
#endif
#if FAULT == 4
#define DRAIN_ID KICK
#else
#define DRAIN_ID DRAIN
#endif
#define ELSEWHERE 6
#define NOWHERE   7

/* hart->slots, hart->parked (the vector and its tag) of H, and its bits in the vector space */
#define UNOWNED 0
#define PARKED  9
#define NOBODY  9
byte slot[IDS];
byte parked[IDS];
#define HERE  0
#define LEFT  1
#define BATCH 2
#define SEEN  3
byte tag[IDS];
bool free_bit[IDS];

/* retired of H */
bool retired[IDS];

/* What is on its way to H's file, and its pending bits. */
chan file = [7] of { byte, byte };
bool eip[IDS + 2];

/* A vector: its word, and what its owner knows. */
bool off[VECTORS], pend[VECTORS], running[VECTORS], owned[VECTORS], dead[VECTORS];
bool to_h[VECTORS];                 /* the target */
byte cur[VECTORS], left[VECTORS];
byte places[VECTORS];               /* of the descriptor: current and quarantined */
bool in_pool[VECTORS];

/* Its function: where its message points, and what it has sent. */
byte message[VECTORS];
bool stopped[VECTORS];
chan posted[VECTORS] = [2] of { byte };

/* Elsewhere. */
bool eip_k[VECTORS], left_k[VECTORS];

byte raised[VECTORS], seen[VECTORS];  /* ghost */
byte inside[VECTORS];                 /* ghost: handlers running */
byte life[VECTORS];                   /* ghost: which life of the descriptor */
byte holder[IDS];                     /* ghost: who may be sent to this place: 1 + NAME(v); 0: nobody */
#define NAME(v) ((v) + VECTORS * life[v])
byte at_work;                         /* ghost: processes that have not ended */

/* --- store buffers: one of each hart, each kind of store in order, kinds in any --- */

#define HARTS 4
byte b_slot[HARTS], b_slot_value[HARTS];  /* 1 + identity; 0: none */
byte b_parked[HARTS], b_parked_value[HARTS];
bool b_left[HARTS];                       /* tagged LEFT */
byte b_bit[HARTS];                        /* retired */
byte b_bell[HARTS], b_bell_who[HARTS];    /* at H's file */

#define send(x, who) assert(nfull(file)); file!x, who

proctype Buffer(byte m)
{
end:	do
	:: atomic { b_bell[m] -> send(b_bell[m] - 1, b_bell_who[m]); b_bell[m] = 0; b_bell_who[m] = 0 }
#if FAULT
	:: atomic { b_slot[m] -> slot[b_slot[m] - 1] = b_slot_value[m]; b_slot[m] = 0 }
	:: atomic {
		b_parked[m] ->
		parked[b_parked[m] - 1] = b_parked_value[m];
		tag[b_parked[m] - 1] = b_left[m];
		b_parked[m] = 0
	   }
	:: atomic { b_bit[m] -> retired[b_bit[m] - 1] = true; b_bit[m] = 0 }
#endif
	od
}

/* fenced: a fence follows at once */
inline store_slot(m, x, value, fenced)
{
	atomic {
		!b_slot[m] ->
		if
		:: fenced -> slot[x] = value
		:: !(fenced) -> b_slot[m] = x + 1; b_slot_value[m] = value
		fi
	}
}

inline store_parked(m, x, v, is_left, fenced)
{
	atomic {
		!b_parked[m] ->
		if
		:: fenced -> parked[x] = v; tag[x] = is_left
		:: !(fenced) -> b_parked[m] = x + 1; b_parked_value[m] = v; b_left[m] = is_left
		fi
	}
}

inline store_bit(m, x, fenced)
{
	atomic {
		!b_bit[m] ->
		if
		:: fenced -> retired[x] = true
		:: !(fenced) -> b_bit[m] = x + 1
		fi
	}
}

inline ring(m, x, who, fenced)
{
	atomic {
		!b_bell[m] ->
		if
		:: fenced -> send(x, who)
		:: !(fenced) -> b_bell[m] = x + 1; b_bell_who[m] = who
		fi
	}
}

/* --- the ways to the file --- */

proctype Function(byte v)
{
	byte n;

	do
	:: n < (v == 0 -> EVENTS : EVENTS1) ->
		atomic {
			!stopped[v] && nfull(posted[v]) ->
			raised[v]++;
			posted[v]!message[v];
			n++
		}
	:: n == (v == 0 -> EVENTS : EVENTS1) -> atomic { at_work--; break }
	od
}

proctype Fabric()
{
	byte x, who;

end:	do
	:: atomic { posted[0]?x -> if :: x == ELSEWHERE -> eip_k[0] = true :: else -> send(x, NAME(0)) fi; x = 0 }
#if VECTORS > 1
	:: atomic { posted[1]?x -> if :: x == ELSEWHERE -> eip_k[1] = true :: else -> send(x, NAME(1)) fi; x = 0 }
#endif
	:: atomic {
#if FAULT == 18
		if
		:: file?x, who
		:: file??eval(DRAIN), who -> x = DRAIN
		fi;
#else
		file?x, who ->
#endif
		if
		:: x < IDS -> assert(holder[x] == who + 1) /* nothing arrives where it is nobody's, or another's */
		:: else
		fi;
		eip[x] = true; x = 0; who = 0
	   }
	od
}

/* irq_desc_put: the descriptor goes with its last place. */
inline put_place(v, current)
{
	places[v]--;
	if
#if FAULT == 10
	:: current && dead[v] -> in_pool[v] = true
#else
	:: places[v] == 0 -> in_pool[v] = true
#endif
	:: else
	fi
}

/* --- the latch; its steps are in latch.pml --- */

inline latch(v)
{
	atomic {
		if
#if FAULT != 9
		:: running[v] -> pend[v] = true
#define runs(v) running[v]
#else
#define runs(v) false
#endif
		:: !runs(v) && dead[v]
		:: !runs(v) && !dead[v] && off[v] -> pend[v] = true
		:: else -> running[v] = true; granted = true; seen[v] = raised[v]; inside[v]++; assert(inside[v] == 1)
		fi
	}
}

inline run_and_complete(v)
{
	/* complete */
	atomic { inside[v]--; running[v] = false; granted = false; was_pend = pend[v] };
	if
	:: was_pend ->
		was_pend = false;
		atomic {
			/* take_pend */
			if
			:: pend[v] && !running[v] && !off[v] && !dead[v] -> pend[v] = false; taken = true
			:: else
			fi
		}
	:: else
	fi
}

proctype HartK()
{
	byte v;
	bool granted, was_pend, taken;

end:	do
	:: atomic { eip_k[0] -> eip_k[0] = false; v = 0; latch(v) }; goto latched
#if VECTORS > 1
	:: atomic { eip_k[1] -> eip_k[1] = false; v = 1; latch(v) }; goto latched
#endif
#if FREE
	:: atomic { left_k[0] && !eip_k[0] -> left_k[0] = false; put_place(0, true) }
#endif
	od;
latched:
	if
	:: granted -> run_and_complete(v)
	:: else
	fi;
	atomic {
		if
		:: taken -> taken = false; eip_k[v] = true
		:: else
		fi;
		v = 0
	};
	goto end
}

/* --- hart H --- */

#define H 0

inline store_drain()
{
	/* fence w,o before it */
	ring(H, DRAIN_ID, 0, false)
}

/* What was left is the batch; who took a place back, or left it once more since, is not. */
inline take_batch()
{
#if FAULT == 14
	if
	:: retired[0] -> store_drain()
	:: else
	fi;
#endif
	d_step {
		do
		:: i < IDS -> batch[i] = batch[i] || retired[i]; retired[i] = false; i++
		:: else -> i = 0; break
		od
	};
	do
	:: atomic {
		i < IDS ->
		if
		:: batch[i] && tag[i] == LEFT -> tag[i] = BATCH; under_way = true
#if FAULT == 20
		:: batch[i] && tag[i] == BATCH
#endif
		:: else -> batch[i] = false
		fi;
		i++
	   }
	:: atomic { i == IDS -> i = 0; break }
	od;
#if FAULT != 14 && FAULT != 3 && FAULT != 5
	if
	:: under_way -> store_drain()
	:: else
	fi
#endif
}

#if FAULT == 6
#define in_batch (tag[i] != HERE || parked[i] != NOBODY)
#elif FAULT == 7
#define in_batch (tag[i] == BATCH || tag[i] == LEFT)
#else
#define in_batch (tag[i] == BATCH)
#endif

inline free_place(i)
{
	/* release; from the last step on, whoever takes the bit may publish another vector */
	store_slot(H, i, UNOWNED, FAULT != 17);
	free_bit[i] = true
}

/* claim_drain: of the batch, what is not pending is free. */
inline free_batch()
{
	do
	:: i < IDS && batch[i] ->
		atomic {
			batch[i] = false;
#if FAULT != 15
			pending = eip[i]
#endif
		};
		atomic {
			if
			:: in_batch && pending -> tag[i] = SEEN /* mark_seen */
			:: in_batch && !pending ->
				tag[i] = HERE;
				mine = true;
				holder[i] = 0;
				put_place(parked[i], false);
				parked[i] = NOBODY
			:: else
			fi;
			pending = false
		}
		if
		:: mine -> mine = false; free_place(i)
		:: else
		fi;
		i++
	:: i < IDS && !batch[i] -> i++
	:: i == IDS -> atomic { i = 0; under_way = false; break }
	od
}

proctype HartH()
{
	byte i, x, v;
	bool granted, was_pend, taken, pending, mine;
	bool batch[IDS], under_way;

end:	do
	:: atomic { eip[KICK] -> eip[KICK] = false };
	   /* retire_kicked */
#if FAULT == 20
	   take_batch()
#elif FAULT == 3
	   take_batch();
	   free_batch()
#elif FAULT == 4
	   if
	   :: under_way -> free_batch()
	   :: else
	   fi;
	   take_batch()
#else
	   if
	   :: !under_way -> take_batch()
	   :: else
	   fi
#endif
	:: atomic { eip[DRAIN] -> eip[DRAIN] = false };
	   /* retire_drained */
#if FAULT == 5
	   take_batch();
	   free_batch()
#elif FAULT == 21
	   free_batch()
#else
	   free_batch();
	   take_batch()
#endif
	:: atomic { eip[0] -> eip[0] = false; x = 0 }; goto claimed
#if IDS > 1
	:: atomic { eip[1] -> eip[1] = false; x = 1 }; goto claimed
#endif
	od;
claimed:
	atomic {
		v = slot[x];
		assert(v != UNOWNED);
		if
		:: v != PARKED -> v--; assert(holder[x] == NAME(v) + 1)
		:: else
		fi
	};
	if
	:: v == PARKED ->
		/* retire_late; late_again: its completion may re-send, and that must come before a DRAIN */
		atomic {
			v = parked[x];
			assert(v != NOBODY && holder[x] == NAME(v) + 1 && !in_pool[v]);
			if
#if FAULT == 8
			:: tag[x] == SEEN ->
				tag[x] = HERE; parked[x] = NOBODY; holder[x] = 0; put_place(v, false); pending = true
#elif FAULT == 11
			:: tag[x] == SEEN -> tag[x] = LEFT; mine = true
#else
			:: tag[x] == BATCH || tag[x] == SEEN -> tag[x] = LEFT; mine = true
#endif
			:: else
			fi
		};
#if FAULT == 8
		if
		:: pending -> pending = false; free_place(x)
		:: else
		fi;
#endif
		if
		:: mine ->
			mine = false;
			retired[x] = true;
#if FAULT != 19
			ring(H, KICK, 0, false)
#endif
		:: else
		fi
	:: else
	fi;
	latch(v);
	if
	:: granted -> run_and_complete(v)
	:: else
	fi;
	if
	:: taken -> taken = false; ring(H, x, NAME(v), false)
	:: else
	fi;
	atomic { x = 0; v = 0 };
	goto end
}

/* --- the owner --- */

/* Late claims find v from here on. The tag comes last: a bit in retired may be a stale one. */
inline park(m, v, x)
{
#if FAULT == 22
	store_parked(m, x, v, true, true);
	store_slot(m, x, PARKED, true)
#else
	store_parked(m, x, v, false, true);                     /* release */
	store_slot(m, x, PARKED, true);                         /* release */
	store_parked(m, x, v, true, FAULT != 24)                /* release */
#endif
}

inline retire_place(m, v, x)
{
	park(m, v, x);
	/* set_retired */
	store_bit(m, x, FAULT != 13);                           /* fence w,o */
	/* smp_kick */
	ring(m, LEAVE_ID, 0, false)
}

inline write_msg(v, place)
{
	/* fence w,o before it; the read of flush follows */
	message[v] = place
}

/* A read from the function: comes back after the write, and after all that the function has sent. */
inline flush(v)
{
#if FAULT == 2
	skip
#else
	empty(posted[v])
#endif
}

#if FAULT == 23
#define still_has(v, x) (tag[x] != HERE)
#else
#define still_has(v, x) (parked[x] == v && tag[x] != HERE)
#endif

inline take_back(v)
{
#if FAULT == 16
	x = left[v];
	if
	:: x == NOWHERE
	:: x != NOWHERE && still_has(v, x) -> atomic { tag[x] = HERE; left[v] = NOWHERE }
	:: x != NOWHERE && !still_has(v, x) -> x = NOWHERE
	fi
#else
	atomic {
		x = left[v];
		left[v] = NOWHERE;
		if
		:: x != NOWHERE ->
			if
			:: still_has(v, x) -> tag[x] = HERE
			:: else -> x = NOWHERE
			fi
		:: else
		fi
	}
#endif
}

/* vector_claim_block(1) at H */
inline claim(v)
{
	atomic {
		if
		:: free_bit[0] -> x = 0
#if IDS > 1
		:: free_bit[1] -> x = 1
#endif
		:: else
		fi;
		if
		:: x != NOWHERE -> free_bit[x] = false; assert(holder[x] == 0); holder[x] = NAME(v) + 1; places[v]++
		:: else
		fi
	}
}

inline move(m, v, st)
{
	if
	:: st ->
		take_back(v);
		if
		:: x == NOWHERE -> claim(v)
		:: else
		fi;
		if
		:: x == NOWHERE ->
			/* drop_target */
			atomic {
				if
				:: to_h[v] == st -> to_h[v] = !st
				:: else
				fi;
				st = to_h[v]; so = off[v]; sp = pend[v]
			}
		:: else ->
			/* publish */
			store_slot(m, x, v + 1, FAULT != 25);
			write_msg(v, x);
			flush(v);
			atomic { cur[v] = x; x = NOWHERE }
		fi
	:: else ->
		write_msg(v, ELSEWHERE);
#if FAULT != 1
		flush(v);            /* fence i,ow after it */
#endif
		atomic { x = cur[v]; left[v] = x; cur[v] = ELSEWHERE };
		retire_place(m, v, x);
#if FAULT == 1
		flush(v);
#endif
		x = NOWHERE
	fi
}

inline own(m, v)
{
	do
	:: d_step { so = off[v]; st = to_h[v]; sp = pend[v] };
	   if
	   :: st != (cur[v] != ELSEWHERE) && !dead[v] -> move(m, v, st)
	   :: else
	   fi;
	   if
	   :: sp ->
		/* take_pend */
		atomic {
			if
			:: pend[v] && !running[v] && !off[v] && !dead[v] -> pend[v] = false; taken = true
			:: else
			fi
		}
		if
		:: taken && cur[v] == ELSEWHERE -> taken = false; eip_k[v] = true
		:: taken && cur[v] != ELSEWHERE ->
			taken = false;
			ring(m, cur[v], NAME(v), FAULT != 12)           /* fence o,w */
		:: else
		fi
	   :: else
	   fi;
	   /* disown */
	   atomic {
		if
		:: off[v] == so && (to_h[v] == st) && !(pend[v] && !off[v] && !running[v] && !dead[v]) ->
			owned[v] = false;
			so = false; st = false; sp = false; mine = false;
			break
		:: else
		fi
	   }
	od
}

inline ask_for_owned(v)
{
	if
	:: !owned[v] -> owned[v] = true; mine = true
	:: else
	fi
}

inline own_or_leave(m, v)
{
	if
	:: mine -> own(m, v)
	:: else
	fi
}

inline set_affinity(m, v, h)
{
	atomic {
		if
		:: dead[v] || life[v] /* the driver wishes nothing of what it has freed */
		:: else -> to_h[v] = h; ask_for_owned(v)
		fi
	};
	own_or_leave(m, v)
}

proctype Wisher(byte m, v, wish)
{
	byte x = NOWHERE;
	bool so, st, sp, mine, taken;

	if
	:: wish == AWAY -> set_affinity(m, v, false)
	:: wish == BACK -> set_affinity(m, v, true)
	:: wish == PAIR ->
		atomic { off[v] = true; ask_for_owned(v) };
		own_or_leave(m, v);
		off[v] = false;
		atomic { ask_for_owned(v) };
		own_or_leave(m, v)
	:: wish == VISIT ->
		set_affinity(m, v, true);
		set_affinity(m, v, false)
	:: wish == AGAIN ->
		set_affinity(m, v, false);
		set_affinity(m, v, true);
		set_affinity(m, v, false)
	fi;
	at_work--
}

#if FREE
/* msi_free() of V0, and msi_alloc() of its descriptor. */
proctype Driver(byte m)
{
	byte x = NOWHERE;

	/* shut_off */
	stopped[0] = true;
	flush(0);
	/* irq_kill */
	atomic { dead[0] = true; off[0] = true };
	!running[0] && !owned[0];
	atomic { left_k[0] = true; x = cur[0] };
	if
	:: x != ELSEWHERE -> retire_place(m, 0, x)
	:: else
	fi;
	x = NOWHERE;
	/* irq_desc_claim */
	atomic { in_pool[0] -> in_pool[0] = false };
	atomic {
		life[0] = 1; dead[0] = false; off[0] = false; pend[0] = false;
		to_h[0] = true; left[0] = NOWHERE; seen[0] = raised[0]; places[0] = 1
	};
	atomic { free_bit[0] -> skip };
	claim(0);
	cur[0] = x;
	store_slot(m, x, 1, true);
	write_msg(0, x);
	stopped[0] = false;
	at_work--
}
#endif

/* When nothing can happen any more. */
proctype Rest()
{
	byte i;

	timeout ->
	assert(at_work == 0);
	assert(empty(file));
	for (i : 0 .. VECTORS - 1) {
		assert(!running[i] && !owned[i] && !pend[i] && !inside[i]);
		assert(seen[i] == raised[i]);
		assert(places[i] == 1 + (cur[i] < IDS))
	}
	for (i : 0 .. IDS - 1) {
		/* every place that was left is free */
		assert(tag[i] == HERE && !retired[i] && !eip[i]);
		assert(free_bit[i] == (holder[i] == 0) && free_bit[i] == (slot[i] == UNOWNED))
	}
}

init
{
	byte i;

	atomic {
		for (i : 1 .. IDS - 1) { free_bit[i] = true; parked[i] = NOBODY }
		slot[0] = 1; holder[0] = 1;
		cur[0] = 0; left[0] = NOWHERE; message[0] = 0; to_h[0] = true; places[0] = 2;
#if VECTORS > 1
		cur[1] = ELSEWHERE; left[1] = NOWHERE; message[1] = ELSEWHERE; places[1] = 1;
		at_work++; run Function(1);
#endif
		at_work++; run Function(0);
		run Rest();
		run Fabric();
		run HartH();
		run HartK();
		run Buffer(0);
#if A0
		run Buffer(1); at_work++; run Wisher(1, 0, A0);
#endif
#if B0 || FREE
		run Buffer(2);
#endif
#if B0
		at_work++; run Wisher(2, 0, B0);
#endif
#if FREE
		at_work++; run Driver(2);
#endif
#if A1
		run Buffer(3);
		at_work++; run Wisher(3, 1, A1);
#endif
	}
}
