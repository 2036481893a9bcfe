// Grading, apart from any page: what was typed goes in, verdicts come out.

// Spellings are folded to one of the two that English has; a result may be no word at all, since
// it is only ever compared with others folded in the same way.
const SPELLINGS = [
  [/([a-z]{3})our/, "$1or"], // colour
  [/(cent|fib|lit|met)re/, "$1er"], // centre
  [/is(e[ds]?|er|ing|ations?)$/, "iz$1"], // organise
  [/ys(e[ds]?|er|ing)$/, "yz$1"], // analyse
  [/ogue/, "og"], // catalogue
  [/ell(ed|ing|er)$/, "el$1"], // labelled
  [/grey/, "gray"],
];

// "The  Resolution-Pyramid" -> "resolutionpyramid"
function fold(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words = plain.replace(/%/g, " percent ").match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length > 1 && /^(an?|the)$/.test(words[0])) words.shift();
  return words
    .map((word) => SPELLINGS.reduce((folded, [from, to]) => folded.replace(from, to), word))
    .join("");
}

function plural(word) {
  if (/(s|x|z|ch|sh)$/.test(word)) return word + "es";
  return /[^aeiou]y$/.test(word) ? word.slice(0, -1) + "ies" : word + "s";
}

const same = (given, listed) =>
  given === listed || given === plural(listed) || plural(given) === listed;

// One letter more, less or other, or two neighbours swapped: what is left between the common
// beginning and the common end tells.
function oneSlip(a, b) {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  const most = Math.min(a.length, b.length) - start;
  while (end < most && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [x, y] = [a, b].map((word) => word.slice(start, word.length - end));
  return (x.length < 2 && y.length < 2) || (x.length === 2 && x === [...y].reverse().join(""));
}

const misspelt = (given, listed) =>
  listed.length >= 5 && [listed, plural(listed)].some((word) => oneSlip(given, word));

function gradeBlank(blank, text) {
  const given = fold(text);
  if (!given) return { verdict: "empty", say: "Type what you think; a guess is fine." };
  const among = (listed, alike) => listed.some((entry) => alike(given, fold(entry)));
  if (among(blank.answers, same)) return { verdict: "right", say: "" };
  const reply = (alike) => blank.feedback.find((entry) => among(entry.when, alike));
  const known = reply(same);
  if (!known && among(blank.answers, misspelt)) {
    return { verdict: "almost", say: "Check the spelling." };
  }
  const { say, almost } = known ?? reply(misspelt) ?? { say: "Another term is meant." };
  return { verdict: almost ? "almost" : "wrong", say };
}

/**
 * Grade one question.
 *
 * @param question  an entry of the bank (see question_bank.py)
 * @param given     the texts typed, one for each blank
 * @returns {{points: number, blanks: {verdict: "right"|"almost"|"wrong"|"empty", say: string}[]}}
 *          one point for each blank that is right
 */
export function grade(question, given) {
  const blanks = question.blanks.map((blank, index) => gradeBlank(blank, given[index] ?? ""));
  return { points: blanks.filter(({ verdict }) => verdict === "right").length, blanks };
}
