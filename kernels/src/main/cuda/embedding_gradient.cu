// embedding_gradient: derivatives of gathered rows, summed by table row: for every distinct id of a
// batch, ascending, the sum of its rows of D floats, added one after another in the order of the batch.
//   items: ids are the items and then the candidates of the batch, rows those of dX and then of dE
//   users: ids are the users, rows those of dU; no second part
//
// One launch, in which blocks share nothing. Every block counts a sample of the ids, the same for all,
// in bins of neighbouring ids, and so knows which range of ids each block takes: about as many for
// each, whatever they are. It goes through all n ids once, counts those below its range and collects
// those in it, sorts these by (id, place in the batch), finds where each distinct id begins, and a
// group of lanes adds up the rows of each.
//
// Result: slot by slot rows[slot] and sums[slot][D], slots [0, count). Where block r begins to write,
// no block has to be asked: at slot min(ids before its own, first id it may have), since no more
// distinct ids can come before. That leaves holes: rows[slot] = ~id, negative, with an id not below
// the one before and not above the one behind it, so that `rows` without signs does not descend.
// It all fits where `room` is the table's rows or n. Else count may become -1: it did not fit.
//
// Launch: block BLOCK, any number of blocks R >= 1; scratch of n keys and n heads, of which a block
//   uses a part of its own where it has more than HELD ids. n == 0 writes count = 0.
// Aliasing: none.
// Determinism: keys differ, so one order is right; sums have the bits of that order.
// Bytes: rows 4 D once in, sums 4 D + 4 once out; the ids and their sample once into each block.
// Bank conflicts: those of counting in random bins, which are inherent; else hardly any.
//
// Compile-time: EMBEDDING_GRADIENT_D = D >= 1; EMBEDDING_GRADIENT_VECTOR = floats an access, 4 or 1.
#include "access.cuh"
#include "block_prefix.cuh"
#include "key_sort.cuh"
#include "warp.cuh"

#ifndef EMBEDDING_GRADIENT_D
#define EMBEDDING_GRADIENT_D 16
#endif
#ifndef EMBEDDING_GRADIENT_VECTOR
#define EMBEDDING_GRADIENT_VECTOR 4
#endif

constexpr int D = EMBEDDING_GRADIENT_D;
constexpr int VECTOR = EMBEDDING_GRADIENT_VECTOR;
static_assert(D >= 1, "a row has values");
static_assert(D % VECTOR == 0, "16-byte accesses need D % 4 == 0");

constexpr int BLOCK = 512;
constexpr int HELD = 2560;    // ids that a block can keep in shared memory
constexpr int SAMPLE = 8192;  // ids that are counted in bins, at most

// An id's bin: its leading one and the LEADING bits behind it, so a bin has at most 1 / 2^LEADING of
// the ids below its end. Bins ascend with ids.
constexpr int LEADING = 8;
constexpr int BINS_USED = (31 - LEADING + 1) << LEADING;
constexpr int BINS_A_THREAD = (BINS_USED + BLOCK - 1) / BLOCK | 1;  // odd: no bank conflicts
constexpr int BINS = BINS_A_THREAD * BLOCK;
static_assert(BINS >= HELD, "where bins were, heads will be");

constexpr int ACCESSES = D / VECTOR;
constexpr int GROUP = lanes_for(ACCESSES);             // lanes a row
constexpr int STEPS = (ACCESSES + GROUP - 1) / GROUP;  // accesses a lane
constexpr int AHEAD = 8 / STEPS > 0 ? 8 / STEPS : 1;   // rows under way together

// Ids and their rows, in two parts that follow one another.
struct Rows {
  const int* ids;
  const float* values;
  int count;
  const int* more_ids;
  const float* more_values;
  int more;
};

struct Slots {
  int* rows;
  float* sums;
  int* count;
  int room;
};

__device__ __forceinline__ int bin_of(int id) {
  const int shift = max(0, 31 - __clz(id) - LEADING);
  return (shift << LEADING) + (id >> shift);
}

// The first id of a bin; 2^31 behind the last.
__device__ __forceinline__ unsigned first_id(int bin) {
  const int shift = max(0, (bin >> LEADING) - 1);
  return static_cast<unsigned>(bin - (shift << LEADING)) << shift;
}

// visit(place, id) by the threads of the block, in any order, for all ids, or for 128 neighbours of
// every 128 `stride` of each part. A thread has FOURS loads under way.
template <int FOURS, class Visit>
__device__ __forceinline__ void each_id(const Rows& rows, int stride, Visit visit) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  const int warp = static_cast<int>(threadIdx.x) / WARP;
  const int step = BLOCK * stride;
#pragma unroll 1
  for (int part = 0; part < 2; ++part) {
    const int* ids = part == 0 ? rows.ids : rows.more_ids;
    const int count = part == 0 ? rows.count : rows.more;
    const int first = part == 0 ? 0 : rows.count;
#pragma unroll 1
    for (int four = warp * stride * WARP + lane; 4 * four < count; four += FOURS * step) {
      int4 held[FOURS];
#pragma unroll
      for (int k = 0; k < FOURS; ++k) {
        if (four + k * step < count / 4) {
          held[k] = reinterpret_cast<const int4*>(ids)[four + k * step];
        }
      }
#pragma unroll
      for (int k = 0; k < FOURS; ++k) {
        const int i = 4 * (four + k * step);
        if (i + 4 <= count) {
          visit(first + i, held[k].x);
          visit(first + i + 1, held[k].y);
          visit(first + i + 2, held[k].z);
          visit(first + i + 3, held[k].w);
        }
      }
    }
    const int rest = count / 4 * 4 + static_cast<int>(threadIdx.x);  // the last ones, of any stride
    if (rest < count) {
      visit(first + rest, ids[rest]);
    }
  }
}

// starts[bin] = ids of the sample in bins before it. Returns the size of the sample.
__device__ __forceinline__ int
count_bins(const Rows& rows, int (&starts)[BINS], int (&room)[BLOCK / WARP]) {
  for (int bin = threadIdx.x; bin < BINS; bin += BLOCK) {
    starts[bin] = 0;
  }
  __syncthreads();
  const int stride = 1 + (rows.count + rows.more) / SAMPLE;
  each_id<4>(rows, stride, [&](int, int id) { atomicAdd(&starts[bin_of(id)], 1); });
  __syncthreads();
  int* own = starts + threadIdx.x * BINS_A_THREAD;
  int sum = 0;
#pragma unroll
  for (int i = 0; i < BINS_A_THREAD; ++i) {
    sum += own[i];
  }
  int total;
  int before = block_prefix<BLOCK>(sum, room, total);
#pragma unroll
  for (int i = 0; i < BINS_A_THREAD; ++i) {
    const int size = own[i];
    own[i] = before;
    before += size;
  }
  __syncthreads();
  return total;
}

// The first bin with starts[bin] >= number; BINS where there is none.
__device__ __forceinline__ int bin_at(const int (&starts)[BINS], int number) {
  int low = 0;
  int high = BINS;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (starts[middle] < number) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// heads[s] = where distinct id s begins among sorted keys; returns how many there are.
__device__ __forceinline__ int
find_heads(const Key* keys, int count, int* heads, int (&room)[BLOCK / WARP]) {
  int distinct = 0;
  for (int first = 0; first < count; first += BLOCK) {
    const int i = first + static_cast<int>(threadIdx.x);
    const bool head = i < count && (i == 0 || keys[i] >> 32 != keys[i - 1] >> 32);
    int total;
    const int before = block_prefix<BLOCK>(head ? 1 : 0, room, total);
    if (head) {
      heads[distinct + before] = i;
    }
    distinct += total;
  }
  __syncthreads();
  return distinct;
}

// The sum of the rows of keys [from, to), in their order: the part of it that this lane has.
__device__ __forceinline__ void
add_rows(const Rows& rows, const Key* keys, int from, int to, Access<VECTOR> (&sum)[STEPS]) {
  const int member = static_cast<int>(threadIdx.x) % GROUP;
#pragma unroll
  for (int step = 0; step < STEPS; ++step) {
    sum[step] = zero_access<VECTOR>();
  }
  for (int i = from; i < to; i += AHEAD) {
    Access<VECTOR> held[AHEAD][STEPS];
#pragma unroll
    for (int k = 0; k < AHEAD; ++k) {
      const bool has = i + k < to;
      const int place = has ? static_cast<int>(keys[i + k]) : 0;
      const float* row = place < rows.count
          ? rows.values + static_cast<long long>(place) * D
          : rows.more_values + static_cast<long long>(place - rows.count) * D;
#pragma unroll
      for (int step = 0; step < STEPS; ++step) {
        const int access = step * GROUP + member;
        held[k][step] = has && access < ACCESSES ? load_access<VECTOR>(row, access)
                                                 : zero_access<VECTOR>();
      }
    }
#pragma unroll
    for (int k = 0; k < AHEAD; ++k) {
#pragma unroll
      for (int step = 0; step < STEPS; ++step) {
#pragma unroll
        for (int x = 0; x < VECTOR; ++x) {
          sum[step].x[x] += held[k][step].x[x];  // a sum from 0 on is never -0: adding 0 keeps it
        }
      }
    }
  }
}

// What a block does with the ids of its range once it has collected them.
struct Range {
  unsigned low;    // the first id it may have
  unsigned high;   // behind the last
  int ids;         // of the batch
  int before;      // ids below the range
  int count;       // ids in it
};

// Sorts the range's keys, and writes the sums and the holes behind them. Compiled once for keys and
// heads in shared memory, and once for global memory.
__device__ __forceinline__ void write_range(
    const Rows& rows,
    const Slots& slots,
    const Range& range,
    Key* keys,
    int* heads,
    int (&room)[BLOCK / WARP]) {
  const int thread = static_cast<int>(threadIdx.x);
  const int member = thread % GROUP;
  const int behind = range.before + range.count;
  const int base = static_cast<int>(min(static_cast<unsigned>(range.before), range.low));
  const int end = static_cast<int>(min(static_cast<unsigned>(behind), range.high));
  sort_keys<BLOCK>(keys, range.count);
  const int distinct = find_heads(keys, range.count, heads, room);
  for (int s = thread / GROUP; s < distinct; s += BLOCK / GROUP) {
    const int from = heads[s];
    Access<VECTOR> sum[STEPS];
    add_rows(rows, keys, from, s + 1 < distinct ? heads[s + 1] : range.count, sum);
    const int slot = base + s;
    if (slot < slots.room) {
      if (member == 0) {
        slots.rows[slot] = static_cast<int>(keys[from] >> 32);
      }
      float* to = slots.sums + static_cast<long long>(slot) * D;
#pragma unroll
      for (int step = 0; step < STEPS; ++step) {
        const int access = step * GROUP + member;
        if (access < ACCESSES) {
          store_access<VECTOR>(to, access, sum[step]);
        }
      }
    }
  }
  const int last = range.count > 0 ? static_cast<int>(keys[range.count - 1] >> 32)
                                   : static_cast<int>(min(range.low, 0x7fffffffu));
  const int holes_end = min(end, slots.room);
  for (int slot = base + distinct + thread; slot < holes_end; slot += BLOCK) {
    slots.rows[slot] = ~last;
  }
  // The block with the last id knows whether all found room; with no ids at all, the first block.
  const bool closes = range.ids == 0 ? blockIdx.x == 0 : range.count > 0 && behind == range.ids;
  if (closes && thread == 0) {
    slots.count[0] = base + distinct > slots.room ? -1 : min(range.ids, slots.room);
  }
}

__device__ __forceinline__ Key key_of(int place, int id) {
  return static_cast<Key>(id) << 32 | static_cast<unsigned>(place);
}

// Part one has ends[live[0]] ids with `ragged`, else ends[0]; part two live[0] times `more_each`.
extern "C" __global__ void __launch_bounds__(BLOCK, 2) embedding_gradient_rows(
    const int* ids,
    const float* values,
    const int* more_ids,
    const float* more_values,
    const int* live,
    const int* ends,
    int ragged,
    int more_each,
    unsigned long long* key_scratch,
    int* head_scratch,
    int* slot_rows,
    float* slot_sums,
    int* slot_count,
    int slot_room) {
  __shared__ int starts[BINS];
  __shared__ Key held[HELD];
  __shared__ int room[BLOCK / WARP];
  __shared__ unsigned bounds[2];
  __shared__ int collected;
  const int blocks = static_cast<int>(gridDim.x);
  const int histories = live[0];
  const Rows rows = {
      ids,
      values,
      ends[ragged != 0 ? histories : 0],
      more_ids,
      more_values,
      histories * more_each};
  const Slots slots = {slot_rows, slot_sums, slot_count, slot_room};
  if (threadIdx.x == 0) {
    collected = 0;
  }
  const int sample = count_bins(rows, starts, room);
  if (threadIdx.x < 2) {  // where the block's range begins, and where the next block's does
    const int block = static_cast<int>(blockIdx.x + threadIdx.x);
    const int number = static_cast<int>(static_cast<long long>(sample) * block / blocks);
    bounds[threadIdx.x] =
        first_id(block == blocks ? BINS_USED : min(bin_at(starts, number), BINS_USED));
  }
  __syncthreads();
  Range range = {bounds[0], bounds[1], rows.count + rows.more, 0, 0};
  const unsigned width = range.high - range.low;
  int below = 0;
  each_id<4>(rows, 1, [&](int place, int id) {
    below += static_cast<unsigned>(id) < range.low ? 1 : 0;
    if (static_cast<unsigned>(id) - range.low < width) {
      const int i = atomicAdd(&collected, 1);
      if (i < HELD) {
        held[i] = key_of(place, id);
      }
    }
  });
  block_prefix<BLOCK>(below, room, range.before);
  range.count = collected;
  if (range.count <= HELD) {
    write_range(rows, slots, range, held, starts, room);  // nobody looks at bins any more
  } else {
    Key* keys = key_scratch + range.before;
    __syncthreads();
    each_id<1>(rows, 1, [&](int place, int id) {
      if (static_cast<unsigned>(id) - range.low < width) {
        keys[atomicSub(&collected, 1) - 1] = key_of(place, id);
      }
    });
    __syncthreads();
    write_range(rows, slots, range, keys, head_scratch + range.before, room);
  }
}
