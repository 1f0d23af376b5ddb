// @ts-check
// Everything here works without it: it takes double clicks and lost connections off the reader's hands and
// measures how long a page was looked at. No answer leaves this file but to the form's own address.

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-outbox]"));
// A rehearsal has an outbox of its own: what it could not send is no answer, and leads nobody away from theirs.
const way = /^\/rehearsal\/[^/]+/.exec(location.pathname)?.[0] ?? "";
const place = `tinylove-outbox${way}`;

// ---- How long the page was visible, in milliseconds, hidden tabs taken out.

let seen = 0;
/** @type {number | undefined} */
let since = document.visibilityState === "visible" ? performance.now() : undefined;

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") since = performance.now();
  else if (since !== undefined) {
    seen += performance.now() - since;
    since = undefined;
  }
});

const visibleFor = () => Math.round(seen + (since === undefined ? 0 : performance.now() - since));

// ---- How much text was pasted or dropped into its fields, in characters.

let pasted = 0;
for (const kind of ["paste", "drop"]) {
  form?.addEventListener(kind, (event) => {
    const data =
      event instanceof ClipboardEvent
        ? event.clipboardData
        : event instanceof DragEvent
          ? event.dataTransfer
          : null;
    pasted += data?.getData("text").length ?? 0;
  });
}

// A page that the browser kept whole would be posted again under a key that is used up.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// ---- The outbox: one answer, kept until the server says that it is stored.

/** @typedef {{ address: string, body: string }} Letter */

const read = () => {
  try {
    return /** @type {Letter | null} */ (JSON.parse(localStorage.getItem(place) ?? "null"));
  } catch {
    return null;
  }
};

/** @param {Letter | null} letter */
const keep = (letter) => {
  try {
    if (letter) localStorage.setItem(place, JSON.stringify(letter));
    else localStorage.removeItem(place);
  } catch {
    // A browser that keeps nothing still sends.
  }
};

/** @param {"sending" | "waiting" | ""} state */
const show = (state) => {
  const status = document.querySelector("[data-status]");
  if (status instanceof HTMLElement && status.dataset)
    status.textContent = state ? (status.dataset[state] ?? "") : "";
  for (const button of document.querySelectorAll("form[data-outbox] button")) {
    if (button instanceof HTMLButtonElement) button.setAttribute("aria-disabled", String(state !== ""));
  }
};

let sending = false;

/**
 * Sends until there is an answer, the same letter under the same key; waits longer each time, or until the browser
 * is online again.
 * @param {Letter} letter
 */
const send = async (letter) => {
  if (sending) return;
  sending = true;
  keep(letter);
  show("sending");
  for (let wait = 500; ; wait = Math.min(wait * 2, 15000)) {
    const next = await attempt(letter);
    if (next !== undefined) {
      keep(null);
      location.assign(next);
      return;
    }
    show("waiting");
    await new Promise((resolve) => {
      setTimeout(resolve, wait);
      addEventListener("online", resolve, { once: true });
    });
  }
};

/**
 * Where to go next; undefined when the letter has to be sent again.
 * @param {Letter} letter
 */
const attempt = async ({ address, body }) => {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body,
      signal: AbortSignal.timeout(20000),
    });
    if (response.status >= 500 || response.status === 429) return undefined;
    const { next } = await response.json();
    return typeof next === "string" && next.startsWith("/") ? next : location.pathname;
  } catch {
    return undefined;
  }
};

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const data = new FormData(form);
  if (data.has("ms")) data.set("ms", String(visibleFor()));
  if (pasted > 0) data.set("pasted", String(pasted));
  const pairs = [...data].map(([name, value]) => /** @type {[string, string]} */ ([name, String(value)]));
  void send({ address: new URL(form.action).pathname, body: String(new URLSearchParams(pairs)) });
});

// An answer that an earlier page could not send goes first.
const left = read();
if (left) void send(left);
