// The quiz as it is shown. Text from the bank and from the reader enters the page only as text.

import { grade } from "./quiz_grading.js";

// A lone backtick stays itself: the same pattern as split_text in question_bank.py.
const CODE_OR_BLANK = /(`[^`]+`|___)/;

const HEADINGS = {
  right: "Right.",
  almost: "Almost.",
  wrong: "Not yet.",
  empty: "Still empty.",
};

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Text with `code` and ___ as nodes; fill(index) makes what stands in a blank.
function textNodes(text, fill = () => "___") {
  let blanks = 0;
  return text.split(CODE_OR_BLANK).map((part) => {
    if (part === "___") return fill(blanks++);
    return /^`.+`$/.test(part) ? make("code", {}, part.slice(1, -1)) : part;
  });
}

// Renew a live region only when what it says is new: each renewal is read aloud.
function say(region, key, build) {
  if (region.said === key) return;
  region.said = key;
  region.replaceChildren(...build());
}

const points = (number) => (number === 1 ? "1 point" : `${number} points`);

// A question whose solution was seen before it was right does not count.
function earned(question, answers, helpUsed) {
  return helpUsed[question.id]?.solution ? 0 : grade(question, answers[question.id] ?? []).points;
}

function totalScore(model) {
  const [answers, helpUsed] = [model.get("answers"), model.get("help_used")];
  return model
    .get("bank")
    .questions.reduce((sum, question) => sum + earned(question, answers, helpUsed), 0);
}

function put(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

// One question: its card, and update() to bring it in step with the model.
function questionCard(model, question, label, uid) {
  const { id, blanks, hints } = question;
  let shown; // the answers, as JSON, that the inputs were last filled with

  const inputs = blanks.map((_, index) =>
    make("input", {
      type: "text",
      class: "bq-input",
      "aria-label": `${label}, blank ${index + 1} of ${blanks.length}`,
      "aria-describedby": `${uid}-text ${uid}-reply`,
      autocomplete: "off",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
    }),
  );
  const text = make("p", { id: `${uid}-text`, class: "bq-text" });
  text.append(...textNodes(question.text, (index) => inputs[index]));
  const reply = make("div", { id: `${uid}-reply`, class: "bq-reply", role: "status" });
  const hintList = make("div", { class: "bq-hints", "aria-live": "polite" });
  const solution = make("div", { class: "bq-solution", "aria-live": "polite" });
  const check = make("button", { type: "submit", class: "bq-button bq-check" }, "Check");
  const hint = make("button", { type: "button", class: "bq-button" });
  const solve = make("button", { type: "button", class: "bq-button" });
  const worth = make("span", { class: "bq-worth" });
  const form = make(
    "form",
    { "aria-label": label },
    text,
    reply,
    hintList,
    solution,
    make("div", { class: "bq-actions" }, check, ...(hints.length ? [hint] : []), solve, worth),
  );
  const card = make("li", { class: "bq-card" }, form);

  const help = () => model.get("help_used")[id] ?? {};
  const use = (more) =>
    put(model, "help_used", { ...model.get("help_used"), [id]: { ...help(), ...more } });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    reply.said = null; // the same answer handed in again gets its reply again
    put(model, "answers", { ...model.get("answers"), [id]: inputs.map((input) => input.value) });
    update();
  });
  // Not left to the browser: inside a cell, JupyterLab cancels what Enter does in an input.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !inputs.includes(event.target)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("input", ({ target }) => {
    target.removeAttribute("data-verdict");
    target.removeAttribute("aria-invalid");
  });
  hint.addEventListener("click", () =>
    use({ hints: Math.min((help().hints ?? 0) + 1, hints.length) }),
  );
  solve.addEventListener("click", () =>
    use({ solution: help().solution === "open" ? "closed" : "open" }),
  );

  function update() {
    const given = model.get("answers")[id];
    const answers = JSON.stringify(given);
    if (answers !== shown) inputs.forEach((input, index) => (input.value = given?.[index] ?? ""));
    shown = answers;

    const { hints: hintsUsed = 0, solution: seen } = help();
    const result = given && grade(question, given);
    const solved = result?.points === blanks.length;
    card.dataset.state = solved ? "right" : given ? "open" : "new";

    inputs.forEach((input, index) => {
      // What was changed since it was handed in bears no mark.
      const verdict = input.value === given?.[index] && result.blanks[index].verdict;
      if (verdict) input.dataset.verdict = verdict;
      else delete input.dataset.verdict;
      if (verdict === "wrong" || verdict === "almost") input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    });

    const lines = solved
      ? [{ verdict: "right", say: question.explanation }]
      : (result?.blanks ?? []);
    say(reply, JSON.stringify(lines), () =>
      lines.map((line, index) => {
        const which = lines.length > 1 ? `Blank ${index + 1}: ` : "";
        const heading = make("b", {}, which + HEADINGS[line.verdict]);
        return make("p", { "data-verdict": line.verdict }, heading, " ", ...textNodes(line.say));
      }),
    );

    say(hintList, hintsUsed, () =>
      hints.slice(0, hintsUsed).map((entry, index) => {
        const heading = make("b", {}, `Hint ${index + 1}.`);
        return make("p", {}, heading, " ", ...textNodes(entry));
      }),
    );
    const noMore = hintsUsed === hints.length;
    hint.textContent = noMore ? "No more hints" : hintsUsed ? "Next hint" : "Hint";
    hint.setAttribute("aria-disabled", noMore);
    hint.hidden = solve.hidden = solved;

    const open = seen === "open" && !solved;
    solve.textContent = open ? "Hide solution" : "Show solution";
    solve.setAttribute("aria-expanded", open);
    say(solution, open, () => {
      if (!open) return [];
      const filled = textNodes(question.text, (index) => make("b", {}, blanks[index].answers[0]));
      const heading = make("b", {}, "Solution.");
      const because = make("p", {}, ...textNodes(question.explanation));
      return [make("p", {}, heading, " ", ...filled), because];
    });
    worth.textContent = seen
      ? "Solution seen: good practice, but no point."
      : `${result?.points ?? 0} of ${points(blanks.length)}`;
  }
  return { card, update };
}

function render({ model, el }) {
  const { title, questions } = model.get("bank");
  const uid = "bq-" + Math.random().toString(36).slice(2);
  const cards = questions.map((question, index) => {
    const label = `Question ${index + 1} of ${questions.length}`;
    return questionCard(model, question, label, `${uid}-${index}`);
  });
  const score = make("p", { class: "bq-score", role: "status" });
  const bar = make("div", { class: "bq-bar", "aria-hidden": "true" }, make("div"));
  const restart = make("button", { type: "button", class: "bq-button" }, "Start over");
  restart.addEventListener("click", () => {
    model.set("help_used", {});
    put(model, "answers", {});
    cards[0].card.querySelector("input").focus();
  });

  function update() {
    cards.forEach((card) => card.update());
    const [now, most] = [model.get("score"), model.get("max_score")];
    say(score, now, () => [
      now === most ? `All of ${points(most)}. Well done!` : `${now} of ${points(most)}`,
    ]);
    bar.firstChild.style.width = `${(100 * now) / most}%`;
  }
  const changes = "change:answers change:help_used change:score";
  model.on(changes, update);
  update();

  el.append(
    make(
      "section",
      // JupyterLab's shortcuts must not take the keys pressed on a button in here.
      { class: "bq", "aria-labelledby": `${uid}-title`, "data-lm-suppress-shortcuts": "true" },
      make("p", { id: `${uid}-title`, class: "bq-title" }, title),
      make("ol", { class: "bq-list", role: "list" }, ...cards.map(({ card }) => card)),
      make("div", { class: "bq-foot" }, score, bar, restart),
    ),
  );
  return () => model.off(changes, update);
}

// Once for all views, and also when Python hands in answers and no view is open.
function initialize({ model }) {
  const rescore = () => put(model, "score", totalScore(model));
  model.on("change:answers change:help_used", rescore);
}

export default { initialize, render };
