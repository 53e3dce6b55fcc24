// In <table class="table table--rows"> the whole row opens the link in its first cell, the way a link opens:
// middle click and Ctrl open a tab, selecting text and the row's own controls do what they always do.
(() => {
  const linkOf = (target) =>
    target.closest("a, button, input, select, label, summary") ? null : target.closest(".table--rows tbody tr")?.querySelector("a[href]");

  const open = (event) => {
    const link = linkOf(event.target);
    if (!link || String(window.getSelection())) return;
    const inTab = event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey;
    if (inTab) window.open(link.href, "_blank", "noopener");
    else link.click();
  };

  document.addEventListener("click", (event) => event.button === 0 && open(event));
  document.addEventListener("auxclick", (event) => event.button === 1 && open(event));
})();
