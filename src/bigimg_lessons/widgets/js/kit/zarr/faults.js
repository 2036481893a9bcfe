// What can go wrong with a Zarr image at an address, said in clauses that a sentence can end with.

/**
 * A failure to read from an address. Its message is a clause, such as "the server answers 500".
 */
export class FetchError extends Error {
  /**
   * @param {"status" | "late" | "unreachable" | "content"} reason
   * @param {string} message
   * @param {{ url?: string | URL, status?: number }} [details] the address, and the server's status
   */
  constructor(reason, message, { url, status } = {}) {
    super(message);
    this.reason = reason;
    this.url = url;
    this.status = status;
  }
}

/** Refuse content; `reason` is for the reader. */
export function check(isGood, reason) {
  if (!isGood) throw new FetchError("content", reason);
}

/** A value from a file, quoted for a message, and shortened. */
export function quoted(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * Run `act`, which may be asynchronous; the message of what it refuses begins with `name`.
 *
 * @template T
 * @param {string} name
 * @param {() => T} act
 * @returns {T}
 */
export function blaming(name, act) {
  const named = (error) => {
    if (error instanceof FetchError) error.message = `${name}: ${error.message}`;
    throw error;
  };
  try {
    const done = act();
    return done instanceof Promise ? /** @type {T} */ (done.catch(named)) : done;
  } catch (error) {
    return named(error);
  }
}
