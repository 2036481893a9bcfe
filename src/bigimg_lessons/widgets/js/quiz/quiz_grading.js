// Grading, apart from any page: what was typed goes in, verdicts come out.

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

// "The  Resolution-Pyramid" -> "resolutionpyramid"
function fold(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words = plain.replace(/%/g, " percent ").replace(/×/g, "x").match(/[\p{L}\p{N}]+/gu) ?? [];
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

const part = (verdict, say = "") => ({ verdict, say });
const empty = part("empty", "Answer what you think; a guess is fine.");
const almostIf = (almost, say) => part(almost ? "almost" : "wrong", say);

function gradeBlank(blank, text) {
  const given = fold(text);
  if (!given) return empty;
  const among = (listed, alike) => listed.some((entry) => alike(given, fold(entry)));
  if (among(blank.answers, same)) return part("right");
  const reply = (alike) => blank.feedback.find((entry) => among(entry.when, alike));
  const known = reply(same);
  if (!known && among(blank.answers, misspelt)) return part("almost", "Check the spelling.");
  const { say, almost } = known ?? reply(misspelt) ?? { say: "Another term is meant." };
  return almostIf(almost, say);
}

// Dimension, size in base units, names. A value is shown in the first that is not too large.
const UNITS = [
  ["B", 2 ** 40, "TiB", "tebibyte"],
  ["B", 2 ** 30, "GiB", "gibibyte"],
  ["B", 2 ** 20, "MiB", "mebibyte"],
  ["B", 2 ** 10, "KiB", "kibibyte"],
  ["B", 1, "B", "byte"],
  ["B", 1e12, "TB", "terabyte"],
  ["B", 1e9, "GB", "gigabyte"],
  ["B", 1e6, "MB", "megabyte"],
  ["B", 1e3, "kB", "kilobyte"],
  ["s", 3600, "h", "hour"],
  ["s", 60, "min", "minute"],
  ["s", 1, "s", "sec", "second"],
  ["s", 1e-3, "ms", "millisecond"],
  ["s", 1e-6, "µs", "us", "microsecond"],
  ["s", 1e-9, "ns", "nanosecond"],
  ["m", 1, "m", "metre"],
  ["m", 1e-3, "mm", "millimetre"],
  ["m", 1e-6, "µm", "um", "micrometre"],
  ["m", 1e-9, "nm", "nanometre"],
  ["m", 1e-2, "cm", "centimetre"],
  ["%", 1, "%"],
  ["×", 1, "×", "time", "fold"],
];

const ABOUT = /^(\s|[=~≈]|(about|approx\w*|circa|ca)\b\.?)*/i;

// What joins it to the factor before; digits, in groups of three or plain; a power.
const FACTOR =
  /^\s*([×x*·/]?)\s*((?:[1-9]\d{0,2}([ ,'’])\d{3}(?:\3\d{3})*(?!\d)(?:(?!\3)[.,]\d+)?|\d*[.,]?\d+)(?:e[-+]?\d+)?)(?:\s*(?:\^|\*\*)\s*(-?\d+))?/i;

/**
 * Read a number: "8 KiB", "8,192 bytes", "64 × 64 × 2 B", "1/512", "10⁶", "0,5 s".
 *
 * @returns its value in base units and its dimension: "B", "s", "m", "%", "×", "bit", "" or what
 *          else follows it ("XY planes"); null if there is no number
 */
export function quantity(text) {
  const powers = text.replace(/[⁻⁰¹²³⁴-⁹]+/g, "^$&");
  let rest = powers.normalize("NFKC").replace(/−/g, "-").replace(ABOUT, "");
  let value;
  for (let found; (found = FACTOR.exec(rest)); rest = rest.slice(found[0].length)) {
    const [, operator, digits, separator, power = 1] = found;
    if (!operator !== (value === undefined)) return null;
    const factor = digits.replaceAll(separator ?? " ", "").replace(",", ".") ** power;
    value = operator === "/" ? value / factor : (value ?? 1) * factor;
  }
  if (!Number.isFinite(value) || !/^[-\s\p{L}%×.]*$/u.test(rest)) return null;
  rest = rest.trim().replace(/^(×|x|times) .*/, "×");
  const bits = /^(\w*bits?|[KMGT]i?b)$/.test(rest);
  const name = fold(bits ? rest.replace(/bits?$/, "b") : rest).replace(/(..)s$/, "$1");
  const named = ([, , ...names]) => names.some((entry) => fold(entry) === name);
  const [dimension, size] = UNITS.find(named) ?? [rest, 1];
  return { value: value * size, dimension: bits ? "bit" : dimension };
}

/** Write a value in base units: 262144, "B" -> "256 KiB". */
export function shown(value, unit) {
  const fits = ([dimension, size]) => dimension === unit && size <= value;
  const [, size, name] = UNITS.find(fits) ?? [unit, 1, unit];
  return `${(value / size).toLocaleString("en").replaceAll(",", "\u00a0")} ${name}`;
}

const lastWord = (text) => fold(text.split(/[\s-]/).at(-1));

function gradeNumber({ kind, answer, unit, tolerance, feedback }, text) {
  if (!text.trim()) return empty;
  const typed = quantity(text);
  if (!typed) return part("wrong", "Type a number, such as 12, 1.5 or 64 × 64.");
  const { value, dimension } = typed;
  const near = (number, other, share = tolerance) =>
    Math.abs(number - other) <= (share + 1e-9) * Math.abs(other);
  const units = UNITS.filter(([entry]) => entry === unit);
  const fits = dimension
    ? dimension === unit || (!units.length && same(lastWord(dimension), lastWord(unit)))
    : units.length < 2;
  const right = fits && near(value, answer);
  const reply = (share) =>
    feedback.find(({ when }) => when.some((number) => near(value, number, share)));
  const listed = !right && (fits || !dimension || !units.length) && (reply(0) ?? reply());
  let ask = `Count ${unit}.`;
  if (units.length) ask = `Add the unit: ${units.map(([, , name]) => name).join(", ")}.`;
  if (dimension === "bit" && unit === "B") ask = "Give bytes (B); a byte has 8 bits.";

  if (kind === "predict") return fits ? part("noted", listed?.say) : part("wrong", ask);
  if (right) return part("right");
  if (listed) return almostIf(listed.almost, listed.say);
  if (!fits) {
    const sizes = dimension ? [1] : units.map(([, size]) => size);
    return almostIf(sizes.some((size) => near(value * size, answer)), ask);
  }
  const steps = Math.log(value / answer) / Math.log(1.024);
  const mixed = unit === "B" && Math.abs(steps) < 5 && near(steps, Math.round(steps), 0);
  return almostIf(mixed, mixed ? "A kB has 1000 bytes, a KiB 1024." : "Another number is meant.");
}

function gradeChoice(options, given, several) {
  const chosen = options.filter((_, index) => given.includes(String.fromCharCode(97 + index)));
  if (!chosen.length) return empty;
  const lines = chosen.filter(({ right }) => !right).map(({ say }) => say);
  const missing = options.filter((option) => option.right && !chosen.includes(option)).length;
  if (!missing && !lines.length) return part("right");
  if (several && missing) lines.push(`${missing} more to find.`);
  return almostIf(chosen.every(({ right }) => right), lines.join("\n"));
}

function gradeOrder({ answer, feedback }, given) {
  if (!given.some(Boolean)) return empty;
  const astray = [...answer.keys()].filter((index) => answer[index] !== given[index]);
  if (!astray.length) return part("right");
  const [first, second] = astray;
  const swapped = astray.length === 2 && second === first + 1;
  const listed = feedback.find(({ before, after }) => given.indexOf(before) < given.indexOf(after));
  const start = first ? `From the top, ${first} in place.` : "Another one comes first.";
  return almostIf(swapped, listed?.say ?? start);
}

const GRADERS = {
  blanks: ({ blanks }, given) => blanks.map((blank, at) => gradeBlank(blank, given[at] ?? "")),
  number: (question, [text = ""]) => [gradeNumber(question, text)],
  "true-false": ({ answer, say, reasons }, [truth, ...reason]) => [
    !truth ? empty : truth === String(answer) ? part("right") : part("wrong", say),
    gradeChoice(reasons, reason),
  ],
  choice: ({ options }, given) => [gradeChoice(options, given)],
  choices: ({ options }, given) => [gradeChoice(options, given, true)],
  order: (question, given) => [gradeOrder(question, given)],
};
GRADERS.predict = GRADERS.number;

/**
 * Grade the texts given in answer to a question of the bank.
 *
 * @returns {{points, most, solved, parts: {verdict, say}[]}} a part for each point, "right",
 *          "almost", "wrong" or "empty"; a prediction has no point and one part, or it is "noted"
 */
export function grade(question, given) {
  const parts = GRADERS[question.kind](question, given);
  return {
    points: parts.filter(({ verdict }) => verdict === "right").length,
    most: question.kind === "predict" ? 0 : parts.length,
    solved: parts.every(({ verdict }) => /right|noted/.test(verdict)),
    parts,
  };
}
