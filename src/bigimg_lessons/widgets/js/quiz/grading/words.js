// Words that are the same but for case, hyphens, spelling or number.

// Spellings are folded to one of the two that English has. What comes out may be no word: it is
// only compared with others folded in the same way.
const SPELLINGS = [
  [/([a-z]{3})our/, "$1or"], // colour
  [/(cent|fib|lit|met)re/, "$1er"], // centre
  [/is(e[ds]?|er|ing|ations?)$/, "iz$1"], // organise
  [/ys(e[ds]?|er|ing)$/, "yz$1"], // analyse
  [/ogue/, "og"], // catalogue
  [/ell(ed|ing|er)$/, "el$1"], // labelled
  [/grey/, "gray"],
];

/** What counts in a text, for comparing: "The  Resolution-Pyramid" -> "resolutionpyramid". */
export function fold(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words =
    plain
      .replace(/%/g, " percent ")
      .replace(/×/g, "x")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length > 1 && /^(an?|the)$/.test(words[0])) words.shift();
  return words
    .map((word) => SPELLINGS.reduce((folded, [from, to]) => folded.replace(from, to), word))
    .join("");
}

function pluralOf(word) {
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** Whether two folded texts are the same word, one of them perhaps in the plural. */
export const same = (given, listed) =>
  given === listed || given === pluralOf(listed) || pluralOf(given) === listed;

// One letter more, less or other, or two neighbours swapped: what is left between the common
// beginning and the common end tells.
function oneSlip(a, b) {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  const longest = Math.min(a.length, b.length) - start;
  while (end < longest && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [x, y] = [a, b].map((word) => word.slice(start, word.length - end));
  return (x.length < 2 && y.length < 2) || (x.length === 2 && x === [...y].reverse().join(""));
}

/** Whether a folded text is the listed one but for one slip; in short words a slip is another word. */
export const misspelt = (given, listed) =>
  listed.length >= 5 && [listed, pluralOf(listed)].some((word) => oneSlip(given, word));
