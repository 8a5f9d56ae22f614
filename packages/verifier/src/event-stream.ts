// A parser of `text/event-stream` (WHATWG HTML section 9.2) that is fed text as it arrives. Leaves out `retry` and
// the carrying over of `id` from one event to the next: every event of the feed has its own.

export interface StreamEvent {
  readonly name: string;
  readonly id: string;
  readonly data: string;
}

/** Characters one event may have. The longest entry has some 300. */
export const longestEvent = 64 * 1024;

export class EventStreamParser {
  #rest = "";
  #name = "";
  #id = "";
  #data: string[] = [];
  #length = 0;

  /**
   * Takes the next piece and returns the events it completes; comments are dropped.
   * @throws RangeError for an event longer than `longestEvent`
   */
  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const whole = this.#rest + text;
    let start = 0;
    for (let i = 0; i < whole.length; i++) {
      const letter = whole.charCodeAt(i);
      if (letter !== lineFeed && letter !== carriageReturn) continue;
      // Whether a line feed follows a last carriage return is not known yet.
      if (letter === carriageReturn && i + 1 === whole.length) break;
      this.#line(whole.slice(start, i), events);
      if (letter === carriageReturn && whole.charCodeAt(i + 1) === lineFeed) i++;
      start = i + 1;
    }
    this.#rest = whole.slice(start);
    if (this.#rest.length + this.#length > longestEvent)
      throw new RangeError("an event of the feed is too long");
    return events;
  }

  #line(line: string, events: StreamEvent[]): void {
    if (line === "") {
      this.#dispatch(events);
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line.charAt(colon + 1) === " " ? colon + 2 : colon + 1);
    this.#length += line.length;
    if (field === "event") this.#name = value;
    if (field === "id") this.#id = value;
    if (field === "data") this.#data.push(value);
  }

  #dispatch(events: StreamEvent[]): void {
    if (this.#data.length > 0)
      events.push({
        name: this.#name === "" ? "message" : this.#name,
        id: this.#id,
        data: this.#data.join("\n"),
      });
    this.#name = "";
    this.#id = "";
    this.#data = [];
    this.#length = 0;
  }
}

const lineFeed = 10;
const carriageReturn = 13;
