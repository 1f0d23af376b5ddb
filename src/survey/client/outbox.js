// @ts-check
// Everything here works without it: it takes double clicks and lost connections off the reader's hands and
// measures how long a page was looked at. No answer leaves this file but to the form's own address.

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-outbox]"));
// Where the survey begins on its host, which may hold others: this file lies below it.
const root = new URL(import.meta.url).pathname.replace(/\/assets\/[^/]*$/, "");
// A rehearsal has an outbox of its own: what it could not send is no answer, and leads nobody away from theirs.
const [way = ""] = /^\/rehearsal\/[^/]+/.exec(location.pathname.slice(root.length)) || [];
const place = `tinylove-outbox${root}${way}`;

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
    const letter = JSON.parse(localStorage.getItem(place) ?? "null");
    const whole = typeof letter?.address === "string" && typeof letter.body === "string";
    return whole ? /** @type {Letter} */ (letter) : null;
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

/** @param {string} text */
const say = (text) => {
  const status = document.querySelector("[data-status]");
  if (status) status.textContent = text;
};

/** @param {"sending" | "waiting" | "refused" | ""} state */
const show = (state) => {
  const status = document.querySelector("[data-status]");
  if (status instanceof HTMLElement && status.dataset) say(state ? (status.dataset[state] ?? "") : "");
  for (const button of document.querySelectorAll("form[data-outbox] button")) {
    if (button instanceof HTMLButtonElement) button.setAttribute("aria-disabled", String(state !== ""));
  }
};

let sending = false;

/**
 * Sends until there is an answer, the same letter under the same key; waits longer each time, or until the browser
 * is online again. Resolves to where to go next, and to undefined where the letter stays to be changed.
 * @param {Letter} letter
 */
const send = async (letter) => {
  if (sending) return undefined;
  sending = true;
  keep(letter);
  show("sending");
  for (let wait = 500; ; wait = Math.min(wait * 2, 15000)) {
    const outcome = await attempt(letter);
    if (typeof outcome === "object") {
      keep(null);
      sending = "next" in outcome;
      if ("stay" in outcome) {
        show("");
        say(outcome.stay);
      }
      return "next" in outcome ? outcome.next : undefined;
    }
    show(outcome);
    await new Promise((resolve) => {
      setTimeout(resolve, wait);
      addEventListener("online", resolve, { once: true });
    });
  }
};

/**
 * What became of it: where to go next, what to say where it has to be changed, or why to send it again. Only the survey
 * itself says where to go: what anybody else on the way answers leaves the letter where it is.
 * @param {Letter} letter
 * @returns {Promise<{ next: string } | { stay: string } | "waiting" | "refused">}
 */
const attempt = async ({ address, body }) => {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), 20000);
  // A browser's own fetch never throws at once: one that does is broken, and what it throws goes to `handBack`.
  const asked = fetch(address, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body,
    signal: patience.signal,
  });
  let response;
  try {
    response = await asked;
    const said = await response.json();
    if (typeof said.next === "string" && /^\/(?!\/)/.test(said.next)) return { next: said.next };
    if (typeof said.stay === "string" && response.status === 413) return { stay: said.stay };
  } catch {
    // No connection, or an answer that is no JSON.
  } finally {
    clearTimeout(timer);
  }
  return response && response.status < 500 && response.status !== 429 ? "refused" : "waiting";
};

/**
 * Gives a letter to the browser, which sends it as it sends any form: where a part of this script fails, the answer takes
 * the way that needs none of it.
 * @param {Letter} letter
 */
const handBack = ({ address, body }) => {
  keep(null);
  const plain = document.createElement("form");
  plain.method = "post";
  plain.action = address;
  for (const pair of body.split("&")) {
    const input = document.createElement("input");
    input.type = "hidden";
    const [name = "", value = ""] = pair
      .split("=")
      .map((part) => decodeURIComponent(part.replace(/\+/g, " ")));
    input.name = name;
    input.value = value;
    plain.append(input);
  }
  document.body.append(plain);
  // A field may be called `submit`.
  HTMLFormElement.prototype.submit.call(plain);
};

/** What somebody else left in the outbox goes before anything of this page. */
let before = Promise.resolve();

// What the outbox needs; without it the form stays the browser's.
const able = typeof fetch === "function" && typeof AbortController === "function";

form?.addEventListener("submit", (event) => {
  /** @type {Letter} */
  let letter;
  try {
    const data = new FormData(form);
    if (data.has("ms")) data.set("ms", String(visibleFor()));
    if (pasted > 0) data.set("pasted", String(pasted));
    const pairs = [...data].map(([name, value]) => /** @type {[string, string]} */ ([name, String(value)]));
    letter = { address: new URL(form.action).pathname, body: String(new URLSearchParams(pairs)) };
  } catch {
    return;
  }
  event.preventDefault();
  if (!able) return handBack(letter);
  before
    .then(() => send(letter))
    .then(
      (next) => {
        if (next !== undefined) location.assign(next);
      },
      () => handBack(letter),
    );
});

/** @param {string} body */
const sealIn = (body) => /(?:^|&)seal=([^&]*)/.exec(body)?.[1];

// An answer that an earlier page could not send goes first. It may be somebody else's who was at this browser before:
// then whoever is here now stays on their page.
const left = able ? read() : null;
if (left) {
  const seal = form?.querySelector("input[name=seal]");
  const own = seal instanceof HTMLInputElement && sealIn(left.body) === encodeURIComponent(seal.value);
  const sent = send(own ? left : { ...left, body: `${left.body}&left=1` });
  const go = (/** @type {string | undefined} */ next) => {
    if (own && next !== undefined) return location.assign(next);
    sending = false;
    show("");
  };
  const done = sent.then(go, () => handBack(left));
  if (!own) before = done;
}
