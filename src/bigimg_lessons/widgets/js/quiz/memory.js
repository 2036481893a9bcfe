// What the page remembers of a quiz, and the score.

import { put } from "../kit/dom.js";
import { grade } from "./grading/grade.js";

/**
 * On a page of the book, what was answered is kept here (see reader_progress.js); in Jupyter there
 * is no such thing, and Python's traits remember.
 */
export const memory = window.bigimgProgress;

/** Grade all answers anew; a question whose solution was seen before it was right does not count. */
export function rescore(model) {
  const [answers, helpUsed] = [model.get("answers"), model.get("help_used")];
  const results = {};
  let score = 0;
  for (const question of model.get("bank").questions) {
    const { id } = question;
    if (!answers[id]) continue;
    const { parts, ...graded } = grade(question, answers[id]);
    const points = helpUsed[id]?.solution ? 0 : graded.points;
    results[id] = { points, verdicts: parts.map(({ verdict }) => verdict) };
    score += points;
  }
  put(model, { results, score });
}

/**
 * Keep what is answered in the page's memory, and take over what is in there, from an earlier
 * visit, another quiz or another tab. That may come from an earlier version of the bank. Returns
 * what ends this.
 */
export function remember(model) {
  const { name, questions } = model.get("bank");
  const known = {}; // question id → the entry as the memory was last seen to have it, as JSON
  let busy = false;

  const kept = ({ id }) => JSON.stringify(memory.get(name, id));

  function recall() {
    const [answers, help_used] = [{}, {}];
    for (const question of questions) {
      const { id } = question;
      known[id] = kept(question);
      const { answer, help } = memory.get(name, id) ?? {};
      const texts = Array.isArray(answer) && answer.every((text) => typeof text === "string");
      if (texts && answer.length) answers[id] = answer;
      if (help?.hints || help?.solution) help_used[id] = help;
    }
    busy = true;
    model.set({ answers, help_used });
    busy = false;
  }
  // Only what was changed here: what is missing here may be new in the memory.
  function keep() {
    if (busy) return;
    busy = true;
    for (const question of questions) {
      const { id } = question;
      const [answer = [], help] = [model.get("answers")[id], model.get("help_used")[id]];
      const entry = {
        answer,
        help: help ?? {},
        points: model.get("results")[id]?.points ?? 0,
        most: grade(question, answer).most,
      };
      const now = answer.length || help ? entry : undefined;
      const text = JSON.stringify(now);
      if (text === known[id]) continue;
      memory.put(name, id, now);
      known[id] = text;
    }
    busy = false;
    if (questions.some((question) => kept(question) !== known[question.id])) recall();
  }
  recall();
  keep(); // as it is graded now
  model.on("change:answers change:help_used", keep);
  return memory.on(() => busy || recall());
}
