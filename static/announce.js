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
    const refusal = root.matches?.(".error-summary") ? root : root.querySelector(".error-summary, .face--refused[tabindex]");
    refusal?.focus();
  };

  // The button somebody pressed went with what it did: go on from what stands in its place.
  const focusSuccessor = ({ target, requestConfig }) => {
    const wasPressed = ["submit", "click"].includes(requestConfig?.triggeringEvent?.type);
    if (document.activeElement !== document.body || !wasPressed) return;
    const place = document.getElementById(target.id)?.querySelector("summary, h1, h2, h3");
    if (place?.matches("h1, h2, h3")) place.tabIndex = -1;
    place?.focus();
  };

  document.addEventListener("announce", (event) => say(event.detail));
  document.addEventListener("htmx:load", (event) => regions(event.target).forEach((region) => say(remember(region))));
  document.addEventListener("htmx:afterSettle", (event) => {
    if ([409, 422].includes(event.detail.xhr?.status)) focusRefusal(event.target);
    focusSuccessor(event.detail);
  });
  document.addEventListener("DOMContentLoaded", () => {
    regions(document).forEach(remember);
    focusRefusal(document);
  });
})();
