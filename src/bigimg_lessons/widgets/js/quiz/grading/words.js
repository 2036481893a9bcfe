// Words that people type.

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
  [/^3d$/, "threedimensional"],
  [/^2d$/, "twodimensional"],
];

function foldedWords(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words =
    plain
      .replace(/%/g, " percent ")
      .replace(/×/g, "x")
      .replace(/\b([23])-d\b/g, "$1d")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length > 1 && /^(an?|the)$/.test(words[0])) words.shift();
  return words.map((word) =>
    SPELLINGS.reduce((folded, [from, to]) => folded.replace(from, to), word),
  );
}

/** What counts in a text, for comparing: "The  Resolution-Pyramid" -> "resolutionpyramid". */
export const fold = (text) => foldedWords(text).join("");

function pluralOf(word) {
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** Whether two folded texts are the same word, one of them perhaps in the plural. */
export const same = (given, listed) =>
  given === listed || given === pluralOf(listed) || pluralOf(given) === listed;

// One letter more, less or other, or two neighbours swapped: what is left between the common
// beginning and the common end tells. Returns where in b it is, or -1.
function slip(a, b) {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  const longest = Math.min(a.length, b.length) - start;
  while (end < longest && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [x, y] = [a, b].map((word) => word.slice(start, word.length - end));
  const one = (x.length < 2 && y.length < 2) || (x.length === 2 && x === [...y].reverse().join(""));
  return one ? start : -1;
}

/**
 * Whether a text is the listed one but for one slip. In a word under five letters a slip makes
 * another word: the Z axis is no X axis, a tile no file. Only in one of four a letter may be too
 * many: lazzy.
 */
export function misspelt(given, listed) {
  const words = foldedWords(listed);
  return [words, [...words.slice(0, -1), pluralOf(words.at(-1) ?? "")]].some((spelled) => {
    const listedText = spelled.join("");
    const givenText = fold(given);
    const least = givenText.length > listedText.length ? 4 : 5;
    let at = slip(givenText, listedText);
    if (at < 0) return false;
    for (const word of spelled) {
      if (at < word.length || word === spelled.at(-1)) return word.length >= least;
      at -= word.length;
    }
    return false;
  });
}

const FILLERS =
  /^(an?|the|it|its|is|are|they|this|called|so|some|i|think|guess|maybe|probably|just|simply|as|by|with|in|into|of|to|be|their|his|your|single|each|about|really|only)?$/;
const NEAR = 6;

/**
 * A text without words that say nothing of their own: fillers, and those of the sentence that stand
 * next to the gap. The text as it is comes first, then the longer ones.
 */
export function readings(text, before, after) {
  const split = (part) =>
    part
      .replace(/`/g, "")
      .replace(/(\p{L})-(?=\p{L})/gu, "$1 ")
      .trim()
      .split(/\s+/);
  const words = split(text);
  const there = (part) => part.map(fold);
  const ahead = there(split(before).slice(-NEAR));
  const behind = there(split(after).slice(0, NEAR));
  const idle = (word, near) =>
    FILLERS.test(fold(word)) || (!/^(not|no)$/.test(fold(word)) && near.includes(fold(word)));
  let [first, last] = [0, words.length];
  const found = [text];
  while (first < last - 1 && idle(words[first], ahead)) first++;
  while (last > first + 1 && idle(words[last - 1], behind)) last--;
  for (let from = 0; from <= first; from++)
    for (let to = words.length; to >= last; to--) found.push(words.slice(from, to).join(" "));
  return found;
}
