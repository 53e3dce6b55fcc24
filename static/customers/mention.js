// In <textarea data-mentions="address">, an @ opens a list of the people whom a note can mention. Arrows choose, Enter and
// Tab take, Escape closes. Without this script a name is typed in full.
(() => {
  const BEGUN = /(?:^|[^\w@.+-])@([\w.+-]*)$/;
  const SHOWN = 6;
  const lists = new WeakMap();

  const isHere = (target) => target?.matches?.("textarea[data-mentions]");
  const listOf = (box) => lists.get(box);
  const shown = (box) => [...(listOf(box)?.querySelectorAll("li:not([hidden])") ?? [])];
  const chosen = (box) => listOf(box)?.querySelector('li[aria-selected="true"]');
  const begun = (box) => BEGUN.exec(box.value.slice(0, box.selectionStart))?.[1];

  const fetchList = async (box) => {
    lists.set(box, null);  // asked for once
    const answer = await fetch(box.dataset.mentions, { headers: { Accept: "text/html" } });
    if (!answer.ok) return lists.delete(box);
    const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ul");
    list.hidden = true;
    box.after(list);
    lists.set(box, list);
    show(box);
  };

  const choose = (box, person) => {
    listOf(box).querySelectorAll("li").forEach((each) => each.setAttribute("aria-selected", each === person));
    if (person) box.setAttribute("aria-activedescendant", person.id);
    else box.removeAttribute("aria-activedescendant");
    person?.scrollIntoView({ block: "nearest" });
  };

  const fits = (person, word) => person.textContent.toLowerCase().split(/[\s@]+/).some((part) => part.startsWith(word));

  const hide = (box) => {
    if (!listOf(box)) return;
    listOf(box).hidden = true;
    choose(box, null);
  };

  const show = (box) => {
    const word = begun(box)?.toLowerCase();
    if (word === undefined) return hide(box);
    const list = listOf(box);
    if (list === undefined) fetchList(box);
    if (!list) return;
    let left = SHOWN;
    for (const person of list.children) person.hidden = !(fits(person, word) && left-- > 0);
    const people = shown(box);
    const isWhole = people.length === 1 && people[0].dataset.name.toLowerCase() === word;
    if (!people.length || isWhole) return hide(box);
    list.hidden = false;
    choose(box, people[0]);
    box.setAttribute("aria-controls", list.id);
    box.setAttribute("aria-autocomplete", "list");
  };

  const take = (box, person) => {
    const end = box.selectionStart;
    box.setRangeText(`${person.dataset.name} `, end - begun(box).length, end, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
    hide(box);
    box.focus();
  };

  const move = (box, step) => {
    const people = shown(box);
    choose(box, people[(people.indexOf(chosen(box)) + step + people.length) % people.length]);
  };

  const ACTS = {
    ArrowDown: (box) => move(box, 1),
    ArrowUp: (box) => move(box, -1),
    Enter: (box) => take(box, chosen(box)),
    Tab: (box) => take(box, chosen(box)),
    Escape: hide,
  };

  document.addEventListener("input", ({ target }) => isHere(target) && show(target));
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (!isHere(box) || !listOf(box) || listOf(box).hidden || !ACTS[event.key] || event.shiftKey) return;
    event.preventDefault();
    ACTS[event.key](box);
  });
  // Before the box loses the focus, which it keeps.
  document.addEventListener("mousedown", (event) => {
    const person = event.target.closest(".mention-people li");
    if (!person) return;
    event.preventDefault();
    take(person.closest(".mention-field").querySelector("textarea"), person);
  });
  document.addEventListener("focusout", ({ target }) => isHere(target) && hide(target));
})();
