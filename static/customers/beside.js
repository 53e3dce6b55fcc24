// <a data-beside href="…"> opens the viewer of that page beside this one, so that what is typed stays in sight.
// Where there is no room beside, it covers the page. Escape closes it and gives the focus back.
(() => {
  const ROOM = matchMedia("(width >= 1100px)");
  const panel = () => document.getElementById("beside");
  let address = "";

  const show = () => {
    if (panel().open) return;
    if (ROOM.matches) panel().show();
    else panel().showModal();
  };

  const open = (link) => {
    address = link.getAttribute("href");
    panel().querySelector("[data-own-page]").href = address;
    htmx.ajax("GET", address, { source: link, target: "#beside-viewer", select: "#viewer", swap: "innerHTML" });
  };

  // The link itself may have been drawn anew meanwhile.
  const giveBackFocus = () => document.querySelector(`a[data-beside][href="${CSS.escape(address)}"]`)?.focus();

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-beside]");
    if (!link || !panel() || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(link);
  });
  document.addEventListener("htmx:beforeSwap", ({ detail: { target, shouldSwap } }) => {
    if (target.id === "beside-viewer" && shouldSwap) show(); // first, so that the image finds its size
  });
  document.addEventListener("htmx:load", ({ target }) => {
    const viewer = target.closest("#beside-viewer > [data-viewer]");
    if (viewer) panel().querySelector("h2").textContent = viewer.getAttribute("aria-label");
  });
  document.addEventListener("keydown", (event) => {
    const isOurs = event.target === document.body || event.target.closest(".beside");
    if (event.key === "Escape" && isOurs && panel()?.open && !document.fullscreenElement) panel().close();
  });
  panel()?.addEventListener("close", () => {
    document.getElementById("beside-viewer").replaceChildren();
    giveBackFocus();
  });
})();
