// Fills in what was read from a document at once; without JavaScript the button sends it to the portal, which keeps it.
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.("[data-fill]");
    if (!button) return;
    event.preventDefault();
    for (const { value, dataset } of button.querySelectorAll("[data-fills]")) {
      const field = document.getElementById(dataset.fills);
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
      field.focus();
    }
    document.dispatchEvent(new CustomEvent("announce", { detail: "Filled in. Compare it with the image." }));
  },
  true,
);
