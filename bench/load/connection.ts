import { connect, type Socket } from "node:net";

export interface Reply {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * A keep-alive connection with one request at a time, like a browser's. It implements only the HTTP that a load test needs
 * (a reply has its length), so that it takes little of the processor that it shares with the server.
 */
export class Connection {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = "";
  #settle: { resolve(reply: Reply): void; reject(reason: unknown): void } | undefined;
  #asked = "";
  #again = false;
  /** The cookies that the server set, to be sent back. */
  cookie = "";

  constructor(port: number) {
    this.#port = port;
  }

  get(path: string): Promise<Reply> {
    return this.#ask(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${this.#cookieLine()}\r\n`);
  }

  /** Posts a body: a form, unless another type is given. */
  post(path: string, body: string, type = "application/x-www-form-urlencoded", accept = "*/*") {
    return this.#ask(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${this.#cookieLine()}content-type: ${type}\r\naccept: ${accept}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }

  close(): void {
    this.#socket?.destroy();
  }

  #cookieLine = () => (this.cookie ? `cookie: ${this.cookie}\r\n` : "");

  #ask(request: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#asked = request;
      this.#again = this.#socket !== undefined;
      this.#open().write(request, "latin1");
    });
  }

  #open(): Socket {
    if (this.#socket) return this.#socket;
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    socket.on("data", (bytes) => this.#take(bytes.toString("latin1")));
    socket.on("error", (reason) => this.#lost(reason));
    socket.on("close", () => this.#lost(new Error("the server closed the connection")));
    this.#socket = socket;
    return socket;
  }

  #take(text: string): void {
    this.#received = this.#received === "" ? text : this.#received + text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#received.slice(0, end + 2);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    const body = this.#received.slice(end + 4);
    this.#received = "";
    const [, set] = /\r\nset-cookie: ([^;\r]+)/i.exec(head) ?? [];
    if (set) this.cookie = set;
    if (/\r\nconnection: close\r/i.test(head)) this.#leave();
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve({ status: Number(head.slice(9, 12)), head, body });
  }

  /** The next request opens a new connection, and anything that still arrives on this one is ignored. */
  #leave(): void {
    this.#socket?.removeAllListeners().destroy();
    this.#socket = undefined;
  }

  /** As in a browser, a keep-alive connection that the server has just closed is opened again, once. */
  #lost(reason: unknown): void {
    this.#socket = undefined;
    const settle = this.#settle;
    if (!settle) return;
    if (this.#again && this.#received === "") {
      this.#again = false;
      this.#open().write(this.#asked, "latin1");
      return;
    }
    this.#settle = undefined;
    settle.reject(reason);
  }
}
