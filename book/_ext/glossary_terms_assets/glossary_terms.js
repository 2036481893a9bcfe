// Show what the glossary says of a term while the pointer or the focus is on its link, or the
// pointer on what is shown. Escape puts it away. Where nothing hovers, the first tap shows it and
// the second one follows the link.
(() => {
  const note = document.createElement("div");
  note.id = "glossary-note";
  note.className = "glossary-note";
  note.setAttribute("role", "tooltip");
  note.hidden = true;
  const touch = matchMedia("(hover: none)");
  let shown = null;
  let leaving = 0;

  function hide() {
    clearTimeout(leaving);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    note.hidden = true;
  }

  function hideSoon() {
    clearTimeout(leaving);
    leaving = setTimeout(hide, 200);
  }

  function show(link) {
    hide();
    shown = link;
    note.textContent = link.dataset.note;
    note.hidden = false;
    link.setAttribute("aria-describedby", note.id);
    const place = link.getClientRects()[0];
    const { width, height } = note.getBoundingClientRect();
    const right = document.documentElement.clientWidth - width - 8;
    note.style.left = `${Math.max(8, Math.min(place.left, right))}px`;
    const below = place.bottom + 6;
    const fits = below + height < innerHeight;
    note.style.top = `${fits ? below : Math.max(8, place.top - height - 6)}px`;
  }

  for (const link of document.querySelectorAll("a")) {
    if (!link.classList.contains("glossary-term")) continue;
    link.addEventListener("mouseenter", () => show(link));
    // After a tap some browsers say that a pointer left, though there is none.
    link.addEventListener("mouseleave", () => touch.matches || hideSoon());
    link.addEventListener("focus", () => show(link));
    link.addEventListener("blur", hide);
    let ready = false;
    link.addEventListener("pointerdown", () => {
      ready = shown === link;
    });
    link.addEventListener("click", (event) => {
      if (touch.matches && !ready && event.detail) {
        event.preventDefault();
        show(link);
      }
    });
  }
  note.addEventListener("mouseenter", () => clearTimeout(leaving));
  note.addEventListener("mouseleave", hideSoon);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  addEventListener("scroll", hide, { passive: true });
  (document.querySelector("main") ?? document.body).append(note);
})();
