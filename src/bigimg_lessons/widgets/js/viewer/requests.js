// The requests of a viewer: a few under way at once, and those that wait for their turn.

const MAX_REQUESTS = 6; // under way at once, as many as browsers open to one HTTP/1.1 server

/** @template T */
export class Requests {
  /** @type {T[]} */
  queue = [];
  underWay = 0;

  /** @param {(item: T) => Promise<void>} send sends one request and waits for its end */
  constructor(send) {
    this.send = send;
  }

  get areDone() {
    return !this.underWay && !this.queue.length;
  }

  /** Let other requests wait in place of those that wait. */
  replace(queue) {
    this.queue = queue;
    this.pump();
  }

  pump() {
    while (this.underWay < MAX_REQUESTS && this.queue.length) {
      this.underWay++;
      this.send(this.queue.shift()).finally(() => {
        this.underWay--;
        this.pump();
      });
    }
  }
}
