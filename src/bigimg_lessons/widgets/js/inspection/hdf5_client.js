// HDF5 files on a page: a worker is started when the first one is given, and replaced when it dies.

import { InspectionError } from "./errors.js";

const SECONDS = 60; // after which a worker is taken for dead

/** A file of this computer, or of a web server. */
/** @typedef {{ name: string, size: number, blob?: Blob, url?: string }} FileSource */

/** Reads HDF5 files in a worker, one after the other. */
export class Hdf5Reader {
  /**
   * @param {{ worker: string, library: string }} addresses of the worker and of h5wasm
   * @param {{ seconds?: number }} [options] after which an answer is no longer waited for
   */
  constructor({ worker, library }, { seconds = SECONDS } = {}) {
    this.script = worker;
    this.address = new URL(library, document.baseURI).href;
    this.seconds = seconds;
    /** @type {Worker | null} */
    this.worker = null;
    this.last = Promise.resolve();
    /** Ends what is being read from a server. @type {(() => void) | null} */
    this.giveUp = null;
  }

  /**
   * Describe a file, as inspectHdf5 does.
   *
   * @param {FileSource} source
   * @param {string} given how the reader calls it
   * @param {{ xml?: FileSource | null, pair?: { data: object, nbytes: number } | null }} [told]
   * @returns {Promise<import("./report.js").Report>}
   */
  async inspect(source, given, { xml = null, pair = null } = {}) {
    this.giveUp?.(); // who gives another file waits for no server
    const beside = xml && { blob: xml.blob, name: xml.name };
    return this.queued({ ...fileOf(source), given, xml: beside, pair });
  }

  /**
   * Read a region of a level.
   *
   * @param {FileSource} source
   * @param {import("./report.js").Level} level
   * @param {number[][]} ranges for each axis of the dataset (of Imaris: z, y and x) the first voxel,
   *     and the one after the last
   * @returns {Promise<any>} a typed array of the values, row by row
   */
  region(source, { path, dtype }, ranges) {
    return this.queued({ ...fileOf(source), given: source.name, path, dtype, ranges });
  }

  queued(request) {
    const answer = this.last.then(() => this.asked({ ...request, address: this.address }));
    this.last = answer.then(
      () => {},
      () => {},
    );
    return answer;
  }

  async asked(request) {
    this.worker ??= new Worker(this.script);
    const answer = await Promise.race([
      answerOf(this.worker, request, this.seconds),
      this.abandoned(request),
    ]);
    this.giveUp = null;
    if (answer.isBroken) {
      this.worker.terminate();
      this.worker = null;
    }
    if (answer.found !== undefined) return answer.found;
    if (answer.isKnown) throw new InspectionError(answer.error);
    throw new Error(answer.error);
  }

  // The worker itself cannot be told, as it waits for the server.
  abandoned({ given, url }) {
    return new Promise((resolve) => {
      const error = `${given} is no longer read, as another file was given.`;
      this.giveUp = url ? () => resolve({ error, isKnown: true, isBroken: true }) : null;
    });
  }
}

/** @param {FileSource} source */
const fileOf = ({ name, size, blob, url }) => ({ name, size, blob, url });

/** What a worker answers; that it is broken, if it does not. */
function answerOf(worker, request, seconds) {
  const { given } = request;
  return new Promise((resolve) => {
    const failed = (error) => resolve({ error, isKnown: true, isBroken: true });
    const late = () => failed(`${given} was not read within ${seconds} s: it may be damaged.`);
    let clock = setTimeout(late, seconds * 1000);
    worker.onmessage = ({ data }) => {
      clearTimeout(clock);
      if (data.isReading) clock = setTimeout(late, seconds * 1000);
      else resolve(data);
    };
    worker.onerror = (event) => {
      clearTimeout(clock);
      event.preventDefault?.();
      failed(
        `${given} was not read, as what reads HDF5 did not start or broke down: load this page ` +
          "again, or inspect the file with the command bigimg inspect.",
      );
    };
    worker.postMessage(request);
  });
}
