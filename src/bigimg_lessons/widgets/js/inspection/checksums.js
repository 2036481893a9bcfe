// Checksums of bytes: those of 32 bits are counted from their lowest bit on.

function tableOf(polynomial) {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    return rest;
  });
}

const ZIP = tableOf(0xedb88320);
const CASTAGNOLI = tableOf(0x82f63b78);

function checksum(bytes, table) {
  let rest = -1;
  for (const byte of bytes) rest = table[(rest ^ byte) & 255] ^ (rest >>> 8);
  return ~rest >>> 0;
}

/** The checksum of zip and gzip. @param {Uint8Array} bytes */
export const crc32 = (bytes) => checksum(bytes, ZIP);

/** The checksum of Zarr's codec of that name. @param {Uint8Array} bytes */
export const crc32c = (bytes) => checksum(bytes, CASTAGNOLI);

// Factors of xxh64, as xxhash_spec.md of github.com/Cyan4973/xxHash states them.
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

const wrapped = (n) => BigInt.asUintN(64, n);
const turned = (n, bits) => wrapped(n << bits) | (n >> (64n - bits));
const round = (lane, input) => wrapped(turned(wrapped(lane + input * P2), 31n) * P1);

/** The checksum of which Zstandard stores the lower half. @param {Uint8Array} bytes */
export function xxh64(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let at = 0;
  let sum = P5;
  if (length >= 32) {
    let lanes = [wrapped(P1 + P2), P2, 0n, wrapped(-P1)];
    for (; at + 32 <= length; at += 32) {
      const start = at;
      lanes = lanes.map((lane, n) => round(lane, view.getBigUint64(start + 8 * n, true)));
    }
    sum = wrapped(lanes.reduce((all, lane, n) => all + turned(lane, [1n, 7n, 12n, 18n][n]), 0n));
    for (const lane of lanes) sum = wrapped((sum ^ round(0n, lane)) * P1 + P4);
  }
  sum = wrapped(sum + BigInt(length));
  for (; at + 8 <= length; at += 8) {
    const lane = round(0n, view.getBigUint64(at, true));
    sum = wrapped(turned(sum ^ lane, 27n) * P1 + P4);
  }
  for (; at + 4 <= length; at += 4) {
    const lane = wrapped(BigInt(view.getUint32(at, true)) * P1);
    sum = wrapped(turned(sum ^ lane, 23n) * P2 + P3);
  }
  for (; at < length; at++) sum = wrapped(turned(sum ^ wrapped(BigInt(bytes[at]) * P5), 11n) * P1);
  sum = wrapped((sum ^ (sum >> 33n)) * P2);
  sum = wrapped((sum ^ (sum >> 29n)) * P3);
  return sum ^ (sum >> 32n);
}
