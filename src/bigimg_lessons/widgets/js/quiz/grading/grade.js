// Grading, apart from any page: what was typed goes in, verdicts come out.

import { gradeNumber } from "./amounts.js";
import { gradeBlank } from "./blanks.js";
import { LONGEST } from "./numbers.js";
import { almostIf, empty, part } from "./verdicts.js";

const gradeTruth = (answer, say, given) =>
  given ? (given === `${answer}` ? part("right") : part("wrong", say)) : empty;

// What is told to who chooses an option: what was counted when its code ran, and why not.
const told = ({ counted, say }) => [counted && `Counted: ${counted}.`, say];

function gradeChoice(options, given, several = false) {
  const chosen = options.filter((_, index) => given.includes(String.fromCharCode(97 + index)));
  if (!chosen.length) return empty;
  const lines = chosen.filter(({ right }) => !right).map((option) => part("", told(option)).say);
  const missing = options.filter((option) => option.right && !chosen.includes(option)).length;
  if (!missing && !lines.length) return part("right", chosen.flatMap(told));
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

// A question with a hint for each gap gives each its own.
function gradeBlanks({ blanks, text = "", hints = [] }, given) {
  const parts = text.split("___");
  return blanks.map((blank, at) => {
    const gap = [parts[at] ?? "", parts[at + 1] ?? ""];
    return gradeBlank(blank, given[at] ?? "", gap, hints[hints.length < blanks.length ? 0 : at]);
  });
}

const GRADERS = {
  blanks: gradeBlanks,
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
  const read = given.map((text) => text?.slice(0, LONGEST)); // a file may hold more
  const parts = GRADERS[question.kind](question, read);
  return {
    points: parts.filter(({ verdict }) => verdict === "right").length,
    most: question.kind === "predict" ? 0 : parts.length,
    solved: parts.every(({ verdict }) => /right|noted/.test(verdict)),
    parts,
  };
}
