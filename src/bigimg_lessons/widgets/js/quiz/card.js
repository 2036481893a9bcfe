// A question of the quiz: its card, its form, and what is said of an answer.

import { activeElement, make, put, submitOnEnter } from "../kit/dom.js";
import { FORMS } from "./forms.js";
import { amountFor } from "./grading/amounts.js";
import { grade } from "./grading/grade.js";
import { shown } from "./grading/units.js";
import { memory } from "./memory.js";
import { exhibitNodes, headed, makeButton, paragraph, points, renew } from "./nodes.js";

const HEADINGS = { right: "Right.", almost: "Almost.", wrong: "Not yet.", empty: "Still empty." };

// Where to read again: a link on a page of the book, which Sphinx tells the way to all others.
function readAgain({ page, section, anchor }) {
  const root = document.documentElement.dataset.content_root;
  const linked = root && [page, anchor].every((part) => /^[\w/-]+$/.test(part));
  const place = linked ? make("a", { href: `${root}${page}.html#${anchor}` }, section) : section;
  return make("p", { class: "bq-quiet" }, "Read again: ", place);
}

// The elements of a card, without what they do to the model.
function elements(question, part, label, uid) {
  const text = paragraph(question.text, part.fill);
  text.id = `${uid}-text`;
  const reply = make("div", { id: `${uid}-reply`, class: "bq-reply", role: "status" });
  const hintList = make("div", { class: "bq-hints", "aria-live": "polite" });
  const solution = make("div", { class: "bq-solution", "aria-live": "polite" });
  const again = readAgain(question.see);
  const check = question.kind === "predict" ? "Keep my prediction" : "Check";
  const hint = makeButton("");
  const solve = makeButton("");
  const worth = make("span", { class: "bq-worth" });
  const submit = makeButton(check, { type: "submit" });
  const actions = make("div", { class: "bq-actions" }, submit, hint, solve, worth);
  const form = make(
    "form",
    // A landmark, and so its name is not to be that of another quiz's question.
    { "aria-label": `${label}: ${text.textContent}` },
    make("p", { class: "bq-quiet" }, `${question.difficulty} · ${question.objective}`),
    text,
    ...exhibitNodes(question),
    ...(part.nodes ?? []),
    reply,
    hintList,
    solution,
    again,
    actions,
  );
  submitOnEnter(form);
  return { form, reply, hintList, solution, again, hint, solve, worth, actions };
}

// What was changed since it was handed in bears no mark.
function mark({ marks, names, read }, given, { parts }) {
  const now = read();
  marks.forEach((node, index) => {
    const kept = names ? now[index] === given?.[index] : `${now}` === `${given}`;
    node.dataset.verdict = (kept && parts[index]?.verdict) || "";
    if (node.matches("input"))
      node.setAttribute("aria-invalid", /wrong|almost/.test(node.dataset.verdict));
  });
}

const replies = (parts, names) =>
  parts.map(({ verdict, say: why }, index) =>
    headed((parts[1] ? `${names[index]}: ` : "") + HEADINGS[verdict], why, verdict),
  );

// How many times as much was measured as was predicted, in two digits.
function compared(predicted, measured) {
  const [less, more] = [predicted, measured].sort((a, b) => a - b);
  const times = Number((more / less).toPrecision(2));
  if (!(less > 0)) return ".";
  if (times === 1) return ", about as predicted.";
  const much = `${times.toLocaleString("en")} times as much`;
  return predicted < measured ? `, ${much}.` : `; you predicted ${much}.`;
}

/**
 * A prediction, if there is one, beside what was measured, as soon as that is known.
 *
 * @param {any} question
 * @param {number} [measured]
 * @param {string[]} [given] the prediction
 * @param {string} [why] the reply to just this prediction
 */
function outcome(question, measured, given, why) {
  const { unit, explanation } = question;
  const predicted = given && amountFor(question, given[0]).value;
  const kept = given ? `You predicted ${shown(predicted, unit)}. ` : "";
  if (measured === undefined) return [`${kept}Not measured yet: run the next cell.`];
  const end = given ? compared(predicted, measured) : ".";
  const bars = Object.entries({ ...(given && { Predicted: predicted }), Measured: measured });
  const largest = Math.max(...bars.map(([, value]) => value)) || 1;
  return [
    paragraph(`${kept}Measured: ${shown(measured, unit)}${end}`),
    ...bars.map(([name, value]) =>
      make(
        "div",
        { class: "bq-compare", "aria-hidden": "true" },
        name,
        make("i", { style: `width: ${(100 * value) / largest}%` }),
      ),
    ),
    ...(why ? [paragraph(why)] : []),
    paragraph(explanation),
  ];
}

/** One question: its card, and update() to bring it in step with the model. */
export function questionCard(model, question, label, uid) {
  const { id, kind, hints, explanation, solutions } = question;
  const predict = kind === "predict";
  const part = FORMS[kind](question, uid, label);
  const nodes = elements(question, part, label, uid);
  const { form, reply, hintList, solution, again, hint, solve, worth, actions } = nodes;
  const card = make("li", { class: "bq-card" }, form);
  let written = "nothing yet"; // the answer, as JSON, with which the form was last filled

  const given = () => model.get("answers")[id];
  const graded = () =>
    given() ? grade(question, given()) : { parts: [], points: 0, solved: false };
  const help = () => model.get("help_used")[id] ?? {};
  const enter = (trait, value) => put(model, { [trait]: { ...model.get(trait), [id]: value } });
  const use = (more) => enter("help_used", { ...help(), ...more });

  hint.onclick = () => use({ hints: Math.min((Number(help().hints) || 0) + 1, hints.length) });
  solve.onclick = () => use({ solution: help().solution === "open" ? "closed" : "open" });
  form.onsubmit = (event) => {
    event.preventDefault();
    if (actions.hidden) return;
    reply.said = null; // the same answer handed in again gets its reply again
    enter("answers", part.read());
    update();
  };
  form.oninput = () => mark(part, given(), graded());

  function update() {
    const answer = JSON.stringify(given());
    if (answer !== written) part.write(given());
    written = answer;
    mark(part, given(), graded());

    const { hints: used = 0, solution: seen } = help();
    const { parts, points: now, solved } = graded();
    const measured = model.get("measured")[id];
    const allowed = model.get("solutions") && !memory?.solutionsHidden;
    const open = seen === "open" && allowed && !solved;
    // A prediction cannot be changed once it was seen what it should have been.
    const done = predict ? measured !== undefined && Boolean(solved || seen) : solved;
    card.dataset.state = predict ? "predict" : solved ? "right" : "open";

    renew(reply, [answer, parts, measured], () => {
      if (!solved) return replies(parts, part.names);
      if (predict) return outcome(question, measured, given(), parts[0].say);
      const why = parts.map(({ say }) => say).concat(explanation);
      return [headed(HEADINGS.right, why.filter(Boolean).join(" "), "right")];
    });
    renew(hintList, used, () =>
      hints.slice(0, used).map((entry, index) => headed(`Hint ${index + 1}.`, entry)),
    );
    renew(solution, [open, measured], () => {
      if (!open) return [];
      if (predict) return outcome(question, measured);
      const lines = part.fill
        ? [paragraph(question.text, (index) => make("b", {}, solutions[index]))]
        : solutions.map((line) => paragraph(line));
      return [make("b", {}, "Solution."), ...lines, paragraph(explanation)];
    });

    hint.textContent = used >= hints.length ? "No more hints" : used ? "Next hint" : "Hint";
    hint.setAttribute("aria-disabled", used >= hints.length);
    hint.hidden = solved || !hints.length;
    solve.textContent = predict ? "Show without predicting" : `${open ? "Hide" : "Show"} solution`;
    solve.setAttribute("aria-expanded", open);
    solve.hidden = solved || !allowed || (predict && open);
    again.hidden = predict ? !done : !(given() || open);
    actions.hidden = part.marks[0].readOnly = predict && done;
    const active = activeElement(form);
    if (form.contains(active) && !active.checkVisibility()) part.marks[0].focus();
    if (!predict)
      worth.textContent = seen
        ? "Solution seen, so it scores no point."
        : `${now} of ${points(part.marks.length)}`;
  }
  return { card, update };
}
