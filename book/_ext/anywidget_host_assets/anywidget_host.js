// Mounts the anywidgets of a page that has no kernel. What to mount is in the JSON script
// #anywidget-data, where to mount it in .anywidget-mount; anywidget_host.py writes both.
(() => {
  const page = JSON.parse(document.getElementById("anywidget-data").textContent);

  const isPlain = (value) =>
    Array.isArray(value) || (value && Object.getPrototypeOf(value) === Object.prototype);

  // As Jupyter's models do: setting an equal value is no change.
  function equal(a, b) {
    if (Object.is(a, b)) return true;
    if (!isPlain(a) || !isPlain(b)) return false;
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => key in b && equal(a[key], b[key]))
    );
  }

  // Binary parts are stored beside the traits, each with its path.
  function withBuffers({ traits, buffers }) {
    for (const { path, data } of buffers) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const holder = path.slice(0, -1).reduce((value, key) => value[key], traits);
      holder[path.at(-1)] = new DataView(bytes.buffer);
    }
    return traits;
  }

  // The model that widgets know from Jupyter; with no kernel, nothing is sent anywhere.
  function makeModel(saved) {
    const traits = withBuffers(saved);
    const listeners = new Map();
    const emit = (event, ...values) =>
      [...(listeners.get(event) ?? [])].forEach((f) => f(...values));
    const model = {
      get: (name) => traits[name],
      set(name, value) {
        const values = typeof name === "object" ? name : { [name]: value };
        const changed = Object.keys(values).filter((key) => !equal(traits[key], values[key]));
        Object.assign(traits, values);
        changed.forEach((key) => emit(`change:${key}`, model, values[key]));
        if (changed.length) emit("change", model);
      },
      save_changes() {},
      send() {},
      on(events, listener) {
        for (const event of events.split(/\s+/)) {
          if (!listeners.has(event)) listeners.set(event, new Set());
          listeners.get(event).add(listener);
        }
      },
      // Without a listener all of the event's go, without an event all events'.
      off(events, listener) {
        for (const event of events ? events.split(/\s+/) : [...listeners.keys()]) {
          if (listener) listeners.get(event)?.delete(listener);
          else listeners.delete(event);
        }
      },
      widget_manager: { get_model: (id) => load(id).then((loaded) => loaded.model) },
    };
    return model;
  }

  async function importModule(name) {
    const url = URL.createObjectURL(new Blob([page.modules[name]], { type: "text/javascript" }));
    try {
      return await import(url);
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  const once = (make) => {
    const made = new Map();
    return (key) => made.get(key) ?? made.set(key, make(key)).get(key);
  };
  const moduleOf = once(importModule);

  // One model for all views of a widget, initialised once.
  const load = once(async (id) => {
    if (!page.models[id]) throw new Error(`This page holds no anywidget with the id ${id}.`);
    // The widgets of the book itself share one module, which holds each under its name.
    const { module = "fronts", front } = page.models[id];
    const { default: found } = await moduleOf(module);
    const definition = front ? found[front] : found;
    const widget = typeof definition === "function" ? await definition() : definition;
    const model = makeModel(page.models[id]);
    leave(await widget.initialize?.({ model }));
    return { model, widget };
  });

  // Clean-up functions run when the page goes for good, not when it may come back from the cache.
  function leave(cleanUp) {
    if (typeof cleanUp !== "function") return;
    addEventListener("pagehide", (event) => event.persisted || cleanUp());
  }

  async function mount(place) {
    const el = document.createElement("div");
    const { model, widget } = await load(place.dataset.model);
    leave(await widget.render({ model, el }));
    place.replaceChildren(el);
  }

  for (const place of document.querySelectorAll(".anywidget-mount")) {
    mount(place).catch((error) =>
      console.error("This widget cannot be mounted; its plain form stays.", error),
    );
  }
})();
