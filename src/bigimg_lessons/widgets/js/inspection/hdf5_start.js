// Where an HDF5 file begins: with a superblock at byte 0, or behind a user block of 512 bytes, 1,024,
// 2,048 and so on (HDF5 File Format Specification, version 3.0, II.A). MATLAB's files of version 7.3
// have such a block. All addresses in the file count from the superblock.

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * The places at which a superblock may begin.
 * @param {number} size of the file, in bytes
 */
export function* possibleStarts(size) {
  for (let start = 0; start < size; start = Math.max(512, 2 * start)) yield start;
}

/**
 * Whether a superblock begins with these bytes.
 * @param {Uint8Array} bytes
 */
export function isSuperblock(bytes) {
  return SIGNATURE.every((byte, at) => bytes[at] === byte);
}
