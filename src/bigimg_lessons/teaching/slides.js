(() => {
  const slides = [...document.querySelectorAll("section")];
  const bar = document.createElement("nav");
  bar.className = "keys";
  bar.setAttribute("aria-label", "Slides");

  /** The slide that fills most of the window. */
  const current = () => {
    const middle = innerHeight / 2;
    const found = slides.findIndex((slide) => slide.getBoundingClientRect().bottom > middle);
    return found < 0 ? slides.length - 1 : found;
  };

  /** Go to a slide, and let a screen reader read it. */
  const go = (number) => {
    const slide = slides[Math.max(0, Math.min(slides.length - 1, number))];
    slide.tabIndex = -1;
    slide.focus({ preventScroll: true });
    slide.scrollIntoView({ behavior: "instant", block: "start" });
    history.replaceState(null, "", `#${slide.id}`);
  };

  /** @returns {HTMLDetailsElement[]} */
  const notes = () => [...document.querySelectorAll("details")];

  /** Unfold the notes of all slides, or fold them, and stay at the same slide. */
  const toggleNotes = () => {
    const here = current();
    const opens = !notes().some((one) => one.open);
    for (const one of notes()) {
      one.open = opens;
    }
    notesButton.setAttribute("aria-pressed", String(opens));
    go(here);
  };

  const button = (text, label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    bar.append(made);
    return made;
  };
  button("←", "Slide before", () => go(current() - 1));
  button("→", "Next slide", () => go(current() + 1));
  const notesButton = button("Notes", "Notes of all slides (N)", toggleNotes);
  notesButton.setAttribute("aria-pressed", "false");
  document.body.append(bar);

  const keys = {
    ArrowLeft: () => go(current() - 1),
    ArrowRight: () => go(current() + 1),
    PageUp: () => go(current() - 1),
    PageDown: () => go(current() + 1),
    Home: () => go(0),
    End: () => go(slides.length - 1),
    n: toggleNotes,
    N: toggleNotes,
  };
  addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (act && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      act();
    }
  });
})();
