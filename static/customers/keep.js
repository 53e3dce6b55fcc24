// Choosing another document type keeps what was chosen and typed for the one before, where the new one asks for it too.
(() => {
  let kept = new Map();

  const inputs = (region) => region.querySelectorAll("input[name], select[name], textarea[name]");

  const isEmpty = (input) => (input.type === "file" ? !input.files.length : !input.value);

  document.addEventListener("htmx:beforeSwap", ({ target }) => {
    if (!target.matches("[data-keeps]")) return;
    kept = new Map([...inputs(target)].filter((input) => !isEmpty(input)).map((input) => [input.name, input]));
  });

  document.addEventListener("htmx:load", ({ target }) => {
    if (!target.matches("[data-keeps]")) return;
    for (const input of inputs(target)) {
      const before = kept.get(input.name);
      if (!before || before.type !== input.type) continue;
      if (input.type === "file") input.files = before.files;
      else input.value = before.value;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    kept.clear();
  });
})();
