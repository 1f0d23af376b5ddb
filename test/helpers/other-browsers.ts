import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onPath } from "./on-path.ts";

/** The functions of a browser other than Chromium that a test needs. */
export interface OtherBrowser {
  go(address: string): Promise<void>;
  /** The current address. */
  address(): Promise<string>;
  /** Clicks the first element that matches a CSS selector. */
  click(selector: string): Promise<void>;
  /** Types into the first element that matches a CSS selector. */
  type(selector: string, text: string): Promise<void>;
  /** The value of a JavaScript expression on the page. */
  value(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

/** The browsers that are installed here, by name; `missing` says what to install. */
export const otherBrowsers: readonly {
  readonly name: string;
  readonly missing: string | undefined;
  launch(): Promise<OtherBrowser>;
}[] = [
  {
    name: "Firefox",
    missing: onPath("firefox", "firefox-esr") ? undefined : "skipped in Firefox: no firefox on the path",
    launch: launchFirefox,
  },
  {
    name: "WebKit",
    missing:
      onPath("WebKitWebDriver") && miniBrowser() && (process.env["DISPLAY"] || onPath("Xvfb"))
        ? undefined
        : "skipped in WebKit: no WebKitWebDriver, MiniBrowser (webkit2gtk-driver) and display or Xvfb",
    launch: launchWebKit,
  },
];

// ---- Firefox, by WebDriver BiDi

async function launchFirefox(): Promise<OtherBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "tinylove-firefox-"));
  // Without background requests and dialogs.
  const settings = {
    "app.normandy.enabled": false,
    "app.update.enabled": false,
    "browser.shell.checkDefaultBrowser": false,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": false,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": false,
  };
  const lines = Object.entries(settings).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  await writeFile(join(profile, "user.js"), lines.join(""));
  const args = ["--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", profile];
  const child = spawn(onPath("firefox", "firefox-esr")!, [...args, "about:blank"], {
    env: { ...process.env, HOME: profile },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [, address] = await lineOf(child, /WebDriver BiDi listening on (ws:\/\/\S+)/);
  const line = await talkTo(`${address}/session`);
  await line.ask("session.new", { capabilities: {} });
  const { context } = (await line.ask("browsingContext.create", { type: "tab" })) as { context: string };
  const evaluate = async (expression: string) => {
    const target = { context };
    const reply = (await line.ask("script.evaluate", {
      expression,
      target,
      awaitPromise: true,
    })) as Evaluated;
    if (reply.type !== "success") throw new Error(`${expression}: ${reply.exceptionDetails?.text}`);
    return reply.result;
  };
  const act = (...actions: object[]) => line.ask("input.performActions", { context, actions });
  const element = async (selector: string) => {
    const { sharedId } = await evaluate(
      `(() => { const found = document.querySelector(${JSON.stringify(selector)}); found.scrollIntoView({ block: "center" }); return found; })()`,
    );
    return { type: "element", element: { sharedId } };
  };
  const click = async (selector: string) => {
    const origin = await element(selector);
    const actions = [
      { type: "pointerMove", x: 0, y: 0, origin },
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ];
    await act({ type: "pointer", id: "mouse", actions });
  };
  return {
    async go(url) {
      await line.ask("browsingContext.navigate", { context, url, wait: "complete" });
    },
    address: async () => String((await evaluate("location.href")).value),
    value: async (expression) => (await evaluate(expression)).value,
    click,
    async type(selector, text) {
      await click(selector);
      const keys = [...text].flatMap((value) => [
        { type: "keyDown", value },
        { type: "keyUp", value },
      ]);
      await act({ type: "key", id: "keys", actions: keys });
    },
    async close() {
      line.end();
      await ended(child);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Evaluated {
  readonly type: string;
  readonly result: { readonly value?: unknown; readonly sharedId?: string };
  readonly exceptionDetails?: { readonly text: string };
}

/** A connection to a browser: commands are numbered, and each gets its answer. */
async function talkTo(address: string) {
  const socket = await upgraded(address);
  const waiting = new Map<number, { resolve(value: unknown): void; reject(reason: unknown): void }>();
  socket.on("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("the browser is gone"));
  });
  onMessages(socket, (text) => {
    const message = JSON.parse(text) as { id?: number; result?: unknown; error?: string; message?: string };
    const asked = waiting.get(message.id ?? -1);
    if (!asked) return;
    waiting.delete(message.id!);
    if (message.error) asked.reject(new Error(`${message.error}: ${message.message}`));
    else asked.resolve(message.result);
  });
  let number = 0;
  return {
    ask: (method: string, params: object) =>
      new Promise<unknown>((resolve, reject) => {
        number += 1;
        waiting.set(number, { resolve, reject });
        socket.write(frameOf(JSON.stringify({ id: number, method, params })));
      }),
    end: () => socket.destroy(),
  };
}

/** Opens a WebSocket (RFC 6455), which Node has only from version 22 on. */
const upgraded = (address: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    get(address.replace(/^ws/, "http"), {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": randomBytes(16).toString("base64"),
      },
    })
      .once("upgrade", (_, socket) => resolve(socket as Socket))
      .once("response", ({ statusCode }) => reject(new Error(`no WebSocket: ${statusCode}`)))
      .once("error", reject);
  });

/** One masked text frame, with its length in the fewest bytes. */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  head[0] = 0x81;
  head[1] = 0x80 | (head.length === 2 ? payload.length : head.length === 4 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ mask[at % 4]!)]);
}

/** Complete text messages, from one frame or several; a server's frames are not masked. */
function onMessages(socket: Socket, onMessage: (text: string) => void): void {
  let buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  socket.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      if (buffer.length < 2) return;
      const short = buffer[1]! & 0x7f;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (buffer.length < head) return;
      const length =
        short === 127 ? Number(buffer.readBigUInt64BE(2)) : short === 126 ? buffer.readUInt16BE(2) : short;
      if (buffer.length < head + length) return;
      const last = (buffer[0]! & 0x80) !== 0;
      const isText = (buffer[0]! & 0x0f) <= 1;
      if (isText) parts.push(buffer.subarray(head, head + length));
      buffer = buffer.subarray(head + length);
      if (!isText || !last) continue;
      onMessage(Buffer.concat(parts).toString());
      parts = [];
    }
  });
}

// ---- WebKit, by WebKitGTK's driver

/** The browser that comes with WebKitGTK's driver. */
function miniBrowser(): string | undefined {
  const folders = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/libexec",
    "/usr/lib64",
    "/usr/lib",
  ];
  const versions = ["webkitgtk-6.0", "webkit2gtk-4.1", "webkit2gtk-4.0"];
  return folders
    .flatMap((folder) => versions.map((version) => join(folder, version, "MiniBrowser")))
    .find(existsSync);
}

async function launchWebKit(): Promise<OtherBrowser> {
  const display = process.env["DISPLAY"] ? undefined : await ownDisplay();
  const port = await freePort();
  const home = mkdtempSync(join(tmpdir(), "tinylove-webkit-"));
  const driver = spawn("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
    env: {
      ...process.env,
      ...(display && { DISPLAY: display.name }),
      HOME: home,
      XDG_DATA_HOME: home,
      XDG_CACHE_HOME: home,
      WEBKIT_DISABLE_COMPOSITING_MODE: "1",
      WEBKIT_DISABLE_DMABUF_RENDERER: "1",
    },
    stdio: "ignore",
  });
  const root = `http://127.0.0.1:${port}`;
  const options = { binary: miniBrowser(), args: ["--automation"] };
  const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
  const { sessionId } = (await untilReady(() =>
    sendCommand("POST", `${root}/session`, { capabilities }),
  )) as {
    sessionId: string;
  };
  const session = `${root}/session/${sessionId}`;
  const element = async (selector: string) => {
    const found = await sendCommand("POST", `${session}/element`, { using: "css selector", value: selector });
    return `${session}/element/${Object.values(found as Record<string, string>)[0]}`;
  };
  return {
    async go(url) {
      await sendCommand("POST", `${session}/url`, { url });
    },
    address: async () => String(await sendCommand("GET", `${session}/url`)),
    value: (expression) =>
      sendCommand("POST", `${session}/execute/sync`, { script: `return ${expression}`, args: [] }),
    async click(selector) {
      await sendCommand("POST", `${await element(selector)}/click`, {});
    },
    async type(selector, text) {
      await sendCommand("POST", `${await element(selector)}/value`, { text });
    },
    async close() {
      await sendCommand("DELETE", session).catch(() => {});
      await ended(driver);
      await display?.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function sendCommand(method: string, address: string, body?: object): Promise<unknown> {
  const reply = await fetch(address, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = (await reply.json()) as { value: unknown };
  if (!reply.ok) throw new Error(`${method} ${address}: ${JSON.stringify(value)}`);
  return value;
}

/** Retries while nothing listens yet. */
async function untilReady<Reply>(ask: () => Promise<Reply>): Promise<Reply> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask();
    } catch (thrown) {
      if (!(thrown instanceof TypeError) || attempt > 200) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** A virtual display. */
async function ownDisplay() {
  const child = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const number = await new Promise<string>((resolve, reject) => {
    child.once("exit", () => reject(new Error("Xvfb did not start")));
    createInterface({ input: child.stdio[3] as NodeJS.ReadableStream }).once("line", resolve);
  });
  return { name: `:${number}`, close: () => ended(child) };
}

// ---- Processes

function lineOf(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
    createInterface({ input: child.stderr! }).on("line", (line) => {
      const found = pattern.exec(line);
      if (found) resolve(found);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  const patience = setTimeout(() => child.kill("SIGKILL"), 5000);
  await gone;
  clearTimeout(patience);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
