"""How a strip's columns lie: what `codec` and the compiled `kernels` both know. No I/O.

A strip is up to 256 runs, one a point, ascending. A run is what the keyframe knows of the point, if anything,
and then its samples: its rows. A clock is the times of a run's rows; runs of one device share theirs.

| column       | of             | what                                                             |
| ------------ | -------------- | ---------------------------------------------------------------- |
| heads        | clocks, runs   | see below                                                        |
| times        | a clock's rows | a byte each: how late, zigzagged; none of a steady clock         |
| wide times   |                | u64: what no byte holds                                          |
| values 1..5  | a run's rows   | a byte each but for the first: the step; by the band of the run  |
| wide values  |                | u64                                                              |
| changes      | rows           | u32 rows since the last, counted over all runs; u8 quality       |

Heads have each field of all clocks, then each of all runs. Of numbers with several bytes first come all
lowest bytes, and so on; so it is with words and changes too.

| of a clock | field                                                                    |
| ---------- | ------------------------------------------------------------------------ |
| u8         | bits 0..4 code, 5..6 how it is foretold, 7: first row is the keyframe's  |
| u32        | rows                                                                     |
| u64        | origin, zigzagged, from the segment's start                              |
| u64        | beat less that of the clock before, zigzagged                            |

| of a run   | field                                                                    |
| ---------- | ------------------------------------------------------------------------ |
| u8         | points left out before it                                                |
| u8         | 0: its clock is the next new one; else how many clocks before that       |
| u8         | bits 0..4 code, 7: its first value is kept as bits                       |
| u8         | band; 0: every step is 0, and not stored                                 |
| u8         | quality of the first row                                                 |
| u64        | first value, zigzagged, or its bits                                      |
| u64        | slope, zigzagged: what every step is more than stored                    |

Numba's cache of compiled code does not see changes here: touch `kernels.py` too.
"""

from typing import Final

#: Points of a strip.
POINTS: Final = 256
#: More rows of a strip are refused: bytes that lie must not make the reader take all memory.
MOST: Final = 1 << 22

HEADS, TIMES, TIMES_WIDE, BANDS, VALUES_WIDE, CHANGES, COLUMNS = 0, 1, 2, 3, 8, 9, 10
N_BANDS: Final = 5
CLOCK_BYTES, RUN_BYTES, WORD, CHANGE_BYTES = 21, 21, 8, 5
#: Bytes of a sample in a chunk.
SAMPLE_BYTES: Final = 21

#: The fields of an opened strip's clocks and runs.
C_CODE, C_WAY, C_KEY, C_ROWS, C_FIRST, C_BEAT, C_AT, C_WIDE, C_DIRECT = range(9)
CLOCK_FIELDS: Final = 9
R_POINT, R_CLOCK, R_CODE, R_LITERAL, R_FIRST, R_SLOPE, R_AT, R_WIDE, R_WIDES, R_QUALITY = range(10)
R_ROW, R_CHANGE = 10, 11
RUN_FIELDS: Final = 12
#: Of several opened strips: the first point of each; where its columns, clocks, runs and changes begin.
S_POINT, S_DATA, S_CLOCKS, S_RUNS, S_CHANGES, STRIP_FIELDS = range(6)

#: What is said of a packed column: its bytes, how many of them are there, in which base, where it begins, how
#: many it takes, and whether it lies there as it is.
SIZE, DENSE, BASE, PLACE, TAKEN, STORED, FIELDS = range(7)
#: How many digits of a base one byte has room for, by base.
DIGITS: Final = (1, 1, 8, 5, 4, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)
