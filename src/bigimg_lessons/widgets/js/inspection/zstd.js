// Zstandard, unpacked; as RFC 8878 lays it down, whose sections are named here. Browsers have no
// decoder of it that can be relied on.

import { xxh64 } from "./checksums.js";
import { PackingError } from "./codec_errors.js";

const MAGIC = 0xfd2fb528;
const SKIPPED = 0x184d2a5; // without its last four bits
const MAX_BLOCK = 2 ** 17;

/** @returns {never} */
function fail(what) {
  throw new PackingError(`the bytes are no whole zstd file: ${what}`);
}

const highBit = (n) => 31 - Math.clz32(n);

/** Bits that are read from the end of a stream on (4.1); before its beginning there are zeros. */
class BackwardBits {
  constructor(bytes) {
    const last = bytes[bytes.length - 1];
    if (!last) fail("a stream of bits has no end");
    this.bytes = bytes;
    this.at = 8 * (bytes.length - 1) + highBit(last);
  }

  read(count) {
    if (count > 24) return this.read(count - 16) * 2 ** 16 + this.read(16);
    this.at -= count;
    return this.peek(this.at, count);
  }

  peek(at, count) {
    const { bytes } = this;
    const byte = at >> 3;
    const all =
      bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16) | (bytes[byte + 3] << 24);
    return (all >>> (at & 7)) & (2 ** count - 1);
  }
}

/** A table of states: their symbols, and which state comes next (4.1.1). */
function stateTable(log, counts) {
  const size = 2 ** log;
  const symbols = new Uint8Array(size);
  const next = counts.map((count) => Math.abs(count));
  let high = size;
  counts.forEach((count, symbol) => {
    if (count === -1) symbols[--high] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let place = 0;
  counts.forEach((count, symbol) => {
    for (let n = 0; n < count; n++) {
      symbols[place] = symbol;
      do place = (place + step) & (size - 1);
      while (place >= high);
    }
  });
  if (place) fail("a table of probabilities is not full");
  const bits = new Uint8Array(size);
  const base = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const rank = next[symbols[state]]++;
    bits[state] = log - highBit(rank);
    base[state] = (rank << bits[state]) - size;
  }
  return { log, symbols, bits, base };
}

const sameSymbol = (symbol) => ({
  log: 0,
  symbols: Uint8Array.of(symbol),
  bits: Uint8Array.of(0),
  base: Uint16Array.of(0),
});

/** Read a table of states (4.1.1), and where it ends. */
function readStates(bytes, start, maxLog) {
  let at = 8 * start;
  const peek = (count) => {
    const byte = at >> 3;
    const all = bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16);
    return (all >> (at & 7)) & (2 ** count - 1);
  };
  const log = peek(4) + 5;
  at += 4;
  if (log > maxLog) fail("a table of probabilities is too large");
  const counts = [];
  let left = 2 ** log;
  while (left > 0 && counts.length <= 256) {
    const length = highBit(left + 1) + 1;
    let value = peek(length);
    const lower = 2 ** (length - 1) - 1;
    const threshold = 2 ** length - 1 - (left + 1);
    if ((value & lower) < threshold) {
      value &= lower;
      at += length - 1;
    } else {
      if (value > lower) value -= threshold;
      at += length;
    }
    counts.push(value - 1);
    left -= Math.abs(value - 1);
    let more = value === 1 ? 3 : 0;
    while (more === 3) {
      more = peek(2);
      at += 2;
      for (let n = 0; n < more; n++) counts.push(0);
    }
  }
  if (left || counts.length > 256 || at > 8 * bytes.length) fail("probabilities make no sense");
  return { table: stateTable(log, counts), end: (at + 7) >> 3 };
}

/** The weights of literals, packed with two states in turn (4.2.1.2). */
function packedWeights(bytes) {
  const { table, end } = readStates(bytes, 0, 6);
  const stream = new BackwardBits(bytes.subarray(end));
  const states = [stream.read(table.log), stream.read(table.log)];
  const weights = [];
  for (let turn = 0; weights.length < 255; turn = 1 - turn) {
    weights.push(table.symbols[states[turn]]);
    states[turn] = table.base[states[turn]] + stream.read(table.bits[states[turn]]);
    if (stream.at < 0) {
      weights.push(table.symbols[states[1 - turn]]);
      return weights;
    }
  }
  return fail("there are too many weights");
}

/** Read a table of codes of literals (4.2.1), and where it ends. */
function readCodes(bytes, start) {
  const head = bytes[start];
  const isPacked = head < 128;
  const end = start + 1 + (isPacked ? head : (head - 126) >> 1);
  if (!(end <= bytes.length)) fail("it is cut short");
  const own = bytes.subarray(start + 1, end);
  const weights = isPacked
    ? packedWeights(own)
    : Array.from({ length: head - 127 }, (_, n) => (n % 2 ? own[n >> 1] & 15 : own[n >> 1] >> 4));
  const sum = weights.reduce((all, weight) => all + (weight && 2 ** (weight - 1)), 0);
  if (!sum) fail("there are no codes");
  const log = highBit(sum) + 1;
  const left = 2 ** log - sum;
  if (log > 11 || left !== 2 ** highBit(left)) fail("codes make no sense");
  weights.push(highBit(left) + 1);
  const symbols = new Uint8Array(2 ** log);
  const bits = new Uint8Array(2 ** log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    weights.forEach((own, symbol) => {
      if (own !== weight) return;
      symbols.fill(symbol, at, at + 2 ** (weight - 1));
      bits.fill(log + 1 - weight, at, at + 2 ** (weight - 1));
      at += 2 ** (weight - 1);
    });
  }
  return { codes: { log, symbols, bits }, end };
}

function unpackLiterals({ log, symbols, bits }, bytes, out) {
  const stream = new BackwardBits(bytes);
  let { at } = stream;
  for (let n = 0; n < out.length; n++) {
    const code = stream.peek(at - log, log);
    out[n] = symbols[code];
    at -= bits[code];
    if (at < 0) fail("its literals end early");
  }
  if (at) fail("its literals are too many");
}

// The sizes of the literals, unpacked and packed, and of what states them (3.1.1.3.1.1).
function literalSizes(bytes, at) {
  const [b0, b1, b2, b3, b4] = bytes.subarray(at, at + 5);
  const format = (b0 >> 2) & 3;
  if ((b0 & 3) < 2) {
    if (format === 1) return { size: (b0 >> 4) | (b1 << 4), head: 2 };
    if (format === 3) return { size: (b0 >> 4) | (b1 << 4) | (b2 << 12), head: 3 };
    return { size: b0 >> 3, head: 1 };
  }
  if (format < 2) {
    return { size: (b0 >> 4) | ((b1 & 63) << 4), packed: (b1 >> 6) | (b2 << 2), head: 3 };
  }
  const low = (b0 >> 4) | (b1 << 4);
  if (format === 2) return { size: low | ((b2 & 3) << 12), packed: (b2 >> 2) | (b3 << 6), head: 4 };
  return { size: low | ((b2 & 63) << 12), packed: (b2 >> 6) | (b3 << 2) | (b4 << 10), head: 5 };
}

// How many bits follow the code of a length, and where its lengths begin (3.1.1.3.2.1.1).
function lengthCodes(first, bits) {
  const base = [];
  bits.reduce((start, count) => {
    base.push(start);
    return start + 2 ** count;
  }, first);
  return { base, bits };
}

const zeros = (count) => Array(count).fill(0);
const LITERAL_LENGTHS = lengthCodes(0, [
  ...zeros(16),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
]);
const MATCH_LENGTHS = lengthCodes(3, [
  ...zeros(32),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
]);
const MAX_OFFSET_CODE = 31;
// For literal lengths, offsets and match lengths: the table where none is given (3.1.1.3.2.2),
// the largest logarithm of the size of one, and the last code.
const KINDS = [
  {
    usual: stateTable(6, [
      ...[4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2],
      ...[2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
    ]),
    maxLog: 9,
    last: 35,
  },
  {
    usual: stateTable(5, [
      ...[1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1],
      ...[1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
    ]),
    maxLog: 8,
    last: MAX_OFFSET_CODE,
  },
  {
    usual: stateTable(6, [
      1,
      4,
      3,
      ...Array(6).fill(2),
      ...Array(37).fill(1),
      ...Array(7).fill(-1),
    ]),
    maxLog: 9,
    last: 52,
  },
];

/** A frame that is being unpacked: what later blocks take from earlier ones. */
class Frame {
  /**
   * @param {Uint8Array} out
   * @param {number} start where the frame begins in it
   */
  constructor(out, start) {
    this.out = out;
    this.start = start;
    this.at = start;
    this.codes = null;
    this.tables = KINDS.map(() => null);
    this.offsets = [1, 4, 8];
  }

  room(size) {
    if (this.at + size > this.out.length) fail("it holds more than it should");
  }

  put(bytes) {
    this.room(bytes.length);
    this.out.set(bytes, this.at);
    this.at += bytes.length;
  }

  block(bytes) {
    const { literals, end } = this.literals(bytes);
    const head = bytes[end];
    if (head === undefined) fail("it is cut short");
    let at = end + 1;
    let count = head;
    if (head === 255) count = bytes[at++] + (bytes[at++] << 8) + 0x7f00;
    else if (head > 127) count = ((head - 128) << 8) + bytes[at++];
    if (!count) return this.put(literals);
    at = this.readTables(bytes, at);
    this.sequences(bytes.subarray(at), count, literals);
  }

  literals(bytes) {
    const kind = bytes[0] & 3;
    const isInFour = (bytes[0] >> 2) & 3;
    const { size, packed, head } = literalSizes(bytes, 0);
    if (size > MAX_BLOCK) fail("its literals are too many");
    if (kind === 0) {
      if (head + size > bytes.length) fail("it is cut short");
      return { literals: bytes.subarray(head, head + size), end: head + size };
    }
    if (kind === 1) return { literals: new Uint8Array(size).fill(bytes[head]), end: head + 1 };
    const end = head + packed;
    if (!(end <= bytes.length)) fail("it is cut short");
    let own = bytes.subarray(head, end);
    if (kind === 2) {
      const read = readCodes(own, 0);
      this.codes = read.codes;
      own = own.subarray(read.end);
    }
    if (!this.codes) fail("its literals have no codes");
    const literals = new Uint8Array(size);
    if (isInFour) unpackInFour(this.codes, own, literals);
    else unpackLiterals(this.codes, own, literals);
    return { literals, end };
  }

  // Read the three tables of sequences (3.1.1.3.2.1); returns where they end.
  readTables(bytes, start) {
    const modes = bytes[start];
    let at = start + 1;
    KINDS.forEach(({ usual, maxLog }, kind) => {
      const mode = (modes >> (6 - 2 * kind)) & 3;
      if (mode === 0) this.tables[kind] = usual;
      else if (mode === 1) this.tables[kind] = sameSymbol(bytes[at++]);
      else if (mode === 2) {
        const read = readStates(bytes, at, maxLog);
        this.tables[kind] = read.table;
        at = read.end;
      } else if (!this.tables[kind]) fail("a table is missing");
      if (this.tables[kind].symbols.some((code) => code > KINDS[kind].last)) {
        fail("a code makes no sense");
      }
    });
    return at;
  }

  sequences(bytes, count, literals) {
    const stream = new BackwardBits(bytes);
    const states = this.tables.map((table) => stream.read(table.log));
    let used = 0;
    for (let n = 1; n <= count; n++) {
      const [length, offset, match] = this.tables.map(({ symbols }, kind) => symbols[states[kind]]);
      const value = 2 ** offset + stream.read(offset);
      const copied = MATCH_LENGTHS.base[match] + stream.read(MATCH_LENGTHS.bits[match]);
      const plain = LITERAL_LENGTHS.base[length] + stream.read(LITERAL_LENGTHS.bits[length]);
      if (n < count) {
        for (const kind of [0, 2, 1]) {
          const { base, bits } = this.tables[kind];
          states[kind] = base[states[kind]] + stream.read(bits[states[kind]]);
        }
      }
      if (stream.at < 0 || used + plain > literals.length) fail("its sequences end early");
      this.put(literals.subarray(used, used + plain));
      used += plain;
      this.copy(this.distance(value, plain === 0), copied);
    }
    if (stream.at) fail("its sequences do not end where they should");
    this.put(literals.subarray(used));
  }

  // How far back a match lies, which may be told by one of the last three (3.1.1.5).
  distance(value, isBare) {
    const known = this.offsets;
    if (value > 3) {
      this.offsets = [value - 3, known[0], known[1]];
      return value - 3;
    }
    const rank = value - 1 + (isBare ? 1 : 0);
    const found = rank === 3 ? known[0] - 1 : known[rank];
    if (rank) this.offsets = [found, known[0], rank === 1 ? known[2] : known[1]];
    return found;
  }

  copy(distance, length) {
    const { out } = this;
    this.room(length);
    if (distance < 1 || distance > this.at - this.start) fail("a match lies before its beginning");
    for (const end = this.at + length; this.at < end; this.at++) {
      out[this.at] = out[this.at - distance];
    }
  }
}

function unpackInFour(codes, bytes, out) {
  const step = (out.length + 3) >> 2;
  let at = 6;
  for (let n = 0; n < 4; n++) {
    const end = n < 3 ? at + bytes[2 * n] + (bytes[2 * n + 1] << 8) : bytes.length;
    if (!(end <= bytes.length)) fail("it is cut short");
    unpackLiterals(codes, bytes.subarray(at, end), out.subarray(n * step, (n + 1) * step));
    at = end;
  }
}

// The size of the header of a frame, and whether a checksum follows its blocks (3.1.1.1).
function frameHeader(bytes, at) {
  const head = bytes[at];
  const isSingle = (head >> 5) & 1;
  const content = [isSingle, 2, 4, 8][head >> 6];
  if (head & 8) fail("a reserved bit is set");
  if (head & 3) fail("it needs a dictionary");
  return { size: 1 + (isSingle ? 0 : 1) + content, hasChecksum: (head >> 2) & 1 };
}

function unpackFrame(bytes, start, out, begin) {
  const { size, hasChecksum } = frameHeader(bytes, start);
  const frame = new Frame(out, begin);
  let at = start + size;
  for (let isLast = false; !isLast; ) {
    if (at + 3 > bytes.length) fail("it is cut short");
    const head = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    const length = head >> 3;
    const kind = (head >> 1) & 3;
    isLast = (head & 1) === 1;
    at += 3;
    const end = at + (kind === 1 ? 1 : length);
    if (end > bytes.length || kind === 3) fail("it is cut short");
    const block = bytes.subarray(at, end);
    if (kind === 0) frame.put(block);
    else if (kind === 2) frame.block(block);
    else {
      frame.room(length);
      frame.put(new Uint8Array(length).fill(block[0]));
    }
    at = end;
  }
  if (!hasChecksum) return { end: at, at: frame.at };
  if (at + 4 > bytes.length) fail("it is cut short");
  const stored = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
  if (BigInt(stored) !== BigInt.asUintN(32, xxh64(out.subarray(begin, frame.at)))) {
    fail("its checksum differs");
  }
  return { end: at + 4, at: frame.at };
}

/**
 * Unpack a file.
 *
 * @param {Uint8Array} bytes
 * @param {number} length bytes that it holds
 * @returns {Uint8Array}
 */
export function unpackZstd(bytes, length) {
  const out = new Uint8Array(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let filled = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) fail("it is cut short");
    const magic = view.getUint32(at, true);
    if (magic >>> 4 === SKIPPED) at += 8 + view.getUint32(at + 4, true);
    else if (magic === MAGIC) {
      const done = unpackFrame(bytes, at + 4, out, filled);
      [at, filled] = [done.end, done.at];
    } else fail("its beginning is another's");
  }
  if (filled !== length) fail(`it holds ${filled} bytes in place of ${length}`);
  return out;
}
