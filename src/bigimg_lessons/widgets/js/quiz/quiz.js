// The quiz as it is shown. Text from the bank and from the reader enters the page only as text.

import { make, put, uniqueId } from "../kit/dom.js";
import { questionCard } from "./card.js";
import { memory, remember, rescore } from "./memory.js";
import { makeButton, points, renew } from "./nodes.js";

const CHANGES = "change:answers change:help_used change:score change:measured change:solutions";

// Starting over asks first, and can be undone until something new is answered. begin() goes to the
// first question.
function restartButtons(model, begin) {
  let gone = null;
  const done = () => ({ answers: model.get("answers"), help_used: model.get("help_used") });
  const isNew = () => !Object.values(done()).some((entries) => Object.keys(entries).length);
  function ask(asking) {
    restart.hidden = asking;
    sure.hidden = keep.hidden = !asking;
    (asking ? keep : restart).focus();
  }
  const restart = makeButton("Start over", {}, () => (isNew() ? begin() : ask(true)));
  const sure = makeButton("Delete these answers", { hidden: "" }, () => {
    ask(false);
    gone = done();
    put(model, { answers: {}, help_used: {} });
    begin();
  });
  const keep = makeButton("Keep", { hidden: "" }, () => ask(false));
  const undo = makeButton("Bring answers back", {}, () => {
    const state = gone;
    gone = null;
    put(model, state);
    restart.focus();
  });
  for (const choice of [sure, keep])
    choice.addEventListener("keydown", ({ key }) => key === "Escape" && ask(false));

  function update() {
    if (Object.keys(model.get("answers")).length) gone = null;
    undo.hidden = !gone;
  }
  return { buttons: [restart, sure, keep, undo], update };
}

function render({ model, el }) {
  const { title, questions } = model.get("bank");
  const uid = uniqueId("bq");
  const compact = questions.every(({ kind }) => kind === "predict");
  const cards = questions.map((question, index) => {
    const label = `${compact ? "Prediction" : "Question"} ${index + 1} of ${questions.length}`;
    return questionCard(model, question, label, `${uid}-${index}`);
  });
  const score = make("p", { class: "bq-score", role: "status" });
  const bar = make("i");
  const notice = make("p", { class: "bq-quiet", "aria-live": "polite" });
  const restart = restartButtons(model, () => cards[0].card.querySelector("input, button").focus());

  function update() {
    cards.forEach((card) => card.update());
    const [now, all] = [model.get("score"), model.get("max_score")];
    renew(score, now, () => [
      now === all ? `All of ${points(all)}. Well done!` : `${now} of ${points(all)}`,
    ]);
    bar.style.width = `${(100 * now) / all}%`;
    restart.update();
    const trouble = memory?.trouble() ?? "";
    renew(notice, trouble, () => [trouble]);
  }
  model.on(CHANGES, update);
  const forget = memory?.on(update);

  el.append(
    make(
      "section",
      { class: "bq", ...(compact ? { "data-compact": "" } : { "aria-label": title }) },
      make("p", { class: "bq-title" }, title),
      make("ol", { class: "bq-list", role: "list" }, ...cards.map(({ card }) => card)),
      make(
        "div",
        { class: "bq-foot" },
        score,
        make("div", { class: "bq-bar", "aria-hidden": "true" }, bar),
        ...restart.buttons,
      ),
      notice,
    ),
  );
  update();
  return () => {
    model.off(CHANGES, update);
    forget?.();
  };
}

// Once for all views, and also when Python hands in answers and no view is open.
function initialize({ model }) {
  model.on("change:answers change:help_used", () => rescore(model));
  rescore(model);
  return memory && remember(model);
}

export default { initialize, render };
