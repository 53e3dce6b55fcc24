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
  const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: text }));

  // --- One side

  const sideOf = (figure) => {
    const stage = figure.querySelector("[data-stage]");
    const image = stage.querySelector("img");
    stage.querySelector("a").replaceWith(image);
    image.draggable = false;
    Object.assign(stage.dataset, { stage: "ready" });
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-label", image.alt);
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

  const draw = ({ stage, image, x, y, turn: degrees, zoom, fits }, { brightness, contrast }) => {
    image.style.transform = `translate(-50%, -50%) translate(${x}px, ${y}px) rotate(${degrees}deg) scale(${zoom})`;
    image.style.filter = `brightness(${brightness}) contrast(${contrast})`;
    stage.classList.toggle("viewer-stage--near", !fits);
  };

  // --- All of it

  const keyOf = ({ key, shiftKey }) => {
    const name = key === "+" ? "Plus" : key.length === 1 ? key.toUpperCase() : key;
    return shiftKey && /^[A-Z]$/.test(name) ? `Shift+${name}` : name;
  };

  const keysOf = (buttons) =>
    new Map(buttons.flatMap((button) => button.getAttribute("aria-keyshortcuts").split(" ").map((key) => [key, button])));

  const arm = (viewer) => {
    const sides = [...viewer.querySelectorAll("[data-side]")].map(sideOf);
    if (!sides.length) return;
    const buttons = [...viewer.querySelectorAll("[data-act]")];
    const keys = keysOf(buttons);
    let shown = sides.find(({ figure }) => figure.dataset.side === viewer.dataset.first) ?? sides[0];
    let light = { ...PLAIN };

    const redraw = () => {
      sides.forEach((side) => {
        side.figure.hidden = side !== shown;
      });
      draw(shown, light);
      viewer.querySelector("[data-zoom]").textContent = `${Math.round(shown.zoom * 100)} %`;
    };

    const refit = () => {
      if (shown.fits) fit(shown);
      else keepInSight(shown);
      redraw();
    };

    const percent = (name) => `${name} ${Math.round(light[name.toLowerCase()] * 100)} %`;
    const adjust = (name, by) => {
      light = { ...light, [name.toLowerCase()]: within(0.25, light[name.toLowerCase()] + by, 4) };
      return percent(name);
    };
    const zoom = (factor) => {
      zoomAt(shown, factor, { x: 0, y: 0 });
      return `Zoom ${Math.round(shown.zoom * 100)} %`;
    };
    const turned = (degrees) => {
      turn(shown, degrees);
      return `Turned ${shown.turn} degrees`;
    };

    const ACTS = {
      in: () => zoom(STEP),
      out: () => zoom(1 / STEP),
      right: () => turned(90),
      left: () => turned(-90),
      brighter: () => adjust("Brightness", 0.25),
      darker: () => adjust("Brightness", -0.25),
      harder: () => adjust("Contrast", 0.25),
      flatter: () => adjust("Contrast", -0.25),
      flip: () => {
        const hadFocus = shown.stage === document.activeElement;
        shown = sides[(sides.indexOf(shown) + 1) % sides.length];
        refit();
        if (hadFocus) shown.stage.focus({ preventScroll: true });
        return shown.image.alt;
      },
      screen: () => {
        if (document.fullscreenElement) document.exitFullscreen();
        else viewer.requestFullscreen();
      },
      reset: () => {
        light = { ...PLAIN };
        shown.turn = 0;
        fit(shown);
        return "As it was";
      },
    };

    const act = (name) => {
      const said = ACTS[name]();
      redraw();
      if (said) say(said);
    };

    viewer.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-act]");
      if (button) act(button.dataset.act);
    });
    viewer.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select, textarea")) return;
      const name = keyOf(event);
      const [x, y] = ARROWS[name] ?? [];
      if (ARROWS[name]) move(shown, { x: x * PUSH, y: y * PUSH });
      else if (keys.has(name)) act(keys.get(name).dataset.act);
      else return;
      event.preventDefault();
      redraw();
    });
    viewer.addEventListener("stage:zoom", ({ detail }) => {
      zoomAt(shown, detail.factor, detail);
      redraw();
    });
    viewer.addEventListener("stage:move", ({ detail }) => {
      move(shown, detail);
      redraw();
    });

    viewer.querySelectorAll("[data-tools], [data-keys]").forEach((part) => {
      part.hidden = false;
    });
    viewer.querySelector("[data-act=screen]").hidden = !document.fullscreenEnabled;
    viewer.classList.add("viewer--armed");
    sides.forEach(({ image }) => image.addEventListener("load", refit));
    new ResizeObserver(refit).observe(viewer);
    refit();
    shown.stage.focus({ preventScroll: true });
  };

  document.addEventListener("htmx:load", ({ target }) =>
    (target.parentElement ?? target).querySelectorAll("[data-viewer]:not(.viewer--armed)").forEach(arm));
})();
