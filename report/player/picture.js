// What the player draws: a plane of noise or of data, the grid that warps in it,
// coloured by log|det J|, points, and the probe.

const half = 3; // the grid covers ±half standard deviations of the noise
const cells = 64; // of the grid, each way; a line is drawn every lineEvery of them
const lineEvery = 8;
const bins = 41; // of the colours, odd: the middle one is no change
const strongest = 4; // the log|det| of the strongest colours

// noise is count draws of a unit Gaussian, the same each time.
function noise(count) {
  let state = 20160527;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())), angle = 2 * Math.PI * uniform();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

// A Grid is the images of the corners of a square grid of noise, with log|det J| there.
class Grid {
  constructor() {
    const n = (cells + 1) * (cells + 1);
    this.z = new Float64Array(2 * n);
    this.x = new Float64Array(2 * n);
    this.logDet = new Float64Array(n);
    for (let k = 0; k < n; k++) {
      this.z[2 * k] = half * ((2 * (k % (cells + 1))) / cells - 1);
      this.z[2 * k + 1] = half * ((2 * Math.floor(k / (cells + 1))) / cells - 1);
    }
  }

  warp(flow, depth) {
    const v = [0, 0];
    for (let k = 0; k < this.logDet.length; k++) {
      v[0] = this.z[2 * k];
      v[1] = this.z[2 * k + 1];
      this.logDet[k] = flow.forward(v, depth);
      this.x[2 * k] = v[0];
      this.x[2 * k + 1] = v[1];
    }
  }
}

// A Plane is a canvas with a window of standardized units around 0.
class Plane {
  constructor(canvas) {
    this.canvas = canvas;
    this.reach = half + 0.4;
    this.fit();
  }

  // fit takes the size that the page gives the canvas.
  fit() {
    const scale = window.devicePixelRatio || 1;
    this.size = this.canvas.clientWidth || 300;
    this.canvas.width = this.canvas.height = Math.round(this.size * scale);
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
  }

  // at is where v is on the canvas, point what is there.
  at(v, d) {
    const part = v / this.reach;
    return (this.size * (1 + (d ? -part : part))) / 2;
  }

  point(left, top) {
    return [((2 * left) / this.size - 1) * this.reach, (1 - (2 * top) / this.size) * this.reach];
  }

  clear() {
    this.pen.clearRect(0, 0, this.size, this.size);
  }

  // grid fills the cells with corners at v by their log|det|, and draws lines on them.
  grid(v, logDet, colours) {
    const row = cells + 1, paths = colours.scale.map(() => new Path2D());
    const move = (path, k, first) => path[first ? "moveTo" : "lineTo"](this.at(v[2 * k], 0), this.at(v[2 * k + 1], 1));
    for (let j = 0; j < cells; j++) {
      for (let i = 0; i < cells; i++) {
        const k = j * row + i;
        const mean = (logDet[k] + logDet[k + 1] + logDet[k + row] + logDet[k + row + 1]) / 4;
        const path = paths[Math.round(((Math.min(Math.max(mean / strongest, -1), 1) + 1) / 2) * (bins - 1))];
        [k, k + 1, k + row + 1, k + row].forEach((corner, n) => move(path, corner, n === 0));
        path.closePath();
      }
    }
    this.pen.lineWidth = 0.7; // over the seams between cells
    paths.forEach((path, bin) => {
      this.pen.fillStyle = this.pen.strokeStyle = colours.scale[bin];
      this.pen.fill(path);
      this.pen.stroke(path);
    });
    const lines = new Path2D();
    for (let line = 0; line <= cells; line += lineEvery) {
      for (let i = 0; i <= cells; i++) move(lines, line * row + i, i === 0);
      for (let i = 0; i <= cells; i++) move(lines, i * row + line, i === 0);
    }
    this.pen.lineWidth = 0.8;
    this.pen.strokeStyle = colours.line;
    this.pen.stroke(lines);
  }

  dots(points, colour, size) {
    this.pen.fillStyle = colour;
    this.pen.beginPath();
    for (const p of points) {
      const left = this.at(p[0], 0), top = this.at(p[1], 1);
      this.pen.moveTo(left + size, top);
      this.pen.arc(left, top, size, 0, 2 * Math.PI);
    }
    this.pen.fill();
  }

  circles(colour) {
    this.pen.strokeStyle = colour;
    this.pen.lineWidth = 1;
    this.pen.setLineDash([4, 4]);
    for (const radius of [1, 2, 3]) {
      this.pen.beginPath();
      this.pen.arc(this.size / 2, this.size / 2, (radius / this.reach) * (this.size / 2), 0, 2 * Math.PI);
      this.pen.stroke();
    }
    this.pen.setLineDash([]);
  }

  // probe draws a ring; one that is outside of the window stands at its edge.
  probe(v, colours) {
    const edge = 9, [left, top] = v.map((value, d) => Math.min(Math.max(this.at(value, d), edge), this.size - edge));
    for (const [width, colour] of [[6, colours.paper], [3, colours.probe]]) {
      this.pen.lineWidth = width;
      this.pen.strokeStyle = colour;
      this.pen.beginPath();
      this.pen.arc(left, top, 7, 0, 2 * Math.PI);
      this.pen.stroke();
    }
  }
}

// palette reads the colours of the page, which are others on a dark one: from squeezed
// over the paper to stretched.
function palette(element) {
  const style = getComputedStyle(element), get = (name) => style.getPropertyValue(name).trim();
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const paper = rgb(get("--paper"));
  const scale = Array.from({ length: bins }, (_, bin) => {
    const v = (2 * bin) / (bins - 1) - 1, end = rgb(get(v < 0 ? "--squeezed" : "--stretched"));
    const part = 0.9 * Math.abs(v) ** 0.75;
    return `rgb(${paper.map((p, i) => Math.round(p + part * (end[i] - p))).join()})`;
  });
  return { scale, paper: get("--paper"), ink: get("--ink"), line: get("--line"), event: get("--event"), probe: get("--probe") };
}
