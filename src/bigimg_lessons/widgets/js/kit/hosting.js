// What makes a widget one that the page of anybody can show: its style sheet, the page's theme, and
// a model that asks little of its host.

import { make } from "./dom.js";

const DARK = '.dark, [data-theme="dark"]'; // how MyST and Sphinx's themes mark the root of a page

/**
 * The model of a host that has get(), set() and on(), as Jupyter's knows more. MyST's has off() and
 * save_changes() that fail, and hears of one event at a time; a plain page may have neither.
 */
function modelOf(host) {
  const heard = new Map(); // event → the listeners of this widget
  function listenersOf(event) {
    if (!heard.has(event)) {
      heard.set(event, new Set());
      host.on(event, (...values) => {
        for (const listener of [...heard.get(event)]) listener(...values);
      });
    }
    return heard.get(event);
  }
  return {
    get: (name) => host.get(name),
    set(name, value) {
      const values = typeof name === "object" ? name : { [name]: value };
      for (const [key, each] of Object.entries(values)) host.set(key, each);
    },
    on(events, listener) {
      for (const event of events.split(" ")) listenersOf(event).add(listener);
    },
    off(events, listener) {
      for (const event of events.split(" ")) listenersOf(event).delete(listener);
    },
    save_changes() {
      try {
        host.save_changes?.();
      } catch {
        // There is nobody behind this page to whom anything could be sent.
      }
    },
  };
}

/** In a shadow root, which no rule for the page's root reaches, the place itself says the theme. */
function followTheme(place) {
  const root = document.documentElement;
  const follow = () => {
    place.dataset.bigimgTheme = root.matches(DARK) ? "dark" : "light";
  };
  const observer = new MutationObserver(follow);
  observer.observe(root, { attributes: true, attributeFilter: ["class", "data-theme"] });
  follow();
  return () => observer.disconnect();
}

/**
 * A widget as anywidget defines it, with nothing but render(): each view brings the style sheet.
 * @param {any} widget
 * @param {string} css
 */
export default function hosted(widget, css) {
  const shown = new Map(); // model of the host → what its views share
  function shared(host) {
    if (!shown.has(host)) {
      const model = modelOf(host);
      shown.set(host, { model, views: 0, leave: widget.initialize?.({ model }) });
    }
    return shown.get(host);
  }
  function render({ model: host, el }) {
    const own = shared(host);
    own.views += 1;
    const place = make("div");
    el.append(make("style", {}, css), place);
    const unfollow = followTheme(place); // before the widget, which looks at its colours then
    const leave = widget.render({ model: own.model, el: place });
    return () => {
      leave?.();
      unfollow();
      own.views -= 1;
      if (own.views) return;
      shown.delete(host);
      own.leave?.();
    };
  }
  return { render };
}
