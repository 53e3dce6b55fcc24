// Marks for a few seconds what a swap changed: any element with an id and data-watch whose text is not what it was.
// data-watch="new" also marks an element that was not there before, such as a row that just arrived.
(() => {
  const SHOWN_MS = 4000;
  const seen = new Map();

  const watched = (root) => [...(root.matches?.("[data-watch]") ? [root] : []), ...root.querySelectorAll("[data-watch]")];
  const textOf = (element) => element.textContent.replace(/\s+/g, " ").trim();

  const mark = (element) => {
    element.classList.add("changed");
    setTimeout(() => element.classList.remove("changed"), SHOWN_MS);
  };

  const compare = (element) => {
    const before = seen.get(element.id);
    const isChange = before === undefined ? element.dataset.watch === "new" : before !== textOf(element);
    seen.set(element.id, textOf(element));
    if (isChange) mark(element);
  };

  document.addEventListener("htmx:load", ({ target }) => watched(target).forEach(compare));
  watched(document).forEach((element) => seen.set(element.id, textOf(element)));
})();
