// One box ticks all that are shown; without a script each is ticked by itself.
(() => {
  const all = document.querySelector("[data-picks]");
  if (!all) return;
  const boxes = () => [...document.querySelectorAll('input[name="case"]')];

  const follow = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && ticked < boxes().length;
  };

  all.closest("[data-scripted]").hidden = false;
  all.addEventListener("change", () => boxes().forEach((box) => (box.checked = all.checked)));
  document.addEventListener("change", (event) => event.target.name === "case" && follow());
  document.addEventListener("htmx:afterSettle", follow);
})();
