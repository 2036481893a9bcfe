// Hide the code of a lesson's cells, and keep the choice. A browser may refuse to keep anything.
(() => {
  const key = "bigimg-just-ideas";
  const root = document.documentElement;

  function kept() {
    try {
      return localStorage.getItem(key) === "on";
    } catch {
      return false;
    }
  }

  function keep(on) {
    try {
      localStorage.setItem(key, on ? "on" : "off");
    } catch {
      // Then it holds for this page only.
    }
  }

  function set(on) {
    root.toggleAttribute("data-just-ideas", on);
    for (const button of document.querySelectorAll(".just-ideas button")) {
      button.setAttribute("aria-pressed", String(on));
    }
  }

  set(kept());
  addEventListener("DOMContentLoaded", () => set(kept()));
  addEventListener("storage", (event) => {
    if (event.key === key) set(kept());
  });
  addEventListener("click", (event) => {
    if (!event.target.closest?.(".just-ideas button")) return;
    const on = !root.hasAttribute("data-just-ideas");
    keep(on);
    set(on);
  });
})();
