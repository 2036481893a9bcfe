// What was loaded, beside what level 0 alone would have needed for the same views.

import { costOfSpan } from "./costs.js";
import { countOf, outside, spanOf } from "./geometry.js";

export class Counters {
  spent = { requests: 0, bytes: 0, chunks: 0 };
  spared = { requests: 0, bytes: 0 };
  /** @type {number[][]} spans of level 0 that cover what was seen */
  seen = [];

  /** @param {import("./costs.js").Priced} source */
  constructor(source) {
    this.source = source;
  }

  /** Count the chunks of level 0 that a rectangle touches and that no view has touched before. */
  see(area) {
    const span = spanOf(this.source.levels[0], area);
    const unseen = outside(span, this.seen);
    for (const part of unseen) {
      this.spared.requests += countOf(part);
      this.spared.bytes += costOfSpan(this.source, 0, part);
    }
    // Older spans that lie within the new one add nothing.
    if (unseen.length)
      this.seen = [...this.seen.filter((old) => outside(old, [span]).length), span];
  }
}
