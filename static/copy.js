// <button data-copy="text"> puts the text on the clipboard.
(() => {
  const SHOWN_MS = 1600;

  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    document.dispatchEvent(new CustomEvent("announce", { detail: "Copied" }));
    button.classList.add("copy--done");
    setTimeout(() => button.classList.remove("copy--done"), SHOWN_MS);
  });
})();
