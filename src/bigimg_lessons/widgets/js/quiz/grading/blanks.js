// What is typed into the gaps of a sentence.

import { quantity } from "./numbers.js";
import { almostIf, empty, part } from "./verdicts.js";
import { fold, misspelt, readings, same } from "./words.js";

// A text, as it is compared.
const entry = (text) => ({ folded: fold(text), number: quantity(text) });

// Numbers are compared as numbers: "three" is 3, and 15 is not 1.5.
function alike({ folded, number }, listed) {
  const other = listed.number;
  if (!other || other.rest || number?.rest) return same(folded, listed.folded);
  if (!number) return /\p{L}/u.test(folded) && same(folded, listed.folded);
  const near = Math.abs(number.value - other.value) <= 1e-9 * other.value;
  return near && number.dimension === other.dimension;
}

const reply = ({ say, almost }) => almostIf(almost, say);

/** @type {WeakMap<any, {right: any[], wrongs: any[]}>} what is graded at each keystroke */
const LISTS = new WeakMap();

function listsOf(blank) {
  const { answers, feedback } = blank;
  if (!LISTS.has(blank)) {
    const wrongs = feedback.map(({ when, ...rest }) => ({ when: when.map(entry), ...rest }));
    LISTS.set(blank, { right: answers.map(entry), wrongs });
  }
  return LISTS.get(blank);
}

// The verdict on a text that stands in the lists, as it is or without words of the sentence.
function known(blank, text, [before, after]) {
  const { right, wrongs } = listsOf(blank);
  const among = (listed, given) => listed.some((other) => alike(given, other));
  const wrong = (given) => wrongs.find(({ when }) => among(when, given));
  const all = readings(text, before, after).map(entry);
  const exact = !among(right, all[0]) && wrong(all[0]);
  if (exact) return reply(exact);
  if (all.some((given) => among(right, given))) return part("right");
  const listed = all.map(wrong).find(Boolean);
  return listed && reply(listed);
}

const MOST = 4; // remarks; whoever makes more has written something else than an answer
const OR = /\s*[/|](?![^(]*\))\s*|\s+(?:or|ou|oder)\s+|\(\s*or\s/;
const REMARK =
  /\s*[(),;:[\]=–—]\s*|\s+-\s+|\s*\b(?:i\.?\s?e\b\.?|that is\b|because\b|since\b|aka\b)/;
// What only says whose or where: "shape of the chunks". A part of a whole is something else.
const WHOSE = /\s+(?:of|in|at|from|for|on)\s+(?!.*\b(?:one|single|half|part|few|some|1)\b)/;
const UNLIKE = /^\W*(not|no|rather|instead|unlike|as opposed|never|isn)/i;

// Each of several alternatives must be right; a remark may say anything but a wrong answer.
function judged(blank, text, gap) {
  const whole = known(blank, text, gap);
  if (whole) return whole;
  // What a number was worked out from stands before it.
  const result = /=\s*(.*)$/.exec(text)?.[1];
  if (result && quantity(blank.answers[0])) return known(blank, result, gap);
  const choices = text.split(OR).filter(fold);
  if (choices.length > 1) {
    const verdicts = choices.map((choice) => judged(blank, choice, gap));
    if (verdicts.every((verdict) => verdict?.verdict === "right")) return verdicts[0];
    return verdicts.find((verdict) => verdict && verdict.verdict !== "right");
  }
  const [first, ...remarks] = text.split(REMARK).filter(fold);
  if (!remarks[0]) return known(blank, text.split(WHOSE)[0], gap);
  if (remarks.length > MOST) return undefined;
  const verdicts = remarks.map((remark) => !UNLIKE.test(remark) && known(blank, remark, gap));
  return verdicts.find((found) => found?.verdict === "wrong") || judged(blank, first, gap);
}

/**
 * Grade what was typed into one gap.
 *
 * @param {any} blank
 * @param {string} text
 * @param {string[]} gap the sentence before it and after it
 * @param {string} [hint]
 */
export function gradeBlank(blank, text, gap, hint) {
  if (!fold(text)) return empty;
  const found = judged(blank, text, gap);
  if (found) return found;
  const all = readings(text, ...gap);
  const slipped = (listed) => listed.some((other) => all.some((given) => misspelt(given, other)));
  if (slipped(blank.answers)) return part("almost", "Check the spelling.");
  const wrong = blank.feedback.find(({ when }) => slipped(when));
  return wrong ? reply(wrong) : part("wrong", ["Another term is meant.", hint]);
}
