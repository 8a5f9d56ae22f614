// One keep-alive connection of the load process: writes prebuilt requests, reads one answer at a time. Understands
// what the servers under test send and no more: HTTP/1.1 answers with a Content-Length. Anything else ends the round.

import { connect, type Socket } from "node:net";

/** All connections read into the same memory: an answer is taken out before the next read begins. */
const memory = new Uint8Array(64 * 1024);
const text = Buffer.from(memory.buffer);

export interface Listener {
  /** A whole answer arrived; headers are left out. */
  answered(connection: Connection, status: number, body: string): void;
  failed(message: string): void;
}

export class Connection {
  /** When the request that is under way was sent, milliseconds; for the listener. */
  sentAt = 0;
  readonly #socket: Socket;
  readonly #listener: Listener;
  #pending = "";
  #closing = false;

  private constructor(port: number, listener: Listener, ready: (connection: Connection) => void) {
    this.#listener = listener;
    this.#socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: memory, callback: (bytes) => this.#read(bytes) },
    });
    this.#socket.once("connect", () => ready(this));
    this.#socket.on("error", (error) => listener.failed(`connection: ${error.message}`));
    this.#socket.on("close", () => this.#closing || listener.failed("the server closed a connection"));
  }

  /** Opens a connection to this host; failures go to the listener. */
  static open(port: number, listener: Listener): Promise<Connection> {
    return new Promise((resolve) => new Connection(port, listener, resolve));
  }

  send(request: Uint8Array): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #read(bytes: number): boolean {
    const received = text.toString("latin1", 0, bytes);
    const answer = this.#pending === "" ? received : this.#pending + received;
    const headEnd = answer.indexOf("\r\n\r\n");
    if (headEnd < 0) {
      this.#pending = answer;
      return true;
    }
    const length = contentLength(answer, headEnd);
    if (length === undefined) {
      this.#listener.failed(`an answer without Content-Length: ${answer.slice(0, headEnd)}`);
      return true;
    }
    const end = headEnd + 4 + length;
    if (answer.length < end) {
      this.#pending = answer;
      return true;
    }
    this.#pending = "";
    if (answer.length > end) this.#listener.failed("more than one answer to one request");
    else this.#listener.answered(this, Number(answer.slice(9, 12)), answer.slice(headEnd + 4));
    return true;
  }
}

const header = /\r\ncontent-length: *(\d+)/i;

function contentLength(answer: string, headEnd: number): number | undefined {
  const found = header.exec(answer.slice(0, headEnd));
  return found === null ? undefined : Number(found[1]);
}
