// Fills in what was read from a document, and has it read again where an image beside it was kept.
(() => {
  const put = ({ value, dataset }) => {
    const field = document.getElementById(dataset.fills);
    field.value = value;
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
    return field;
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-fill]");
    if (!button) return;
    const filled = [...button.querySelectorAll("[data-fills]")].map(put);
    filled[0].focus();
    document.dispatchEvent(new CustomEvent("announce", { detail: "Filled in. Compare it with the image." }));
  });

  document.addEventListener("htmx:afterSettle", ({ target }) => {
    const reading = target.closest?.("form")?.querySelector(".reading");
    if (reading && !reading.contains(target) && !target.contains(reading)) reading.dispatchEvent(new CustomEvent("image-kept"));
  });
})();
