// What is typed where a number is asked for.

import { quantity, wordFor } from "./numbers.js";
import { UNITS, unitNamed } from "./units.js";
import { almostIf, empty, part } from "./verdicts.js";
import { fold } from "./words.js";

const NO_NUMBER = "Type a number, such as 12, 1.5 or 64 × 64.";
const THOUSAND = "A thousand or a decimal? Type 1500 or 1.5.";

const near = (number, other, share = 0) =>
  Math.abs(number - other) <= (share + 1e-9) * Math.abs(other);

// Nouns that count the same.
const ALIKE = [
  "request read fetch get call query access trip seek operation anfragen requete",
  "plane slice section image layer picture frame ebenen plan",
  "chunk block brick cell morceaux",
  "voxel pixel value px row",
  "file object shard url dateien fichier objekte objet",
  "spot label",
].map((nouns) => nouns.split(" "));
// They begin what only adds to a number, as in "8 chunks in all" and "8 per plane".
const ADDED = /\b(per|for|in|of|to|from|each|with|at|as|if|when|that|which|by|on|and|are|is)\b.*/i;
const NEUTRAL =
  /^(piece|stuck|high|wide|unit|item|thing|total|altogether|overall|needed|time|different|more|all|exactly|about|then)$/;
const OTHER = /\b(than|fewer|less|not|without|except|half)\b/i;

const singular = (word) =>
  fold(word)
    .replace(/(ss|sh|ch|x)es$/, "$1")
    .replace(/ies$/, "y")
    .replace(/([^s])s$/, "$1");

// Whether words after a number count what is asked for, or say nothing of it.
function counts(rest, unit) {
  if (OTHER.test(rest)) return false;
  const words = rest
    .replace(ADDED, "")
    .split(/[\s-]+/)
    .map(singular);
  const noun = words.filter((word) => word && !NEUTRAL.test(word)).at(-1);
  const asked = singular(unit.split(/[\s-]/).at(-1));
  return !noun || noun === asked || ALIKE.some((all) => all.includes(noun) && all.includes(asked));
}

// "per chunk" adds nothing where one chunk is what the question is about.
function about(rest, text) {
  const per = /\b(?:per|each|every|an?)\s+(?:\w+\s+)*?(\w+)$/i.exec(rest);
  return !per || new RegExp(`\\b(an?|one|each|every)( \\w\\w)? ${per[1]}\\b`, "i").test(text);
}

const WORKING = /\s*(?:=>|[=→≈≙])\s*/;
const OR = /\s+(?:or|ou|oder)\s+|\s\/\s|\(\s*or\s/;
const REMARK = /;|,\s(?!\d{3}\b)|\b(?:i\.?\s?e\b\.?|that is\b|because\b|since\b|so\b)/;

const readable = (text, separator) => text.split(separator).filter((side) => quantity(side));

// The amount that counts: of what was worked out the last, of what is explained the first.
const counted = (text) =>
  quantity(text) ??
  quantity(readable(text.split(WORKING).at(-1), REMARK)[0] ?? "") ??
  quantity(readable(text, WORKING).at(-1) ?? readable(text, REMARK)[0] ?? "");

// "At most 512" is 512 where the question asks for the most.
const MOST = /^\W*(at most|up to|max\w*|höchstens|au plus)\s/i;

/** The amount of a text, a bare number being counted in what the question asks: "How many MiB". */
export function amountFor({ unit, text = "" }, typed) {
  const amount = counted(/at most/.test(text) ? typed.replace(MOST, "") : typed);
  const asked = unitNamed(/how many (per cent|\p{L}+)/iu.exec(text)?.[1] ?? "");
  if (!amount || amount.dimension || amount.rest || asked?.[0] !== unit) return amount;
  const [dimension, size] = asked;
  return { ...amount, dimension, size, value: amount.value * size, other: amount.other * size };
}

// In how many digits an answer is right, if what was typed is the answer in fewer.
function roundedTo(value, answer, tolerance) {
  const enough = [1, 2, 3, 4, 5, 6, 7, 8].find((digits) =>
    near(Number(answer.toPrecision(digits)), answer, tolerance),
  );
  for (let digits = 1; digits < enough; digits++)
    if (near(Number(answer.toPrecision(digits)), value)) return enough;
  return 0;
}

function judged(question, text) {
  const { kind, answer, unit, tolerance, feedback, text: asked = "", hints = [] } = question;
  const typed = amountFor(question, text);
  if (!typed) return part("wrong", NO_NUMBER);
  const { value, dimension, rest, other } = typed;
  const units = UNITS.filter(([entry]) => entry === unit);
  const bare = !dimension && !rest;
  const fits =
    dimension === unit
      ? !OTHER.test(rest) && about(rest, asked)
      : !dimension && (units.length ? units.length < 2 && bare : counts(rest, unit));
  const right = fits && near(value, answer, tolerance);
  const reply = (share) =>
    feedback.find(({ when }) => when.some((number) => near(value, number, share)));
  const listed = !right && (fits || !dimension || !units.length) && (reply(0) ?? reply(tolerance));
  let ask = `Count ${unit}.`;
  if (units.length) ask = `Add the unit: ${units.map(([, , name]) => name).join(", ")}.`;
  if (dimension === "bit" && unit === "B") ask = "Give bytes (B); a byte has 8 bits.";

  if (kind === "predict") return fits ? part("noted", listed?.say) : part("wrong", ask);
  if (right) return part("right");
  if (near(other, answer, tolerance)) return part("almost", THOUSAND);
  if (listed) return almostIf(listed.almost, listed.say);
  if (!fits) {
    const sizes = dimension || rest || !units.length ? [1] : units.map(([, size]) => size);
    return almostIf(
      sizes.some((size) => near(value * size, answer, tolerance)),
      ask,
    );
  }
  const steps = Math.log(value / answer) / Math.log(1.024);
  if (unit === "B" && Math.abs(steps) < 5 && near(steps, Math.round(steps)))
    return part("almost", "A kB has 1000 bytes, a KiB 1024.");
  const size = typed.size ?? 1;
  const digits = near(value, answer, 0.05) && roundedTo(value / size, answer / size, tolerance);
  if (digits) return part("almost", `Rounded too far: give ${wordFor(digits)} digits.`);
  return part("wrong", ["Another number is meant.", hints[0]]);
}

// Whether a side of what was worked out is not what the next one is.
const belied = (text) =>
  readable(text, WORKING).some((side, at, sides) => {
    const [left, right] = [quantity(side), quantity(sides[at + 1] ?? side)];
    return left.dimension === right.dimension && !near(left.value, right.value, 0.02);
  });

/** Grade what was typed where a number is asked for. */
export function gradeNumber(question, text) {
  if (!text.trim()) return empty;
  const whole = judged(question, text);
  if (whole.verdict === "noted") return whole;
  const choices = readable(text, OR);
  const more = readable(text, REMARK).slice(1);
  const others = choices.length > 1 ? choices : more.filter((side) => !quantity(side).rest);
  const verdicts = others.map((side) => judged(question, side));
  const wrong = verdicts.find(({ verdict }) => verdict !== "right");
  if (whole.verdict !== "right") return wrong || !verdicts[1] ? whole : verdicts[0];
  if (wrong) return wrong;
  return belied(text) ? part("almost", "The two sides of = differ.") : whole;
}
