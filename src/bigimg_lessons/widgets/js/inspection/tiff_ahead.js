// Where a directory of a TIFF lies is learned from the one before, and each read of a file that was
// given to a page takes about a millisecond, in which some hundred KiB are read. Mostly directories lie
// one behind the other, or at equal distances: then several are read at once. Where planes differ in
// size, as compressed ones do, all that lies between directories that are near is read with them.

const SINGLE_BYTES = 512; // of a directory: 16 tags in BigTIFF
const RUN_BYTES = 2 ** 16;
const CLOSE = 4096; // bytes from one directory to the next, below which a run of them is read
const MOST_AHEAD = 128; // directories
const NEAR = 2 ** 18; // bytes from one to the next, below which what lies between is read, too
const WINDOW_BYTES = 2 ** 22;
const UNEVEN_STEPS = 3; // after which distances are taken for unequal

/** Bytes of directories, read ahead where the next ones are expected. */
export class DirectoriesAhead {
  /**
   * @param {(place: number, length: number) => Promise<Uint8Array>} read fewer at the file's end
   * @param {boolean} isHere whether bytes come from this computer, so that a request costs more than
   *   what it brings
   */
  constructor(read, isHere) {
    this.read = read;
    this.isHere = isHere;
    /** @type {{ start: number, bytes: Uint8Array }} */
    this.run = { start: 0, bytes: new Uint8Array() };
    /** @type {Map<number, Promise<Uint8Array>>} */
    this.expected = new Map();
    this.last = Number.NaN;
    this.step = Number.NaN;
    this.count = 1;
    this.uneven = 0;
  }

  /**
   * Bytes from the beginning of a directory on, which may not be all of a long one.
   * @param {number} place
   */
  async at(place) {
    const step = place - this.last;
    this.last = place;
    const { start, bytes } = this.run;
    if (place >= start && place + SINGLE_BYTES <= start + bytes.length) {
      return bytes.subarray(place - start);
    }
    this.uneven = step === this.step || step < CLOSE ? 0 : this.uneven + 1;
    if (step > 0 && step < CLOSE) return this.runFrom(place, RUN_BYTES);
    if (this.isHere && step > 0 && step < NEAR && this.uneven >= UNEVEN_STEPS) {
      return this.runFrom(place, WINDOW_BYTES);
    }
    return this.expected.get(place) ?? this.atStep(place, step);
  }

  async runFrom(place, length) {
    this.run = { start: place, bytes: await this.read(place, length) };
    return this.run.bytes;
  }

  // As long as steps stay equal, twice as many are read ahead each time.
  atStep(place, step) {
    this.count = step === this.step ? Math.min(2 * this.count, MOST_AHEAD) : 1;
    this.step = step;
    this.expected.clear();
    for (let ahead = 1; ahead < this.count; ahead++) {
      const next = place + ahead * step;
      if (next <= 0) break;
      const found = this.read(next, SINGLE_BYTES);
      found.catch(() => {}); // it may never be asked for
      this.expected.set(next, found);
    }
    return this.read(place, SINGLE_BYTES);
  }
}
