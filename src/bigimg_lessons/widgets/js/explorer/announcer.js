// Reads a sentence aloud once it has settled, and not when the page opens.

import { make } from "../kit/dom.js";
import { say } from "../kit/page.js";

const SETTLED = 600; // milliseconds without a change

/** @param {import("./exploring.js").State} state */
export function announcer(state) {
  const live = make("p", { class: "bx-hidden", role: "status" });
  return {
    node: live,
    /** @param {string} sentence */
    show(sentence) {
      clearTimeout(state.settling);
      state.said ??= sentence;
      if (state.said === sentence) return;
      state.settling = setTimeout(() => {
        state.said = sentence;
        say(live, sentence);
      }, SETTLED);
    },
  };
}
