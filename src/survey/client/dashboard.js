// @ts-check
// The dashboard's figures, asked for again every three seconds while its tab is looked at.

const live = document.querySelector("[data-live]");

let asking = false;

const refresh = async () => {
  if (asking || !(live instanceof HTMLElement) || document.visibilityState !== "visible") return;
  asking = true;
  try {
    const response = await fetch(live.dataset["live"] ?? "", { redirect: "error" });
    const markup = response.ok ? await response.text() : live.innerHTML;
    if (markup !== live.innerHTML) live.innerHTML = markup;
  } catch {
    // The server is away or the session is over: the last figures stay.
  } finally {
    asking = false;
  }
};

if (live) setInterval(refresh, 3000);
