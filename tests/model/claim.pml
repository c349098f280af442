// SPDX-License-Identifier: Apache-2.0
/*
 * The bulk identity claim of kernel/vector.c: credits before bits. The steps have the names
 * of the functions there: promise, file_credit, take_bits, take_block; give_bit, give_file,
 * give_space. Each read-modify-write is one step, and so is each load that decides
 * something. What is only a hint in C (which file, how many of it) is any choice here.
 *
 * Settings: FILES, IDS (identities of each), PLAIN1, PLAIN2 (sizes of two plain sets, 0:
 * none), BLOCK (size of an aligned block that one process claims, 0: none), RETURNS (1: one
 * identity is out at first and comes back at any time; 2: by way of the quarantine), ROUNDS (sets that each claims and
 * releases one after the other). SOLO: from any moment on only one process runs; it must end
 * by itself, within a bound.
 *
 * RUN one-file: -DFILES=1 -DIDS=3 -DPLAIN1=1 -DPLAIN2=2 -DBLOCK=2
 * RUN one-file-solo: -DFILES=1 -DIDS=3 -DPLAIN1=1 -DPLAIN2=2 -DBLOCK=2 -DSOLO
 * RUN two-rounds: -DFILES=1 -DIDS=3 -DPLAIN1=1 -DPLAIN2=2 -DBLOCK=2 -DROUNDS=2
 * RUN two-files: -DFILES=2 -DIDS=2 -DPLAIN1=2 -DPLAIN2=3 -DBLOCK=2
 * RUN two-files-solo: -DFILES=2 -DIDS=2 -DPLAIN1=1 -DPLAIN2=2 -DBLOCK=0 -DSOLO
 * RUN quarantine: -DFILES=1 -DIDS=3 -DPLAIN1=1 -DPLAIN2=2 -DBLOCK=2 -DRETURNS=2
 * RUN quarantine-solo: -DFILES=1 -DIDS=3 -DPLAIN1=1 -DPLAIN2=2 -DBLOCK=0 -DRETURNS=2 -DSOLO
 * RUN no-livelock: -DFILES=1 -DIDS=3 -DPLAIN1=1 -DPLAIN2=2 -DBLOCK=2 -DNP
 * FAULT 1 one-file: a set takes bits without a promise, and puts them back
 * FAULT 2 one-file: the result of the fetch_and is ignored
 * FAULT 3 one-file-solo: release gives the space its credit before the file
 * FAULT 4 one-file-solo: release gives credit before the bit
 * FAULT 5 one-file: bits are taken with a load and a store
 * FAULT 6 one-file: the promise is a load and a store
 * FAULT 7 one-file: part of a block is not given back
 * FAULT 8 one-file-solo: a failed block gives the space its credit before the file
 * FAULT 9 one-file: a block claim does not say that it may give back
 * FAULT 10 one-file-solo: a block claim takes bits before it has the credit
 * FAULT 11 one-file: a set gives up after one pass over the files
 * FAULT 12 quarantine: a place in quarantine is not held, as if it were gone for good
 * FAULT 13 quarantine: a place is held after it may have been drained
 */
#ifndef FAULT
#define FAULT 0
#endif
#ifndef FILES
#define FILES 2
#endif
#ifndef IDS
#define IDS 3
#endif
#ifndef PLAIN1
#define PLAIN1 2
#endif
#ifndef PLAIN2
#define PLAIN2 3
#endif
#ifndef BLOCK
#define BLOCK 2
#endif
#ifndef RETURNS
#define RETURNS 1
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

#define TOTAL (FILES * IDS)
#define ALL   ((1 << IDS) - 1)
#define PIECE ((1 << BLOCK) - 1) /* the one aligned block of a file */

byte free_bits[FILES], fcredit[FILES];
byte credit, held;  /* the two halves of one word */

byte hands[TOTAL];  /* ghost: how many hold an identity */
byte sure;          /* ghost: identities in sets that will be granted or are out */
byte finished, started;

#ifdef SOLO
byte only, steps;
#define BOUND 60
#define STEP (only == 0 || only == _pid) -> if :: only != 0 -> steps++; assert(steps < BOUND) :: else fi
#else
#define STEP true
#endif

inline lowest_bits(bits, n, mask)
{
	mask = 0; i = 0; j = n;
	do
	:: i < IDS && j > 0 ->
		if
		:: (bits >> i) & 1 -> mask = mask | (1 << i); j--
		:: else
		fi;
		i++
	:: else -> break
	od
}

inline count_bits(bits, n)
{
	n = 0; i = 0;
	do
	:: i < IDS -> n = n + ((bits >> i) & 1); i++
	:: else -> i = 0; break
	od
}

/* Ghost: the identities of the mask come into, or leave, this process's hands. */
inline hold(f, mask)
{
	i = 0;
	do
	:: i < IDS ->
		if
		:: (mask >> i) & 1 -> hands[f * IDS + i]++; assert(hands[f * IDS + i] == 1)
		:: else
		fi;
		i++
	:: else -> i = 0; break
	od
}

inline drop(f, mask)
{
	i = 0;
	do
	:: i < IDS ->
		if
		:: (mask >> i) & 1 -> hands[f * IDS + i]--
		:: else
		fi;
		i++
	:: else -> i = 0; break
	od
}

/* vector_release() of one identity, bit b of file f. */
inline release(f, b)
{
#if FAULT == 3
	/* space credit before the file's */
	atomic { STEP; drop(f, 1 << b); free_bits[f] = free_bits[f] | (1 << b) };
	atomic { STEP; sure--; credit++ };
	atomic { STEP; fcredit[f]++ }
#elif FAULT == 4
	/* credits before the bit */
	atomic { STEP; fcredit[f]++ };
	atomic { STEP; sure--; credit++ };
	atomic { STEP; drop(f, 1 << b); free_bits[f] = free_bits[f] | (1 << b) }
#else
	skip; /* give_bit */ atomic { STEP; drop(f, 1 << b); free_bits[f] = free_bits[f] | (1 << b) };
	give_file: atomic { STEP; fcredit[f]++ };
	give_space: atomic { STEP; sure--; credit++ }
#endif
}

inline release_all()
{
	f = 0;
	do
	:: f < FILES ->
		b = 0;
		do
		:: b < IDS ->
			if
			:: (mine[f] >> b) & 1 -> release(f, b)
			:: else
			fi;
			b++
		:: else -> b = 0; break
		od;
		mine[f] = 0;
		f++
	:: else -> f = 0; break
	od
}

/* Sets n: what the space's credit promises, 0: refused. */
inline promise(min, max, as_block)
{
	do
	:: atomic {
		STEP;
		c = credit; h = held;
		if
		:: c < min ->
			n = 0;
			/* -EAGAIN is an answer; -ENOSPC only if the rest can't be had whoever gives back */
			assert(c + h >= min || TOTAL - sure < min);
			goto refused
		:: else -> n = (c < max -> c : max)
		fi }
	   atomic {
		STEP;
		if
#if FAULT == 6
		:: true ->
			credit = c - n; /* a load and a store */
#else
		:: credit == c && held == h ->
			credit = credit - n;
#endif
			if
			:: as_block ->
#if FAULT != 9
				held = held + n
#else
				skip /* the block claim does not say that it may give back */
#endif
			:: else -> sure = sure + n
			fi;
			c = 0; h = 0;
			break
		:: else
		fi }
	od
}

/* Takes up to `share` of the file's credit, min or nothing: k. */
inline file_credit(f, min, share)
{
	do
	:: atomic { STEP; c = fcredit[f]; k = (c < share -> c : share); if :: k < min -> k = 0 :: else fi }
	   if
	   :: k == 0 -> c = 0; break
	   :: else
	   fi;
	   atomic { STEP; if :: fcredit[f] == c -> fcredit[f] = fcredit[f] - k; c = 0; break :: else fi }
	od
}

/* got: what was free of the mask. */
inline take_mask(f, mask)
{
#if FAULT == 2
	atomic { STEP; free_bits[f] = free_bits[f] & ~mask; got = mask }
#elif FAULT == 5
	atomic { STEP; c = free_bits[f] };
	atomic { STEP; free_bits[f] = c & ~mask; got = c & mask; c = 0 }
#else
	atomic { STEP; got = free_bits[f] & mask; free_bits[f] = free_bits[f] & ~mask }
#endif
}

inline take_bits(f)
{
	do
	:: k > 0 ->
		atomic { STEP; lowest_bits(free_bits[f], k, want); i = 0; j = 0 };
		if
		:: want != 0 ->
			take_mask(f, want);
			atomic {
				hold(f, got);
				mine[f] = mine[f] | got;
				count_bits(got, j);
				k = k - j; n = n - j;
				got = 0; want = 0; j = 0
			}
		:: else
		fi
	:: else -> break
	od
}

/* vector_claim(), then vector_release() of the set. */
proctype Plain(byte size)
{
	byte n, k, c, h, f, b, i, j, want, got, round, tried;
	byte mine[FILES];

	do
	:: round < ROUNDS ->
#if FAULT == 1
		/* bits first, one by one, and back when there are not enough */
		n = size;
		do
		:: n > 0 ->
			f = 0;
			do
			:: f < FILES && n > 0 ->
				k = 1;
				atomic { STEP; lowest_bits(free_bits[f], 1, want); i = 0; j = 0 };
				if
				:: want == 0 -> f++
				:: else ->
					take_mask(f, want);
					atomic {
						hold(f, got);
						mine[f] = mine[f] | got;
						if
						:: got != 0 -> n--; fcredit[f]--; credit--
						:: else
						fi;
						got = 0; want = 0
					}
				fi
			:: else -> break
			od;
			if
			:: n > 0 ->
				assert(TOTAL - sure < size);
				atomic { sure = sure + size - n };
				break
			:: else -> sure = sure + size
			fi
		:: else -> break
		od;
		n = 0; k = 0; f = 0;
#else
		promise(size, size, false);
		tried = 0;
		do
		:: n > 0 ->
#if FAULT == 11
			/* gives up after one pass over the files */
			if :: tried == FILES -> break :: else -> tried++ fi;
			f = tried - 1;
#else
			select_file: atomic { STEP; if :: f = 0 :: f = FILES - 1 fi; if :: fcredit[f] == 0 -> f = FILES - 1 - f :: else fi };
#endif
			if
			:: file_credit(f, 1, n)
			:: file_credit(f, 1, 1)
			fi;
			take_bits(f)
		:: else -> break
		od;
		assert(n == 0); /* the set is whole */
#endif
		f = 0; tried = 0;
		release_all();
refused:
		n = 0; c = 0; h = 0; round++
	:: else -> break
	od;
	finished++
}

/* vector_claim_block() of BLOCK in any file. */
proctype Block()
{
	byte n, k, c, h, f, b, i, j, got, round;
	byte mine[FILES];

	do
	:: round < ROUNDS ->
		if :: f = 0 :: f = FILES - 1 fi;
#if FAULT == 10
		/* bits before the credit */
		take_mask(f, PIECE);
		if
		:: got != PIECE -> atomic { STEP; free_bits[f] = free_bits[f] | got; got = 0; goto refused }
		:: else
		fi;
		atomic {
			STEP;
			if
			:: credit < BLOCK || fcredit[f] < BLOCK -> c = 1
			:: else -> credit = credit - BLOCK; fcredit[f] = fcredit[f] - BLOCK; sure = sure + BLOCK
			fi };
		if
		:: c -> atomic { STEP; free_bits[f] = free_bits[f] | got; got = 0; goto refused }
		:: else -> atomic { hold(f, got); mine[f] = got; got = 0 }
		fi;
#else
		find_block: atomic { STEP; if :: (free_bits[f] & PIECE) != PIECE -> goto refused :: else fi };
		promise(BLOCK, BLOCK, true);
		file_credit(f, BLOCK, BLOCK);
		if
		:: k == BLOCK ->
			/* take_block: all of it or, within the credit, back */
			take_mask(f, PIECE);
			if
			:: got == PIECE -> atomic { hold(f, got); mine[f] = got }
			:: else ->
#if FAULT != 7
				atomic { STEP; free_bits[f] = free_bits[f] | got };
#endif
#if FAULT == 8
				/* space credit before the file's */
				atomic { STEP; held = held - BLOCK; credit = credit + BLOCK };
				atomic { STEP; fcredit[f] = fcredit[f] + BLOCK };
				goto refused
#else
				atomic { STEP; fcredit[f] = fcredit[f] + BLOCK }
#endif
			fi
		:: else
		fi;
		settle: atomic {
			STEP;
#if FAULT != 9
			held = held - BLOCK;
#endif
			if
			:: mine[f] == PIECE -> sure = sure + BLOCK
			:: else -> credit = credit + BLOCK
			fi };
#endif
		release_all();
refused:
		n = 0; k = 0; c = 0; h = 0; got = 0; f = 0; round++
	:: else -> break
	od;
	finished++
}

/* One identity that was out from the start. */
proctype Returns()
{
	byte f, i;

#if RETURNS == 2
	/* vector_hold, before the place can be drained; ghost: it is sure to come back */
#if FAULT == 12
	atomic { STEP; sure-- };
#elif FAULT != 13
	atomic { STEP; held++; sure-- };
#endif
	/* vector_release_held */
	atomic { STEP; drop(0, 1); free_bits[0] = free_bits[0] | 1 };
	atomic { STEP; fcredit[0]++ };
#if FAULT == 12
	atomic { STEP; credit++ };
#else
	atomic { STEP; assert(held > 0); held--; credit++ };
#endif
#if FAULT == 13
	atomic { STEP; held++; sure-- };
#endif
#else
	release(0, 0);
#endif
	finished++
}

#ifdef SOLO
proctype Freeze()
{
	byte p = 1;

	do
	:: p <= started -> p++
	:: only = p; break
	od
}
#endif

init
{
	byte f;

	atomic {
		for (f : 0 .. FILES - 1) {
			free_bits[f] = ALL;
			fcredit[f] = IDS
		}
		credit = TOTAL;
#if RETURNS
		hands[0] = 1; sure = 1;
		free_bits[0] = ALL & ~1; fcredit[0]--; credit--;
		run Returns(); started++;
#endif
#if PLAIN1
		run Plain(PLAIN1); started++;
#endif
#if PLAIN2
		run Plain(PLAIN2); started++;
#endif
#if BLOCK
		run Block(); started++;
#endif
#ifdef SOLO
		run Freeze();
#endif
		f = 0
	}
	/* At rest all is back and the credits are those of the bits. */
	finished == started;
	assert(credit == TOTAL && held == 0 && sure == 0);
	for (f : 0 .. FILES - 1) {
		assert(free_bits[f] == ALL && fcredit[f] == IDS)
	}
}
