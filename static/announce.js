// Says what changed to people who cannot see it, and moves the focus to what was refused.
// Any script may speak: document.dispatchEvent(new CustomEvent("announce", { detail: "Copied" })).
(() => {
  const said = new Map();
  let queued = [];

  const speak = () => {
    document.getElementById("announcer").textContent = queued.join(". ");
    queued = [];
  };

  const say = (text) => {
    if (!text) return;
    if (!queued.length) {
      document.getElementById("announcer").textContent = "";
      setTimeout(speak, 80);
    }
    queued.push(text);
  };

  const regions = (root) => [...(root.matches?.("[data-announce]") ? [root] : []), ...root.querySelectorAll("[data-announce]")];

  const remember = (region) => {
    const text = (region.dataset.announce || region.textContent).replace(/\s+/g, " ").trim();
    const isNew = said.get(region.id) !== text;
    said.set(region.id, text);
    return isNew ? text : "";
  };

  const focusRefusal = (root) => {
    const refusal = root.matches?.(".error-summary") ? root : root.querySelector(".error-summary, .face[tabindex]");
    refusal?.focus();
  };

  // What had the focus may go with a swap: the nearest thing around it that is still there gets it.
  const PLACES = "summary, h1, h2, h3, a[href]";
  let around = [];

  const idsAround = (element) => {
    const named = element.closest("main [id], main");
    return named ? [named.id, ...idsAround(named.parentElement)] : [];
  };

  const regainFocus = () => {
    if (document.activeElement !== document.body) return;
    const remains = around.map((id) => document.getElementById(id)).find(Boolean);
    const place = remains?.matches(PLACES) ? remains : remains?.querySelector(PLACES);
    if (place?.matches("h1, h2, h3")) place.tabIndex = -1;
    place?.focus({ preventScroll: true });
  };

  document.addEventListener("announce", (event) => say(event.detail));
  document.addEventListener("htmx:load", (event) => regions(event.target).forEach((region) => say(remember(region))));
  document.addEventListener("htmx:beforeSwap", () => {
    around = idsAround(document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if ([409, 422].includes(event.detail.xhr?.status)) focusRefusal(event.target);
    regainFocus();
  });
  document.addEventListener("DOMContentLoaded", () => {
    regions(document).forEach(remember);
    focusRefusal(document);
  });
})();
