// The search box: / (or Ctrl K) goes to it, arrows go through what it found, Enter opens, Escape closes.
(() => {
  const form = document.getElementById("search-form");
  if (!form) return;
  const box = form.elements.q;
  const found = () => document.getElementById("found");
  const hits = () => [...found().querySelectorAll("a.hit, button")];

  const show = (isShown) => {
    found().hidden = !isShown || !found().childElementCount;
  };

  const isTyping = (target) => target.closest("input:not([type=checkbox], [type=radio], [type=file]), textarea, select, [contenteditable]");

  const isShortcut = (event) => {
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (event.key === "/") return !isModified && !isTyping(event.target);
    return event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
  };

  const move = (event) => {
    const places = [box, ...hits()];
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = places[places.indexOf(document.activeElement) + step];
    event.preventDefault();
    show(true);
    next?.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog:modal") || !isShortcut(event)) return;
    event.preventDefault();
    box.select();
    box.focus();
  });

  form.addEventListener("keydown", (event) => {
    if (["ArrowDown", "ArrowUp"].includes(event.key)) move(event);
    if (event.key !== "Escape" || found().hidden) return;
    event.preventDefault();
    show(false);
    box.focus();
  });

  // What is asked while the box is left comes too late to be shown.
  document.addEventListener("htmx:load", ({ target }) => target.id === "found" && !form.contains(document.activeElement) && show(false));
  box.addEventListener("focus", () => box.value && show(true));
  document.addEventListener("click", ({ target }) => form.contains(target) || show(false));
  document.addEventListener("focusin", ({ target }) => form.contains(target) || show(false));
})();
