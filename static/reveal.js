// <input type="checkbox" data-reveals="id"> shows the group while ticked; <select data-reveals="id" data-reveal-when="a b">
// while one of the values is chosen (any value without it). A hidden group is not sent and demands nothing.
(() => {
  const isWanted = (control) => {
    if (control.type === "checkbox") return control.checked;
    const values = control.dataset.revealWhen?.split(" ");
    return values ? values.includes(control.value) : control.value !== "";
  };

  const demand = (input, shown) => {
    if (input.required) input.dataset.demanded = "";
    if ("demanded" in input.dataset) input.required = shown;
    input.disabled = !shown;
  };

  const sync = (control) => {
    const group = document.getElementById(control.dataset.reveals);
    if (!group) return;
    const shown = isWanted(control);
    group.hidden = !shown;
    delete group.dataset.closed;
    control.setAttribute("aria-expanded", shown);
    control.setAttribute("aria-controls", group.id);
    group.querySelectorAll("input, select, textarea").forEach((input) => demand(input, shown));
    return group;
  };

  const say = (group) => {
    const name = group.querySelector("legend, h2, h3")?.textContent.trim() ?? "More fields";
    document.dispatchEvent(new CustomEvent("announce", { detail: `${name}: ${group.hidden ? "hidden" : "shown below"}` }));
  };

  document.addEventListener("change", ({ target }) => {
    const group = target.matches("[data-reveals]") && sync(target);
    if (group) say(group);
  });
  document.addEventListener("htmx:load", ({ target }) => target.querySelectorAll("[data-reveals]").forEach(sync));
  window.addEventListener("pageshow", () => document.querySelectorAll("[data-reveals]").forEach(sync));
  document.querySelectorAll("[data-reveals]").forEach(sync);
})();
