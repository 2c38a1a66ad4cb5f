// The player: a figure of the page that a reader can play with. It needs nothing but
// the tables of trained flows, which stand in the page as JSON.

const names = { moons05: "two moons", moons10: "two moons, thicker", checkerboard: "checkerboard" };
const still = matchMedia("(prefers-reduced-motion: reduce)");
const layerSeconds = 0.9; // that the walk takes through a layer

// make builds an element: make("td", {class: "x"}, "text", child, …).
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const number = (v, digits = 3) => (Number.isFinite(v) ? v.toFixed(digits).replace("-", "−").replace(/^−(0\.?0*)$/, "$1") : "−∞");
const pair = (v) => `(${number(v[0], 2)}, ${number(v[1], 2)})`;

class Player {
  constructor(root, data) {
    this.root = root;
    this.flows = data.flows.map((f) => new Flow(f));
    this.events = data.events;
    this.noise = noise(600);
    this.grid = new Grid();
    this.build();
    this.choose(this.flows.find((f) => f.layers >= 8) || this.flows[0]);
  }

  build() {
    const option = (value, text) => make("option", { value }, text);
    this.data = make("select", {}, ...[...new Set(this.flows.map((f) => f.data))].map((d) => option(d, names[d] || d)));
    this.layers = make("select", {});
    this.facts = make("span", { class: "facts" });
    this.play = make("button", { type: "button" }, "Play");
    this.walk = make("input", { type: "range", min: 0, step: 0.02, "aria-label": "How many layers the noise has passed" });
    this.where = make("output", {});
    const plane = (name) => make("canvas", { tabindex: 0, role: "application", "aria-label": `${name}. Arrow keys move the probe.` });
    const canvases = [plane("The plane of the noise z"), plane("The plane of the data x")];
    this.titles = [make("p"), make("p")];
    this.rows = make("tbody");
    this.said = make("p", { class: "hidden", "aria-live": "polite" });
    this.root.append(
      make("div", { class: "choices" }, make("label", {}, "Data ", this.data), make("label", {}, "Layers ", this.layers), this.facts),
      make("div", { class: "walk" }, this.play, this.walk, this.where),
      make("div", { class: "planes" }, ...canvases.map((c, i) => make("div", {}, this.titles[i], c))),
      make("p", { class: "how" }, "Drag the ring in either plane, or move it with the arrow keys: the sum below is its log-density."),
      make("p", { class: "legend" }, make("span", {}, "space squeezed, probability denser"), make("i"), make("span", {}, "stretched, thinner"), make("span", {}, make("b"), " data")),
      make("table", { "aria-label": "What adds up to the log-density of the probe, in nats" }, this.rows),
      this.said,
    );
    this.root.hidden = false;
    this.planes = canvases.map((c) => new Plane(c));
    this.listen();
  }

  listen() {
    this.data.onchange = () => this.choose(this.nearest(this.data.value, this.flow.layers));
    this.layers.onchange = () => this.choose(this.nearest(this.data.value, +this.layers.value));
    this.walk.oninput = () => {
      this.stop();
      this.go(+this.walk.value);
    };
    this.walk.onkeydown = (event) => this.walkKey(event);
    this.play.onclick = () => (this.playing ? this.stop() : this.start());
    this.planes.forEach((plane, side) => this.drag(plane, side));
    new ResizeObserver(() => {
      this.planes.forEach((plane) => plane.fit());
      this.show();
    }).observe(this.planes[0].canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
  }

  nearest(data, layers) {
    const far = (f) => Math.abs(f.layers - layers);
    return this.flows.filter((f) => f.data === data).reduce((best, f) => (far(f) < far(best) ? f : best));
  }

  // choose shows a flow with all its layers passed, and the probe on an event of the data.
  choose(flow) {
    this.stop();
    const others = this.flow?.data !== flow.data;
    this.flow = flow;
    this.data.value = flow.data;
    this.layers.replaceChildren(...this.flows.filter((f) => f.data === flow.data).map((f) => make("option", { value: f.layers }, String(f.layers))));
    this.layers.value = flow.layers;
    this.facts.textContent = `${flow.parameters.toLocaleString("en")} parameters, KL ${number(flow.kl)} ± ${number(flow.kl_se)} nats`;
    this.walk.max = flow.layers;
    const flat = this.events[flow.data];
    this.shown = Array.from({ length: flat.length / 2 }, (_, i) => flow.standardize(flat.slice(2 * i, 2 * i + 2)));
    this.windows = this.reaches();
    const before = others || !this.z ? this.shown[0] : flow.standardize(this.x);
    this.z = [...before];
    flow.inverse(this.z, flow.layers);
    this.terms();
    this.go(flow.layers);
  }

  // reaches are windows, one after each layer, that all but the outermost of the noise is in.
  reaches() {
    return Array.from({ length: this.flow.layers + 1 }, (_, depth) => {
      const sizes = this.noise.map((z) => {
        const v = [...z];
        this.flow.forward(v, depth);
        return Math.max(Math.abs(v[0]), Math.abs(v[1]));
      });
      return 1.2 * sizes.sort((a, b) => a - b)[Math.floor(0.985 * sizes.length)];
    });
  }

  // reach passes from one to the next as the layers do.
  reach() {
    const before = Math.floor(this.depth), after = Math.ceil(this.depth), part = this.depth - before;
    return this.windows[before] + part * (this.windows[after] - this.windows[before]);
  }

  // terms makes the rows of the sum: of the base, of each layer, of the units, of all.
  terms() {
    const row = (name, total) => {
      const bar = make("span"), value = make("td");
      const line = make("tr", total ? { class: "total" } : {}, make("th", { scope: "row" }, name), make("td", { style: "width: 100%" }, make("div", { class: "bar" }, bar)), value);
      return { line, bar, value };
    };
    const layers = this.flow.couplings.map((_, i) => row(`layer ${i + 1}: −log|det|`));
    this.lines = [row("noise: log p(z)"), ...layers, row("units of the data"), row("sum: log p(x)", true)];
    this.rows.replaceChildren(...this.lines.map((l) => l.line));
  }

  go(depth) {
    this.depth = Math.min(Math.max(depth, 0), this.flow.layers);
    this.walk.value = this.depth;
    this.planes[1].reach = this.reach();
    this.show();
  }

  // show draws at the next frame, once however often it is asked.
  show() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const { flow, depth } = this, colours = palette(this.root);
    this.grid.warp(flow, depth);
    const images = this.noise.map((z) => {
      const v = [...z];
      flow.forward(v, depth);
      return v;
    });
    const v = [...this.z];
    flow.forward(v, depth);
    this.x = flow.natural(v);
    const [left, right] = this.planes;
    left.clear();
    left.grid(this.grid.z, this.grid.logDet, colours);
    left.circles(colours.ink);
    left.dots(this.noise, colours.ink, 1.3);
    left.probe(this.z, colours);
    right.clear();
    right.grid(this.grid.x, this.grid.logDet, colours);
    right.dots(this.shown, colours.event, 1.3);
    right.dots(images, colours.ink, 1.3);
    right.probe(v, colours);
    const layers = number(depth, Number.isInteger(depth) ? 0 : 2);
    this.where.textContent = `${layers} of ${flow.layers} layers`;
    this.walk.setAttribute("aria-valuetext", this.where.textContent);
    this.titles[0].textContent = `noise z = ${pair(this.z)}`;
    this.titles[1].textContent = `${depth === flow.layers ? "data x" : `after ${layers} layers, x`} = ${pair(this.x)}`;
    this.add(flow.terms(this.z, depth));
  }

  // add writes the terms and their sum, each bar from where the one before ended.
  add(terms) {
    const sums = [0];
    for (const t of terms) sums.push(sums.at(-1) + t);
    const low = Math.max(Math.min(-6, ...sums), -60), high = Math.min(Math.max(3, ...sums), 60);
    const place = (v) => (100 * (Math.min(Math.max(v, low), high) - low)) / (high - low);
    this.rows.style.setProperty("--zero", `${place(0)}%`);
    this.lines.forEach(({ line, bar, value }, i) => {
      const total = i === terms.length, [from, to] = total ? [0, sums.at(-1)] : [sums[i], sums[i + 1]];
      bar.style.left = `${place(Math.min(from, to))}%`;
      bar.style.width = `${Math.abs(place(to) - place(from))}%`;
      bar.className = total ? "sum" : to < from ? "minus" : "";
      value.textContent = number(total ? to : terms[i]);
      line.classList.toggle("off", i >= 1 && i <= this.flow.layers && i - 1 >= this.depth);
    });
    this.sum = sums.at(-1);
  }

  // probe puts the probe to v, in the plane of the noise or in that of the data.
  probe(side, v) {
    this.z = [...v];
    if (side === 1) this.flow.inverse(this.z, this.depth);
    this.show();
  }

  // place is where the probe is in a plane.
  place(side) {
    const v = [...this.z];
    if (side === 1) this.flow.forward(v, this.depth);
    return v;
  }

  // drag lets a mouse take the probe from anywhere, and a finger from nearby: elsewhere
  // it scrolls the page, and a tap puts the probe there.
  drag(plane, side) {
    const canvas = plane.canvas;
    const under = (event) => {
      const box = canvas.getBoundingClientRect();
      return plane.point(event.clientX - box.left, event.clientY - box.top);
    };
    const near = (event) => {
      const box = canvas.getBoundingClientRect(), at = this.place(side);
      return Math.hypot(event.clientX - box.left - plane.at(at[0], 0), event.clientY - box.top - plane.at(at[1], 1)) < 48;
    };
    let held = false;
    canvas.addEventListener("touchstart", (event) => near(event.touches[0]) && event.preventDefault(), { passive: false });
    canvas.onpointerdown = (event) => {
      if (event.button !== 0 || (event.pointerType === "touch" && !near(event))) return;
      held = true;
      canvas.setPointerCapture(event.pointerId);
      this.probe(side, under(event));
    };
    canvas.onpointermove = (event) => held && this.probe(side, under(event));
    canvas.onpointerup = canvas.onpointercancel = () => (held = false);
    canvas.onclick = (event) => this.probe(side, under(event));
    canvas.onkeydown = (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
      if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const step = event.shiftKey ? 0.25 : 0.05;
      this.probe(side, this.place(side).map((v, d) => v + step * way[d]));
      this.say();
    };
  }

  // say tells a screen reader where the probe came to rest.
  say() {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      this.said.textContent = `z ${pair(this.z)}, x ${pair(this.x)}, log p ${number(this.sum)}`;
    }, 500);
  }

  walkKey(event) {
    const by = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1, PageDown: -1, PageUp: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.stop();
    this.go(Math.round(10 * (this.depth + by)) / 10);
  }

  start() {
    if (this.depth >= this.flow.layers) this.go(0);
    this.play.textContent = "Pause";
    let last = performance.now(), from = last;
    const tick = (now) => {
      if (!still.matches) this.go(this.depth + Math.max(0, now - last) / 1000 / layerSeconds);
      else if (now - from > 1000 * layerSeconds) {
        this.go(Math.floor(this.depth) + 1); // from layer to layer, without motion
        from = now;
      }
      last = now;
      if (this.depth >= this.flow.layers) this.stop();
      else this.playing = requestAnimationFrame(tick);
    };
    this.playing = requestAnimationFrame(tick);
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.play.textContent = "Play";
  }
}

for (const root of document.querySelectorAll(".player")) {
  root.player = new Player(root, JSON.parse(document.getElementById("player-data").textContent));
  root.parentElement.classList.add("playable");
}
