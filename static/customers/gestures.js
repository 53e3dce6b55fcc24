// Wheel, drag, pinch and double click on a [data-stage] become two wishes, which bubble as events of these names:
// "stage:zoom" { factor, x, y } at a point, and "stage:move" { x, y } by so much. Points are measured from its middle.
(() => {
  const held = new Map(); // pointer id → where it is

  const stageOf = ({ target }) => target.closest?.("[data-stage]");

  const wish = (stage, name, detail) => stage.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));

  const place = (stage, { clientX, clientY }) => {
    const box = stage.getBoundingClientRect();
    return { x: clientX - box.left - box.width / 2, y: clientY - box.top - box.height / 2 };
  };

  const middle = (points) => ({
    x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
    y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
  });

  const spread = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y) || 1;

  const onWheel = (event) => {
    const stage = stageOf(event);
    if (!stage?.dataset.stage) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const way = Math.max(-240, Math.min(240, event.deltaY * lines));
    wish(stage, "stage:zoom", { factor: Math.exp(-way / 500), ...place(stage, event) });
  };

  const onDown = (event) => {
    const stage = stageOf(event);
    if (!stage?.dataset.stage || event.button) return;
    stage.setPointerCapture(event.pointerId);
    held.set(event.pointerId, place(stage, event));
  };

  const onMove = (event) => {
    const stage = stageOf(event);
    if (!stage || !held.has(event.pointerId)) return;
    const before = [...held.values()];
    held.set(event.pointerId, place(stage, event));
    const after = [...held.values()];
    const [from, to] = [middle(before), middle(after)];
    wish(stage, "stage:move", { x: to.x - from.x, y: to.y - from.y });
    if (after.length === 2) wish(stage, "stage:zoom", { factor: spread(after) / spread(before), ...to });
  };

  const onDoubleClick = (event) => {
    const stage = stageOf(event);
    if (stage?.dataset.stage) wish(stage, "stage:zoom", { factor: event.shiftKey ? 1 / 2 : 2, ...place(stage, event) });
  };

  document.addEventListener("wheel", onWheel, { passive: false });
  document.addEventListener("pointerdown", onDown);
  document.addEventListener("pointermove", onMove);
  ["pointerup", "pointercancel"].forEach((type) => document.addEventListener(type, ({ pointerId }) => held.delete(pointerId)));
  document.addEventListener("dblclick", onDoubleClick);
})();
