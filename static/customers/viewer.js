// [data-viewer] shows one side of a document at a time: zoomed, moved, turned, brightened. Only how it is drawn changes.
// Every button's aria-keyshortcuts are its keys. They work while the focus is inside, and not in a field.
(() => {
  const STEP = 1.25;
  const MOST = 8; // screen pixels for one of the image's
  const PUSH = 60; // px, one arrow key
  const LEFT_IN_SIGHT = 48; // px of the image, however far it is moved
  const PLAIN = { brightness: 1, contrast: 1 };
  const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const within = (least, value, most) => Math.min(most, Math.max(least, value));

  // --- One side

  const sideOf = (figure) => {
    const stage = figure.querySelector("[data-stage]");
    const image = stage.querySelector("img");
    stage.querySelector("a").replaceWith(image);
    image.draggable = false;
    stage.dataset.stage = "ready";
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-label", image.alt);
    stage.setAttribute("aria-describedby", "viewer-keys");
    return { figure, stage, image, turn: 0, x: 0, y: 0, zoom: 1, fits: true };
  };

  const sizeOf = ({ image, turn }) => {
    const size = [image.naturalWidth || 1, image.naturalHeight || 1];
    return turn % 180 ? size.reverse() : size;
  };

  const fitting = (side) => {
    const [width, height] = sizeOf(side);
    return Math.min(1, side.stage.clientWidth / width, side.stage.clientHeight / height);
  };

  const fit = (side) => Object.assign(side, { x: 0, y: 0, zoom: fitting(side), fits: true });

  const keepInSight = (side) => {
    const [width, height] = sizeOf(side);
    const far = (length, room) => Math.max(0, (length * side.zoom + room) / 2 - LEFT_IN_SIGHT);
    const [farX, farY] = [far(width, side.stage.clientWidth), far(height, side.stage.clientHeight)];
    Object.assign(side, { x: within(-farX, side.x, farX), y: within(-farY, side.y, farY) });
  };

  const zoomAt = (side, factor, { x, y }) => {
    const zoom = within(fitting(side) / 2, side.zoom * factor, MOST);
    const ratio = zoom / side.zoom;
    Object.assign(side, { zoom, x: x - (x - side.x) * ratio, y: y - (y - side.y) * ratio, fits: false });
    keepInSight(side);
  };

  const move = (side, { x, y }) => {
    Object.assign(side, { x: side.x + x, y: side.y + y, fits: false });
    keepInSight(side);
  };

  const turn = (side, degrees) => {
    side.turn = (side.turn + degrees + 360) % 360;
    const [x, y] = degrees > 0 ? [-side.y, side.x] : [side.y, -side.x];
    Object.assign(side, { x, y });
    if (side.fits) fit(side);
  };

  const draw = ({ stage, image, x, y, turn: degrees, zoom, fits }, brightness, contrast) => {
    image.style.transform = `translate(-50%, -50%) translate(${x}px, ${y}px) rotate(${degrees}deg) scale(${zoom})`;
    image.style.filter = `brightness(${brightness}) contrast(${contrast})`;
    stage.classList.toggle("viewer-stage--near", !fits);
  };

  // --- What a person can do: each act changes the state and says what it did

  const percent = (share) => `${Math.round(share * 100)} %`;

  const zoomBy = (state, factor) => {
    zoomAt(state.shown, factor, { x: 0, y: 0 });
    return `Zoom ${percent(state.shown.zoom)}`;
  };

  const turnBy = (state, degrees) => {
    turn(state.shown, degrees);
    return `Turned ${state.shown.turn} degrees`;
  };

  const light = (state, what, by) => {
    state.light[what] = within(0.25, state.light[what] + by, 4);
    return `${what === "contrast" ? "Contrast" : "Brightness"} ${percent(state.light[what])}`;
  };

  const flip = (state) => {
    const hadFocus = state.shown.stage === document.activeElement;
    state.shown = state.sides[(state.sides.indexOf(state.shown) + 1) % state.sides.length];
    refit(state);
    if (hadFocus) state.shown.stage.focus({ preventScroll: true });
    return state.shown.image.alt;
  };

  const fillScreen = ({ viewer }) => {
    if (document.fullscreenElement) document.exitFullscreen();
    else viewer.requestFullscreen();
  };

  const startAgain = (state) => {
    Object.assign(state.light, PLAIN);
    state.shown.turn = 0;
    fit(state.shown);
    return "As it was";
  };

  const ACTS = {
    in: (state) => zoomBy(state, STEP),
    out: (state) => zoomBy(state, 1 / STEP),
    right: (state) => turnBy(state, 90),
    left: (state) => turnBy(state, -90),
    brighter: (state) => light(state, "brightness", 0.25),
    darker: (state) => light(state, "brightness", -0.25),
    harder: (state) => light(state, "contrast", 0.25),
    flatter: (state) => light(state, "contrast", -0.25),
    flip,
    screen: fillScreen,
    reset: startAgain,
  };

  // --- The viewer

  const redraw = ({ viewer, sides, shown, light: { brightness, contrast } }) => {
    sides.forEach((side) => {
      side.figure.hidden = side !== shown;
    });
    draw(shown, brightness, contrast);
    viewer.querySelector("[data-zoom]").textContent = percent(shown.zoom);
  };

  const refit = (state) => {
    if (!state.viewer.isConnected) return;
    if (state.shown.fits) fit(state.shown);
    else keepInSight(state.shown);
    redraw(state);
  };

  const act = (state, name) => {
    const said = ACTS[name](state);
    redraw(state);
    if (said) document.dispatchEvent(new CustomEvent("announce", { detail: said }));
  };

  const keyOf = ({ key, shiftKey }) => {
    const name = key === "+" ? "Plus" : key.length === 1 ? key.toUpperCase() : key;
    return shiftKey && /^[A-Z]$/.test(name) ? `Shift+${name}` : name;
  };

  const buttonFor = ({ viewer }, key) =>
    [...viewer.querySelectorAll("[data-act]")].find((button) => button.getAttribute("aria-keyshortcuts").split(" ").includes(key));

  const onKey = (state, event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select, textarea")) return;
    const key = keyOf(event);
    const [x, y] = ARROWS[key] ?? [];
    const button = buttonFor(state, key);
    if (ARROWS[key]) move(state.shown, { x: x * PUSH, y: y * PUSH });
    else if (button) act(state, button.dataset.act);
    else return;
    event.preventDefault();
    redraw(state);
  };

  const listen = (state) => {
    const on = (type, react) => state.viewer.addEventListener(type, react);
    on("keydown", (event) => onKey(state, event));
    on("click", ({ target }) => {
      const button = target.closest("[data-act]");
      if (button) act(state, button.dataset.act);
    });
    on("stage:zoom", ({ detail }) => {
      zoomAt(state.shown, detail.factor, detail);
      redraw(state);
    });
    on("stage:move", ({ detail }) => {
      move(state.shown, detail);
      redraw(state);
    });
    state.sides.forEach(({ image }) => image.addEventListener("load", () => refit(state)));
    new ResizeObserver(() => refit(state)).observe(state.viewer);
  };

  const arm = (viewer) => {
    const sides = [...viewer.querySelectorAll("[data-side]")].map(sideOf);
    if (!sides.length) return;
    const shown = sides.find(({ figure }) => figure.dataset.side === viewer.dataset.first) ?? sides[0];
    const state = { viewer, sides, shown, light: { ...PLAIN } };
    viewer.querySelectorAll("[data-tools], [data-keys]").forEach((part) => {
      part.hidden = false;
    });
    viewer.querySelector("[data-act=screen]").hidden = !document.fullscreenEnabled;
    viewer.classList.add("viewer--armed");
    listen(state);
    refit(state);
    shown.stage.focus({ preventScroll: true });
  };

  document.addEventListener("htmx:load", ({ target }) =>
    (target.parentElement ?? target).querySelectorAll("[data-viewer]:not(.viewer--armed)").forEach(arm));
})();
