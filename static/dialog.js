// <a class="button" role="button" href="#freeze" data-opens="freeze"> opens <dialog id="freeze">; [data-closes] inside closes it.
// Without a script the same link shows the dialog through :target. One rendered open (refused input) becomes modal.
(() => {
  const open = (dialog) => {
    dialog.removeAttribute("open");
    dialog.showModal();
  };

  const isOutside = (dialog, { clientX: x, clientY: y }) => {
    const box = dialog.getBoundingClientRect();
    return x < box.left || x > box.right || y < box.top || y > box.bottom;
  };

  document.addEventListener("click", (event) => {
    const { target } = event;
    const opener = target.closest("[data-opens]");
    const dialog = opener && document.getElementById(opener.dataset.opens);
    if (dialog && !event.defaultPrevented) {
      event.preventDefault();
      open(dialog);
    }
    const closer = target.closest("dialog [data-closes]");
    if (closer) {
      event.preventDefault();
      closer.closest("dialog").close();
    }
    // A keyboard click has no place on the screen.
    if (target.matches("dialog.dialog:not([data-stays])") && event.detail && isOutside(target, event)) target.close();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.matches('a[role="button"]')) return;
    event.preventDefault();
    event.target.click();
  });

  const upgrade = (root) => root.querySelectorAll("dialog.dialog[open]:not(:modal)").forEach(open);
  document.addEventListener("htmx:load", ({ target }) => upgrade(target.parentElement ?? target));
  document.addEventListener("DOMContentLoaded", () => {
    upgrade(document);
    const linked = document.getElementById(location.hash.slice(1));
    if (linked?.matches("dialog.dialog")) open(linked);
  });
})();
