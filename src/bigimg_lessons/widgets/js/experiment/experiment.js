// The experiment at work: what the reader has chosen, what runs, and what was measured.

import { makeGrid } from "../costs/grid.js";
import { onResize, say } from "../kit/page.js";
import { failureNodes } from "./advice.js";
import { checkEqual, openCopies, readRegion } from "./copies.js";
import { experimentPage } from "./page.js";
import { resultNodes } from "./results.js";
import { outcome, planOf, rowsOf } from "./rows.js";
import { bytes } from "./texts.js";

const ROUNDS = [3, 1];

/** @typedef {{ region: number, rounds: number }} Choice */

/**
 * What was measured of a region: of each copy its readings and the region as it arrived.
 *
 * @typedef {object} Result
 * @property {import("./rows.js").Plan[]} plan
 * @property {{ requests: number, bytes: number, seconds: number }[][]} readings
 * @property {Uint8Array[]} images
 * @property {import("./copies.js").Connection | null} connection
 */

export class Experiment {
  /** @type {Choice} */
  choice = { region: 0, rounds: ROUNDS[navigator.connection?.saveData ? 1 : 0] };
  /** @type {AbortController | null} of the run that is under way */
  run = null;
  /** @type {(Result | null)[]} the latest of each region */
  results = [];
  drawnWidth = 0; // CSS pixels

  /**
   * @param {any} image what there is to fetch, as FetchExperiment.image describes it
   * @param {URL} folder of the copies
   * @param {string} uid
   */
  constructor(image, folder, uid) {
    this.image = image;
    this.folder = folder;
    this.grids = image.copies.map(({ chunk_shape }) =>
      makeGrid({ shape: image.shape, chunkShape: chunk_shape }),
    );
    this.plans = image.regions.map(({ bounds }) => planOf(this.grids, bounds, image.compressed));
    this.page = experimentPage(uid, image.regions, ROUNDS, this.choice, (choice) =>
      this.choose(choice),
    );
    this.page.button.addEventListener("click", ({ detail }) => {
      if (detail > 1) return; // the second click of a double click would undo the first
      if (this.run) this.run.abort();
      else this.measure();
    });
    this.ignoreSize = onResize(this.page.results, () => {
      if (Math.abs(this.page.results.clientWidth - this.drawnWidth) > 1) this.show();
    });
    this.update();
  }

  close() {
    this.run?.abort();
    this.ignoreSize();
  }

  /** @param {Partial<Choice>} choice */
  choose(choice) {
    Object.assign(this.choice, choice);
    if ("region" in choice) this.say("");
    this.update();
  }

  /** Bytes that a run fetches, about: each round, and the largest chunk once for the bandwidth. */
  get planned() {
    const round = this.plans[this.choice.region].reduce((sum, plan) => sum + plan.bytes, 0);
    const probe = Math.max(...this.grids.map(({ chunkBytes }) => chunkBytes));
    return this.choice.rounds * round + probe * this.image.compressed;
  }

  say(text) {
    say(this.page.status, text);
  }

  update() {
    const { button, cost, progress, sets } = this.page;
    const isRunning = Boolean(this.run);
    for (const set of sets) set.disabled = isRunning;
    const start = this.results[this.choice.region] ? "Measure again" : "Start";
    button.textContent = isRunning ? "Stop" : start;
    button.classList.toggle("fx-stop", isRunning);
    cost.textContent = `${isRunning ? "Downloading" : "Downloads"} about ${bytes(this.planned)}`;
    progress.hidden = !isRunning;
    this.show();
  }

  rowsOf(result) {
    return rowsOf(this.image.copies, this.grids, result);
  }

  show() {
    const { results } = this.page;
    const result = this.results[this.choice.region];
    if (!result?.connection) return results.replaceChildren();
    this.drawnWidth = Math.max(280, Math.floor(results.clientWidth) || 640);
    const { copies, regions } = this.image;
    const region = regions[this.choice.region];
    const rows = this.rowsOf(result);
    results.replaceChildren(...resultNodes(result, rows, region, copies, this.drawnWidth));
  }

  async measure() {
    const { region } = this.choice;
    const plan = this.plans[region];
    /** @type {Result} */
    const result = { plan, readings: plan.map(() => []), images: [], connection: null };
    this.results[region] = result;
    this.run = new AbortController();
    this.page.progress.value = 0;
    this.page.failure.replaceChildren();
    this.say("Measuring your connection.");
    this.update();
    try {
      await this.fill(result, this.image.regions[region], this.run.signal);
    } catch (error) {
      const isStopped = this.run.signal.aborted;
      this.run.abort(); // the other requests of the same read
      this.say(isStopped ? "Stopped. What was measured until then stays." : "");
      if (!isStopped) this.page.failure.append(...failureNodes(error, this.folder));
    }
    if (!result.connection) this.results[region] = null;
    this.run = null;
    this.update();
  }

  /**
   * Measure, and show each reading as it comes.
   *
   * @param {Result} result
   * @param {any} region
   * @param {AbortSignal} signal
   */
  async fill(result, { name, bounds }, signal) {
    const total = this.planned;
    let fetched = 0;
    const onBytes = (count) => {
      fetched += count;
      this.page.progress.value = Math.min(1, fetched / total);
    };
    const [copies, connection] = await openCopies(this.image, this.folder, signal, onBytes);
    result.connection = connection;
    this.show(); // the model's estimates, before anything is measured
    const { rounds } = this.choice;
    for (let round = 0; round < rounds; round++) {
      this.say(`Round ${round + 1} of ${rounds}.`);
      // Each round starts with another copy, so that none always comes first.
      for (let turn = 0; turn < copies.length; turn++) {
        const index = (turn + round) % copies.length;
        const { voxels, ...reading } = await readRegion(copies[index], bounds, signal, onBytes);
        result.readings[index].push(reading);
        checkEqual(copies[index], voxels, result.images.find(Boolean));
        result.images[index] = voxels;
        this.show();
      }
    }
    this.say(outcome(this.rowsOf(result), name));
  }
}
