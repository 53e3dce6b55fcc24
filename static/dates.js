// A date is typed in one field; the button beside it opens the browser's picker and writes what was picked as ISO.
(() => {
  const arm = (date) => {
    const [text, picker, button] = date.children;
    if (!picker.showPicker) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      picker.value = /^\d{4}-\d{2}-\d{2}$/.test(text.value.trim()) ? text.value.trim() : "";
      picker.showPicker();
    });
    picker.addEventListener("change", () => {
      text.value = picker.value;
      text.dispatchEvent(new Event("change", { bubbles: true }));
      text.focus();
    });
  };

  document.addEventListener("htmx:load", ({ target }) => target.querySelectorAll(".date").forEach(arm));
})();
