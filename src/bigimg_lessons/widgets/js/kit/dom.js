// Elements of a page, and the state that they show.

// Only the focused element's own word counts, so what can be focused says it.
const TAKES_KEYS = /^(a|button|input|select|summary|textarea)$/;

/** Make an element; where it takes keys, JupyterLab does not take them for its shortcuts. */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (TAKES_KEYS.test(tag) || attributes.tabindex) node.dataset.lmSuppressShortcuts = "true";
  node.append(...children);
  return node;
}

/** Set traits of an anywidget model, and send them together. */
export function put(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
}
