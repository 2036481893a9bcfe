// Grading, apart from any page: what was typed goes in, verdicts come out.

import { UNITS, fold, misspelt, quantity, same } from "./typed.js";

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
    return almostIf(
      sizes.some((size) => near(value * size, answer)),
      ask,
    );
  }
  const steps = Math.log(value / answer) / Math.log(1.024);
  const mixed = unit === "B" && Math.abs(steps) < 5 && near(steps, Math.round(steps), 0);
  return almostIf(mixed, mixed ? "A kB has 1000 bytes, a KiB 1024." : "Another number is meant.");
}

const gradeTruth = (answer, say, given) =>
  given ? (given === `${answer}` ? part("right") : part("wrong", say)) : empty;

function gradeChoice(options, given, several = false) {
  const chosen = options.filter((_, index) => given.includes(String.fromCharCode(97 + index)));
  if (!chosen.length) return empty;
  const lines = chosen.filter(({ right }) => !right).map(({ say }) => say);
  const missing = options.filter((option) => option.right && !chosen.includes(option)).length;
  if (!missing && !lines.length) return part("right");
  if (several && missing) lines.push(`${missing} more to find.`);
  return almostIf(
    chosen.every(({ right }) => right),
    lines.join("\n"),
  );
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
    gradeTruth(answer, say, truth),
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
 * @param {any} question
 * @param {string[]} given
 * @returns {{points: number, most: number, solved: boolean, parts: {verdict: string, say: string}[]}}
 *   a part for each point, whose verdict is "right", "almost", "wrong" or "empty"; a prediction has
 *   no point and one part, whose verdict may be "noted"
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
