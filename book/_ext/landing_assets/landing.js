// Where a link leads stays at the top of the window, also when widgets above it come late and
// change their height. It ends as soon as the reader does anything, or all has been still.
(() => {
  const STILL = 4000; // milliseconds without a change of the page's height, after which all is there

  const MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];
  let leave = () => {};

  /** @returns {HTMLElement | null} */
  function target() {
    const name = location.hash.slice(1);
    try {
      return name && document.getElementById(decodeURIComponent(name));
    } catch {
      return null; // no name, but something of a widget's
    }
  }

  function land() {
    leave();
    if (!target()) return;
    const ended = new AbortController();
    const { signal } = ended;
    /** @type {ReturnType<typeof setTimeout>} */
    let rest;
    const align = () => {
      target()?.scrollIntoView({ behavior: "instant" });
      clearTimeout(rest);
      rest = setTimeout(leave, STILL);
    };
    const watcher = new ResizeObserver(align);
    leave = () => {
      clearTimeout(rest);
      watcher.disconnect();
      ended.abort();
    };
    for (const move of MOVES)
      addEventListener(move, leave, { signal, capture: true, passive: true });
    watcher.observe(document.body); // which calls at once, too
  }

  addEventListener("hashchange", land);
  land();
})();
